//! How stored responses are found: by key, by URI, and by how long ago they were used.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use lru::LruCache;

use super::Found;
#[cfg(feature = "structured-fields")]
use super::{groups::Groups, searches::Searches};
use crate::key::UriKey;
use crate::stored::StoredResponse;

/// More variants of one key than this and the one used least recently gives way.
const MAX_VARIANTS: usize = 64;

/// Stored responses by key, each with its variants, in the order they were last used.
///
/// Keys are 64 bits of a keyed hash; whoever looks something up compares the key itself.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The variants of a key, the one used last at the end. Never empty.
    slots: HashMap<u64, Vec<Held>, Spread>,
    /// By URI, the keys that have a partition. Those that have none have the URI's own hash.
    partitions: HashMap<u64, HashSet<u64, Spread>, Spread>,
    recency: Recency,
    last_id: u64,
    bytes: usize,
    #[cfg(feature = "structured-fields")]
    pub(super) groups: Groups,
    #[cfg(feature = "structured-fields")]
    pub(super) searches: Searches,
}

/// For each response by its number the hash of its key, in order of use.
#[derive(Debug)]
struct Recency(LruCache<u64, u64, Spread>);

impl Default for Recency {
    fn default() -> Self {
        Self(LruCache::unbounded_with_hasher(Spread::default()))
    }
}

/// A stored response in its slot.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: u64,
    size: usize,
    /// It was made wrong, or shown to be: nothing may be answered with it before it is validated, by an
    /// exchange of this generation or a later one.
    pub(super) invalid_since: Option<u64>,
    pub(super) response: Arc<StoredResponse>,
}

impl From<&Held> for Found {
    fn from(held: &Held) -> Self {
        Self {
            response: held.response.clone(),
            is_invalid: held.invalid_since.is_some(),
        }
    }
}

impl Index {
    pub(super) fn len(&self) -> usize {
        self.recency.0.len()
    }

