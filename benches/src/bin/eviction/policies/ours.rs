use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use benches::{MEBIBYTE, uris};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body::Body;
use http_body_util::{Empty, Full};
use tower::{Layer, Service};
use tower_client_cache::background::WithoutBackground;
use tower_client_cache::{CacheHandle, CacheLayer, CacheService, CacheStatus};

use super::Policy;

/// `tower-client-cache`, asked by real requests, in front of an origin that answers at once.
pub(crate) struct Ours {
    client: CacheService<Origin, WithoutBackground>,
    handle: CacheHandle,
    beside_the_body: u32,
}

impl Ours {
    pub(crate) fn new(beside_the_body: u32, room: u64) -> Self {
        let layer = CacheLayer::without_background().capacity(room as usize);
        Self {
            handle: layer.handle(),
            client: layer.layer(Origin),
            beside_the_body,
        }
    }
}

impl Policy for Ours {
    fn ask(&mut self, object: u32, octets: u32) -> bool {
        is_hit(&mut self.client, object, octets - self.beside_the_body)
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let (bytes, capacity) = (self.handle.bytes(), self.handle.capacity());
        assert!(bytes <= capacity, "{bytes} of {capacity}");
    }
}

/// How many octets a stored response takes beside its body.
pub(crate) fn beside_the_body() -> u32 {
    const MANY: u32 = 10_000;

    let layer = CacheLayer::without_background().capacity(usize::MAX / 8);
    let mut client = layer.layer(Origin);
    for object in 0..MANY {
        assert!(!is_hit(&mut client, object, 0));
    }
    let handle = layer.handle();
    assert_eq!(handle.len(), MANY as usize);
    handle.bytes() as u32 / MANY
}

/// How many different objects there can be.
const OBJECTS: usize = 500_000;

static URIS: LazyLock<Vec<&'static str>> = LazyLock::new(|| uris(OBJECTS));

fn is_hit(client: &mut CacheService<Origin, WithoutBackground>, object: u32, octets: u32) -> bool {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = Uri::from_static(URIS[object as usize]);
    request.extensions_mut().insert(Octets(octets));
    let cx = &mut Context::from_waker(Waker::noop());
    let mut answer = pin!(client.call(request));
    let Poll::Ready(Ok(answer)) = answer.as_mut().poll(cx) else {
        panic!("nobody has to wait");
    };
    let status = answer.extensions().get::<CacheStatus>();
    let is_hit = status.expect("every response tells").is_hit();
    let mut body = pin!(answer.into_body());
    let mut next = pin!(poll_fn(|cx| body.as_mut().poll_frame(cx)));
    while let Poll::Ready(Some(frame)) = next.as_mut().poll(cx) {
        frame.expect("the body does not fail");
    }
    is_hit
}

/// How many octets the body is to have.
#[derive(Clone, Copy)]
struct Octets(u32);

#[derive(Clone)]
struct Origin;

impl Service<Request<Empty<Bytes>>> for Origin {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Empty<Bytes>>) -> Self::Future {
        static BODY: [u8; MEBIBYTE] = [b'x'; MEBIBYTE];
        static DATE: LazyLock<HeaderValue> = LazyLock::new(|| {
            let date = httpdate::fmt_http_date(SystemTime::now());
            HeaderValue::try_from(date).expect("a date is visible ASCII")
        });

        let octets = request.extensions().get::<Octets>();
        let Octets(octets) = octets.expect("every request has it");
        let body = Bytes::from_static(&BODY[..*octets as usize]);
        let mut response = Response::new(Full::new(body));
        let fields = response.headers_mut();
        let lifetime = HeaderValue::from_static("max-age=86400");
        fields.insert(header::CACHE_CONTROL, lifetime);
        fields.insert(header::DATE, DATE.clone());
        ready(Ok(response))
    }
}
