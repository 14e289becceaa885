//! The mode of one request, and the mode of the whole cache.

use std::fmt;

use http::{Extensions, HeaderMap, HeaderValue, header};

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
/// It is about GET and HEAD, and about what else is answered from the store: a [QUERY](crate::CacheLayer::query), and
/// a POST that a [rule](crate::Rule::safe_post) says is safe. Of others it says that `NoStore` keeps the answer to a
/// POST out as well. It outranks what the request's fields say, and the handle outranks it: while the cache is
/// disabled nothing stored is looked at in any mode. What the response forbids stays forbidden: `no-cache` and
/// `must-revalidate`, and what an unsafe request has made wrong, outrank every mode (RFC 9111 §4.2.4, choice C-61),
/// and `Vary` selects in all of them.
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

    /// What is left of a mode where the origin may not be asked: what takes nothing stored has no answer then.
    pub(crate) fn offline(self) -> Self {
        match self {
            Self::Default | Self::ForceCache | Self::OnlyIfCached => Self::OnlyIfCached,
            Self::NoStore | Self::Reload | Self::NoCache => self,
        }
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

/// What a cache does for everybody: see [`CacheHandle::set_mode`](crate::CacheHandle::set_mode).
///
/// | mode | what is stored answers | answers are stored | the origin is asked |
/// |---|---|---|---|
/// | `Normal` | yes | yes | yes |
/// | `ReadOnly` | yes | no | yes |
/// | `Refresh` | no | yes | yes |
/// | `Bypass` | no | no | yes |
/// | `Offline` | yes, stale as well | yes, what is on its way | no |
/// | `Closed` | no | no | no |
///
/// In all of them an unsafe request that reaches the origin invalidates (RFC 9111 §4.4): nothing that it has made wrong
/// answers when the cache is in `Normal` again. In all but `Bypass`, where nothing stored is looked at, an answer also
/// shows that what was stored is outdated (§4.3.3); after a `Bypass` what is stored and fresh answers as before, though a
/// caller may have seen something newer meanwhile. Clearing and purging work in all of them as well.
///
/// Several modes at once forbid together what each forbids: `ReadOnly` and `Refresh` are `Bypass`,
/// `Refresh` and `Offline` are `Closed`.
///
/// ```
/// use tower_client_cache::{CacheLayer, Mode};
///
/// let handle = CacheLayer::new().handle();
/// handle.set_mode(Mode::ReadOnly);
/// {
///     let _refresh = handle.hold(Mode::Refresh);
///     assert_eq!(handle.mode(), Mode::Bypass); // both, until the guard is dropped
/// }
/// assert_eq!(handle.mode(), Mode::ReadOnly);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// As the rules have it.
    #[default]
    Normal,
    /// What is stored answers, and nothing new is stored. A 304 still answers its caller with the stored response
    /// and the new fields, which are not kept. No request waits for the answer to another, which it could not have.
    ReadOnly,
    /// Nothing that was stored before a request answers it or is asked about; the answer is stored, and takes the
    /// place of what was. It is [`CacheMode::Reload`] for everybody, without telling other caches on the way. No
    /// request waits for the answer to another.
    Refresh,
    /// The cache takes no part: nothing stored answers, nothing is stored.
    Bypass,
    /// The origin is not asked: the inner service is neither readied nor called, for no method. Anything stored
    /// answers, however stale, unless the response forbids that (`no-cache`, `must-revalidate`) or an unsafe request
    /// has made it wrong. All else is 504 ([`Outcome::Offline`](crate::Outcome::Offline)): nothing is stored,
    /// [`CacheMode::NoStore`], [`Reload`](CacheMode::Reload) or [`NoCache`](CacheMode::NoCache) asks for what is new,
    /// or the request is one that the cache does not handle.
    ///
    /// A request's `Cache-Control` is outranked, as it is by [`CacheMode::OnlyIfCached`]. What is on its way when it
    /// goes offline still reaches its caller, and is stored. A request that waits for the inner service to be ready
    /// is answered as if it came only now, when its turn comes; what a caller has left unread is not read on.
    Offline,
    /// The origin is not asked and nothing stored answers: all is 504
    /// ([`Outcome::Offline`](crate::Outcome::Offline)).
    Closed,
}

impl Mode {
    /// A word for logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::ReadOnly => "read-only",
            Self::Refresh => "refresh",
            Self::Bypass => "bypass",
            Self::Offline => "offline",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
