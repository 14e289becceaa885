//! An answer, as it is told of.

use std::sync::Arc;

use http::{Method, StatusCode, Uri};

use super::{Event, EventUri};
use crate::cache_status::CacheStatus;
use crate::key::CacheKey;

/// What a request has asked for, kept until it is answered.
#[derive(Debug)]
pub(crate) struct ToldOf {
    pub(crate) uri: Uri,
    pub(crate) method: Method,
}

impl ToldOf {
    #[cold]
    pub(crate) fn by(uri: &Uri, method: &Method) -> Box<Self> {
        Box::new(Self {
            uri: uri.clone(),
            method: method.clone(),
        })
    }
}

/// An answer that is told of. Nothing of it is counted references on, which on a hot response threads would share,
/// unless somebody takes it.
#[derive(Debug)]
pub(crate) struct Answered<'a> {
    pub(crate) about: About<'a>,
    pub(crate) method: Method,
    pub(crate) code: StatusCode,
    pub(crate) status: CacheStatus,
    /// Octets of its body that came out of the store.
    pub(crate) held: u64,
}

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum About<'a> {
    Key(&'a Arc<CacheKey>),
    Request(&'a Uri),
}

impl From<About<'_>> for EventUri {
    fn from(about: About<'_>) -> Self {
        match about {
            About::Key(key) => Self::of_key(key),
            About::Request(uri) => Self::of_request(uri),
        }
    }
}

impl From<&Answered<'_>> for Event {
    fn from(answered: &Answered<'_>) -> Self {
        Self::Answered {
            uri: answered.about.into(),
            method: answered.method.clone(),
            code: answered.code,
            status: answered.status,
            held: answered.held,
        }
    }
}
