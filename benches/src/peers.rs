//! The other caches, each as it comes, but with as much room as the others have.

use std::convert::Infallible;
use std::time::Duration;

use axum_core::body::Body as AxumBody;
use axum_response_cache::CacheLayer as AxumLayer;
use bytes::Bytes;
use cached::LruTtlCache;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Empty;
use http_cache::MokaManager;
use http_cache_quickcache::QuickManager;
use http_cache_tower::HttpCacheLayer;
use tower::{Layer, Service, ServiceExt};
use tower_http_cache::StreamingPolicy;
use tower_http_cache::backend::memory::InMemoryBackend;
use tower_http_cache::policy::CachePolicy;

use crate::Client;
use crate::contender::{Peer, Room};

const HOUR: Duration = Duration::from_secs(3600);
const MANY: usize = 30_000;

/// A client of the origin, with that cache in between.
pub(crate) fn client<S, R>(peer: Peer, room: Room, origin: S) -> Box<dyn Client>
where
    S: Service<Request<Empty<Bytes>>, Response = Response<R>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    R: Body<Data = Bytes, Error = Infallible> + Send + Sync + Unpin + 'static,
{
    let responses = match room {
        Room::AsItComes => MANY,
        Room::Responses(responses) => responses,
        Room::Octets(octets) => octets / 2048,
    };
    match peer {
        Peer::HttpCacheMoka => {
            let manager = MokaManager::new(moka::future::Cache::new(responses as u64));
            Box::new(HttpCacheLayer::new(manager).layer(origin))
        }
        Peer::HttpCacheQuick => {
            let manager = QuickManager::new(quick_cache::sync::Cache::new(responses));
            Box::new(HttpCacheLayer::new(manager).layer(origin))
        }
        Peer::TowerHttpCache => {
            // By default it lets pass what is larger than 1 MiB.
            let streaming = StreamingPolicy {
                enabled: false,
                ..StreamingPolicy::default()
            };
            let policy = CachePolicy::default()
                .with_ttl(HOUR)
                .with_streaming_policy(streaming);
            let backend = InMemoryBackend::new(responses as u64);
            let layer = tower_http_cache::CacheLayer::builder(backend).policy(policy);
            Box::new(layer.build().layer(origin))
        }
        Peer::AxumResponseCache => {
            // It is made for servers: it knows the bodies of axum alone, on both sides.
            let origin = origin
                .map_request(|request: Request<AxumBody>| request.map(|_| Empty::new()))
                .map_response(|response: Response<R>| response.map(AxumBody::new));
            let cache = LruTtlCache::with_size_and_ttl(responses, HOUR);
            let client = AxumLayer::with(cache).layer(origin);
            Box::new(
                client.map_request(|request: Request<Empty<Bytes>>| request.map(AxumBody::new)),
            )
        }
    }
}
