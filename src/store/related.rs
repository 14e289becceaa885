//! What is done to stored responses for what they have in common with those of other URIs.

use std::sync::Arc;

use super::Found;
use super::memory::Memory;
use super::state::State;
use super::{Exchanging, Removed};
use crate::search::{Place, Searched};
use crate::stored::StoredResponse;

impl Memory {
    /// Does something to each of these responses that is still there.
    fn for_each_found(
        &self,
        ids: &[u64],
        mut act: impl FnMut(&mut State, u64, &mut Vec<Arc<StoredResponse>>),
    ) {
        self.for_each_of(ids, |state, id, gone| {
            if let Some(number) = state.index.find(id) {
                act(state, number, gone);
            }
        });
    }

    /// RFC 9875 §3: what is in one of these groups may be wrong, and so may what was asked for so far and
    /// turns out to be; but not the answer of the exchange that has made it wrong.
    pub(crate) fn invalidate_groups(&self, groups: &[u64], by: Option<&mut Exchanging>) {
        if groups.is_empty() {
            return;
        }
        let mut state = self.lock();
        let by = by.map(Exchanging::term_mut);
        state.fence.purge(groups, by);
        let generation = state.fence.generation();
        let members = state.index.labels.members(groups);
        drop(state);
        self.for_each_found(&members, |state, number, gone| {
            state.invalidate(number, generation, gone);
        });
    }

    /// Whether anything stands for other queries than its own.
    pub(crate) fn has_searches(&self) -> bool {
        !self.lock().index.searches.is_empty()
    }

    /// What may stand for this URI by its own rule: whoever asks makes sure.
    pub(crate) fn equivalents(&self, searched: &Searched<'_>) -> Vec<Found> {
        let places = self.places(searched);
        let state = self.lock();
        let found = state.index.searches.newest(&places);
        let found = found.filter_map(|id| state.index.find(id));
        let found = found.filter_map(|number| state.index.peek(number));
        found.map(Found::from).collect()
    }

    /// Remembers that a response was used just now.
    pub(crate) fn touch(&self, response: &Arc<StoredResponse>) {
        let mut state = self.lock();
        if let Some(number) = state.index.number_of(response) {
            state.index.touch(number);
        }
    }

    /// What stands for this URI, whoever asks, may be wrong, and so may what was asked for so far and turns
    /// out to stand for other queries of its path; but not the answer of the exchange that has made it
    /// wrong. Gives back the cache groups that what was stored is in.
    pub(crate) fn invalidate_equivalents(
        &self,
        uri: &Searched<'_>,
        by: Option<&mut Exchanging>,
    ) -> Vec<u64> {
        let mut groups = Vec::new();
        let (members, generation) = self.fence_off_equivalents(uri, by);
        self.for_each_found(&members, |state, number, gone| {
            if let Some(held) = state.index.peek(number) {
                groups.extend_from_slice(held.response.relations.groups());
            }
            state.invalidate(number, generation, gone);
        });
        groups
    }

    /// Takes out what stands for this URI, whoever asks, and fences what was asked for so far.
    pub(crate) fn purge_equivalents(
        &self,
        uri: &Searched<'_>,
        by: Option<&mut Exchanging>,
    ) -> Removed {
        let (members, _) = self.fence_off_equivalents(uri, by);
        let mut removed = Removed::default();
        self.for_each_found(&members, |state, number, gone| {
            removed.take(state, number, gone);
        });
        removed
    }

    /// Puts up the fence for what stands for other queries of the path of this URI: those that stand for it,
    /// and the generation from which on they may be stored again.
    fn fence_off_equivalents(
        &self,
        uri: &Searched<'_>,
        by: Option<&mut Exchanging>,
    ) -> (Vec<u64>, u64) {
        let mut state = self.lock();
        let by = by.map(Exchanging::term_mut);
        state.fence.purge(&[uri.path()], by);
        let generation = state.fence.generation();
        drop(state);
        let places = self.places(uri);
        let members = self.lock().index.searches.members(&places).collect();
        (members, generation)
    }

    /// Where what stands for this URI is, by each of the rules there are. Reading the query takes its time:
    /// the lock is not held.
    fn places(&self, uri: &Searched<'_>) -> Vec<Place> {
        let rules = self.lock().index.searches.rules(uri.path());
        rules.iter().map(|rule| uri.place(rule)).collect()
    }
}
