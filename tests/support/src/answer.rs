//! What the client gets, read to its end.

use bytes::Bytes;
use http::{Extensions, HeaderMap, Response, StatusCode, Version};
use http_body::Body;
use http_body_util::BodyExt;
use tower_client_cache::{CacheStatus, Forward, NotStored};

/// An answer: head, body and what came behind it.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub version: Version,
    pub headers: HeaderMap,
    pub extensions: Extensions,
    pub body: Bytes,
    pub trailers: Option<HeaderMap>,
    pub cache: CacheStatus,
}

impl Answer {
    /// Reads a response to its end.
    ///
    /// # Errors
    ///
    /// The body's.
    pub async fn read<B: Body>(response: Response<B>) -> Result<Self, B::Error> {
        let (parts, body) = response.into_parts();
        let collected = body.collect().await?;
        let cache = *parts
            .extensions
            .get::<CacheStatus>()
            .expect("every response says what the cache did");
        Ok(Self {
            status: parts.status,
            version: parts.version,
            headers: parts.headers,
            extensions: parts.extensions,
            trailers: collected.trailers().cloned(),
            body: collected.to_bytes(),
            cache,
        })
    }

    /// The value of a field; its lines joined.
    pub fn field(&self, name: &str) -> Option<String> {
        crate::origin::join(&self.headers, name)
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of text")
    }

    /// The stored response was reused, without asking the origin.
    #[track_caller]
    pub fn assert_hit(&self) -> &Self {
        assert!(self.cache.is_hit(), "a hit, not {}", self.cache);
        self
    }

    /// The request was forwarded for this reason.
    #[track_caller]
    pub fn assert_forwarded(&self, reason: Forward) -> &Self {
        assert_eq!(self.cache.forwarded(), Some(reason), "{}", self.cache);
        self
    }

    /// The stored response was validated with a 304, and reused.
    #[track_caller]
    pub fn assert_validated(&self) -> &Self {
        let status = self.cache.forward_status();
        assert_eq!(status, Some(StatusCode::NOT_MODIFIED), "{}", self.cache);
        assert_ne!(self.status, StatusCode::GATEWAY_TIMEOUT, "{}", self.cache);
        self
    }

    /// The response is being stored.
    #[track_caller]
    pub fn assert_stored(&self) -> &Self {
        assert!(self.cache.is_stored(), "stored, not {}", self.cache);
        self
    }

    /// The response is not being stored, for this reason.
    #[track_caller]
    pub fn assert_not_stored(&self, reason: NotStored) -> &Self {
        assert_eq!(self.cache.not_stored(), Some(reason), "{}", self.cache);
        self
    }
}
