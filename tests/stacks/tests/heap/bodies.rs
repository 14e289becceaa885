//! Bodies that are large, many, or endless.

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use futures_util::{future::join_all, stream};
use http::{HeaderValue, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, StreamBody};
use stacks::{HyperClient, Outcome, Step, Upstream, Wire, get};
use support::Loopback;
use tower::{Layer, Service, ServiceExt};
use tower_client_cache::CacheLayer;

use super::{Asks, BESIDE, CAPACITY, on_one_thread};

static ZEROS: [u8; 1 << 20] = [0; 1 << 20];

/// A body of so many times 1 MiB.
struct Gigabytes {
    times: usize,
    has_length: bool,
}

impl Asks for Gigabytes {
    async fn ask<S, B>(&self, upstream: &Upstream, client: S)
    where
        S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error: Error> + Clone,
        B: Body<Data = Bytes, Error: Error> + Unpin,
    {
        let zeros = Bytes::from_static(&ZEROS);
        let octets = self.times * ZEROS.len();
        // One that ends with its connection says nothing of its length.
        let length = if self.has_length {
            format!("content-length: {octets}\r\n")
        } else {
            String::new()
        };
        let head = format!("HTTP/1.1 200 So\r\ncache-control: max-age=86400\r\n{length}\r\n");
        upstream.will([
            Step::octets(head),
            Step::Repeated(zeros, self.times),
            Step::Close,
        ]);
        let response = client.oneshot(get(upstream.uri("/a"))).await;
        assert_zeros(response.expect("a head").into_body(), self.times).await;
    }
}

/// PRJ-7-2: what is far too large passes, and is not kept.
#[test]
fn gigabytes_pass_and_are_not_kept() {
    for has_length in [true, false] {
        let body = Gigabytes {
            times: 2_048,
            has_length,
        };
        assert_eq!(body.is_bounded(&format!("2 GiB, told: {has_length}")), 0);
    }
}

/// PRJ-7-2: over HTTP/2 the server waits for the client.
#[test]
fn gigabytes_pass_over_http2_and_are_not_kept() {
    const TIMES: usize = 2_048;
    let read = async |client: Option<HyperClient>, layer: &CacheLayer| {
        let site = Loopback::serve(|_| async {
            let zeros =
                (0..TIMES).map(|_| Ok::<_, Infallible>(Frame::data(Bytes::from_static(&ZEROS))));
            let body = StreamBody::new(stream::iter(zeros));
            let mut response = Response::new(body);
            let fresh = HeaderValue::from_static("max-age=86400");
            response.headers_mut().insert("cache-control", fresh);
            response
        })
        .await;
        let request = get(site.uri("/a"));
        if let Some(client) = client {
            let response = client.oneshot(request).await.expect("a head");
            assert_zeros(response.into_body(), TIMES).await;
        } else {
            let client = layer.layer(Wire::Http2.client());
            let response = client.oneshot(request).await.expect("a head");
            assert_zeros(response.into_body(), TIMES).await;
        }
    };
    let layer = CacheLayer::new().capacity(CAPACITY);
    let bare = on_one_thread(async || read(Some(Wire::Http2.client()), &layer).await);
    let cached = on_one_thread(async || read(None, &layer).await);
    let more = cached.saturating_sub(bare);
    println!("2 GiB over HTTP/2: {bare} octets at most without the cache, {more} more with it");
    assert!(more <= CAPACITY as u64 + BESIDE, "{more}");
    assert!(layer.handle().is_empty());
}

/// Reads so many times 1 MiB of zeros.
async fn assert_zeros<B: Body<Data = Bytes, Error: Error> + Unpin>(mut body: B, times: usize) {
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.expect("no error").into_data().expect("data");
        assert!(frame == ZEROS[..frame.len()], "after {read} octets");
        read += frame.len();
    }
    assert_eq!(read, times * ZEROS.len());
}

/// So many bodies at once, of 64 KiB, of which half has come when the last one is begun; then all end, or none.
struct HalfRead {
    bodies: usize,
    come_whole: bool,
}

const HALF: usize = 32 << 10;

impl Asks for HalfRead {
    async fn ask<S, B>(&self, upstream: &Upstream, client: S)
    where
        S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error: Error> + Clone,
        B: Body<Data = Bytes, Error: Error> + Unpin,
    {
        let half = Bytes::from_static(&ZEROS[..HALF]);
        let mut bodies = Vec::new();
        for n in 0..self.bodies {
            let length = 2 * HALF;
            let head = format!(
                "HTTP/1.1 200 So\r\ncache-control: max-age=86400\r\ncontent-length: {length}\r\n\r\n"
            );
            let end = if self.come_whole {
                Step::Octets(half.clone())
            } else {
                Step::Reset
            };
            upstream.will([
                Step::octets(head),
                Step::Octets(half.clone()),
                Step::Stall,
                end,
            ]);
            let request = get(upstream.uri(&format!("/{n}")));
            let response = client.clone().oneshot(request).await;
            let (mut outcome, _, mut body) = Outcome::begun(response.expect("a head"));
            outcome.read(&mut body, HALF as u64).await;
            outcome.body = Vec::new();
            bodies.push(body);
        }
        let read = bodies.into_iter().map(|body| async {
            upstream.go_on();
            let rest = body.collect().await.map(|rest| rest.to_bytes().len());
            assert_eq!(rest.is_ok(), self.come_whole);
            assert_eq!(rest.unwrap_or(HALF), HALF);
        });
        join_all(read).await;
    }
}

/// PRJ-7-1: what is being recorded counts against the capacity: half of all that is begun here would be eight times
/// as much.
#[test]
fn a_thousand_bodies_at_once_are_recorded_as_far_as_there_is_room() {
    for come_whole in [true, false] {
        let bodies = HalfRead {
            bodies: 1_000,
            come_whole,
        };
        let stored = bodies.is_bounded(&format!("1,000 half read, to come whole: {come_whole}"));
        assert_eq!(stored > 0, come_whole);
    }
}
