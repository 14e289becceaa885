//! What a stored response has to do with those of other URIs.

use http::{HeaderMap, HeaderName};

#[cfg(feature = "structured-fields")]
use crate::header::{
    cache_groups::{self, CACHE_GROUPS},
    no_vary_search::NoVarySearch,
};
use crate::key::CacheKey;
#[cfg(feature = "structured-fields")]
use crate::search::Search;
use crate::seed::Seed;
use crate::tags::{self, Given, Tagged, Tags};

/// Which relations are kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Related {
    #[cfg(feature = "structured-fields")]
    pub(crate) by_group: bool,
    #[cfg(feature = "structured-fields")]
    pub(crate) by_search: bool,
    /// Fields in which a response says its tags.
    pub(crate) tag_fields: Vec<HeaderName>,
}

impl Related {
    /// Whether there is anything to be found in fields.
    pub(crate) fn is_kept(&self) -> bool {
        #[cfg(feature = "structured-fields")]
        if self.by_group || self.by_search {
            return true;
        }
        !self.tag_fields.is_empty()
    }
}

/// The tags that a stored response has, the cache groups that it is in (RFC 9875), and the queries that it stands for
/// (No-Vary-Search). Most have none, and take no room for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Relations(Option<Box<Known>>);

#[derive(Debug, Clone, Default)]
struct Known {
    tags: Tagged,
    /// The keyed hashes of its groups, of its origin alone, and behind them those of its tags.
    labels: Box<[u64]>,
    groups: usize,
    #[cfg(feature = "structured-fields")]
    search: Option<Search>,
}

impl Relations {
    /// Those of a response with this key and these fields, that was given these tags; `None` where it has too many tags.
    pub(crate) fn of(
        seed: &Seed,
        related: &Related,
        key: &CacheKey,
        fields: &HeaderMap,
        given: &Given,
    ) -> Option<Self> {
        #[cfg(feature = "structured-fields")]
        let (names, search) = (
            if related.by_group {
                cache_groups::parse(fields, &CACHE_GROUPS)
            } else {
                Vec::new()
            },
            // Content is told by its octets (PRJ-NVS-2).
            (related.by_search && key.content.is_none())
                .then(|| NoVarySearch::parse(fields))
                .filter(|rule| !rule.is_default())
                .map(|rule| Search::of(seed, key, rule)),
        );
        #[cfg(not(feature = "structured-fields"))]
        let names = Vec::<String>::new();
        let groups = groups(seed, key.origin(), &names);
        let said = names.into_iter().map(String::into_boxed_str);
        let said = said.chain(tags::said(fields, &related.tag_fields));
        let tags = Tagged::new(said, given.clone())?;
        let known = Known {
            labels: labels(seed, &groups, &tags),
            groups: groups.len(),
            tags,
            #[cfg(feature = "structured-fields")]
            search,
        };
        Some(Self(known.is_any().then(|| Box::new(known))))
    }

    /// The same, with these tags too; `None` where that is too many.
    pub(crate) fn tagged(self, seed: &Seed, tags: &Tags) -> Option<Self> {
        if tags.is_empty() {
            return Some(self);
        }
        let mut known = self.0.unwrap_or_default();
        known.tags = known.tags.with(tags)?;
        known.labels = labels(seed, &known.labels[..known.groups], &known.tags);
        Some(Self(Some(known)))
    }

    /// The keyed hashes of its groups, of its origin alone.
    pub(crate) fn groups(&self) -> &[u64] {
        let known = self.0.as_ref();
        known.map_or(&[], |known| &known.labels[..known.groups])
    }

    /// The keyed hashes of its groups and of its tags.
    pub(crate) fn labels(&self) -> &[u64] {
        self.0.as_ref().map_or(&[], |known| &known.labels)
    }

    /// Its tags.
    pub(crate) fn tags(&self) -> impl Iterator<Item = &str> {
        let known = self.0.as_ref();
        known.into_iter().flat_map(|known| known.tags.names())
    }

    /// The tags that do not come from its fields.
    pub(crate) fn given(&self) -> Given {
        let known = self.0.as_ref();
        known
            .map(|known| known.tags.given().clone())
            .unwrap_or_default()
    }

    #[cfg(feature = "structured-fields")]
    pub(crate) fn search(&self) -> Option<&Search> {
        self.0.as_ref()?.search.as_ref()
    }

    /// Whether there are none.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// The octets it takes, in the lists of the store too.
    pub(crate) fn size(&self) -> usize {
        // An entry in the table of labels or paths, with a set of one.
        const LISTED: usize = 192;
        let Some(known) = &self.0 else {
            return 0;
        };
        #[cfg(feature = "structured-fields")]
        let search = known.search.as_ref().map_or(0, |search| {
            search.places().count() * LISTED + search.rule.size()
        });
        #[cfg(not(feature = "structured-fields"))]
        let search = 0;
        size_of::<Known>()
            + known.labels.len() * (LISTED + size_of::<u64>())
            + known.tags.size()
            + search
    }
}

impl Known {
    fn is_any(&self) -> bool {
        #[cfg(feature = "structured-fields")]
        if self.search.is_some() {
            return true;
        }
        !self.labels.is_empty()
    }
}

/// The hashes of groups, and behind them those of tags.
fn labels(seed: &Seed, groups: &[u64], tags: &Tagged) -> Box<[u64]> {
    let tags = tags.names().map(|name| seed.tag(name));
    groups.iter().copied().chain(tags).collect()
}

/// Hashes of the groups of these names of an origin. The same name at another origin is another group
/// (RFC 9875 §2.1).
pub(crate) fn groups(seed: &Seed, origin: &[u8], names: &[String]) -> Box<[u64]> {
    names
        .iter()
        .map(|name| seed.group(origin, name.as_bytes()))
        .collect()
}
