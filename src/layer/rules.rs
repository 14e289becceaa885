//! Settings: the rules, where the standards leave a choice.

use std::time::Duration;

use http::HeaderName;

use super::CacheLayer;
use crate::policy::SetCookie;
use crate::rules::{Rule, Rules};

/// The rules, where the standards leave a choice.
impl<X, P> CacheLayer<X, P> {
    /// Whether a response that does not say how long it is fresh is taken to be so for a tenth of the
    /// time since it was last modified, up to a [limit](Self::heuristic_limit) (RFC 9111 §4.2.2, choice
    /// C-07). By default it is.
    #[must_use]
    pub fn heuristics(self, are_on: bool) -> Self {
        self.set(|settings| settings.policy.heuristics = are_on)
    }

    /// The longest lifetime that is guessed (choice C-07); by default a day.
    #[must_use]
    pub fn heuristic_limit(self, limit: Duration) -> Self {
        self.set(|settings| settings.policy.heuristic_limit = limit)
    }

    /// Whether the age of a response is at least what its `Date` says (RFC 9111 §4.2.3, choice C-08). By
    /// default it is, which tells the age of what a cache without `Age` has kept. Switch it off where the
    /// clocks of origins, or of this machine, cannot be trusted.
    #[must_use]
    pub fn apparent_age(self, counts: bool) -> Self {
        self.set(|settings| settings.policy.apparent_age = counts)
    }

    /// Whether `no-cache`, `max-age`, `min-fresh` and `Pragma` of a request are passed over, so that nobody
    /// can have the origin asked for what is stored and fresh. By default they are obeyed (RFC 9111
    /// §5.2.1, choice C-10).
    #[must_use]
    pub fn ignore_reload(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.ignores_reload = is_on)
    }

    /// Whether a request that has `If-None-Match`, `If-Modified-Since` or `If-Range` is forwarded as it is, and its
    /// answer not stored, as the Fetch standard has it. By default the cache answers it from what is
    /// stored (RFC 9111 §4.3.2, choice C-26).
    #[must_use]
    pub fn conditional_bypass(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.bypasses_conditional = is_on)
    }

    /// What becomes of responses with `Set-Cookie` (choice C-32). A private cache stores them, as RFC 9111
    /// §7.3 has it; a shared one [refuses](SetCookie::Refuse) them, since a cookie that was forgotten in one
    /// answer would become everybody's.
    #[must_use]
    pub fn set_cookie(self, choice: SetCookie) -> Self {
        self.set(|settings| settings.policy.set_cookie = choice)
    }

    /// Forwards requests that have this field as they are: nothing stored is looked at, and the answer is
    /// not stored. For `Cookie` in a shared cache, say (choice C-34).
    #[must_use]
    pub fn bypass(self, field: HeaderName) -> Self {
        self.set(|settings| settings.bypass.push(field))
    }

    /// What holds for responses by where they come from: see [`Rule`]. They take the place of rules that were set before,
    /// and can be changed while requests run: see [`CacheHandle::set_rules`](crate::CacheHandle::set_rules).
    #[must_use]
    pub fn rules(self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.cache.set_rules(Rules::new(rules));
        self
    }

    /// A response field that says with which [tags](crate::Tags) the response is to be stored: `Surrogate-Key`, say,
    /// or `Cache-Tag`. Its tags stand between commas and white space. There may be several such fields, and by
    /// default there is none. What is no UTF-8 in them stands as U+FFFD. What a 304 says takes the place of what was
    /// said before. A field that is not kept, because `Connection` names it or, in a shared cache, `private` does,
    /// counts as well.
    ///
    /// A response that was stored before has none of these tags.
    ///
    /// ```
    /// use http::HeaderName;
    /// use tower_client_cache::CacheLayer;
    ///
    /// let layer = CacheLayer::new().tag_field(HeaderName::from_static("surrogate-key"));
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn tag_field(self, field: HeaderName) -> Self {
        self.set(|settings| settings.related.tag_fields.push(field))
    }

    /// Whether a 304 that has no validator is taken to be about nothing that has one, to the letter of
    /// RFC 9111 §4.3.4 (choice C-19). By default it is accepted where the origin was asked about one stored
    /// response and nothing else: many origins leave the entity tag out.
    #[must_use]
    pub fn strict_not_modified(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.is_strict = is_on)
    }

    /// Whether a 304 changes the `Content-Encoding` of what is stored, to the letter of RFC 9111 §3.2
    /// (choice C-56). By default it does not: the field has to describe the octets that are stored.
    #[must_use]
    pub fn update_content_encoding(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.updates_content_encoding = is_on)
    }

    /// Whether the beginning of a response that was cut off is stored, because its body failed or was not
    /// read to the end (RFC 9111 §3.3, choice C-30). By default it is not.
    ///
    /// It has to be a 200 to GET with a strong validator and `Accept-Ranges: bytes`. What is stored so answers
    /// requests for ranges that lie inside of it; where a request can be
    /// [sent again](Self::request_body), a GET asks the origin for what is missing, and no more.
    #[must_use]
    pub fn keep_incomplete(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.keeps_incomplete = is_on)
    }

    /// Whether a response over `http` is stored where nothing but the end of the connection says where its body ends
    /// (RFC 9112 §9.8, choice C-54). By default a private cache stores it, if the inner service says that the
    /// body has ended well, and a shared one does not: what was cut off on the way would be served to all as the whole.
    ///
    /// Between a cache and handlers in the same process nothing is cut off. Around them it may be on, and what
    /// they stream without saying how long it is will be stored.
    #[must_use]
    pub fn store_undelimited(self, is_on: bool) -> Self {
        self.set(|settings| settings.policy.stores_undelimited = is_on)
    }

    /// Whether `Accept-Encoding` is compared by the codings it accepts, whatever their order and weights
    /// (RFC 9111 §4.1, choice C-15). By default lists in another order are another request.
    #[must_use]
    pub fn normalize_accept_encoding(self, is_on: bool) -> Self {
        self.set(|settings| settings.normalizes_encodings = is_on)
    }
}
