//! What an unsafe request makes wrong beside its target.

use crate::selector::Selector;

/// What this unsafe request has changed beside its target: put it into the request's extensions.
///
/// Where the request succeeds, with a status of 2xx or 3xx, what the selector means is purged, as by
/// [`CacheHandle::purge`](crate::CacheHandle::purge) at that moment, fence included; so it is where nobody knows
/// whether it has, because the inner service failed or the request was given up half-way. It is done in every
/// [`Mode`](crate::Mode) in which the request goes to the origin. Of a safe request it is not looked at.
///
/// What its own answer is stored by is not held against it. The answer waits for the purge, and so for as long as the
/// selector [takes](Selector#what-it-costs). It is done as well where the request has no target that could be told,
/// neither an absolute URI nor a `Host`.
///
/// ```
/// use http::Request;
/// use tower_client_cache::{Invalidates, Selector};
///
/// let users = Invalidates(Selector::tag("users"));
/// let request = Request::post("https://example.com/users").extension(users).body(())?;
/// # let _ = request;
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Invalidates(pub Selector);
