//! A server of gRPC on loopback.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_stream::{Stream, StreamExt, iter};
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint, Error, Server, server::TcpIncoming};
use tonic::{Code, Request, Response, Status, Streaming, async_trait};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::server_reflection_server::{
    ServerReflection, ServerReflectionServer,
};
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Knows the health of one service, and is ready to have that stored.
#[derive(Clone)]
pub struct Doctor {
    pub asked: Arc<Mutex<Vec<MetadataMap>>>,
    /// What is said of storing.
    pub control: Arc<Mutex<Option<&'static str>>>,
    /// Who asks for `lungs` waits until there is a permit.
    let_go: Arc<Semaphore>,
    /// Tells that somebody does.
    pub is_asked: Arc<Notify>,
    /// What is said to who watches the `pulse`.
    pulse: Arc<Mutex<Option<mpsc::UnboundedReceiver<ServingStatus>>>>,
}

impl Default for Doctor {
    fn default() -> Self {
        Self {
            asked: Arc::default(),
            control: Arc::new(Mutex::new(Some("max-age=86400, public"))),
            let_go: Arc::new(Semaphore::new(0)),
            is_asked: Arc::default(),
            pulse: Arc::default(),
        }
    }
}

impl Doctor {
    pub fn calls(&self) -> usize {
        self.asked.lock().expect("no panic").len()
    }

    /// The metadata of the last call.
    pub fn last(&self) -> MetadataMap {
        let asked = self.asked.lock().expect("no panic");
        asked.last().expect("it was called").clone()
    }

    /// What it says of storing from now on.
    pub fn says(&self, control: Option<&'static str>) {
        *self.control.lock().expect("no panic") = control;
    }

    /// Lets all go who ask for `lungs`, now and later.
    pub fn let_go(&self) {
        self.let_go.add_permits(1);
    }

    /// What to tell who watches the pulse next.
    pub fn pulse(&self) -> mpsc::UnboundedSender<ServingStatus> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.pulse.lock().expect("no panic") = Some(receiver);
        sender
    }

    fn note<T>(&self, request: &Request<T>) {
        let metadata = request.metadata().clone();
        self.asked.lock().expect("no panic").push(metadata);
    }

    fn response<T>(&self, message: T) -> Response<T> {
        let mut response = Response::new(message);
        if let Some(control) = *self.control.lock().expect("no panic") {
            let control = control.parse().expect("a value");
            response.metadata_mut().insert("cache-control", control);
        }
        response
    }
}

fn health(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}

#[async_trait]
impl Health for Doctor {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        self.note(&request);
        let name = &request.get_ref().service;
        match &**name {
            "heart" => Ok(self.response(health(ServingStatus::Serving))),
            "spleen" => Ok(self.response(health(ServingStatus::NotServing))),
            "lungs" => {
                self.is_asked.notify_one();
                drop(self.let_go.acquire().await.expect("it is never closed"));
                Ok(self.response(health(ServingStatus::Serving)))
            }
            "mind" => {
                let mut metadata = MetadataMap::new();
                metadata.insert("x-next-visit", "tomorrow".parse().expect("a value"));
                metadata.insert("cache-control", "max-age=86400".parse().expect("a value"));
                let details = (&b"\x00\xff"[..]).into();
                let message = "ask again, \u{e7}a va";
                Err(Status::with_details_and_metadata(
                    Code::Unavailable,
                    message,
                    details,
                    metadata,
                ))
            }
            name => Err(Status::not_found(format!("there is no {name}"))),
        }
    }

    type WatchStream = Answers<HealthCheckResponse>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        self.note(&request);
        if request.get_ref().service == "pulse" {
            let pulse = self.pulse.lock().expect("no panic").take();
            let pulse = UnboundedReceiverStream::new(pulse.expect("it is said what to tell"));
            let pulse: Answers<_> = Box::pin(pulse.map(|status| Ok(health(status))));
            return Ok(self.response(pulse));
        }
        let mut metadata = MetadataMap::new();
        metadata.insert("x-next-visit", "tomorrow".parse().expect("a value"));
        let gone = Status::with_metadata(Code::Aborted, "the doctor is gone", metadata);
        let answers: Answers<_> = Box::pin(iter(vec![
            Ok(health(ServingStatus::Serving)),
            Ok(health(ServingStatus::NotServing)),
            Err(gone),
        ]));
        Ok(Response::new(answers))
    }
}

#[async_trait]
impl ServerReflection for Doctor {
    type ServerReflectionInfoStream = Answers<ServerReflectionResponse>;

    /// Says each word again.
    async fn server_reflection_info(
        &self,
        request: Request<Streaming<ServerReflectionRequest>>,
    ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
        self.note(&request);
        let said = request.into_inner().map(|request| {
            Ok(ServerReflectionResponse {
                valid_host: request?.host,
                ..ServerReflectionResponse::default()
            })
        });
        Ok(self.response(Box::pin(said)))
    }
}

/// The server, until it is dropped.
pub struct Practice {
    pub doctor: Doctor,
    pub address: SocketAddr,
    _task: JoinSet<Result<(), Error>>,
}

impl Practice {
    pub async fn open() -> Self {
        let doctor = Doctor::default();
        let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let address = incoming.local_addr().expect("an address");
        let health = HealthServer::new(doctor.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Gzip);
        let server = Server::builder()
            .add_service(health)
            .add_service(ServerReflectionServer::new(doctor.clone()));
        let mut task = JoinSet::new();
        task.spawn(server.serve_with_incoming(incoming));
        Self {
            doctor,
            address,
            _task: task,
        }
    }

    pub fn endpoint(&self) -> Endpoint {
        format!("http://{}", self.address).parse().expect("a URI")
    }

    pub async fn channel(&self) -> Channel {
        self.endpoint().connect().await.expect("a connection")
    }
}
