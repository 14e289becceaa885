//! What is counted.

use std::fmt;
use std::str::FromStr;

use crate::Contender;

/// What an exchange is, whoever answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// A stored response of 1 KiB and of age zero, which has been reused 500 times before.
    Hit,
    /// The same with 1 MiB.
    HitMebibyte,
    /// A hit with a stored response that is 90 seconds old.
    Aged,
    /// The first hit of a stored response of 1 KiB: each time another.
    AtRest,
    /// A response of 1 KiB that says `no-store`.
    Forward,
    /// A response of 1 KiB that is stored: each time another, with room for all.
    Store,
    /// The same with room for a few hundred: each time one has to go.
    StoreEvicting,
}

impl Workload {
    pub const ALL: [Self; 7] = [
        Self::Hit,
        Self::HitMebibyte,
        Self::Aged,
        Self::AtRest,
        Self::Forward,
        Self::Store,
        Self::StoreEvicting,
    ];

    /// As it is called on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::HitMebibyte => "hit-1m",
            Self::Aged => "aged",
            Self::AtRest => "at-rest",
            Self::Forward => "forward",
            Self::Store => "store",
            Self::StoreEvicting => "store-evicting",
        }
    }

    /// How many exchanges a first and a second process make. The costs of one are the difference between
    /// them, divided by what the second makes more.
    #[must_use]
    pub fn counts(self) -> (usize, usize) {
        match self {
            // Tables that double do so three times in between, as they do between 8,000 and 64,000.
            Self::Store => (1_000, 8_000),
            // Stored within a second, even by callgrind: `Age` stays zero.
            Self::AtRest => (100, 500),
            _ => (100, 1_100),
        }
    }
}

/// A workload, and who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    pub workload: Workload,
    pub contender: Contender,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.workload.name(), self.contender.name())
    }
}

impl FromStr for Mode {
    type Err = String;

    /// `WORKLOAD/CONTENDER`. A workload alone is ours, a contender alone is its hit.
    fn from_str(name: &str) -> Result<Self, String> {
        let workload = |name| {
            let mut all = Workload::ALL.into_iter();
            all.find(|workload| workload.name() == name)
        };
        let contender = |name| {
            let mut all = Contender::ALL.iter().copied();
            all.find(|contender| contender.name() == name)
        };
        let (workload, contender) = match name.split_once('/') {
            Some((left, right)) => (workload(left), contender(right)),
            None => match workload(name) {
                Some(workload) => (Some(workload), Some(Contender::Ours)),
                None => (Some(Workload::Hit), contender(name)),
            },
        };
        let mode = workload.zip(contender);
        let mode = mode.map(|(workload, contender)| Self {
            workload,
            contender,
        });
        mode.ok_or_else(|| format!("no such mode: {name}"))
    }
}
