//! Settings: standards beside RFC 9111, which are off unless somebody asks for them.

#[cfg(feature = "structured-fields")]
use http::HeaderName;

use super::CacheLayer;

/// Standards beside RFC 9111, which are off unless somebody asks for them.
impl<X, P> CacheLayer<X, P> {
    /// Fields that are for caches like this one, in the order they count (RFC 9213), such as
    /// `cdn-cache-control` for a cache that an origin's operator has put before it. The first of them that a
    /// response has, and that can be read, decides in the place of `Cache-Control` and `Expires`.
    ///
    /// By default there are none (choice C-46), and such fields are passed on like any other.
    ///
    /// ```
    /// use http::HeaderName;
    /// use tower_client_cache::CacheLayer;
    ///
    /// let layer = CacheLayer::shared().targeted_fields([HeaderName::from_static("cdn-cache-control")]);
    /// # let _ = layer;
    /// ```
    #[cfg(feature = "structured-fields")]
    #[must_use]
    pub fn targeted_fields(self, fields: impl IntoIterator<Item = HeaderName>) -> Self {
        self.set(|settings| settings.policy.targets = fields.into_iter().collect())
    }

    /// Adds a member of this name to the `Cache-Status` of every response (RFC 9211), behind those of the
    /// caches that the response came through. By default there is none (choice C-36): it tells whoever
    /// reads it what others have asked for.
    ///
    /// Responses that the cache made for want of any have none: a 504.
    ///
    /// # Panics
    ///
    /// When the name has other characters than printable ASCII.
    #[must_use]
    pub fn cache_status(self, name: &str) -> Self {
        assert!(
            name.bytes().all(|byte| matches!(byte, b' '..=b'~')),
            "a name in Cache-Status is printable ASCII"
        );
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        self.set(|settings| settings.announced_as = Some(format!("\"{quoted}\"").into()))
    }

    /// Whether `Clear-Site-Data: "cache"`, or `"*"`, on any response that comes over https, removes what is
    /// stored for the origin that it comes from, for everybody, as a purge of
    /// [`Selector::origin`](crate::Selector::origin) does; the response itself may be stored after that. By
    /// default it does not: the field speaks to a browser, which is one user's.
    ///
    /// What it costs is said there. An origin may ask for it with each of its responses.
    #[must_use]
    pub fn clear_site_data(self, is_obeyed: bool) -> Self {
        self.set(|settings| settings.clears_sites = is_obeyed)
    }

    /// Whether cache groups are kept (RFC 9875, choice C-45). By default they are not.
    ///
    /// A response may say with `Cache-Groups` which groups it is in; a group is of one origin. The answer to
    /// an unsafe request that succeeds, with a status of 2xx or 3xx, may list groups in
    /// `Cache-Group-Invalidation`: whatever is in one of them is invalidated as if it had been the target,
    /// whoever asked for it. What shares a group with the target is invalidated too, and nothing beyond that.
    /// What was asked for before and turns out to be in an invalidated group is not stored.
    ///
    /// **Whoever may answer for an origin may have everything of that origin invalidated**: where an origin is
    /// shared by tenants who do not trust each other, leave it off (RFC 9875 §5).
    ///
    /// A response that was stored before this is on is in no group until a 304 says so.
    #[cfg(feature = "structured-fields")]
    #[must_use]
    pub fn cache_groups(self, are_kept: bool) -> Self {
        self.set(|settings| settings.related.by_group = are_kept)
    }

    /// Whether `No-Vary-Search` is obeyed (choice C-44). By default it is not.
    ///
    /// With it a response says that some parameters of the query, or their order, make no difference: it then
    /// answers requests for other URIs of the same origin and path that are the same by its own rule. The URI
    /// itself comes first; of several others the newest counts. Everything else stays: `Vary`, methods,
    /// freshness, and that users are kept apart. A `key-order` alone is obeyed.
    ///
    /// The origin is always asked for the URI of the request, as it is written. A new response is stored under
    /// that; a 304 freshens the response that was asked about. To invalidate or purge a URI takes what stands
    /// for it along. For one path 16 different rules are known; a response with yet another stands for its
    /// own URI alone.
    ///
    /// A response that was stored before this is on stands for its own URI alone, until a 304 says otherwise.
    #[cfg(feature = "structured-fields")]
    #[must_use]
    pub fn no_vary_search(self, is_obeyed: bool) -> Self {
        self.set(|settings| settings.related.by_search = is_obeyed)
    }
}
