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
    /// It was given, and not drawn.
    is_given: bool,
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
            is_given: false,
        }
    }

    /// What is hashed with the same secret means the same, in whichever cache.
    pub(crate) fn given(secret: &[u8; 32], is_literal: bool) -> Self {
        let number = |place: usize| {
            let octets = secret[place * 8..][..8].try_into();
            u64::from_le_bytes(octets.expect("there are as many"))
        };
        let digest = (number(2), number(3));
        let mut digester = Digester(SipHasher24::new_with_keys(digest.0, digest.1));
        digester.write(b"vary");
        digester.write(Digester::END);
        Self {
            key: (number(0), number(1)),
            digest,
            vary: VaryKey::from_bytes(digester.finish().to_bytes()),
            is_literal,
            is_given: true,
        }
    }

    pub(crate) fn is_given(&self) -> bool {
        self.is_given
    }

    /// What is the same for two that have the same secret, and says nothing else about it. Another for each `salt`.
    pub(crate) fn fingerprint(&self, salt: &[u8]) -> [u8; 16] {
        let mut digester = self.digester();
        for piece in [b"fingerprint", salt] {
            digester.write(piece);
            digester.write(Digester::END);
        }
        digester.finish().to_bytes()
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
    pub(crate) fn group(&self, origin: &[u8], name: &[u8]) -> u64 {
        let mut hasher = self.hasher();
        for piece in [b"".as_slice(), b"group", origin, name] {
            hasher.write(piece);
            hasher.write(Digester::END);
        }
        hasher.finish()
    }

    /// A hash of a tag, of whatever origin.
    pub(crate) fn tag(&self, name: &str) -> u64 {
        let mut hasher = self.hasher();
        for piece in [b"".as_slice(), b"tag", name.as_bytes()] {
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
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        to_bytes([self.0, self.1])
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        let [one, other] = from_bytes(bytes);
        Self(one, other)
    }

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
        to_bytes(self.0)
    }

    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(from_bytes(bytes))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

fn to_bytes(numbers: [u64; 2]) -> [u8; 16] {
    let [one, other] = numbers.map(u128::from);
    (one | other << 64).to_le_bytes()
}

#[expect(clippy::cast_possible_truncation, reason = "two halves")]
fn from_bytes(bytes: [u8; 16]) -> [u64; 2] {
    let number = u128::from_le_bytes(bytes);
    [number as u64, (number >> 64) as u64]
}

/// Makes a [`Digest`] of pieces; where one ends and the next begins makes no difference.
#[derive(Debug)]
pub(crate) struct Digester<H = SipHasher24>(H);

impl Digester {
    /// Ends a name or a value: no field has this octet.
    pub(crate) const END: &'static [u8] = &[0];

    /// Of what is no secret: it means the same in every cache.
    pub(crate) fn unkeyed(piece: &[u8]) -> Digest {
        let mut digester = Self(SipHasher24::new_with_keys(0, 0));
        digester.write(piece);
        digester.finish()
    }

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
