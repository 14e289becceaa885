//! Who answers.

use std::str::FromStr;

/// Who answers, and so what an exchange costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The origin, without a cache: what all the others have in common.
    Bare,
    /// The cache, with a stored response whose age is zero.
    Hit,
    /// The cache, with a stored response that is 90 seconds old.
    Aged,
    /// The origin, through the cache, with a response that says `no-store`.
    Forward,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::Bare, Self::Hit, Self::Aged, Self::Forward];

    /// As it is called on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Hit => "hit",
            Self::Aged => "aged",
            Self::Forward => "forward",
        }
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let mode = Self::ALL.into_iter().find(|mode| mode.name() == name);
        mode.ok_or_else(|| format!("no such mode: {name}"))
    }
}
