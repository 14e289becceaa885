//! Stored responses and answers to test the rules with.

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, HeaderValue, StatusCode, Uri, Version, header};

use super::{Asked, Kind, Policy, Received};
use crate::key::CacheKey;
use crate::seed::Seed;
use crate::stored::{Selection, StoredBody, StoredHead, StoredResponse};
use crate::target::Target;

pub(super) const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
pub(super) const LATER: &str = "Mon, 07 Nov 1994 08:49:37 GMT";

pub(super) fn policy() -> Policy {
    Policy::recommended(Kind::Private)
}

pub(super) fn received(fields: &HeaderMap) -> Received<'_> {
    Received {
        status: StatusCode::OK,
        fields,
        request_time: SystemTime::UNIX_EPOCH,
        response_time: SystemTime::UNIX_EPOCH,
        is_secure: false,
        is_delimited: true,
        is_timed: true,
        lifetimes: None,
    }
}

pub(super) fn map(fields: &[(&'static str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(*name, value.parse().unwrap());
    }
    map
}

pub(super) fn stored(fields: &[(&'static str, &str)]) -> StoredResponse {
    let mut fields = map(fields);
    fields.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("max-age=60"),
    );
    of(received(&fields))
}

/// What is stored of an answer, without its body.
pub(super) fn of(received: Received<'_>) -> StoredResponse {
    let storable = policy().may_store(&Asked::default(), received).unwrap();
    let uri = Uri::from_static("http://o.test/a");
    let target = Target::of_uri(&uri).unwrap();
    StoredResponse::new(
        Arc::new(CacheKey::new(&Seed::random(false), target, None)),
        StoredHead {
            is_of_head: false,
            status: StatusCode::OK,
            version: Version::HTTP_11,
            fields: storable.kept.pack(),
        },
        Selection::default(),
        storable.terms,
        StoredBody::default(),
    )
}
