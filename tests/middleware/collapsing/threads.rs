//! Under real threads: whatever becomes of the others, every request ends.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use support::request;
use tokio::task::yield_now;
use tower::{Layer, Service, service_fn};
use tower_client_cache::CacheLayer;

use crate::{in_flight, until};

const HOUR: Duration = Duration::from_secs(3600);

const ROUNDS: u64 = 100;

/// Numbers that look random.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) % limit
    }
}

type Item = Result<Frame<Bytes>, &'static str>;

/// What the origin answers its `n`th request: some of it of use to others, some not, some of it broken off.
async fn answered(n: usize) -> Result<Response<StreamBody<Frames>>, &'static str> {
    let mut random = Random(n as u64 * 2_654_435_761 + 1);
    for _ in 0..random.below(20) {
        yield_now().await;
    }
    let control = match random.below(8) {
        0 => "no-store",
        1 => "max-age=0",
        2 => return Err("failed"),
        _ => "max-age=1",
    };
    let mut response = Response::builder().header("cache-control", control);
    if random.below(6) == 0 {
        response = response.header("vary", "accept");
    }
    let (left, is_broken) = (random.below(5), random.below(8) == 0);
    let body = StreamBody::new(Frames {
        left,
        is_broken,
        is_due: false,
    });
    Ok(response.body(body).expect("a response"))
}

/// So many frames, each after a while, and then the end or an error.
struct Frames {
    left: u64,
    is_broken: bool,
    is_due: bool,
}

impl futures_util::Stream for Frames {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        self.is_due = !self.is_due;
        if self.is_due {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"octets")))))
            }
            None if std::mem::take(&mut self.is_broken) => Poll::Ready(Some(Err("broken"))),
            None => Poll::Ready(None),
        }
    }
}

/// C-49, EDGE-44: no limit of time helps here.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_request_ends_whatever_becomes_of_the_others() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let layer = CacheLayer::new()
        .collapse_limit(HOUR)
        .collapse_head_limit(HOUR);
    let handle = layer.handle();
    let client = layer.layer(service_fn(move |_: Request<Empty<Bytes>>| {
        answered(counted.fetch_add(1, Ordering::Relaxed))
    }));
    for round in 1..=ROUNDS {
        let tasks: Vec<_> = (0..64)
            .map(|n| {
                let (mut client, handle) = (client.clone(), handle.clone());
                let mut random = Random(round * 1_000 + n + 1);
                tokio::spawn(async move {
                    for _ in 0..4 {
                        let path = format!("/{}", random.below(4));
                        let kind = ["a", "b"][random.below(2) as usize];
                        match random.below(600) {
                            0 => drop(handle.clear()),
                            1 => drop(handle.purge(request(Method::GET, &path, &[]).uri())),
                            2 => drop(handle.pause()),
                            _ => {}
                        }
                        let method = if random.below(40) == 0 {
                            Method::PUT
                        } else {
                            Method::GET
                        };
                        let asked = request(method, &path, &[("accept", kind)]);
                        let patience = random.below(12);
                        let answering = client.call(asked);
                        if random.below(3) == 0 {
                            // It is given up after a few turns, and may have been woken to go on.
                            tokio::select! {
                                biased;
                                () = turns(patience) => {}
                                _ = answering => {}
                            }
                            continue;
                        }
                        let Ok(response) = answering.await else {
                            continue;
                        };
                        let mut body = response.into_body();
                        let is_left = random.below(4) == 0;
                        while let Some(Ok(_)) = body.frame().await {
                            if is_left {
                                break;
                            }
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
    }
    until(|| in_flight(&handle) == 0).await;
    assert_eq!(handle.stats().recording(), 0);
    assert!(handle.stats().collapsed() > 0 && calls.load(Ordering::Relaxed) > 0);
}

async fn turns(many: u64) {
    for _ in 0..many {
        yield_now().await;
    }
}
