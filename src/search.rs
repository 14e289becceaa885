//! Which queries of a path a stored response stands for (No-Vary-Search).

use std::hash::{Hash, Hasher};
use std::iter;
use std::sync::Arc;

use http::HeaderMap;

use crate::cache::Cache;
use crate::header::no_vary_search::NoVarySearch;
use crate::key::{self, CacheKey, Wanted};
use crate::partition::Partition;
use crate::policy::Asked;
use crate::policy::comparing::Comparing;
use crate::policy::selection;
use crate::relations::Related;
use crate::seed::{Digester, Seed};
use crate::store::Found;
use crate::stored::StoredResponse;

/// The queries that a stored response stands for, and where that is written down.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    pub(crate) rule: Arc<NoVarySearch>,
    /// Where it is found by whoever asks, and where by those who ask as it was asked for.
    places: [Place; 2],
}

impl Search {
    pub(crate) fn of(seed: &Seed, key: &CacheKey, rule: NoVarySearch) -> Self {
        let place = |partition| Searched::new(seed, &key.uri, partition).place(&rule);
        Self {
            places: [place(None), place(key.partition)],
            rule: Arc::new(rule),
        }
    }

    /// The path, for whoever asks.
    pub(crate) fn path_of_all(&self) -> u64 {
        self.places[0].path
    }

    /// Both places, or the one where nobody in particular has asked.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        let [all, own] = self.places;
        iter::once(all).chain((own != all).then_some(own))
    }
}

/// A path, and those of its queries that a rule says are the same: as keyed hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: u64,
    pub(crate) class: u64,
}

/// A URI that is looked for by what its query means, among the responses of one partition or, where that
/// is `None` and nobody has none, of all.
#[derive(Debug)]
pub(crate) struct Searched<'a> {
    seed: &'a Seed,
    path: u64,
    query: Option<&'a str>,
}

impl<'a> Searched<'a> {
    /// Of a URI in the form that it has in a key.
    pub(crate) fn new(seed: &'a Seed, uri: &'a [u8], partition: Option<Partition>) -> Self {
        let (path, query) = split(uri);
        let mut hasher = seed.hasher();
        // No URI begins so: what is hashed here has nothing in common with those of URIs.
        hasher.write(Digester::END);
        hasher.write(b"path");
        hasher.write(path);
        hasher.write(Digester::END);
        partition.hash(&mut hasher);
        Self {
            seed,
            path: hasher.finish(),
            query,
        }
    }

    pub(crate) fn path(&self) -> u64 {
        self.path
    }

    /// Where the stored responses are that stand for this URI by this rule of theirs.
    pub(crate) fn place(&self, rule: &NoVarySearch) -> Place {
        let mut hasher = self.seed.hasher();
        hasher.write(Digester::END);
        hasher.write(b"class");
        self.path.hash(&mut hasher);
        rule.hash(&mut hasher);
        rule.significant(self.query).hash(&mut hasher);
        Place {
            path: self.path,
            class: hasher.finish(),
        }
    }
}

/// Up to its query, and the query. A name has none.
fn split(uri: &[u8]) -> (&[u8], Option<&str>) {
    let query_at = uri.iter().position(|byte| *byte == b'?');
    let Some(query_at) = query_at.filter(|_| !key::is_name(uri)) else {
        return (uri, None);
    };
    // It was text before it was a key. What is not has no query to speak of.
    match std::str::from_utf8(&uri[query_at + 1..]) {
        Ok(query) => (&uri[..query_at], Some(query)),
        Err(_) => (uri, None),
    }
}

/// The stored response of another URI of the same path and partition that stands for the one that is
/// wanted and that the request selects: the newest of those.
pub(crate) fn find(
    cache: &Cache,
    related: &Related,
    comparing: Comparing<'_>,
    wanted: &Wanted<'_>,
    asked: &Asked,
    fields: &HeaderMap,
) -> Option<Found> {
    if !related.by_search || wanted.content.is_some() || !cache.store.has_searches() {
        return None;
    }
    let found = stands_for_it(cache, comparing, wanted, asked, fields)?;
    cache.store.touch(&found.response);
    Some(found)
}

/// The same, without a trace.
pub(crate) fn stands_for_it(
    cache: &Cache,
    comparing: Comparing<'_>,
    wanted: &Wanted<'_>,
    asked: &Asked,
    fields: &HeaderMap,
) -> Option<Found> {
    let key = wanted.to_key();
    let searched = Searched::new(&cache.seed, &key.uri, key.partition);
    let mut found = cache.store.equivalents(&searched);
    found.retain(|Found { response, .. }| {
        response.key.partition == key.partition && stands_for(response, &key.uri)
    });
    let stored = found.iter().map(|found| &*found.response);
    let place = selection::select(comparing, asked, fields, stored).ok()?;
    Some(found.swap_remove(place))
}

/// Whether a stored response stands for this URI, for those who ask as it was asked for. That hashes agree says nothing
/// of that.
pub(crate) fn stands_for(held: &StoredResponse, uri: &[u8]) -> bool {
    let (path, query) = split(uri);
    let (held_path, held_query) = split(&held.key.uri);
    held_path == path
        && held
            .relations
            .search()
            .is_some_and(|search| search.rule.is_equivalent(held_query, query))
}
