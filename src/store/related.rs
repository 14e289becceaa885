//! What is done to stored responses for what they have in common with those of other URIs.

use std::sync::Arc;

use super::Exchanging;
use super::memory::Memory;
use super::state::State;
use crate::stored::StoredResponse;

impl Memory {
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
        let members = state.index.groups.members(groups);
        drop(state);
        self.for_each_found(&members, |state, hash, place, gone| {
            state.invalidate(hash, place, generation, gone);
        });
    }

    /// Does something to each of these responses that is still there.
    fn for_each_found(
        &self,
        ids: &[u64],
        mut act: impl FnMut(&mut State, u64, usize, &mut Vec<Arc<StoredResponse>>),
    ) {
        self.for_each_of(ids, |state, id, gone| {
            if let Some((hash, place)) = state.index.find(id) {
                act(state, hash, place, gone);
            }
        });
    }
}
