//! The server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Error, Server};
use tonic::{Request, Response, Status, async_trait};

use crate::proto::atlas_server::{Atlas, AtlasServer};
use crate::proto::{GetPlaceRequest, Place, Renamed};

/// Knows places, and counts how often it is asked.
#[derive(Clone)]
pub struct Places(Arc<Mutex<State>>);

type Told = Result<Place, Status>;

#[derive(Default)]
struct State {
    names: HashMap<u32, String>,
    watchers: Vec<(u32, UnboundedSender<Told>)>,
    calls: usize,
}

/// A server on loopback, until it is dropped.
pub struct Running {
    pub address: SocketAddr,
    pub places: Places,
    _task: JoinSet<Result<(), Error>>,
}

impl Places {
    pub fn serve() -> Result<Running, Box<dyn std::error::Error>> {
        let names = [(1, "Byzantium"), (2, "Lutetia")].map(|(id, name)| (id, name.to_owned()));
        let state = State {
            names: names.into(),
            ..State::default()
        };
        let places = Self(Arc::new(Mutex::new(state)));
        let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into())?;
        let address = incoming.local_addr()?;
        let server = Server::builder().add_service(AtlasServer::new(places.clone()));
        let mut task = JoinSet::new();
        task.spawn(server.serve_with_incoming(incoming));
        Ok(Running {
            address,
            places,
            _task: task,
        })
    }

    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Atlas for Places {
    async fn get_place(
        &self,
        request: Request<GetPlaceRequest>,
    ) -> Result<Response<Place>, Status> {
        let id = request.get_ref().id;
        let mut state = self.state();
        state.calls += 1;
        let name = state.names.get(&id);
        let name = name.ok_or_else(|| Status::not_found(format!("there is no place {id}")))?;
        let name = name.clone();
        let mut response = Response::new(Place { id, name });
        // How long it may be reused: a server that says nothing leaves that to the rule.
        let control = "max-age=3600"
            .parse()
            .map_err(|_| Status::internal("no value"))?;
        response.metadata_mut().insert("cache-control", control);
        Ok(response)
    }

    async fn rename(&self, request: Request<Place>) -> Result<Response<Renamed>, Status> {
        let place = request.into_inner();
        let mut state = self.state();
        state.calls += 1;
        state.names.insert(place.id, place.name.clone());
        state
            .watchers
            .retain(|(id, watcher)| *id != place.id || watcher.send(Ok(place.clone())).is_ok());
        Ok(Response::new(Renamed {}))
    }

    type WatchStream = UnboundedReceiverStream<Told>;

    async fn watch(
        &self,
        request: Request<GetPlaceRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let (watcher, told) = unbounded_channel();
        let mut state = self.state();
        state.calls += 1;
        state.watchers.push((request.get_ref().id, watcher));
        Ok(Response::new(UnboundedReceiverStream::new(told)))
    }
}
