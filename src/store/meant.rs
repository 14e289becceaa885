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
    fn at_once(&self, response: &StoredResponse, came: Came) -> Option<bool>;

    /// Whether it is, whatever has to be run for it. Not for where a lock is held.
    fn means(&self, seen: &Seen, came: Came) -> bool;
}

/// When a response came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// When it says.
    Before,
    /// It was on its way when the verb was called, and so comes later, whatever the clock says that it has become.
    Later,
}

/// Where everything is that may be meant.
#[derive(Debug, Clone)]
pub(crate) enum Among {
    /// Anywhere.
    All,
    /// What is stored for these URIs, or has one of these labels.
    These { uris: Vec<UriKey>, labels: Vec<u64> },
}

impl Among {
    pub(crate) fn nothing() -> Self {
        Self::uri(None)
    }

    pub(crate) fn uri(uri: impl IntoIterator<Item = UriKey>) -> Self {
        Self::These {
            uris: uri.into_iter().collect(),
            labels: Vec::new(),
        }
    }

    pub(crate) fn labels(labels: &[u64]) -> Self {
        Self::These {
            uris: Vec::new(),
            labels: labels.into(),
        }
    }

    /// Wherever the one or the other says.
    pub(crate) fn with(self, other: Self) -> Self {
        match (self, other) {
            (
                Self::These {
                    mut uris,
                    mut labels,
                },
                Self::These {
                    uris: more_uris,
                    labels: more_labels,
                },
            ) => {
                uris.extend(more_uris);
                labels.extend(more_labels);
                Self::These { uris, labels }
            }
            _ => Self::All,
        }
    }

    /// Of two, the greater is likely to have more to be looked at: a URI has few responses, a label may have many.
    pub(crate) fn breadth(&self) -> (bool, usize, usize) {
        match self {
            Self::All => (true, 0, 0),
            Self::These { uris, labels } => (false, labels.len(), uris.len()),
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
        came: Came,
    ) -> Result<Arc<StoredResponse>, Arc<StoredResponse>> {
        let seen = Seen::unused(response);
        let is_meant = self.test.at_once(&seen.response, came);
        if !is_meant.unwrap_or_else(|| self.test.means(&seen, came)) {
            return Ok(seen.response);
        }
        match verb {
            Verb::Purge => Err(seen.response),
            Verb::Expire => {
                let answered = seen.response.copying.answered();
                let expired = seen.response.expired(self.at, answered);
                Ok(expired.map_or(seen.response, Arc::new))
            }
        }
    }
}
