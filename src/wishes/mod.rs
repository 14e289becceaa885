//! What a request wishes beside its mode: each wish a type of its own, in the request's extensions.

mod alone;
mod invalidates;
mod key;
mod lifetime;
mod staleness;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Extensions;

pub use self::alone::NoCollapse;
pub use self::invalidates::Invalidates;
pub use self::key::{IgnoreQuery, Key, Partition};
pub use self::lifetime::Lifetime;
pub use self::staleness::{MaxStale, MinFresh, StaleIfError};
use crate::key::Text;
use crate::mode::CacheMode;
use crate::tags::Tags;

/// What a request wishes, gathered once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// How stale a response it takes; `Duration::MAX` for any.
    pub(crate) max_stale: Option<Duration>,
    /// How much longer what it takes has to be fresh.
    pub(crate) min_fresh: Option<Duration>,
    /// How stale a response it takes where the origin fails.
    pub(crate) stale_if_error: Option<Duration>,
    /// It waits for no other request, and none for it.
    pub(crate) is_alone: bool,
    /// How long its answer is fresh.
    pub(crate) lifetime: Option<Duration>,
    /// What its answer is stored with.
    pub(crate) tags: Tags,
    /// Whose it is, beside its credentials.
    pub(crate) partition: Option<Bytes>,
    /// The text of the URI, where the key is made of something else.
    pub(crate) uri: Option<Box<[u8]>>,
    key: Option<Arc<str>>,
    ignored_query: Option<Arc<[Box<str>]>>,
}

impl Wishes {
    /// The wishes among the extensions of a request. Of most there are none, or nothing but a mode.
    #[inline]
    pub(crate) fn of(extensions: &Extensions) -> Option<Box<Self>> {
        match extensions.len() {
            0 => None,
            1 if extensions.get::<CacheMode>().is_some() => None,
            _ => Self::gather(extensions),
        }
    }

    #[cold]
    fn gather(extensions: &Extensions) -> Option<Box<Self>> {
        let max_stale = extensions.get().copied();
        let min_fresh = extensions.get().copied();
        let stale_if_error = extensions.get().copied();
        let wishes = Self {
            max_stale: max_stale.map(|MaxStale(most)| most.unwrap_or(Duration::MAX)),
            min_fresh: min_fresh.map(|MinFresh(least)| least),
            stale_if_error: stale_if_error.map(|StaleIfError(most)| most),
            is_alone: extensions.get::<NoCollapse>().is_some(),
            lifetime: extensions.get().map(|Lifetime(lifetime)| *lifetime),
            tags: extensions.get().cloned().unwrap_or_default(),
            partition: extensions.get().map(|Partition(name)| name.clone()),
            uri: None,
            key: extensions.get().map(|Key(name)| name.clone()),
            ignored_query: extensions.get().map(|IgnoreQuery(names)| names.clone()),
        };
        wishes.are_any().then(|| Box::new(wishes))
    }

    fn are_any(&self) -> bool {
        let Self {
            max_stale,
            min_fresh,
            stale_if_error,
            is_alone,
            lifetime,
            tags,
            partition,
            uri: _,
            key,
            ignored_query,
        } = self;
        max_stale.is_some()
            || min_fresh.is_some()
            || stale_if_error.is_some()
            || *is_alone
            || lifetime.is_some()
            || !tags.is_empty()
            || partition.is_some()
            || key.is_some()
            || ignored_query.is_some()
    }

    /// Whether it is looked for by something else than its URI.
    pub(crate) fn are_of_key(&self) -> bool {
        self.key.is_some() || self.ignored_query.is_some()
    }

    /// Remembers the URI where nothing of it but its origin is in the key.
    pub(crate) fn remember(&mut self, text: &Text) {
        self.uri = self.key.is_some().then(|| text.as_bytes().into());
    }

    /// Makes of the text of a URI that of its key.
    pub(crate) fn rewrite(&self, text: &mut Text) {
        if let Some(name) = &self.key {
            text.name(name);
        } else if let Some(names) = &self.ignored_query {
            text.leave_out(names);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_wish_is_not_gathered() {
        let mut extensions = Extensions::new();
        assert!(Wishes::of(&extensions).is_none());
        extensions.insert(CacheMode::NoCache);
        assert!(Wishes::of(&extensions).is_none());
        extensions.insert("somebody else's");
        assert!(Wishes::of(&extensions).is_none());
        extensions.insert(NoCollapse);
        assert!(Wishes::of(&extensions).is_some_and(|wishes| wishes.is_alone));
        let mut one = Extensions::new();
        one.insert(MaxStale(None));
        assert_eq!(Wishes::of(&one).unwrap().max_stale, Some(Duration::MAX));
    }
}