    /// The number of the response that was stored last.
    pub(super) fn last_id(&self) -> u64 {
        self.last_id
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The variants of the key of this hash.
    pub(super) fn slot(&self, hash: u64) -> &[Held] {
        self.slots.get(&hash).map_or(&[], Vec::as_slice)
    }

    /// Remembers that a variant was used just now.
    pub(super) fn touch(&mut self, hash: u64, place: usize) {
        let Some(slot) = self.slots.get_mut(&hash) else {
            return;
        };
        self.recency.0.promote(&slot[place].id);
        if place + 1 < slot.len() {
            slot[place..].rotate_left(1);
        }
    }

    /// Adds a response. What it takes the place of for want of room among the variants, or because
    /// another key has the same hash, is given back.
    pub(super) fn insert(
        &mut self,
        response: Arc<StoredResponse>,
        gone: &mut Vec<Arc<StoredResponse>>,
    ) {
        let (hash, uri_hash) = (response.key.hash, response.key.uri_hash);
        let collides = self
            .slot(hash)
            .first()
            .is_some_and(|held| held.response.key != response.key);
        while collides && !self.slot(hash).is_empty() {
            gone.push(self.remove(hash, 0));
        }
        if self.slot(hash).len() >= MAX_VARIANTS {
            let mut held = self.slot(hash).iter();
            let unused = held.position(|held| !held.response.standing.take_used());
            gone.push(self.remove(hash, unused.unwrap_or(0)));
        }
        if response.key.is_partitioned() {
            self.partitions.entry(uri_hash).or_default().insert(hash);
        }
        self.last_id += 1;
        self.withdraw_beside(&response);
        let held = Held {
            id: self.last_id,
            size: response.size(),
            invalid_since: None,
            response,
        };
        self.bytes += held.size;
        self.recency.0.push(held.id, hash);
        #[cfg(feature = "structured-fields")]
        self.relate(&held);
        // Most keys have one variant, and a list that grows starts with room for four.
        let slot = self
            .slots
            .entry(hash)
            .or_insert_with(|| Vec::with_capacity(1));
        slot.push(held);
    }

    /// Where a request could select one or the other it is not for copies to answer.
    fn withdraw_beside(&self, response: &StoredResponse) {
        let slot = self.slot(response.key.hash);
        if !is_plain(response) || slot.iter().any(|held| !are_apart(&held.response, response)) {
            response.standing.withdraw();
            for held in slot {
                held.response.standing.withdraw();
            }
        }
    }

    /// Takes a variant out.
    pub(super) fn remove(&mut self, hash: u64, place: usize) -> Arc<StoredResponse> {
        let slot = self.slots.get_mut(&hash).expect("what is removed is held");
        let held = slot.remove(place);
        if slot.is_empty() {
            self.slots.remove(&hash);
            self.forget_partition(&held);
        }
        held.response.standing.withdraw();
        self.recency.0.pop(&held.id);
        self.bytes -= held.size;
        #[cfg(feature = "structured-fields")]
        self.unrelate(&held);
        held.response
    }

    fn forget_partition(&mut self, held: &Held) {
        let key = &held.response.key;
        if !key.is_partitioned() {
            return;
        }
        if let Some(hashes) = self.partitions.get_mut(&key.uri_hash) {
            hashes.remove(&key.hash);
            if hashes.is_empty() {
                self.partitions.remove(&key.uri_hash);
            }
        }
    }

    /// Takes out what has not been used for longest.
    pub(super) fn remove_oldest(&mut self) -> Option<Arc<StoredResponse>> {
        // Copies may go on answering: nobody waits until they do not.
        for left in (0..self.len()).rev() {
            let (id, hash) = self.recency.0.peek_lru().map(|(id, hash)| (*id, *hash))?;
            let place = self.slot(hash).iter().position(|held| held.id == id)?;
            let response = &self.slot(hash)[place].response;
            if left == 0 || !response.standing.take_used() {
                return Some(self.remove(hash, place));
            }
            self.recency.0.promote(&id);
        }
        None
    }

    /// Where a response is, if it still is.
    pub(super) fn place_of(&self, response: &Arc<StoredResponse>) -> Option<usize> {
        self.slot(response.key.hash)
            .iter()
            .position(|held| Arc::ptr_eq(&held.response, response))
    }

    /// Marks a variant as made wrong.
    pub(super) fn mark(&mut self, hash: u64, place: usize, generation: u64) {
        if let Some(held) = self
            .slots
            .get_mut(&hash)
            .and_then(|slot| slot.get_mut(place))
        {
            // A later mark stays.
            held.invalid_since = held.invalid_since.max(Some(generation));
            held.response.standing.withdraw();
        }
    }

    /// The hashes of all keys.
    pub(super) fn keys(&self) -> Vec<u64> {
        self.slots.keys().copied().collect()
    }

    /// The hashes of all keys that a URI of this hash may have: one for each partition.
    pub(super) fn keys_of(&self, uri_hash: u64) -> Vec<u64> {
        let partitions = self.partitions.get(&uri_hash).into_iter().flatten();
        std::iter::once(uri_hash)
            .chain(partitions.copied())
            .collect()
    }

    /// The variants of the key of this hash, where it is one of the URI.
    pub(super) fn slot_of(&self, hash: u64, uri: &UriKey) -> &[Held] {
        let slot = self.slot(hash);
        match slot.first() {
            Some(held) if held.response.key.is_of(uri) => slot,
            _ => &[],
        }
    }
}

/// By what it has in common with those of other URIs.
#[cfg(feature = "structured-fields")]
impl Index {
    /// The hash of the key of the response with this number, and its place, if it is still there.
    pub(super) fn find(&self, id: u64) -> Option<(u64, usize)> {
        let hash = *self.recency.0.peek(&id)?;
        let place = self.slot(hash).iter().position(|held| held.id == id)?;
        Some((hash, place))
    }

    fn relate(&mut self, held: &Held) {
        let relations = &held.response.relations;
        self.groups.insert(held.id, relations.groups());
        if let Some(search) = relations.search() {
            self.searches.insert(held.id, search);
        }
    }

