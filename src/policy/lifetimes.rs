//! What somebody else than the response says of how long it is fresh.

use std::time::Duration;

use http::StatusCode;

use super::status::is_cacheable_by_default;
use crate::cache_status::LifetimeSource;

/// What the user says of how long a response is fresh. What is first here counts first; what the response says itself
/// stands between the limits and the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lifetimes {
    /// Said for one request.
    pub(crate) wished: Option<Duration>,
    /// It is no shorter.
    pub(crate) least: Option<Duration>,
    /// It is no longer.
    pub(crate) most: Option<Duration>,
    /// Where the response says nothing.
    pub(crate) default: Option<Duration>,
    /// And where nobody does, it is not guessed.
    pub(crate) never_guessed: bool,
}

impl Lifetimes {
    /// The lifetime of a response of this status, of which the response, or a guess, says this much. Where that is a
    /// limit, because it is to be validated when it is stale, it is made no longer.
    pub(super) fn applied(
        &self,
        status: StatusCode,
        is_limited: bool,
        said: (Duration, LifetimeSource),
    ) -> (Duration, LifetimeSource) {
        let may_be_longer = is_cacheable_by_default(status) && !is_limited;
        let longest = |wished: Duration| {
            if may_be_longer {
                wished
            } else {
                wished.min(said.0)
            }
        };
        if let Some(wished) = self.wished.map(longest) {
            return (wished, LifetimeSource::Request);
        }
        let is_said = !matches!(said.1, LifetimeSource::None | LifetimeSource::Heuristic);
        let (lifetime, source) = match self.default {
            Some(default) if !is_said => (longest(default), LifetimeSource::Rule),
            _ => said,
        };
        let least = self.least.map_or(Duration::ZERO, longest);
        let limited = lifetime.max(least).min(self.most.unwrap_or(Duration::MAX));
        if limited == lifetime {
            (lifetime, source)
        } else {
            (limited, LifetimeSource::Rule)
        }
    }
}
