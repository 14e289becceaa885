//! What one request of reqwest's wishes of the cache.

use ::reqwest::{Body, Error, Request, RequestBuilder};

/// Puts extensions on a request: reqwest has no method for it, and what one request wishes of the cache stands
/// there, such as its [`CacheMode`](crate::CacheMode).
///
/// ```
/// use reqwest::Client;
/// use tower_client_cache::CacheMode;
/// use tower_client_cache::reqwest::RequestExt;
///
/// let request = Client::new().get("https://example.com/news");
/// let request = request.with_extension(CacheMode::NoCache)?;
/// # let _ = request;
/// # Ok::<_, reqwest::Error>(())
/// ```
pub trait RequestExt {
    /// The request with this in its extensions, in the place of what is there of the same type.
    ///
    /// # Errors
    ///
    /// Where the request [cannot be built](RequestBuilder::build), or its URL is no URI: such a one could not be sent
    /// either.
    fn with_extension<T>(self, extension: T) -> Result<Request, Error>
    where
        T: Clone + Send + Sync + 'static;
}

impl RequestExt for Request {
    fn with_extension<T>(self, extension: T) -> Result<Request, Error>
    where
        T: Clone + Send + Sync + 'static,
    {
        let url = self.url().clone();
        let request = http::Request::<Body>::try_from(self);
        let mut request = request.map_err(|error| error.with_url(url))?;
        request.extensions_mut().insert(extension);
        request.try_into()
    }
}

impl RequestExt for RequestBuilder {
    fn with_extension<T>(self, extension: T) -> Result<Request, Error>
    where
        T: Clone + Send + Sync + 'static,
    {
        self.build()?.with_extension(extension)
    }
}
