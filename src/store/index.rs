//! How stored responses are found: by key, by URI, one after the other.

use std::collections::HashMap;
use std::sync::Arc;

use super::Limits;
use super::held::Held;
use super::labels::Labels;
use super::partitions::Partitions;
use super::queues::{Queues, Standing};
#[cfg(feature = "structured-fields")]
use super::searches::Searches;
use super::spread::Spread;
use super::variants::Variants;
use crate::key::UriKey;
use crate::stored::StoredResponse;

/// More variants of one key than this and the one used least recently gives way.
const MAX_VARIANTS: usize = 64;

/// Stored responses by key, each with its variants.
///
/// Keys are 64 bits of a keyed hash; whoever looks something up compares the key itself. Each response has a
/// number: where a key has one variant, it is the hash of the key.
#[derive(Debug, Default)]
pub(super) struct Index {
    queues: Queues,
    /// The numbers of the variants of a key, the one used last at the end, where it has others than the one
    /// whose number is the key's hash. Never empty.
    lists: HashMap<u64, Vec<u64>, Spread>,
    /// All numbers, each at the place that the response knows.
    numbers: Vec<u64>,
    /// By URI, the keys that have a partition. Those that have none have the URI's own hash.
    partitions: Partitions,
    last_id: u64,
    /// The numbers of those that have relations, by their ids.
    related: HashMap<u64, u64, Spread>,
    pub(super) labels: Labels,
    #[cfg(feature = "structured-fields")]
    pub(super) searches: Searches,
}

impl Index {
    pub(super) fn len(&self) -> usize {
        self.queues.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.queues.bytes()
    }

    /// The id of the response that was stored last.
    pub(super) fn last_id(&self) -> u64 {
        self.last_id
    }

