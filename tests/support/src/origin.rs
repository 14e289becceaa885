//! An origin that answers as it was told, and remembers what it was asked.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, Version,
};
use http_body::Frame;
use tokio::sync::oneshot;
use tower::Service;

use crate::body::{Frames, OriginBody, OriginError};
use crate::clock::Clock;

/// Answers requests with the replies it was given, in order. Clones are the same origin.
///
/// A request that it has no reply for is a failure of the test.
#[derive(Debug, Clone)]
pub struct Origin {
    clock: Clock,
    script: Arc<Mutex<Script>>,
}

/// Makes a reply of what is asked.
type Answers = Box<dyn FnMut(&Seen) -> Reply + Send>;

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    answers: Option<Answers>,
    seen: Vec<Seen>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("replies", &self.replies)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

/// A request as the origin saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
}

impl Seen {
    /// The value of a field; its lines joined.
    pub fn field(&self, name: &str) -> Option<String> {
        join(&self.headers, name)
    }
}

pub(crate) fn join(fields: &HeaderMap, name: &str) -> Option<String> {
    let lines: Vec<_> = fields
        .get_all(name)
        .iter()
        .map(|line| String::from_utf8_lossy(line.as_bytes()))
        .collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

impl Origin {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            script: Arc::default(),
        }
    }

    /// Has this reply to the next request that none is there for yet.
    pub fn will(&self, reply: Reply) {
        self.script.lock().unwrap().replies.push_back(reply);
    }

    /// Has what this makes of a request, where no reply is there for it.
    pub fn answers(&self, answers: impl FnMut(&Seen) -> Reply + Send + 'static) {
        self.script.lock().unwrap().answers = Some(Box::new(answers));
    }

    /// Forgets the replies that it was not asked for.
    pub fn forget_replies(&self) {
        self.script.lock().unwrap().replies.clear();
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        self.script.lock().unwrap().seen.len()
    }

    /// What it was asked last.
    pub fn last(&self) -> Seen {
        self.script
            .lock()
            .unwrap()
            .seen
            .last()
            .expect("the origin was asked")
            .clone()
    }

    fn take_reply(&self, seen: Seen) -> Reply {
        let mut script = self.script.lock().unwrap();
        let asked = format!("{} {}", seen.method, seen.uri);
        let reply = script.replies.pop_front();
        let reply = reply.or_else(|| script.answers.as_mut().map(|answers| answers(&seen)));
        script.seen.push(seen);
        reply.unwrap_or_else(|| panic!("the origin was asked for {asked} and should not have been"))
    }
}

impl<Q> Service<Request<Q>> for Origin {
    type Response = Response<OriginBody>;
    type Error = OriginError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, OriginError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OriginError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let reply = self.take_reply(Seen {
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
        });
        let clock = self.clock.clone();
        Box::pin(async move {
            if let Some(gate) = reply.gate {
                gate.await
                    .map_err(|_| OriginError("the gate was dropped"))?;
            }
            if reply.takes > 0 {
                clock.advance(reply.takes);
            }
            if let Some(error) = reply.error {
                return Err(error);
            }
            let mut response = reply.response;
            if reply.has_date && !response.headers().contains_key("date") {
                let date = HeaderValue::try_from(clock.date(0)).unwrap();
                response.headers_mut().insert("date", date);
            }
            Ok(response)
        })
    }
}

/// What the origin will answer.
#[derive(Debug)]
pub struct Reply {
    response: Response<OriginBody>,
    error: Option<OriginError>,
    gate: Option<oneshot::Receiver<()>>,
    has_date: bool,
    takes: u64,
}

/// A reply of this status, dated, without content.
pub fn reply(status: u16) -> Reply {
    let mut response = Response::new(OriginBody::new([], true));
    *response.status_mut() = status.try_into().unwrap();
    Reply {
        response,
        error: None,
        gate: None,
        has_date: true,
        takes: 0,
    }
}

impl Reply {
    /// No reply: the request fails.
    pub fn fails(error: OriginError) -> Self {
        Self {
            error: Some(error),
            ..reply(500)
        }
    }

    /// Another line of a field.
    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.response.headers_mut().append(name, value);
        self
    }

    /// Another line of a field, as it is in memory.
    pub fn field_value(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.response.headers_mut().append(name, value);
        self
    }

    /// `Cache-Control`
    pub fn control(self, value: &str) -> Self {
        self.field("cache-control", value)
    }

    /// Content in one frame, after which the body says that it has ended.
    pub fn body(self, content: impl Into<Bytes>) -> Self {
        self.with_body(OriginBody::new([Ok(Frame::data(content.into()))], true))
    }

    /// Content in these frames; the end is seen only by asking for it.
    pub fn frames(
        self,
        frames: impl IntoIterator<Item = Result<Frame<Bytes>, OriginError>>,
    ) -> Self {
        self.with_body(OriginBody::new(frames, false))
    }

    /// Content that the test sends while it is read.
    pub fn streamed(self) -> (Frames, Self) {
        let (frames, body) = OriginBody::channel();
        (frames, self.with_body(body))
    }

    /// This body.
    pub fn with_body(self, body: OriginBody) -> Self {
        Self {
            response: self.response.map(|_| body),
            ..self
        }
    }

    /// No `Date`.
    pub fn undated(self) -> Self {
        Self {
            has_date: false,
            ..self
        }
    }

    /// So many seconds pass before the head is there.
    pub fn takes(self, seconds: u64) -> Self {
        Self {
            takes: seconds,
            ..self
        }
    }

    /// This HTTP version.
    pub fn version(mut self, version: Version) -> Self {
        *self.response.version_mut() = version;
        self
    }

    /// An extension of the response.
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        let extensions: &mut Extensions = self.response.extensions_mut();
        extensions.insert(value);
        self
    }

    /// The reply waits until the gate is opened.
    pub fn held(self) -> (Gate, Self) {
        let (sender, receiver) = oneshot::channel();
        let held = Self {
            gate: Some(receiver),
            ..self
        };
        (Gate(sender), held)
    }
}

/// Holds a reply back.
#[derive(Debug)]
pub struct Gate(oneshot::Sender<()>);

impl Gate {
    /// Lets the reply through. Nobody may be waiting for it any more.
    pub fn open(self) {
        let _ = self.0.send(());
    }
}
