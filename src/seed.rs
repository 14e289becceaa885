//! What is hashed with a secret of the cache's own.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};

use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hash128, Hasher128, SipHasher13 as SipHasher13Of128, SipHasher24};

/// The secret of one cache, drawn when it is made: what is hashed with it means nothing elsewhere.
#[derive(Clone)]
pub(crate) struct Seed {
    key: (u64, u64),
    digest: (u64, u64),
    vary: VaryKey,
    /// Whether keys are made of URIs in their literal form (C-01).
    is_literal: bool,
}

impl Seed {
    pub(crate) fn random(is_literal: bool) -> Self {
        // The keys of a `RandomState` come from the operating system. They cannot be read, but what
        // they hash to is as secret.
        let source = RandomState::new();
        let draw = |n: u8| source.hash_one(n);
        Self {
            key: (draw(0), draw(1)),
            digest: (draw(2), draw(3)),
            vary: VaryKey(draw(4), draw(5)),
            is_literal,
        }
    }

    /// Whether keys are made of URIs in their literal form (C-01).
    pub(crate) fn is_literal(&self) -> bool {
        self.is_literal
    }

    #[inline]
    pub(crate) fn hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.key.0, self.key.1)
    }

    /// A hash of the name of a cache group, of this origin alone. What is hashed as a URI begins otherwise.
    #[cfg(feature = "structured-fields")]
    pub(crate) fn group(&self, origin: &[u8], name: &[u8]) -> u64 {
        let mut hasher = self.hasher();
        for piece in [b"".as_slice(), b"group", origin, name] {
            hasher.write(piece);
            hasher.write(Digester::END);
        }
        hasher.finish()
    }

    pub(crate) fn digester(&self) -> Digester {
        Digester(SipHasher24::new_with_keys(self.digest.0, self.digest.1))
    }

    /// What fields that `Vary` names are digested with.
    #[inline]
    pub(crate) fn vary(&self) -> &VaryKey {
        &self.vary
    }
}

/// A secret of its own for fields that `Vary` names: what knows it knows nothing of partitions and keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct VaryKey(u64, u64);

impl VaryKey {
    pub(crate) fn digester(&self) -> Digester {
        Digester(SipHasher24::new_with_keys(self.0, self.1))
    }

    /// For what is hashed at every hit.
    #[inline]
    pub(crate) fn quick_digester(&self) -> Digester<SipHasher13Of128> {
        Digester(SipHasher13Of128::new_with_keys(self.0, self.1))
    }
}

impl fmt::Debug for VaryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaryKey(..)")
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// 128 bits that stand for request field values, which are themselves not kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u64; 2]);

impl Digest {
    /// Half of it, where a hash is asked for.
    pub(crate) fn as_hash(self) -> u64 {
        self.0[0]
    }

    pub(crate) fn to_bytes(self) -> [u8; 16] {
        let [one, other] = self.0.map(u64::to_ne_bytes);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&one);
        bytes[8..].copy_from_slice(&other);
        bytes
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

/// Makes a [`Digest`] of pieces; where one ends and the next begins makes no difference.
#[derive(Debug)]
pub(crate) struct Digester<H = SipHasher24>(H);

impl Digester {
    /// Ends a name or a value: no field has this octet.
    pub(crate) const END: &'static [u8] = &[0];

    /// Ends a field of several lines, each of which has its end: no field has this octet either.
    pub(crate) const NEXT: &'static [u8] = &[1];
}

impl<H: Hasher + Hasher128> Digester<H> {
    #[inline]
    pub(crate) fn write(&mut self, piece: &[u8]) {
        self.0.write(piece);
    }

    #[inline]
    pub(crate) fn finish(&self) -> Digest {
        let Hash128 { h1, h2 } = self.0.finish128();
        Digest([h1, h2])
    }
}
