//! How fresh what answers a request has to be, and how stale it may be.

use std::time::Duration;

/// How stale a response may be that answers this request: so much, or any where it is `None`. Put it into the
/// request's extensions.
///
/// It is what `max-stale` says (RFC 9111 §5.2.1.2), and takes its place where the request's fields have that too, as
/// it does that of their `min-fresh`. `MaxStale(Some(Duration::ZERO))` refuses every stale response, also one that
/// says `stale-while-revalidate`. What says `no-cache` or `must-revalidate`, and what an unsafe request has made
/// wrong, is validated all the same; the request's own `no-cache` and `max-age` count
/// ([`CacheMode::ForceCache`](crate::CacheMode::ForceCache) passes over them). Caches on the way are not told.
///
/// ```
/// use std::time::Duration;
///
/// use http::Request;
/// use tower_client_cache::MaxStale;
///
/// let an_hour = MaxStale(Some(Duration::from_secs(3600)));
/// let request = Request::get("https://example.com/news").extension(an_hour).body(())?;
/// # let _ = request;
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MaxStale(pub Option<Duration>);

/// How much longer a response has to be fresh that answers this request: put it into the request's extensions.
///
/// It is what `min-fresh` says (RFC 9111 §5.2.1.3), and takes its place where the request's fields have that too, as
/// it does that of their `max-stale`. Nothing stale answers such a request, unless it has
/// [`StaleIfError`] as well and the origin fails. Caches on the way are not told.
///
/// ```
/// use std::time::Duration;
///
/// use http::Request;
/// use tower_client_cache::MinFresh;
///
/// let token = Request::get("https://example.com/keys").extension(MinFresh(Duration::from_secs(30))).body(())?;
/// # let _ = token;
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MinFresh(pub Duration);

/// How stale a response may be that answers this request where the origin fails: it cannot be reached, or answers
/// 500, 502, 503 or 504 (RFC 5861 §4). Put it into the request's extensions.
///
/// It takes the place of all else that says so: `stale-if-error` of the request and of the response,
/// [`stale_if_disconnected`](crate::CacheLayer::stale_if_disconnected), and what else in the request's fields limits
/// age or staleness. `StaleIfError(Duration::ZERO)` has nothing stale reused for such a reason. It counts in a shared
/// cache as well, and beside [`CacheMode::NoCache`](crate::CacheMode::NoCache): the origin is asked, and what is
/// stored answers if that fails. What says `no-cache` or `must-revalidate`, and what an unsafe request has made wrong,
/// is not reused so.
///
/// ```
/// use std::time::Duration;
///
/// use http::Request;
/// use tower_client_cache::{CacheMode, StaleIfError};
///
/// let a_day = StaleIfError(Duration::from_secs(24 * 60 * 60));
/// let reload = Request::get("https://example.com/news").extension(CacheMode::NoCache).extension(a_day).body(())?;
/// # let _ = reload;
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StaleIfError(pub Duration);
