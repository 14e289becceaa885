//! The mode of one request, and the handle's: on, off, or paused by so many guards.

use http::{Extensions, HeaderMap, HeaderValue, header};

use crate::sync::atomic::{AtomicUsize, Ordering};

/// How the cache is to be used for one request: the six modes of the Fetch standard. Put it into the
/// request's extensions.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response, StatusCode};
/// use http_body_util::Empty;
/// use tower::{Service, ServiceBuilder, service_fn};
/// use tower_client_cache::{CacheLayer, CacheMode};
///
/// # futures_executor::block_on(async {
/// let mut client = ServiceBuilder::new().layer(CacheLayer::new()).service(service_fn(
///     |_: Request<Empty<Bytes>>| async { Ok::<_, http::Error>(Response::new(Empty::<Bytes>::new())) },
/// ));
///
/// let mut request = Request::get("https://example.com/news").body(Empty::new())?;
/// request.extensions_mut().insert(CacheMode::OnlyIfCached);
/// let response = client.call(request).await?;
/// assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT); // nothing is stored
/// # Ok::<_, http::Error>(())
/// # }).unwrap();
/// ```
///
/// It is about GET and HEAD, save that `NoStore` keeps the answer to a POST out as well. It outranks what
/// the request's fields say, and the handle outranks it: while the cache is disabled nothing stored is
/// looked at in any mode. What the response forbids stays forbidden: `no-cache` and
/// `must-revalidate`, and what an unsafe request has made wrong, outrank every mode (RFC 9111 §4.2.4,
/// choice C-61), and `Vary` selects in all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheMode {
    /// As the rules have it.
    #[default]
    Default,
    /// Nothing stored is looked at, and nothing is stored. Other caches on the way are told so by
    /// `Cache-Control: no-cache` and `Pragma: no-cache`, where the request has neither of its own.
    NoStore,
    /// Nothing stored is looked at; the answer is stored, and takes the place of what was. Other caches
    /// are told as by `NoStore`.
    Reload,
    /// What is stored is validated, fresh or not. Other caches are told so by `Cache-Control: max-age=0`,
    /// where the request has none of its own.
    NoCache,
    /// What is stored is reused however stale it is; the origin is asked only where nothing is.
    ForceCache,
    /// As `ForceCache`, and the origin is not asked: where nothing can be reused the answer is 504.
    OnlyIfCached,
}

impl CacheMode {
    /// The mode that was set for a request.
    #[inline]
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_default()
    }

    /// Tells the caches on the way.
    pub(crate) fn tell(self, fields: &mut HeaderMap) {
        let control = match self {
            Self::NoStore | Self::Reload => {
                fields
                    .entry(header::PRAGMA)
                    .or_insert(HeaderValue::from_static("no-cache"));
                "no-cache"
            }
            Self::NoCache => "max-age=0",
            Self::Default | Self::ForceCache | Self::OnlyIfCached => return,
        };
        fields
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static(control));
    }
}

/// Whether the cache takes part. One word, so that a request reads all of it at once: the lowest bit
/// says that the cache was disabled, the others count the guards that pause it.
#[derive(Debug, Default)]
pub(crate) struct Switch(AtomicUsize);

const DISABLED: usize = 1;
const ONE_PAUSE: usize = 2;

impl Switch {
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }

    pub(crate) fn disable(&self) {
        self.0.fetch_or(DISABLED, Ordering::SeqCst);
    }

    pub(crate) fn enable(&self) {
        self.0.fetch_and(!DISABLED, Ordering::SeqCst);
    }

    pub(crate) fn pause(&self) {
        self.0.fetch_add(ONE_PAUSE, Ordering::SeqCst);
    }

    pub(crate) fn resume(&self) {
        self.0.fetch_sub(ONE_PAUSE, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_on_when_enabled_and_no_guard_lives() {
        let switch = Switch::default();
        assert!(switch.is_on());
        switch.pause();
        switch.pause();
        switch.enable();
        switch.resume();
        assert!(!switch.is_on(), "one guard still lives");
        switch.disable();
        switch.disable();
        switch.resume();
        assert!(!switch.is_on(), "it was disabled");
        switch.enable();
        assert!(switch.is_on());
    }
}
