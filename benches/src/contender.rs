//! Who answers.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Empty;
use tower::{Layer, Service};
use tower_client_cache::CacheLayer;

use crate::Client;
use crate::floor::Floor;
#[cfg(feature = "peers")]
use crate::peers;

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contender {
    /// The origin, without a cache: what all the others have in common.
    Bare,
    /// The smallest conceivable cache: one lock, one look-up, a copy of the head.
    Floor,
    /// The same, with what RFC 9111 asks of a hit.
    FloorRfc,
    /// The same, with one value in the response's extensions.
    FloorRfcExtension,
    /// `tower-client-cache`.
    Ours,
    /// Somebody else's.
    #[cfg(feature = "peers")]
    Peer(Peer),
}

/// Another cache.
#[cfg(feature = "peers")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// `http-cache-tower`, with moka.
    HttpCacheMoka,
    /// `http-cache-tower`, with quick-cache.
    HttpCacheQuick,
    /// `tower-http-cache`.
    TowerHttpCache,
    /// `axum-response-cache`.
    AxumResponseCache,
}

/// How much a cache may keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// As much as it does when nobody says.
    AsItComes,
    /// So many responses, whatever their size.
    Responses(usize),
    /// So many octets. A cache that only counts takes 2 KiB for a response.
    Octets(usize),
}

impl Contender {
    pub const ALL: &[Self] = &[
        Self::Bare,
        Self::Floor,
        Self::FloorRfc,
        Self::FloorRfcExtension,
        Self::Ours,
        #[cfg(feature = "peers")]
        Self::Peer(Peer::HttpCacheMoka),
        #[cfg(feature = "peers")]
        Self::Peer(Peer::HttpCacheQuick),
        #[cfg(feature = "peers")]
        Self::Peer(Peer::TowerHttpCache),
        #[cfg(feature = "peers")]
        Self::Peer(Peer::AxumResponseCache),
    ];

    /// As it is called on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Floor => "floor",
            Self::FloorRfc => "floor-rfc",
            Self::FloorRfcExtension => "floor-rfc-extension",
            Self::Ours => "ours",
            #[cfg(feature = "peers")]
            Self::Peer(Peer::HttpCacheMoka) => "http-cache-tower-moka",
            #[cfg(feature = "peers")]
            Self::Peer(Peer::HttpCacheQuick) => "http-cache-tower-quick",
            #[cfg(feature = "peers")]
            Self::Peer(Peer::TowerHttpCache) => "tower-http-cache",
            #[cfg(feature = "peers")]
            Self::Peer(Peer::AxumResponseCache) => "axum-response-cache",
        }
    }

    /// A client of the origin, with this cache in between.
    #[must_use]
    pub fn client<S, R>(self, room: Room, origin: S) -> Box<dyn Client>
    where
        S: Service<Request<Empty<Bytes>>, Response = Response<R>, Error = Infallible>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        R: Body<Data = Bytes, Error = Infallible> + Send + Sync + Unpin + 'static,
    {
        match self {
            Self::Bare => Box::new(origin),
            Self::Floor => Box::new(Floor::<_, false, false>::new(origin, room)),
            Self::FloorRfc => Box::new(Floor::<_, true, false>::new(origin, room)),
            Self::FloorRfcExtension => Box::new(Floor::<_, true, true>::new(origin, room)),
            Self::Ours => Box::new(ours(room).layer(origin)),
            #[cfg(feature = "peers")]
            Self::Peer(peer) => peers::client(peer, room, origin),
        }
    }
}

fn ours(room: Room) -> CacheLayer {
    const GIBIBYTE: usize = 1024 * 1024 * 1024;

    let layer = CacheLayer::new();
    match room {
        Room::AsItComes => layer,
        Room::Responses(responses) => layer.capacity(8 * GIBIBYTE).max_responses(responses),
        Room::Octets(octets) => layer.capacity(octets),
    }
}
