//! Why a stored response had to give way.

use std::fmt;

/// Why a stored response had to give way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Eviction {
    /// There was no room for its octets: see [`CacheLayer::capacity`](crate::CacheLayer::capacity).
    Capacity,
    /// There were too many responses: see [`CacheLayer::max_responses`](crate::CacheLayer::max_responses).
    Responses,
    /// There were too many variants of one URI for one user.
    Variants,
}

impl Eviction {
    pub(crate) const ALL: [Self; 3] = [Self::Capacity, Self::Responses, Self::Variants];

    /// A word for logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capacity => "capacity",
            Self::Responses => "responses",
            Self::Variants => "variants",
        }
    }
}

impl fmt::Display for Eviction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
