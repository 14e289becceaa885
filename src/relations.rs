//! What a stored response has to do with those of other URIs.

use http::HeaderMap;

use crate::header::cache_groups::{self, CACHE_GROUPS};
use crate::header::no_vary_search::NoVarySearch;
use crate::key::CacheKey;
use crate::search::Search;
use crate::seed::Seed;

/// Which relations are kept.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Related {
    pub(crate) by_group: bool,
    pub(crate) by_search: bool,
}

impl Related {
    /// Whether there is anything to keep.
    pub(crate) fn is_kept(self) -> bool {
        self.by_group || self.by_search
    }
}

/// The cache groups that a stored response is in (RFC 9875), and the queries that it stands for
/// (No-Vary-Search). Most have none, and take no room for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Relations(Option<Box<Known>>);

#[derive(Debug, Clone)]
struct Known {
    groups: Box<[u64]>,
    search: Option<Search>,
}

impl Relations {
    /// Those of a response with this key and these fields.
    pub(crate) fn of(seed: &Seed, related: Related, key: &CacheKey, fields: &HeaderMap) -> Self {
        let groups = if related.by_group {
            groups(
                seed,
                key.origin(),
                &cache_groups::parse(fields, &CACHE_GROUPS),
            )
        } else {
            Box::default()
        };
        let search = related
            .by_search
            .then(|| NoVarySearch::parse(fields))
            .filter(|rule| !rule.is_default())
            .map(|rule| Search::of(seed, key, rule));
        if groups.is_empty() && search.is_none() {
            return Self(None);
        }
        Self(Some(Box::new(Known { groups, search })))
    }

    /// The keyed hashes of its groups, of its origin alone.
    pub(crate) fn groups(&self) -> &[u64] {
        self.0.as_ref().map_or(&[], |known| &known.groups)
    }

    pub(crate) fn search(&self) -> Option<&Search> {
        self.0.as_ref()?.search.as_ref()
    }

    /// The octets it takes, in the lists of the store too.
    pub(crate) fn size(&self) -> usize {
        // An entry in the table of groups or paths, with a set of one.
        const LISTED: usize = 192;
        let Some(known) = &self.0 else {
            return 0;
        };
        let search = known.search.as_ref().map_or(0, |search| {
            search.places().count() * LISTED + search.rule.size()
        });
        size_of::<Known>() + known.groups.len() * (LISTED + size_of::<u64>()) + search
    }
}

/// Hashes of the groups of these names of an origin. The same name at another origin is another group
/// (RFC 9875 §2.1).
pub(crate) fn groups(seed: &Seed, origin: &[u8], names: &[String]) -> Box<[u64]> {
    names
        .iter()
        .map(|name| seed.group(origin, name.as_bytes()))
        .collect()
}
