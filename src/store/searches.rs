//! Which stored responses stand for other queries than their own.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::spread::Spread;
use crate::header::no_vary_search::NoVarySearch;
use crate::search::{Place, Search};

/// So many rules are known of one path. A response with yet another stands for its own URI alone.
const MAX_RULES: usize = 16;

/// So many stored responses are looked at for one request: those stored last.
const MAX_FOUND: usize = 64;

/// Stored responses, by their numbers, in their places; and the rules that there are for each path.
#[derive(Debug, Default)]
pub(super) struct Searches {
    rules: HashMap<u64, Vec<(Arc<NoVarySearch>, usize)>, Spread>,
    members: HashMap<u64, BTreeSet<u64>, Spread>,
}

impl Searches {
    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Adds a response. The place where whoever asks finds it comes first: where that has room for its
    /// rule, the one of its partition has.
    pub(super) fn insert(&mut self, id: u64, search: &Search) {
        for place in search.places() {
            let rules = self.rules.entry(place.path).or_default();
            match rules.iter().position(|(rule, _)| *rule == search.rule) {
                Some(at) => rules[at].1 += 1,
                None if rules.len() == MAX_RULES => return,
                None => rules.push((search.rule.clone(), 1)),
            }
            self.members.entry(place.class).or_default().insert(id);
        }
    }

    pub(super) fn remove(&mut self, id: u64, search: &Search) {
        for place in search.places() {
            let Some(members) = self.members.get_mut(&place.class) else {
                return;
            };
            if !members.remove(&id) {
                return;
            }
            if members.is_empty() {
                self.members.remove(&place.class);
            }
            self.forget_rule(place, &search.rule);
        }
    }

    fn forget_rule(&mut self, place: Place, rule: &NoVarySearch) {
        let Some(rules) = self.rules.get_mut(&place.path) else {
            return;
        };
        rules.retain_mut(|(held, responses)| {
            *responses -= usize::from(**held == *rule);
            *responses > 0
        });
        if rules.is_empty() {
            self.rules.remove(&place.path);
        }
    }

    /// The rules of a path.
    pub(super) fn rules(&self, path: u64) -> Vec<Arc<NoVarySearch>> {
        let rules = self.rules.get(&path).into_iter().flatten();
        rules.map(|(rule, _)| rule.clone()).collect()
    }

    /// All that are in these places.
    pub(super) fn members(&self, places: &[Place]) -> impl Iterator<Item = u64> {
        let found = places.iter().filter_map(|at| self.members.get(&at.class));
        found.flatten().copied()
    }

    /// Those of one place that were stored last.
    pub(super) fn newest(&self, places: &[Place]) -> impl Iterator<Item = u64> {
        let found = places.iter().filter_map(|at| self.members.get(&at.class));
        found.flat_map(|ids| ids.iter().rev().take(MAX_FOUND).copied())
    }
}
