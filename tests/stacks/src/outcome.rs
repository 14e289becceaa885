//! What a caller sees of a request, to be compared.

use std::error::Error;
use std::fmt::Debug;

use bytes::{Buf, Bytes};
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use tower::{Service, ServiceExt};
use tower_client_cache::CacheStatus;

/// How many octets of a body are compared one by one; of all others the number is.
const COMPARED: usize = 1 << 20;

/// What a caller sees: a head or an error, the octets of the body, and how that ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Status, version and fields, or why there are none.
    pub head: Result<(StatusCode, Version, HeaderMap), String>,
    /// The first octets of the body.
    pub body: Vec<u8>,
    /// How many octets the body had.
    pub octets: u64,
    /// What came behind the body.
    pub trailers: Option<HeaderMap>,
    /// How the body ended; `None` where it was not waited for.
    pub end: Option<Result<(), String>>,
}

impl Outcome {
    /// Sends a request, and reads the answer to its end.
    pub async fn of<S, B>(client: &S, request: Request<Empty<Bytes>>) -> (Self, Option<CacheStatus>)
    where
        S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error: Error> + Clone,
        B: Body<Error: Error> + Unpin,
    {
        match client.clone().oneshot(request).await {
            Ok(response) => {
                let (mut outcome, status, mut body) = Self::begun(response);
                outcome.read(&mut body, u64::MAX).await;
                (outcome, status)
            }
            Err(error) => (Self::failed(&error), None),
        }
    }

    /// No answer but an error.
    pub fn failed(error: &dyn Error) -> Self {
        Self {
            head: Err(chain(error)),
            body: Vec::new(),
            octets: 0,
            trailers: None,
            end: None,
        }
    }

    /// What there is of a response whose body was not read yet.
    pub fn begun<B>(response: Response<B>) -> (Self, Option<CacheStatus>, B) {
        let (head, body) = response.into_parts();
        let status = head.extensions.get().copied();
        let outcome = Self {
            head: Ok((head.status, head.version, head.headers)),
            body: Vec::new(),
            octets: 0,
            trailers: None,
            end: None,
        };
        (outcome, status, body)
    }

    /// Reads so many octets, or to the end.
    pub async fn read<B: Body<Error: Error> + Unpin>(&mut self, body: &mut B, octets: u64) {
        while self.octets < octets {
            match body.frame().await {
                None => {
                    self.end = Some(Ok(()));
                    return;
                }
                Some(Err(error)) => {
                    self.end = Some(Err(chain(&error)));
                    return;
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.count(data),
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                },
            }
        }
    }

    fn count(&mut self, mut data: impl Buf) {
        self.octets += data.remaining() as u64;
        while data.has_remaining() {
            let chunk = data.chunk();
            let compared = chunk.len().min(COMPARED - self.body.len());
            self.body.extend(&chunk[..compared]);
            data.advance(chunk.len());
        }
    }

    /// Whether there is all of a response.
    pub fn is_whole(&self) -> bool {
        self.end == Some(Ok(()))
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of text")
    }
}

/// An error and what has caused it.
fn chain(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}