    /// The variants of the key of this hash, with their numbers.
    pub(super) fn variants(&self, hash: u64) -> Variants<'_> {
        match self.queues.peek(hash) {
            Some(held) if !held.is_listed => Variants::one(hash, held),
            _ => Variants::listed(self.lists.get(&hash), &self.queues),
        }
    }

    /// The variants of the key of this hash, where it is one of the URI.
    pub(super) fn variants_of(&self, hash: u64, uri: &UriKey) -> Variants<'_> {
        let variants = self.variants(hash);
        match variants.first() {
            Some(held) if held.response.key.is_of(uri) => variants,
            _ => Variants::none(),
        }
    }

    pub(super) fn peek(&self, number: u64) -> Option<&Held> {
        self.queues.peek(number)
    }

    /// Remembers that a response was used just now.
    pub(super) fn touch(&mut self, number: u64) {
        let Some(held) = self.queues.touch(number) else {
            return;
        };
        if !held.is_listed {
            return;
        }
        let list = self.lists.get_mut(&held.response.key.hash);
        let list = list.expect("a response that is listed is in a list");
        if let Some(at) = list.iter().position(|listed| *listed == number) {
            list[at..].rotate_left(1);
        }
    }

    /// Adds a response, with the standing of what it takes the place of. What has to go for want of room
    /// among the variants, or because another key has the same hash, is given back.
    pub(super) fn insert(
        &mut self,
        response: Arc<StoredResponse>,
        standing: Option<Standing>,
        gone: &mut Vec<Arc<StoredResponse>>,
    ) {
        let (hash, uri_hash) = (response.key.hash, response.key.uri_hash);
        let first = self.variants(hash).first();
        if first.is_some_and(|held| held.response.key != response.key) {
            while let Some((number, _)) = self.variants(hash).next() {
                gone.push(self.remove(number).0);
            }
        }
        if let Some(list) = self.list(hash).filter(|list| list.len() >= MAX_VARIANTS) {
            let is_unused = |number: &&u64| {
                let held = self.queues.peek(**number);
                held.is_none_or(|held| !held.response.copying.take_used())
            };
            let unused = list.iter().find(is_unused).unwrap_or(&list[0]);
            gone.push(self.remove(*unused).0);
        }
        if response.key.is_of_more() {
            self.partitions.insert(uri_hash, hash);
        }
        self.withdraw_beside(&response);
        self.last_id += 1;
        let id = self.last_id;
        let number = if self.queues.contains(hash) {
            (id..).find(|number| !self.queues.contains(*number))
        } else {
            Some(hash)
        };
        let number = number.expect("not all numbers are taken");
        let hits = standing.map_or(0, Standing::hits);
        let mut held = Held::new(response, id, hits);
        held.is_listed = self.enlist(hash, number);
        held.place = u32::try_from(self.numbers.len()).expect("so many do not fit into memory");
        self.numbers.push(number);
        self.relate(number, &held);
        self.queues.insert(number, held, standing);
    }

    /// Where a request could select one or the other it is not for copies to answer.
    fn withdraw_beside(&self, response: &StoredResponse) {
        let variants = self.variants(response.key.hash);
        let variants = || variants.clone().map(|(_, held)| &*held.response);
        if !is_plain(response) || variants().any(|held| !are_apart(held, response)) {
            response.copying.withdraw();
            variants().for_each(|held| held.copying.withdraw());
        }
    }

    fn list(&self, hash: u64) -> Option<&Vec<u64>> {
        self.lists.get(&hash)
    }

    /// Enters a new variant in the list of its key, if there has to be one.
    fn enlist(&mut self, hash: u64, number: u64) -> bool {
        if let Some(list) = self.lists.get_mut(&hash) {
            list.push(number);
            return true;
        }
        if number == hash {
            return false;
        }
        let mut list = Vec::with_capacity(2);
        if let Some(first) = self.queues.peek_mut(hash) {
            if first.response.key.hash == hash {
                first.is_listed = true;
                list.push(hash);
            }
        }
        list.push(number);
        self.lists.insert(hash, list);
        true
    }

    /// Takes a response out.
    pub(super) fn remove(&mut self, number: u64) -> (Arc<StoredResponse>, Standing) {
        let removed = self.queues.remove(number);
        let (held, standing) = removed.expect("what is removed is held");
        (self.forget(number, held), standing)
    }

    /// Takes out the response that is to give way next.
    pub(super) fn evict(&mut self, limits: &Limits) -> Option<Arc<StoredResponse>> {
        let (number, held) = self.queues.evict(limits)?;
        Some(self.forget(number, held))
    }

    /// There is room for what was stored last.
    pub(super) fn settle(&mut self) {
        self.queues.settle();
    }

    /// Takes out any response and drops it, and leaves whatever else is known of it: all is to go. Says how many
    /// octets it took.
    pub(super) fn drop_one(&mut self) -> Option<usize> {
        self.queues.pop().map(|held| held.size)
    }

    /// Forgets what is known of a response that was taken out of the queues. Every one that is removed,
    /// replaced or evicted comes by here, and none that is cleared.
    fn forget(&mut self, number: u64, held: Held) -> Arc<StoredResponse> {
        held.response.copying.withdraw();
        let key = &held.response.key;
        if held.is_listed {
            self.strike(key.hash, number);
        }
        if key.is_of_more() && self.variants(key.hash).first().is_none() {
            self.partitions.remove(key.uri_hash, key.hash);
        }
        let place = held.place as usize;
        self.numbers.swap_remove(place);
        if let Some(moved) = self.numbers.get(place) {
            let moved = self.queues.peek_mut(*moved);
            moved.expect("all numbers are of what is held").place = held.place;
        }
        self.unrelate(&held);
        held.response
    }

    /// Takes a variant out of the list of its key. A list of none, or of no other than the one whose number
    /// is the key's hash, is none.
    fn strike(&mut self, hash: u64, number: u64) {
        let Some(list) = self.lists.get_mut(&hash) else {
            return;
        };
        list.retain(|listed| *listed != number);
        match list[..] {
            [] => {}
            [only] if only == hash => {
                let only = self.queues.peek_mut(only);
                only.expect("what is listed is held").is_listed = false;
            }
            _ => return,
        }
        self.lists.remove(&hash);
    }

    /// Puts a response in the place of one that it differs from in its terms alone. Gives that back.
    pub(super) fn replace(
        &mut self,
        number: u64,
        response: Arc<StoredResponse>,
    ) -> Option<Arc<StoredResponse>> {
        let held = self.queues.peek_mut(number)?;
        held.response.copying.withdraw();
        Some(std::mem::replace(&mut held.response, response))
    }

    /// The number of a response, if it still is held, made stale or not.
    pub(super) fn number_of(&self, response: &Arc<StoredResponse>) -> Option<u64> {
        let mut variants = self.variants(response.key.hash);
        let is_it = |held: &Held| {
            Arc::ptr_eq(&held.response, response) || held.response.is_expired_from(response)
        };
        let found = variants.find(|(_, held)| is_it(held));
        found.map(|(number, _)| number)
    }

    /// Marks a response as made wrong.
    pub(super) fn mark(&mut self, number: u64, generation: u64) {
        if let Some(held) = self.queues.peek_mut(number) {
            held.mark(generation);
            held.response.copying.withdraw();
        }
    }

    /// The numbers of up to so many responses whose places are before this one, and the place of the first of
    /// them. Whoever goes on from there, and began at the end, meets every response that was held when
    /// he began and still is, whatever is stored and removed in between.
    pub(super) fn before(&self, place: usize, most: usize) -> (&[u64], usize) {
        let end = place.min(self.numbers.len());
        let start = end.saturating_sub(most);
        (&self.numbers[start..end], start)
    }

    /// The numbers of all that is held, in no order.
    pub(super) fn numbers(&self) -> &[u64] {
        &self.numbers
    }

    /// The hashes of all keys that a URI of this hash may have: one for each partition and content.
    pub(super) fn keys_of(&self, uri_hash: u64) -> Vec<u64> {
        std::iter::once(uri_hash)
            .chain(self.partitions.keys(uri_hash))
            .collect()
    }
}

