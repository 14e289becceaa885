//! Stored responses for the tests of the store.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderName, StatusCode, Uri, Version};

use crate::cache_status::LifetimeSource;
use crate::key::CacheKey;
use crate::packed::Packed;
use crate::seed::Seed;
use crate::stored::{Selection, StoredBody, StoredHead, StoredResponse, Terms};
use crate::target::Target;

/// Stored responses of one cache.
pub(super) struct Samples(Seed);

impl Default for Samples {
    fn default() -> Self {
        Self(Seed::random(false))
    }
}

impl Samples {
    pub(super) fn seed(&self) -> &Seed {
        &self.0
    }

    /// That of `/n`.
    pub(super) fn of(&self, n: usize) -> StoredResponse {
        self.variant(n, None, 0)
    }

    /// That of `/n`, or one of its variants, with a body of so many octets.
    pub(super) fn variant(&self, n: usize, variant: Option<u8>, octets: usize) -> StoredResponse {
        let uri: Uri = format!("http://o.test/{n}").parse().expect("a URI");
        let target = Target::of_uri(&uri).expect("a target");
        let time = SystemTime::UNIX_EPOCH;
        let fields = variant
            .map(|variant| {
                let mut digester = self.0.vary().digester();
                digester.write(&[variant]);
                (HeaderName::from_static("foo"), Some(digester.finish()))
            })
            .into_iter()
            .collect();
        StoredResponse::new(
            Arc::new(CacheKey::new(&self.0, target, None)),
            StoredHead {
                is_of_head: false,
                status: StatusCode::OK,
                version: Version::HTTP_11,
                fields: Packed::default(),
            },
            Selection {
                fields,
                ..Selection::default()
            },
            Terms {
                request_time: time,
                response_time: time,
                date: time,
                has_validator: true,
                lifetime: Duration::ZERO,
                lifetime_from: LifetimeSource::None,
                initial_age: Duration::ZERO,
                stale_while_revalidate: Duration::ZERO,
                stale_if_error: Duration::ZERO,
                is_no_cache: false,
                is_must_revalidate: false,
                is_immutable: false,
                is_delimited: true,
                is_expired: false,
                may_be_freshened: true,
                withheld: Box::default(),
            },
            StoredBody {
                data: Bytes::from(vec![b'x'; octets]),
                trailers: None,
            },
        )
    }
}
