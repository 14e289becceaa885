//! Putting back what was written.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::SystemTime;

use super::RestoreError;
use super::frames::{Frame, Framed};
use super::image::Image;
use super::opening::Opening;
use crate::cache::Cache;
use crate::key::CacheKey;
use crate::parts::Parts;
use crate::relations::Relations;
use crate::seed::VaryKey;
use crate::settings::Credentials;
use crate::store::Exchanging;
use crate::stored::{Selection, StoredResponse};
use crate::tags::Given;

/// Names of fields are written out.
const SLACK: usize = 64 * 1024;

/// What was put back: see [`CacheHandle::restore`](crate::CacheHandle::restore).
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
///
/// // Somebody has cut off the end of it.
/// let other = CacheLayer::new().handle();
/// let restored = other.restore(&file[..file.len() - 1])?;
/// assert!(!restored.is_whole());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restored {
    responses: usize,
    refused: usize,
    damaged: usize,
    is_truncated: bool,
}

impl Restored {
    /// Responses that are stored now.
    #[must_use]
    pub fn responses(&self) -> usize {
        self.responses
    }

    /// Responses that are whole and are not stored: there is one that is as new, or no room for it; they are of other
    /// users' partitions than can be known here; they are not of the past; or the cache stores nothing at the moment.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused
    }

    /// Responses that could not be read, as far as is known: something has changed in them.
    #[must_use]
    pub fn damaged(&self) -> usize {
        self.damaged
    }

    /// Whether the end is missing. How much is missing with it is not known.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// Whether everything that was written could be read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damaged == 0 && !self.is_truncated
    }
}

impl Cache {
    /// Puts back what was written.
    pub(crate) fn restore(self: &Arc<Self>, reader: impl Read) -> Result<Restored, RestoreError> {
        // What is cleared or purged from here on is held against what is put back.
        let mut exchanging = Exchanging::begin(&self.store);
        if !self.switch.may_store() {
            exchanging = exchanging.barred();
        }
        let mut reader = io::BufReader::new(reader);
        let (settings, _) = self.settings();
        let apart_by = settings.credentials.as_ref();
        let opening = Opening::read(&mut reader, &self.seed, apart_by.map(Credentials::digest))?;
        // Written down nothing takes twice what it takes in the store, which is to have room for it.
        let most = settings
            .limits
            .capacity
            .saturating_mul(2)
            .saturating_add(SLACK);
        let mut framed = Framed::new(reader, opening.mark(), most as u64);
        let now = self.settings().0.clock.now();
        let (mut restored, mut read) = (Restored::default(), 0);
        loop {
            match framed.next()? {
                Frame::Whole(octets) => {
                    let Some(image) = Image::read(octets) else {
                        restored.damaged += 1;
                        continue;
                    };
                    read += 1;
                    if self.put_back(&exchanging, image, &opening, now) {
                        restored.responses += 1;
                    } else {
                        restored.refused += 1;
                    }
                }
                Frame::TooLong => {
                    read += 1;
                    restored.refused += 1;
                }
                Frame::Damaged => restored.damaged += 1,
                Frame::End(count) => {
                    let missing = usize::try_from(count).unwrap_or(usize::MAX);
                    let missing = missing.saturating_sub(read);
                    restored.damaged = restored.damaged.max(missing);
                    return Ok(restored);
                }
                Frame::Truncated => {
                    restored.is_truncated = true;
                    return Ok(restored);
                }
            }
        }
    }

    /// Stores it, if it is stored.
    fn put_back(
        &self,
        exchanging: &Exchanging,
        image: Image<'_>,
        opening: &Opening,
        now: SystemTime,
    ) -> bool {
        // What an age is reckoned from has to be of the past.
        if image.terms.response_time > now || image.terms.request_time > now {
            return false;
        }
        let is_of_more = image.partition.is_some() || image.content.is_some();
        if is_of_more && !opening.is_of_same_secret() {
            return false;
        }
        let vary_key = image.vary_key.map(Arc::new);
        let vary_key = vary_key.or_else(|| opening.vary_key().cloned());
        if !image.selected_by.is_empty() && vary_key.is_none() && !opening.is_of_same_secret() {
            return false;
        }
        let (settings, _) = self.settings();
        let partition = image.partition;
        let key = CacheKey::of_text(&self.seed, image.uri, partition, image.content);
        let octets = image
            .parts
            .as_ref()
            .map_or(image.body.data.len(), Parts::len);
        if octets > settings.max_body() {
            return false;
        }
        // By the cache's own key they are those of what is stored already.
        let is_own = |key: &Arc<VaryKey>| **key == *self.seed.vary();
        let selected_by = Selection {
            key: vary_key.filter(|key| !image.selected_by.is_empty() && !is_own(key)),
            fields: image.selected_by.into(),
            presented: None,
        };
        let fields = image.head.fields.unpack();
        let related = &settings.related;
        let given = Given {
            wished: image.tags,
            ..Given::default()
        };
        let relations = Relations::of(&self.seed, related, &key, &fields, &given);
        let Some(relations) = relations else {
            return false;
        };
        let key = Arc::new(key);
        let response = StoredResponse::new(key, image.head, selected_by, image.terms, image.body)
            .related(relations)
            .holding(image.parts.map(Arc::new));
        let response = Arc::new(response);
        let (store, switch) = (&self.store, &self.switch);
        let stored = store.put_back(exchanging, response.clone(), switch);
        if stored.is_ok() {
            self.stored(&response);
        }
        stored.is_ok()
    }
}
