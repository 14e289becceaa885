//! How the tables of the store hash what is a hash already.

use std::hash::{BuildHasherDefault, Hasher};

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
