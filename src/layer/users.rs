//! Settings: who asks.

use std::sync::Arc;

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, Uri};

use super::CacheLayer;
use crate::seed::Seed;
use crate::settings::{PartitionSetting, Settings};

/// Who asks.
impl<X, P> CacheLayer<X, P> {
    /// Another request field that says who asks, such as `x-api-key`. Requests that differ in one never
    /// share a stored response; its value is kept only as a keyed hash of 128 bits.
    ///
    /// Whatever is stored already is removed, as by [`CacheHandle::clear`](crate::CacheHandle::clear).
    ///
    /// In a private cache `Authorization`, `Cookie`, `Proxy-Authorization` and the userinfo of the URI are
    /// always such (choices C-33 and C-34), unless the client has a [`single_user`](Self::single_user). In a
    /// shared one nothing is; with the first field that is named here the userinfo is, too.
    #[must_use]
    pub fn credential(self, field: HeaderName) -> Self {
        self.set_credentials(|settings| {
            settings.credentials.get_or_insert_default().add(field);
        })
    }

    /// The client is used by one user alone: credentials are no part of the key, and a response is
    /// reused whatever `Authorization` or `Cookie` the request has, as RFC 9111 has it for a private
    /// cache. `Vary` still counts.
    ///
    /// Whatever is stored already is removed, as by [`CacheHandle::clear`](crate::CacheHandle::clear).
    ///
    /// It saves a miss whenever a cookie or a token changes. **Where the client acts for more than one
    /// user, each may be shown what is another's.**
    #[must_use]
    pub fn single_user(self) -> Self {
        self.set_credentials(|settings| settings.credentials = None)
    }

    /// Keeps responses apart by something else than what the request says: the top-level site, the tenant,
    /// the user (RFC 9111 §7.2). Responses are shared by requests that have the same name here, and the same
    /// credentials where these count. Where there is `None`, the request is forwarded as it is.
    ///
    /// Whatever is stored already is removed, as by
    /// [`CacheHandle::clear`](crate::CacheHandle::clear)(crate::CacheHandle::clear). The name is kept only as a keyed
    /// hash of 128 bits.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Extensions, HeaderMap, Uri};
    /// use tower_client_cache::CacheLayer;
    ///
    /// #[derive(Clone)]
    /// struct Tenant(Bytes);
    ///
    /// let layer = CacheLayer::new().partition(|_: &Uri, _: &HeaderMap, extensions: &Extensions| {
    ///     extensions.get::<Tenant>().map(|tenant| tenant.0.clone())
    /// });
    /// # let _ = layer;
    /// ```
    #[must_use]
    pub fn partition<F>(self, of: F) -> Self
    where
        F: Fn(&Uri, &HeaderMap, &Extensions) -> Option<Bytes> + Send + Sync + 'static,
    {
        self.set_credentials(|settings| settings.partition = Some(PartitionSetting(Arc::new(of))))
    }

    /// What keyed hashes are made with: those by which partitions are told apart, and what `Vary` names. By default it is
    /// drawn for each cache, and nobody knows it.
    ///
    /// Caches that have the same secret can [restore](crate::CacheHandle::restore) each other's responses of a
    /// [partition](crate::StoredInfo::partition), which are not in a snapshot otherwise. It has to be drawn at
    /// random, and to be kept as the credentials are that it stands for.
    ///
    /// # Panics
    ///
    /// Where there is a service, a handle or a clone of this layer already: what they have hashed would mean nothing.
    #[must_use]
    pub fn secret(mut self, secret: &[u8; 32]) -> Self {
        let cache = Arc::get_mut(&mut self.cache);
        let cache = cache.expect("the secret is set before anything is made of the layer");
        cache.seed = Seed::given(secret, cache.seed.is_literal());
        self
    }

    /// What was stored so far was stored without regard to it, and what is on its way will be.
    pub(crate) fn set_credentials(self, change: impl FnOnce(&mut Settings)) -> Self {
        let layer = self.set(change);
        layer.cache.clear();
        layer
    }
}
