//! What somebody means by a purge, as far as the store has to know.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::Seen;
use crate::key::UriKey;
use crate::stored::StoredResponse;

/// Tells what is meant. It is asked about what is stored, and about what is about to be.
pub(crate) trait Means: fmt::Debug + Send + Sync {
    /// Whether a response is meant, where that can be said without running anything of a user's.
    fn at_once(&self, response: &StoredResponse) -> Option<bool>;

    /// Whether it is, whatever has to be run for it. Not for where a lock is held.
    fn means(&self, seen: &Seen) -> bool;
}

/// Where everything is that may be meant.
#[derive(Debug, Clone)]
pub(crate) enum Among {
    /// Anywhere.
    All,
    /// What is stored for these URIs.
    Uris(Vec<UriKey>),
}

impl Among {
    /// Wherever the one or the other says.
    pub(crate) fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Uris(mut uris), Self::Uris(others)) => {
                uris.extend(others);
                Self::Uris(uris)
            }
            _ => Self::All,
        }
    }

    /// Of two, the greater has more to be looked at.
    pub(crate) fn breadth(&self) -> usize {
        match self {
            Self::All => usize::MAX,
            Self::Uris(uris) => uris.len(),
        }
    }
}

/// What is done to what is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// It is removed, and not stored.
    Purge,
    /// It is stale from now on, and stored so.
    Expire,
}

/// What somebody means, at one time in one cache.
#[derive(Debug, Clone)]
pub(crate) struct Meant {
    pub(crate) test: Arc<dyn Means>,
    pub(crate) among: Among,
    /// When it was said.
    pub(crate) at: SystemTime,
    /// How many things it names.
    pub(crate) weight: usize,
}

impl Meant {
    /// What this does to a response that is about to be stored: nothing, or it is stale, or `Err` where it is not to
    /// be stored. Not for where a lock is held.
    pub(super) fn done_to(
        &self,
        verb: Verb,
        response: Arc<StoredResponse>,
    ) -> Result<Arc<StoredResponse>, Arc<StoredResponse>> {
        let seen = Seen::unused(response);
        let is_meant = self.test.at_once(&seen.response);
        if !is_meant.unwrap_or_else(|| self.test.means(&seen)) {
            return Ok(seen.response);
        }
        match verb {
            Verb::Purge => Err(seen.response),
            Verb::Expire => Ok(seen
                .response
                .expired(self.at)
                .map_or(seen.response, Arc::new)),
        }
    }
}