    fn unrelate(&mut self, held: &Held) {
        let relations = &held.response.relations;
        self.groups.remove(held.id, relations.groups());
        if let Some(search) = relations.search() {
            self.searches.remove(held.id, search);
        }
    }
}

/// It answers GET and HEAD, and is held whole.
fn is_plain(response: &StoredResponse) -> bool {
    !response.head.is_of_head && response.parts.is_none()
}

/// Of two variants with the same `Vary` no request selects both.
fn are_apart(one: &StoredResponse, other: &StoredResponse) -> bool {
    let names = |response: &StoredResponse| {
        let named = response.selected_by.fields.iter();
        named.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    is_plain(one) && is_plain(other) && names(one) == names(other)
}

/// Spreads what is a hash already, or a number, over all the bits that a table looks at.
#[derive(Debug, Default)]
pub(super) struct SpreadHasher(u64);

pub(super) type Spread = BuildHasherDefault<SpreadHasher>;

impl Hasher for SpreadHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // 2⁶⁴ by the golden ratio.
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::{StatusCode, Uri, Version};

    use super::*;
    use crate::key::{CacheKey, Seed};
    use crate::packed::Packed;
    use crate::stored::{Selection, StoredBody, StoredHead, Terms};
    use crate::target::Target;

    fn response() -> Arc<StoredResponse> {
        let uri = Uri::from_static("http://o.test/a");
        let target = Target::of_uri(&uri).unwrap();
        let time = SystemTime::UNIX_EPOCH;
        Arc::new(StoredResponse::new(
            Arc::new(CacheKey::new(&Seed::random(false), target, None)),
            StoredHead {
                is_of_head: false,
                status: StatusCode::OK,
                version: Version::HTTP_11,
                fields: Packed::default(),
            },
            Selection::default(),
            Terms {
                request_time: time,
                response_time: time,
                date: time,
                last_modified: None,
                has_validator: true,
                lifetime: Duration::ZERO,
                initial_age: Duration::ZERO,
                stale_while_revalidate: Duration::ZERO,
                stale_if_error: Duration::ZERO,
                is_no_cache: false,
                is_must_revalidate: false,
                is_immutable: false,
                is_delimited: true,
                may_be_freshened: true,
                withheld: Box::default(),
            },
            StoredBody::default(),
        ))
    }

    /// Who marks last need not have begun last.
    #[test]
    fn a_mark_is_never_set_back() {
        let mut index = Index::default();
        let response = response();
        let hash = response.key.hash;
        index.insert(response, &mut Vec::new());
        for (generation, since) in [(2, 2), (1, 2), (3, 3)] {
            index.mark(hash, 0, generation);
            assert_eq!(index.slot(hash)[0].invalid_since, Some(since));
        }
    }

    #[test]
    fn octets_and_number_are_those_of_what_is_held() {
        let mut index = Index::default();
        let (one, other) = (response(), response());
        let size = one.size();
        index.insert(one.clone(), &mut Vec::new());
        index.insert(other, &mut Vec::new());
        assert_eq!((index.len(), index.bytes()), (2, 2 * size));
        let oldest = index.remove_oldest().unwrap();
        assert!(Arc::ptr_eq(&oldest, &one));
        assert_eq!((index.len(), index.bytes()), (1, size));
        assert!(index.remove_oldest().is_some() && index.remove_oldest().is_none());
        assert_eq!((index.len(), index.bytes()), (0, 0));
    }

    /// What relates it to others is in lists of its own, and goes with it.
    #[cfg(feature = "structured-fields")]
    #[test]
    fn nothing_is_left_of_what_is_taken_out() {
        use crate::relations::{Related, Relations};
        let mut fields = http::HeaderMap::new();
        fields.insert("cache-groups", "\"g\"".parse().unwrap());
        fields.insert("no-vary-search", "key-order".parse().unwrap());
        let related = Related {
            by_group: true,
            by_search: true,
        };
        let plain = Arc::into_inner(response()).expect("nobody else has it");
        let relations = Relations::of(&Seed::random(false), related, &plain.key, &fields);
        let groups = relations.groups().to_vec();
        let path = relations.search().expect("a rule").path_of_all();
        let size = plain.size();
        let response = Arc::new(plain.related(relations));
        assert!(response.size() > size);
        let mut index = Index::default();
        index.insert(response, &mut Vec::new());
        let found = index.groups.members(&groups);
        assert_eq!(found.len(), 1);
        assert!(index.find(found[0]).is_some());
        assert_eq!(index.searches.rules(path).len(), 1);
        index.remove_oldest();
        assert!(index.find(found[0]).is_none());
        assert!(index.groups.members(&groups).is_empty());
        assert!(index.searches.rules(path).is_empty() && index.searches.is_empty());
    }
}
