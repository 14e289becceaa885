//! Storing by hand, and keeping what is stored for another process.

use std::io::{self, Read, Write};

use bytes::Bytes;
use http::{Request, Response};

use super::CacheHandle;
use crate::cache_status::NotStored;
use crate::events::{Event, EventUri};
use crate::snapshot::{RestoreError, Restored, Snapshot};

impl CacheHandle {
    /// Stores a response as if the origin had just answered this request with it, by the same rules: it is looked at
    /// for `Cache-Control`, `Vary` and all the rest, and takes the place of what the request has selected so far.
    /// To warm a cache, or to put in what has come by another way.
    ///
    /// Its body is copied. A `Content-Length` has to agree with it.
    ///
    /// # Errors
    ///
    /// Why it was not stored.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use tower_client_cache::{CacheLayer, NotStored};
    ///
    /// let handle = CacheLayer::new().handle();
    /// let request = Request::get("https://example.com/news").body(())?;
    /// let response = Response::builder().header("cache-control", "max-age=60");
    /// handle.insert(&request, response.body(Bytes::from("news"))?).expect("it may be stored");
    /// assert!(handle.contains(&request));
    ///
    /// let response = Response::builder().header("cache-control", "no-store");
    /// let refused = handle.insert(&request, response.body(Bytes::new())?);
    /// assert_eq!(refused, Err(NotStored::NoStore));
    /// # Ok::<_, http::Error>(())
    /// ```
    pub fn insert<B>(
        &self,
        request: &Request<B>,
        response: Response<Bytes>,
    ) -> Result<(), NotStored> {
        let result = self.cache.insert(request, response);
        if let Err(refused) = result {
            self.cache.counters.refuse(refused);
            self.cache.observers.tell(|| Event::Refused {
                uri: EventUri::of_request(request.uri()),
                reason: refused,
            });
        }
        result
    }

    /// Writes what is stored, to be [restored](Self::restore) later: in another process perhaps, with the same settings.
    ///
    /// What has to do with somebody's credentials stays out, and is counted: responses of a
    /// [partition](crate::StoredInfo::partition), those that `Vary` selects by credentials, those that set cookies,
    /// and what has fields that are [sensitive](http::HeaderValue::is_sensitive). The first two are written where the
    /// cache has a [secret](crate::CacheLayer::secret). What an unsafe request may have made wrong stays out as well.
    /// Bodies and URIs are written as they are: keep the snapshot as you would keep them. Of a cache of
    /// [one user](crate::CacheLayer::single_user) everything is that user's, and so is the snapshot.
    ///
    /// What is stored, purged and evicted meanwhile may be in it or not. The store is looked at for 64 responses at a
    /// time, and nobody waits while they are written.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn snapshot(&self, writer: impl Write) -> io::Result<Snapshot> {
        self.cache.snapshot(writer)
    }

    /// Stores what was written by [`snapshot`](Self::snapshot), as old as it is by now. It takes the place of nothing
    /// that is as new, and so lifts no mark of an expiry or an unsafe request from what is still here. What is stored
    /// by it counts as not yet used. What was purged since it was written comes back with it, and so does what was
    /// made wrong and is not here any more; what is purged while it runs does not.
    ///
    /// The cache has to keep users apart by the same [fields](crate::CacheLayer::credential) as the one that it was
    /// written by, or by none. What [rules](crate::Rule) say of storing is not asked again.
    ///
    /// Every response has its own checksum: one that is damaged is left out and counted, and of what is cut off
    /// everything before that is restored. What the checksums cannot tell is who wrote it: restore only what you would
    /// believe. It is read piece by piece, and takes no more memory than its largest response beside what is stored, or
    /// than the largest that could be.
    ///
    /// # Errors
    ///
    /// Where there is nothing to restore because it is no snapshot, or one of another version or of another kind of
    /// cache; and those of the reader, where what came before that is stored.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use tower_client_cache::CacheLayer;
    ///
    /// let handle = CacheLayer::new().handle();
    /// let request = Request::get("https://example.com/news").body(())?;
    /// let response = Response::builder().header("cache-control", "max-age=60");
    /// handle.insert(&request, response.body(Bytes::from("news"))?).expect("it may be stored");
    ///
    /// let mut file = Vec::new();
    /// assert_eq!(handle.snapshot(&mut file)?.responses(), 1);
    ///
    /// let other = CacheLayer::new().handle();
    /// let restored = other.restore(&*file)?;
    /// assert!(restored.is_whole() && other.contains(&request));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn restore(&self, reader: impl Read) -> Result<Restored, RestoreError> {
        self.cache.restore(reader)
    }
}
