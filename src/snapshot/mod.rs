//! What is stored as octets that can be kept, and put back later (the handle's `snapshot` and `restore`).
//!
//! A snapshot begins with its version, what kind of cache it is of, and what it draws for itself: see
//! [`frames`]. What is stored follows, one response a frame: see [`image`].

mod frames;
mod image;
mod octets;
mod opening;
mod restoring;

use std::io::{self, Write};
use std::sync::Arc;

use http::{HeaderName, HeaderValue, header};

use self::frames::Frames;
use self::image::Image;
use self::opening::Opening;
pub use self::opening::RestoreError;
pub use self::restoring::Restored;
use crate::cache::Cache;
use crate::entries::Entries;
use crate::settings::{Credentials, Settings};
use crate::stored::StoredResponse;

/// What was written: see [`CacheHandle::snapshot`](crate::CacheHandle::snapshot).
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower_client_cache::CacheLayer;
///
/// let handle = CacheLayer::new().handle();
/// # let request = Request::get("https://example.com/news").body(())?;
/// # let response = Response::builder().header("cache-control", "max-age=60");
/// # handle.insert(&request, response.body(Bytes::from("news"))?).expect("it may be stored");
/// let mut file = Vec::new();
/// let written = handle.snapshot(&mut file)?;
/// assert_eq!((written.responses(), written.left_out()), (1, 0));
/// assert_eq!(written.bytes(), file.len() as u64);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot {
    responses: usize,
    left_out: usize,
    bytes: u64,
}

impl Snapshot {
    /// Responses that were written.
    #[must_use]
    pub fn responses(&self) -> usize {
        self.responses
    }

    /// Responses that were not written, because they have to do with somebody's credentials, or may have been made wrong.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Octets that were written.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Cache {
    /// Writes what is stored and may be written.
    pub(crate) fn snapshot(self: &Arc<Self>, writer: impl Write) -> io::Result<Snapshot> {
        let (settings, _) = self.settings();
        let apart_by = settings.credentials.as_ref();
        let opening = Opening::of(&self.seed, apart_by.map(Credentials::digest));
        let mut counting = Counting {
            writer: io::BufWriter::new(writer),
            octets: 0,
        };
        opening.write(&mut counting)?;
        let mut frames = Frames::new(&mut counting, opening.mark());
        let mut snapshot = Snapshot::default();
        for info in Entries::of(self.clone()) {
            let response = info.response();
            if info.is_invalid() || !self.may_be_written(&settings, response) {
                snapshot.left_out += 1;
                continue;
            }
            frames.write(&Image::write(response))?;
            snapshot.responses += 1;
        }
        frames.end()?;
        snapshot.bytes = counting.octets;
        Ok(snapshot)
    }

    /// Whether nothing in it has to do with credentials, as far as can be known.
    fn may_be_written(&self, settings: &Settings, response: &StoredResponse) -> bool {
        let fields = response.head.fields.unpack();
        let trailers = response.body.trailers.as_deref();
        let mut fields = [Some(&fields), trailers].into_iter().flatten();
        let is_secret = fields.any(|fields| {
            fields.contains_key(header::SET_COOKIE)
                || fields.values().any(HeaderValue::is_sensitive)
        });
        let is_credential = |name: &HeaderName| {
            let listed = settings.credentials.as_ref();
            let everywhere = [
                header::AUTHORIZATION,
                header::COOKIE,
                header::PROXY_AUTHORIZATION,
            ];
            everywhere.contains(name) || listed.is_some_and(|listed| listed.fields.contains(name))
        };
        let selection = &response.selected_by;
        let is_of_user = response.key.is_of_more()
            || selection.fields.iter().any(|(name, _)| is_credential(name));
        !is_secret && (!is_of_user || self.seed.is_given())
    }
}

/// Counts what is written.
#[derive(Debug)]
struct Counting<W> {
    writer: W,
    octets: u64,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(octets)?;
        self.octets += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
