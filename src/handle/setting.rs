//! What can be set while requests run.

use super::CacheHandle;
use crate::rules::{Rule, Rules};

impl CacheHandle {
    /// How many octets may be held.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.cache.store.limits().capacity
    }

    /// Sets what holds for responses by where they come from, in the place of all rules that were set before, and at
    /// once: see [`Rule`]. Requests that start later go by the new ones.
    ///
    /// ```
    /// use http::Uri;
    /// use tower_client_cache::{CacheLayer, Rule};
    ///
    /// let handle = CacheLayer::new().handle();
    /// let broken = Uri::from_static("https://example.com/broken");
    /// handle.set_rules([Rule::new().prefix(&broken).never_store()]);
    /// ```
    pub fn set_rules(&self, rules: impl IntoIterator<Item = Rule>) {
        self.cache.set_rules(Rules::new(rules));
    }

    /// Sets how many octets may be held: see [`CacheLayer::capacity`](crate::CacheLayer::capacity). Where
    /// more is held, what is too much has gone when it returns; where that is very much, others are let at the
    /// store in between.
    pub fn set_capacity(&self, octets: usize) {
        self.cache
            .configure(|settings| settings.limits.capacity = octets);
    }

    /// Sets how many responses may be stored: see
    /// [`CacheLayer::max_responses`](crate::CacheLayer::max_responses). Where there are more, they have gone when it
    /// returns, as for [`set_capacity`](Self::set_capacity).
    pub fn set_max_responses(&self, responses: usize) {
        self.cache
            .configure(|settings| settings.limits.responses = responses);
    }

    /// Sets how many octets a body may have and still be stored: see
    /// [`CacheLayer::max_body`](crate::CacheLayer::max_body). Larger ones that are stored stay.
    pub fn set_max_body(&self, octets: usize) {
        self.cache
            .configure(|settings| settings.max_body = Some(octets));
    }
}
