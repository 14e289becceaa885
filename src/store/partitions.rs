//! Which keys a URI has beside its own: one for each partition, and for each content.

use std::collections::{HashMap, HashSet};

use super::spread::Spread;

/// By the hash of a URI, the hashes of the keys that it has in partitions and with content.
#[derive(Debug, Default)]
pub(super) struct Partitions(HashMap<u64, Keys, Spread>);

/// Most URIs are asked for by one user.
#[derive(Debug)]
enum Keys {
    One(u64),
    #[expect(
        clippy::box_collection,
        reason = "a set is four words, and most need none"
    )]
    Many(Box<HashSet<u64, Spread>>),
}

impl Partitions {
    pub(super) fn insert(&mut self, uri_hash: u64, hash: u64) {
        let keys = self.0.entry(uri_hash).or_insert(Keys::One(hash));
        match keys {
            Keys::One(one) if *one == hash => {}
            Keys::One(one) => *keys = Keys::Many(Box::new([*one, hash].into_iter().collect())),
            Keys::Many(many) => {
                many.insert(hash);
            }
        }
    }

    pub(super) fn remove(&mut self, uri_hash: u64, hash: u64) {
        let is_left = match self.0.get_mut(&uri_hash) {
            Some(Keys::One(one)) => *one != hash,
            Some(Keys::Many(many)) => {
                many.remove(&hash);
                !many.is_empty()
            }
            None => true,
        };
        if !is_left {
            self.0.remove(&uri_hash);
        }
    }

    /// Those of one URI.
    pub(super) fn keys(&self, uri_hash: u64) -> impl Iterator<Item = u64> {
        let (one, many) = match self.0.get(&uri_hash) {
            Some(Keys::One(one)) => (Some(*one), None),
            Some(Keys::Many(many)) => (None, Some(many)),
            None => (None, None),
        };
        one.into_iter()
            .chain(many.into_iter().flat_map(|many| many.iter().copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_of_a_uri_is_there_once_until_it_is_removed() {
        let mut partitions = Partitions::default();
        let keys = |partitions: &Partitions, uri| {
            let mut keys: Vec<u64> = partitions.keys(uri).collect();
            keys.sort_unstable();
            keys
        };
        for (uri, hash) in [(1, 10), (1, 10), (2, 20), (1, 11), (1, 12), (1, 11)] {
            partitions.insert(uri, hash);
        }
        assert_eq!(keys(&partitions, 1), [10, 11, 12]);
        assert_eq!(keys(&partitions, 2), [20]);
        assert_eq!(keys(&partitions, 3), [0; 0]);
        for (uri, hash) in [(1, 99), (2, 99), (3, 99), (1, 10), (1, 12)] {
            partitions.remove(uri, hash);
        }
        assert_eq!(keys(&partitions, 1), [11]);
        partitions.remove(1, 11);
        partitions.remove(2, 20);
        assert!(partitions.0.is_empty());
    }
}
