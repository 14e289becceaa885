//! Cookies, as a layer: it sends what is in a jar, and puts into the jar what it is sent.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use cookie_store::{CookieStore, RawCookie};
use http::{HeaderMap, HeaderValue, Request, Response, Uri, header};
use pin_project_lite::pin_project;
use tower::{Layer, Service};
use tower_http::follow_redirect::RequestUri;
use url::Url;

/// What one user's requests share. Clones are the same jar.
///
/// It knows no list of public suffixes (RFC 6265 §5.3): give it one before it meets sites that do not trust each
/// other, with `CookieStore::with_suffix_list` and the feature `public_suffix` of `cookie_store`.
#[derive(Clone, Default)]
pub struct Jar(Arc<Mutex<CookieStore>>);

impl Jar {
    /// The cookies for this URI, as the value of the field `Cookie`.
    #[must_use]
    pub fn cookies(&self, uri: &Uri) -> Option<HeaderValue> {
        let url = url_of(uri)?;
        let jar = self.lock();
        let pairs = jar.get_request_values(&url);
        let pairs: Vec<_> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if pairs.is_empty() {
            return None;
        }
        let mut value = HeaderValue::try_from(pairs.join("; ")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Takes the cookies that a response from this URI sets.
    pub fn take(&self, uri: &Uri, fields: &HeaderMap) {
        let Some(url) = url_of(uri) else { return };
        let lines = fields.get_all(header::SET_COOKIE).iter();
        let cookies =
            lines.filter_map(|line| RawCookie::parse(line.to_str().ok()?.to_owned()).ok());
        self.lock().store_response_cookies(cookies, &url);
    }

    fn lock(&self) -> MutexGuard<'_, CookieStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It does not tell the cookies.
impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jar").finish_non_exhaustive()
    }
}

fn url_of(uri: &Uri) -> Option<Url> {
    Url::parse(&uri.to_string()).ok()
}

/// Puts [`Cookies`] around a client.
///
/// It goes **above** the cache. Below it the cache sees a request without a cookie, and one user is shown what was
/// another's.
#[derive(Debug, Clone)]
pub struct CookieLayer(Jar);

impl CookieLayer {
    /// With the cookies of this jar.
    #[must_use]
    pub fn new(jar: Jar) -> Self {
        Self(jar)
    }
}

impl<S> Layer<S> for CookieLayer {
    type Service = Cookies<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Cookies {
            inner,
            jar: self.0.clone(),
        }
    }
}

/// A client that sends the cookies of a jar, where the caller sends none.
#[derive(Debug, Clone)]
pub struct Cookies<S> {
    inner: S,
    jar: Jar,
}

impl<S, Q, R> Service<Request<Q>> for Cookies<S>
where
    S: Service<Request<Q>, Response = Response<R>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let uri = request.uri().clone();
        if !request.headers().contains_key(header::COOKIE)
            && let Some(cookies) = self.jar.cookies(&uri)
        {
            request.headers_mut().insert(header::COOKIE, cookies);
        }
        ResponseFuture {
            inner: self.inner.call(request),
            jar: self.jar.clone(),
            uri,
        }
    }
}

pin_project! {
    /// What a call of [`Cookies`] returns.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        jar: Jar,
        uri: Uri,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        // Where a redirect was followed below, they are of whom it led to.
        let last = response.extensions().get();
        let uri = last.map_or(&*this.uri, |RequestUri(uri)| uri);
        this.jar.take(uri, response.headers());
        Poll::Ready(Ok(response))
    }
}
