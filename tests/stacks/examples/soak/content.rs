//! Octets that tell where they belong.

use std::hash::{DefaultHasher, Hash, Hasher};

use bytes::{BufMut, Bytes, BytesMut};

/// What a body is of. Every octet depends on all of this, and on its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content(u64);

impl Content {
    pub(crate) fn of(page: usize, user: &str, variant: &str, version: u64) -> Self {
        let mut hasher = DefaultHasher::new();
        (page, user, variant, version).hash(&mut hasher);
        Self(hasher.finish())
    }

    /// Eight octets, at eight times this place.
    fn word(self, place: usize) -> [u8; 8] {
        let mut mixed = self.0 ^ (place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)).to_le_bytes()
    }

    /// The octets from one place to another.
    pub(crate) fn octets(self, from: usize, to: usize) -> Bytes {
        let mut octets = BytesMut::with_capacity(to - from + 16);
        for place in from / 8..to.div_ceil(8) {
            octets.put_slice(&self.word(place));
        }
        let begin = from % 8;
        octets.freeze().slice(begin..begin + to - from)
    }

    /// Whether these are the octets at this place.
    pub(crate) fn is_at(self, from: usize, octets: &[u8]) -> bool {
        self.octets(from, from + octets.len()) == octets
    }
}
