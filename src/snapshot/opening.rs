//! How a snapshot begins.

use std::error::Error;
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use super::frames::Mark;
use crate::seed::{Seed, VaryKey};

/// No text begins so, and what a transfer as text would do to it shows.
const MAGIC: [u8; 8] = *b"\x89tcc\r\n\x1a\n";

const VERSION: u8 = 1;

const LENGTH: usize = 8 + 1 + 1 + 16 + 16 + 16 + 16;

const CHECKSUM: usize = 16;

/// What is keyed with nothing of its own.
const PLAIN: Mark = Mark([0; 16]);

/// What stands before all else.
#[derive(Debug)]
pub(super) struct Opening {
    mark: Mark,
    is_literal: bool,
    /// Users are kept apart by the fields that this stands for: what is of none of them is of nobody.
    apart_by: Option<[u8; 16]>,
    secret: Secret,
}

/// What partitions and fields were digested with.
#[derive(Debug)]
enum Secret {
    /// With what the user has given, of which this is known.
    Given([u8; 16], IsSame),
    /// With what was drawn.
    Drawn(Arc<VaryKey>),
}

type IsSame = bool;

impl Opening {
    /// That of a new snapshot.
    pub(super) fn of(seed: &Seed, apart_by: Option<[u8; 16]>) -> Self {
        let mark = Mark(Seed::random(false).digester().finish().to_bytes());
        Self {
            mark,
            is_literal: seed.is_literal(),
            apart_by,
            secret: if seed.is_given() {
                Secret::Given(seed.fingerprint(&mark.0), true)
            } else {
                Secret::Drawn(Arc::new(*seed.vary()))
            },
        }
    }

    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    /// Whether partitions and fields were digested with the secret that the cache has.
    pub(super) fn is_of_same_secret(&self) -> bool {
        matches!(self.secret, Secret::Given(_, true))
    }

    /// What fields were digested with, where that was drawn.
    pub(super) fn vary_key(&self) -> Option<&Arc<VaryKey>> {
        match &self.secret {
            Secret::Given(..) => None,
            Secret::Drawn(key) => Some(key),
        }
    }

    pub(super) fn write(&self, mut to: impl Write) -> io::Result<()> {
        let mut octets = Vec::with_capacity(LENGTH + CHECKSUM);
        octets.extend_from_slice(&MAGIC);
        octets.push(VERSION);
        let is_given = matches!(self.secret, Secret::Given(..));
        let flags = [self.is_literal, is_given, self.apart_by.is_some()];
        let flags = flags.into_iter().enumerate();
        octets.push(flags.fold(0, |all, (place, flag)| all | u8::from(flag) << place));
        octets.extend_from_slice(&self.mark.0);
        let (fingerprint, vary) = match &self.secret {
            Secret::Given(fingerprint, _) => (*fingerprint, [0; 16]),
            Secret::Drawn(key) => ([0; 16], key.to_bytes()),
        };
        octets.extend_from_slice(&fingerprint);
        octets.extend_from_slice(&vary);
        octets.extend_from_slice(&self.apart_by.unwrap_or_default());
        let checksum = PLAIN.checksum(0, &octets);
        octets.extend_from_slice(&checksum);
        to.write_all(&octets)
    }

    pub(super) fn read(
        mut from: impl Read,
        seed: &Seed,
        apart_by: Option<[u8; 16]>,
    ) -> Result<Self, RestoreError> {
        let mut octets = Vec::with_capacity(LENGTH + CHECKSUM);
        from.by_ref()
            .take((LENGTH + CHECKSUM) as u64)
            .read_to_end(&mut octets)?;
        let Some((magic, _)) = octets.split_first_chunk() else {
            return Err(RestoreError::NoSnapshot);
        };
        if *magic != MAGIC {
            return Err(RestoreError::NoSnapshot);
        }
        if octets.get(8).is_some_and(|version| *version != VERSION) {
            return Err(RestoreError::OtherVersion);
        }
        let (octets, checksum) = octets
            .split_at_checked(LENGTH)
            .ok_or(RestoreError::NoSnapshot)?;
        if *checksum != PLAIN.checksum(0, octets) {
            return Err(RestoreError::NoSnapshot);
        }
        let at = |from: usize| -> [u8; 16] {
            octets[from..from + 16]
                .try_into()
                .expect("there are as many")
        };
        let flags = octets[9];
        let [is_literal, is_given, was_apart] = [1, 2, 4].map(|bit| flags & bit == bit);
        let was_apart_by = was_apart.then(|| at(58));
        // What was one user's is not to be shown to others, nor what was any user's to those who are told apart here.
        if is_literal != seed.is_literal() || apart_by.is_some() && apart_by != was_apart_by {
            return Err(RestoreError::OtherKind);
        }
        let mark = Mark(at(10));
        let secret = if is_given {
            let is_same = seed.is_given() && seed.fingerprint(&mark.0) == at(26);
            Secret::Given(at(26), is_same)
        } else {
            Secret::Drawn(Arc::new(VaryKey::from_bytes(at(42))))
        };
        Ok(Self {
            mark,
            is_literal,
            apart_by: was_apart_by,
            secret,
        })
    }
}

/// Why nothing could be restored: see [`CacheHandle::restore`](crate::CacheHandle::restore).
///
/// ```
/// use tower_client_cache::{CacheLayer, RestoreError};
///
/// let handle = CacheLayer::new().handle();
/// let error = handle.restore(&b"something else"[..]).unwrap_err();
/// assert!(matches!(error, RestoreError::NoSnapshot));
/// println!("{error}");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum RestoreError {
    /// It could not be read.
    Io(io::Error),
    /// It is no snapshot, or its beginning is damaged.
    NoSnapshot,
    /// It was written by another version, which this one cannot read.
    OtherVersion,
    /// It is of a private cache and this one is shared, or the other way round; or users are kept apart here, and
    /// there they were not, or by other fields: see [`single_user`](crate::CacheLayer::single_user) and
    /// [`credential`](crate::CacheLayer::credential).
    OtherKind,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Io(_) => "the snapshot could not be read",
            Self::NoSnapshot => "this is no snapshot of a cache, or its beginning is damaged",
            Self::OtherVersion => "the snapshot was written by another version",
            Self::OtherKind => {
                "the snapshot is of another kind of cache: private, shared, of one user, or with other credentials"
            }
        })
    }
}

impl Error for RestoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::NoSnapshot | Self::OtherVersion | Self::OtherKind => None,
        }
    }
}

impl From<io::Error> for RestoreError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
