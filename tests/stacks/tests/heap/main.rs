//! What servers that send too much cost in memory, counted. In a test of its own, for the sake of the allocator.
//!
//! Client, cache and server are on the thread that is counted. What is taken with a cache is compared with what is
//! taken without one: at no time it is more than the capacity beyond that, and what requests under way take.
//!
//! `cargo test -p stacks --test heap -- --nocapture` prints the figures.

use std::error::Error;

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Empty;
use stacks::{HyperClient, Upstream, Wire};
use tower::{Layer, Service};
use tower_client_cache::CacheLayer;

mod bodies;
mod heads;

/// What may be held.
const CAPACITY: usize = 4 << 20;

/// What a cache may take beside: its tables, and less than 1 KiB for each of a thousand requests under way.
const BESIDE: u64 = 1 << 20;

/// Something that is asked for with a client, with a cache or without one.
trait Asks {
    /// The client to ask with.
    fn client(&self) -> HyperClient {
        Wire::Http1.client()
    }

    /// Asks, and drops the client.
    async fn ask<S, B>(&self, upstream: &Upstream, client: S)
    where
        S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error: Error> + Clone,
        B: Body<Data = Bytes, Error: Error> + Unpin;

    /// Asks without a cache and with one, and compares what was taken at most. Returns how many are
    /// stored then.
    fn is_bounded(&self, what: &str) -> usize {
        let bare = on_one_thread(async || {
            let upstream = Upstream::listen(Wire::Http1).await;
            self.ask(&upstream, self.client()).await;
            upstream.is_left_alone().await;
        });
        let layer = CacheLayer::new().capacity(CAPACITY);
        let handle = layer.handle();
        let cached = on_one_thread(async || {
            let upstream = Upstream::listen(Wire::Http1).await;
            self.ask(&upstream, layer.layer(self.client())).await;
            upstream.is_left_alone().await;
        });
        let more = cached.saturating_sub(bare);
        println!("{what}: {bare} octets at most without the cache, {more} more with it");
        assert!(more <= CAPACITY as u64 + BESIDE, "{what}: {more}");
        let stats = handle.stats();
        assert_eq!((stats.recording(), stats.in_flight()), (0, 0), "{what}");
        assert!(handle.bytes() <= CAPACITY, "{what}");
        handle.len()
    }
}

/// How many octets were taken at most, at one time.
fn on_one_thread(run: impl AsyncFnOnce()) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let taken = measure(|| runtime.block_on(run()));
    taken.bytes_max
}
