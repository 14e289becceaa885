//! What stands below the cache, and what the cache sees of it.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body::Frame;
use http_body_util::Empty;
use support::{Answer, Origin, OriginBody, OriginError, Reply, get, reply};
use tower::{Layer, Service};
use tower_client_cache::CacheLayer;

fn whole(control: &str) -> Reply {
    let reply = reply(200).control(control).field("etag", "\"e\"");
    reply.field("content-length", "5").body("hello")
}

/// What adds a field to each request, nearer to the origin than the cache.
#[derive(Clone)]
struct Adding(Origin, u16);

impl Service<Request<Empty<Bytes>>> for Adding {
    type Response = <Origin as Service<Request<Empty<Bytes>>>>::Response;
    type Error = OriginError;
    type Future = <Origin as Service<Request<Empty<Bytes>>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OriginError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Empty<Bytes>>) -> Self::Future {
        let value = HeaderValue::from(self.1);
        request.headers_mut().insert("accept-language", value);
        self.0.call(request)
    }
}

/// PRJ-4.1-10, PRJ-L-1: so what adds a field that selects has to stand outside
#[tokio::test]
async fn vary_selects_by_what_the_cache_has_seen() {
    let clock = support::Clock::default();
    let origin = Origin::new(clock.clone());
    let layer = CacheLayer::new().clock(clock);
    origin.will(whole("max-age=60").field("vary", "accept-language"));
    for (number, is_hit) in [(1, false), (2, true)] {
        let mut client = layer.layer(Adding(origin.clone(), number));
        let response = client.call(get("/a", &[])).await.unwrap();
        let answer = Answer::read(response).await.unwrap();
        assert_eq!(answer.cache.is_hit(), is_hit, "{}", answer.cache);
    }
    let seen = origin.last().field("accept-language");
    assert_eq!(seen.as_deref(), Some("1"), "the origin has");
}

/// What decodes each body, nearer to the origin than the cache.
#[derive(Clone)]
struct Decoding(Origin);

impl Service<Request<Empty<Bytes>>> for Decoding {
    type Response = <Origin as Service<Request<Empty<Bytes>>>>::Response;
    type Error = OriginError;
    type Future = <Origin as Service<Request<Empty<Bytes>>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OriginError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Empty<Bytes>>) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            if response.status() == 200 {
                response.headers_mut().remove("content-encoding");
                response.headers_mut().remove("content-length");
                *response.body_mut() = OriginBody::new([Ok(Frame::data("decoded".into()))], true);
            }
            Ok(response)
        })
    }
}

/// EDGE-52, PRJ-L-3, 9111-3.2-4: what is decoded below the cache is stored as the cache has seen it, and a 304
/// does not say that it is encoded
#[tokio::test]
async fn what_is_decoded_below_the_cache_is_stored_decoded() {
    let clock = support::Clock::default();
    let origin = Origin::new(clock.clone());
    let mut client = CacheLayer::new()
        .clock(clock.clone())
        .layer(Decoding(origin.clone()));
    let encoded = || {
        let reply = reply(200).control("max-age=60").field("etag", "\"e\"");
        reply.field("content-encoding", "br").field("x", "1")
    };
    let mut ask = async || {
        let response = client.call(get("/a", &[])).await.unwrap();
        Answer::read(response).await.unwrap()
    };
    origin.will(encoded().field("content-length", "3").body("dcd"));
    ask().await.assert_stored();
    clock.advance(60);
    let not_modified = reply(304).field("content-encoding", "br");
    origin.will(not_modified.field("content-length", "3"));
    for _ in 0..2 {
        let answer = ask().await;
        assert_eq!(answer.text(), "decoded");
        assert_eq!(answer.field("content-encoding"), None);
        assert_eq!(answer.field("content-length"), None);
    }
}
