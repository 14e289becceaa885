//! What a handle is asked to remove.

use std::fmt;

/// What a handle was asked to do with stored responses: see [`Event::Removed`](super::Event::Removed).
///
/// ```
/// use tower_client_cache::{CacheLayer, Event, Removal};
///
/// let handle = CacheLayer::new().handle();
/// let mut events = handle.subscribe();
/// handle.remove_expired();
/// let event = events.try_next();
/// assert!(matches!(event, Some(Event::Removed { by: Removal::RemoveExpired, .. })));
/// assert_eq!(Removal::RemoveExpired.to_string(), "remove-expired");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Removal {
    /// To remove everything: [`CacheHandle::clear`](crate::CacheHandle::clear), or to set rules by which keys are made
    /// otherwise.
    Clear,
    /// To remove what a selector means: [`CacheHandle::purge`](crate::CacheHandle::purge).
    Purge,
    /// To make it stale: [`CacheHandle::expire`](crate::CacheHandle::expire).
    Expire,
    /// To remove what is of no use any more:
    /// [`CacheHandle::remove_expired`](crate::CacheHandle::remove_expired).
    RemoveExpired,
}

impl Removal {
    /// A word for logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Purge => "purge",
            Self::Expire => "expire",
            Self::RemoveExpired => "remove-expired",
        }
    }
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
