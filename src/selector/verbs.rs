//! What is done to what is meant.

use std::ops::Add;

use super::Selector;
use super::meaning::Meaning;
use super::meant::tags;
use crate::cache::Cache;
use crate::key::UriKey;
#[cfg(feature = "structured-fields")]
use crate::search::Searched;
use crate::store::{Exchanging, Removed, Verb};
use crate::target::Target;

impl Cache {
    /// Removes what is meant, and holds it against what is under way, but for the answer of the exchange that has
    /// brought it about. Nobody waits any longer for the answer to a request that began before.
    pub(crate) fn purge(&self, selector: &Selector, mut by: Option<&mut Exchanging>) -> Removed {
        match &selector.meaning {
            Meaning::Nothing => Removed::default(),
            Meaning::All if by.is_none() => self.clear(),
            Meaning::Uri(uri) => {
                let (settings, _) = self.settings();
                let target = Target::of_uri(uri).into_iter();
                let keys = target.flat_map(|target| settings.uri_keys(&self.seed, target, None));
                let removed = keys.map(|key| self.purge_uri(&key, by.as_deref_mut()));
                removed.fold(Removed::default(), Add::add)
            }
            Meaning::Origin(origin) => {
                let removed = self.store.purge_origin(&self.meant(selector), origin, by);
                self.groups.release_origin(origin);
                removed
            }
            Meaning::Tags(names) => {
                let (meant, tags) = (self.meant(selector), tags(&self.seed, names));
                let removed = self.store.purge_tags(&meant, &tags, by);
                self.groups.release_each();
                removed
            }
            _ => self.sweep(selector, Verb::Purge, by),
        }
    }

    /// Makes what is meant stale, and what is under way and will be.
    pub(crate) fn expire(&self, selector: &Selector) -> Removed {
        match &selector.meaning {
            Meaning::Nothing => Removed::default(),
            _ => self.sweep(selector, Verb::Expire, None),
        }
    }

    /// Removes what is of no use any more. What is under way is not meant.
    pub(crate) fn remove_expired(&self) -> Removed {
        let meant = self.meant(&Selector::spent());
        self.store.walk(&meant, Verb::Purge)
    }

    fn sweep(&self, selector: &Selector, verb: Verb, by: Option<&mut Exchanging>) -> Removed {
        let done = self.store.sweep(&self.meant(selector), verb, by);
        match &selector.meaning {
            Meaning::Origin(origin) => self.groups.release_origin(origin),
            _ => self.groups.release_each(),
        }
        done
    }

    fn purge_uri(&self, uri: &UriKey, by: Option<&mut Exchanging>) -> Removed {
        #[cfg(feature = "structured-fields")]
        let removed = self.purge_with_equivalents(uri, by);
        #[cfg(not(feature = "structured-fields"))]
        let removed = self.store.purge(uri, by);
        self.groups.release_uri(uri.hash);
        removed
    }

    #[cfg(feature = "structured-fields")]
    fn purge_with_equivalents(&self, uri: &UriKey, mut by: Option<&mut Exchanging>) -> Removed {
        let removed = self.store.purge(uri, by.as_deref_mut());
        if !self.settings().0.related.by_search {
            return removed;
        }
        let searched = Searched::new(&self.seed, &uri.text, None);
        let equivalents = self.store.purge_equivalents(&searched, by);
        self.groups.release_origin(uri.origin());
        removed + equivalents
    }
}