/// By what it has in common with those of other URIs.
impl Index {
    /// The number of the response with this id, if it is still there.
    pub(super) fn find(&self, id: u64) -> Option<u64> {
        self.related.get(&id).copied()
    }

    fn relate(&mut self, number: u64, held: &Held) {
        let relations = &held.response.relations;
        if relations.is_none() {
            return;
        }
        self.related.insert(held.id, number);
        self.labels.insert(held.id, relations.labels());
        #[cfg(feature = "structured-fields")]
        if let Some(search) = relations.search() {
            self.searches.insert(held.id, search);
        }
    }

    fn unrelate(&mut self, held: &Held) {
        let relations = &held.response.relations;
        if relations.is_none() {
            return;
        }
        self.related.remove(&held.id);
        self.labels.remove(held.id, relations.labels());
        #[cfg(feature = "structured-fields")]
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
    let (one_by, other_by) = (&one.selected_by.fields, &other.selected_by.fields);
    let mut names = one_by.iter().zip(other_by.iter());
    is_plain(one)
        && is_plain(other)
        && one_by.len() == other_by.len()
        && names.all(|((one, _), (other, _))| one == other)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::super::samples::Samples;
    use super::*;

    const LIMITS: Limits = Limits {
        capacity: 0,
        responses: 0,
    };

    fn response() -> Arc<StoredResponse> {
        Arc::new(Samples::default().of(1))
    }

    /// Who marks last need not have begun last.
    #[test]
    fn a_mark_is_never_set_back() {
        let mut index = Index::default();
        let response = response();
        let number = response.key.hash;
        index.insert(response, None, &mut Vec::new());
        for (generation, since) in [(0, 0), (2, 2), (1, 2), (3, 3)] {
            index.mark(number, generation);
            let held = index.peek(number).unwrap();
            assert_eq!(held.invalid_since(), Some(since));
        }
    }

    #[test]
    fn octets_and_number_are_those_of_what_is_held() {
        let mut index = Index::default();
        let (one, other) = (response(), response());
        let size = one.size();
        index.insert(one.clone(), None, &mut Vec::new());
        index.insert(other, None, &mut Vec::new());
        assert_eq!((index.len(), index.bytes()), (2, 2 * size));
        let oldest = index.evict(&LIMITS).unwrap();
        assert!(Arc::ptr_eq(&oldest, &one));
        assert_eq!((index.len(), index.bytes()), (1, size));
        assert!(index.evict(&LIMITS).is_some() && index.evict(&LIMITS).is_none());
        assert_eq!((index.len(), index.bytes()), (0, 0));
    }

    /// Of two keys with one hash, the one that is stored last is held.
    #[test]
    fn a_key_gives_way_to_another_with_its_hash() {
        let samples = Samples::default();
        let mut index = Index::default();
        let mut gone = Vec::new();
        for variant in [None, Some(1), Some(2)] {
            let response = Arc::new(samples.variant(1, variant, 0));
            index.insert(response, None, &mut gone);
        }
        assert!(gone.is_empty());
        let mut other = samples.of(2);
        let mut key = (*other.key).clone();
        key.hash = samples.of(1).key.hash;
        other.key = Arc::new(key);
        index.insert(Arc::new(other), None, &mut gone);
        assert_eq!((index.len(), gone.len()), (1, 3));
        assert!(index.lists.is_empty());
    }

    /// Numbers that are given out may be the hash of a key that comes later.
    #[test]
    fn a_number_that_is_the_hash_of_another_key_makes_no_difference() {
        let samples = Samples::default();
        let mut index = Index::default();
        let mut insert = |n, variant, hash| {
            let mut response = samples.variant(n, variant, 0);
            let mut key = (*response.key).clone();
            key.hash = hash;
            response.key = Arc::new(key);
            index.insert(Arc::new(response), None, &mut Vec::new());
        };
        insert(1, None, 1000);
        insert(1, Some(1), 1000);
        insert(2, None, 2);
        insert(2, Some(1), 2);
        let held = |index: &Index, hash| {
            let variants = index.variants(hash);
            variants.clone().for_each(|(number, held)| {
                assert_eq!(held.response.key.hash, hash);
                assert_eq!(index.number_of(&held.response), Some(number));
            });
            variants.count()
        };
        assert_eq!((held(&index, 1000), held(&index, 2)), (2, 2));
        let numbers: Vec<u64> = index.variants(2).map(|(number, _)| number).collect();
        for number in numbers {
            index.remove(number);
        }
        assert_eq!((held(&index, 1000), held(&index, 2)), (2, 0));
        assert_eq!(index.lists.len(), 1);
    }

    /// What relates it to others is in lists of its own, and goes with it.
    #[cfg(feature = "structured-fields")]
    #[test]
    fn nothing_is_left_of_what_is_taken_out() {
        use http::{HeaderMap, HeaderName};

        use crate::relations::{Related, Relations};
        use crate::tags::{Given, Tags};
        let mut fields = HeaderMap::new();
        fields.insert("cache-groups", "\"g\"".parse().unwrap());
        fields.insert("no-vary-search", "key-order".parse().unwrap());
        fields.insert("surrogate-key", "said".parse().unwrap());
        let related = Related {
            by_group: true,
            by_search: true,
            tag_fields: vec![HeaderName::from_static("surrogate-key")],
        };
        let samples = Samples::default();
        let plain = samples.of(1);
        let given = Given {
            wished: Tags::new(["tag"]),
            ..Given::default()
        };
        let relations = Relations::of(samples.seed(), &related, &plain.key, &fields, &given);
        let relations = relations.expect("they are few");
        assert_eq!((relations.groups().len(), relations.labels().len()), (1, 4));
        assert!(relations.tags().eq(["g", "said", "tag"]));
        let labels = relations.labels().to_vec();
        let path = relations.search().expect("a rule").path_of_all();
        let size = plain.size();
        let response = Arc::new(plain.related(relations));
        assert!(response.size() > size);
        let mut index = Index::default();
        index.insert(response, None, &mut Vec::new());
        let found = index.labels.members(&labels);
        assert_eq!(found.len(), 1);
        assert!(index.find(found[0]).is_some());
        assert_eq!(index.searches.rules(path).len(), 1);
        index.evict(&LIMITS);
        assert!(index.find(found[0]).is_none() && index.related.is_empty());
        assert!(index.labels.members(&labels).is_empty());
        assert!(index.searches.rules(path).is_empty() && index.searches.is_empty());
    }

    /// Whoever walks through what is stored meets all that was there and stays.
    #[test]
    fn a_walk_misses_nothing_that_stays() {
        let samples = Samples::default();
        let mut index = Index::default();
        for n in 0..100 {
            index.insert(Arc::new(samples.of(n)), None, &mut Vec::new());
        }
        let (mut place, mut met) = (index.len(), HashSet::new());
        for n in 0.. {
            let (numbers, start) = index.before(place, 7);
            met.extend(numbers.iter().copied());
            place = start;
            if place == 0 {
                break;
            }
            // One that was met goes, and one that was not, and there are new ones.
            let last = *index.numbers.last().unwrap();
            index.remove(last);
            let unmet = index.numbers[place / 2];
            index.remove(unmet);
            met.insert(unmet);
            if n % 2 == 0 {
                index.insert(Arc::new(samples.of(1000 + n)), None, &mut Vec::new());
            }
        }
        let old = |n: &usize| index.peek(samples.of(*n).key.hash).is_some();
        let left: Vec<usize> = (0..100).filter(old).collect();
        assert!(left.len() > 50);
        for n in left {
            assert!(met.contains(&samples.of(n).key.hash), "{n}");
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Insert(usize, Option<u8>, usize),
        Touch(usize),
        Replace(usize),
        Remove(usize),
        Evict,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let variant = prop_oneof![3 => Just(None), 1 => (0..4u8).prop_map(Some)];
        let step = prop_oneof![
            4 => (0..60usize, variant, 0..2000usize).prop_map(|(n, variant, octets)| {
                Step::Insert(n, variant, octets)
            }),
            3 => any::<usize>().prop_map(Step::Touch),
            1 => any::<usize>().prop_map(Step::Replace),
            1 => any::<usize>().prop_map(Step::Remove),
            2 => Just(Step::Evict),
        ];
        prop::collection::vec(step, 1..300)
    }

    /// What is held, as far as this can be told from all that is kept about it.
    fn assert_consistent(index: &Index) {
        let held = index.numbers.iter().map(|number| {
            let held = index
                .peek(*number)
                .expect("every number is of what is held");
            (*number, held)
        });
        let mut octets = 0;
        for (place, (number, held)) in held.enumerate() {
            octets += held.size;
            assert_eq!(held.place as usize, place);
            assert_eq!(held.size, held.response.size());
            assert_eq!(index.number_of(&held.response), Some(number));
            let list = index.lists.get(&held.response.key.hash);
            assert_eq!(held.is_listed, list.is_some());
            assert!(list.is_some() || number == held.response.key.hash);
        }
        assert_eq!((index.len(), index.bytes()), (index.numbers.len(), octets));
        for list in index.lists.values() {
            assert!(!list.is_empty() && list.len() <= MAX_VARIANTS);
            assert!(list.iter().all(|number| index.peek(*number).is_some()));
        }
        index.queues.assert_consistent();
    }

    proptest! {
        /// Promise 6: whatever is done in whatever order, all is counted once.
        #[test]
        fn the_octets_of_all_queues_are_those_of_what_is_held(steps in steps()) {
            let samples = Samples::default();
            let mut index = Index::default();
            let limits = Limits { capacity: 40_000, responses: 40 };
            for step in steps {
                let pick = |at: usize| index.numbers.get(at % index.len().max(1)).copied();
                let mut gone = Vec::new();
                let before = index.len();
                match step {
                    Step::Insert(n, variant, octets) => {
                        let response = Arc::new(samples.variant(n, variant, octets));
                        index.insert(response, None, &mut gone);
                        prop_assert_eq!(index.len(), before + 1 - gone.len());
                    }
                    Step::Touch(at) => {
                        let Some(number) = pick(at) else { continue };
                        let hits = index.peek(number).map(|held| held.hits);
                        index.touch(number);
                        prop_assert_eq!(index.peek(number).map(|held| held.hits - 1), hits);
                    }
                    Step::Replace(at) => {
                        let Some(number) = pick(at) else { continue };
                        let hits = index.peek(number).map(|held| held.hits);
                        let (old, standing) = index.remove(number);
                        index.insert(old.clone(), Some(standing), &mut gone);
                        let number = index.number_of(&old).expect("it is there again");
                        prop_assert_eq!(index.peek(number).map(|held| held.hits), hits);
                        prop_assert_eq!(index.remove(number).1, standing);
                    }
                    Step::Remove(at) => {
                        let Some(number) = pick(at) else { continue };
                        index.remove(number);
                        prop_assert_eq!(index.len(), before - 1);
                    }
                    Step::Evict => {
                        let is_one = index.evict(&limits).is_some();
                        prop_assert_eq!(index.len() + usize::from(is_one), before);
                    }
                }
                assert_consistent(&index);
            }
            while index.evict(&limits).is_some() {}
            prop_assert_eq!((index.len(), index.bytes()), (0, 0));
            prop_assert!(index.lists.is_empty());
        }
    }
}
