//! How long the answer to one request is to be fresh.

use std::time::Duration;

/// How long the answer to this request is fresh, when it is stored: put it into the request's extensions.
///
/// It takes the place of what the response says, of what would be guessed, and of what [rules](crate::Rule) say. It
/// needs a status that is cacheable by default (RFC 9110 §15.1), and makes nothing fresh for longer that says
/// `no-cache` or `must-revalidate`, in a shared cache `proxy-revalidate` or `s-maxage`; what may not be stored is not
/// stored.
///
/// What is stored already is not changed by it: it counts when the origin answers.
///
/// ```
/// use std::time::Duration;
///
/// use http::Request;
/// use tower_client_cache::Lifetime;
///
/// let hour = Lifetime(Duration::from_secs(60 * 60));
/// let request = Request::get("https://example.com/rates").extension(hour).body(())?;
/// # let _ = request;
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lifetime(pub Duration);
