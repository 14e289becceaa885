//! In the place of `relations` where structured fields cannot be read: there are none.

use http::HeaderMap;

use crate::key::CacheKey;
use crate::seed::Seed;

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Related {}

impl Related {
    pub(crate) fn is_kept(self) -> bool {
        false
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Relations {}

impl Relations {
    pub(crate) fn of(_: &Seed, _: Related, _: &CacheKey, _: &HeaderMap) -> Self {
        Self {}
    }

    pub(crate) fn groups(&self) -> &[u64] {
        &[]
    }

    pub(crate) fn size(&self) -> usize {
        0
    }
}
