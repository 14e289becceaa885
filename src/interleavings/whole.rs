//! The whole cache, with an origin whose content changes: nobody is answered with what was asked for before a
//! purge that had returned when the request began.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response, StatusCode, Uri};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty};
use shuttle::sync::Mutex;
use shuttle::{future, thread};
use tower::{Layer, Service};

use super::{explore, one_of};
use crate::background::WithoutBackground;
use crate::{CacheHandle, CacheLayer, CacheService, Selector};

pub(super) const TRIES: usize = 20_000;

pub(super) const URI: &str = "http://o.test/a";

/// Answers with its version, in two pieces.
#[derive(Clone, Default)]
pub(super) struct Origin(Arc<Mutex<u32>>);

impl Origin {
    fn version(&self) -> u32 {
        *self.0.lock().unwrap()
    }

    /// It has another content from now on.
    pub(super) fn change(&self) -> u32 {
        let mut version = self.0.lock().unwrap();
        *version += 1;
        *version
    }
}

impl Service<Request<Empty<Bytes>>> for Origin {
    type Response = Response<Pieces>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Empty<Bytes>>) -> Self::Future {
        let origin = self.clone();
        Box::pin(async move {
            let response = Response::builder().header("cache-control", "max-age=60");
            let response = response.header("tags", "version");
            let (response, content) = if request.method() == Method::PUT {
                origin.change();
                (response.status(StatusCode::NO_CONTENT), Vec::new())
            } else {
                let version = origin.version().to_be_bytes();
                (response, vec![version[..2].to_vec(), version[2..].to_vec()])
            };
            let tagged = response.header("etag", format!("\"{}\"", content.concat().len()));
            Ok(tagged.body(Pieces(content)).unwrap())
        })
    }
}

pub(super) struct Pieces(Vec<Vec<u8>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        thread::yield_now();
        let piece = self.0.remove(0);
        Poll::Ready(Some(Ok(Frame::data(piece.into()))))
    }
}

pub(super) struct World {
    pub(super) client: CacheService<Origin, WithoutBackground>,
    pub(super) handle: CacheHandle,
    pub(super) origin: Origin,
    /// Nothing older is for requests that begin now.
    least: Mutex<u32>,
}

impl World {
    fn new() -> Self {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let layer = CacheLayer::without_background().collapse(true);
        let layer = layer.clock(move || now);
        let layer = layer.tag_field(HeaderName::from_static("tags"));
        let origin = Origin::default();
        Self {
            handle: layer.handle(),
            client: layer.layer(origin.clone()),
            origin,
            least: Mutex::new(0),
        }
    }

    pub(super) fn request(method: Method) -> Request<Empty<Bytes>> {
        let mut request = Request::new(Empty::new());
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from_static(URI);
        request
    }

    /// Asks, and reads the answer or gives it up.
    pub(super) fn ask(&self) {
        let least = *self.least.lock().unwrap();
        let mut client = self.client.clone();
        future::block_on(async move {
            let response = client.call(Self::request(Method::GET)).await.unwrap();
            let is_answered = response.status() != StatusCode::GATEWAY_TIMEOUT;
            if one_of(4) == 0 || !is_answered {
                return;
            }
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let version = u32::from_be_bytes(body[..].try_into().unwrap());
            assert!(version >= least, "{version} is older than {least}");
        });
    }

    /// The content changes, and then nothing older is wanted any more.
    pub(super) fn purge(&self, purge: impl FnOnce(&CacheHandle)) {
        let version = self.origin.change();
        purge(&self.handle);
        self.wants(version);
    }

    pub(super) fn wants(&self, version: u32) {
        let mut least = self.least.lock().unwrap();
        *least = version.max(*least);
    }
}

/// Two ask twice, while somebody else does this; before that it was asked for so often.
pub(super) fn together(asked: u32, beside: fn(&World)) {
    let world = Arc::new(World::new());
    for _ in 0..asked {
        world.ask();
    }
    let mut threads: Vec<_> = (0..2)
        .map(|_| {
            let world = world.clone();
            thread::spawn(move || {
                world.ask();
                world.ask();
            })
        })
        .collect();
    let other = world.clone();
    threads.push(thread::spawn(move || beside(&other)));
    for thread in threads {
        thread.join().unwrap();
    }
    // What is left is right as well, and no group is.
    world.ask();
    assert_eq!(world.handle.stats().recording(), 0);
}

#[test]
fn nothing_older_is_served_after_a_clear() {
    explore("clear", TRIES, || {
        together(0, |world| {
            world.purge(|handle| {
                handle.clear();
            });
        });
    });
}

#[test]
fn nothing_older_is_served_after_a_purge() {
    explore("purge of a URI", TRIES, || {
        together(1, |world| {
            world.purge(|handle| {
                handle.purge(&Uri::from_static(URI));
            });
        });
    });
    explore("purge of an origin", TRIES, || {
        together(0, |world| {
            world.purge(|handle| {
                handle.purge(Selector::origin(&Uri::from_static(URI)));
            });
        });
    });
}

#[test]
fn nothing_older_is_served_after_an_unsafe_request() {
    explore("unsafe request", TRIES, || {
        together(0, |world| {
            let mut client = world.client.clone();
            let put = client.call(World::request(Method::PUT));
            future::block_on(put).unwrap();
            world.wants(1);
        });
    });
}

#[test]
fn nothing_older_is_served_after_it_was_off() {
    explore("off", TRIES, || {
        together(1, |world| {
            world.purge(|handle| {
                handle.disable_and_clear();
                handle.enable();
            });
        });
    });
}

#[test]
fn nothing_older_is_served_from_copies() {
    explore("copies", TRIES, || {
        together(8, |world| {
            world.purge(|handle| {
                handle.clear();
            });
        });
    });
}
