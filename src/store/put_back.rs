//! What is stored once more, as it was written down before.

use std::sync::Arc;

use super::Refused;
use super::claim::Exchanging;
use super::fence::Made;
use super::memory::Memory;
use super::state::{State, is_dated_later};
use crate::stored::StoredResponse;
use crate::switch::Switch;

impl Memory {
    /// Stores a response of before, unless one that is as new is held: that may have been made stale or wrong since.
    pub(crate) fn put_back(
        &self,
        exchange: &Exchanging,
        mut response: Arc<StoredResponse>,
        switch: &Switch,
    ) -> Result<(), Refused> {
        let mut gone = Vec::new();
        let mut state = self.lock_for(exchange, Made::Before, &mut response)?;
        let result = if state.has_as_new(&response) {
            Err(Refused::Outdated)
        } else {
            state.publish(exchange, &response, None, switch, &mut gone)
        };
        self.make_room(state, gone);
        result
    }
}

impl State {
    fn has_as_new(&self, response: &StoredResponse) -> bool {
        let mut held = self.index.variants(response.key.hash).map(|(_, held)| held);
        held.any(|held| held.response.key == response.key && is_as_new(&held.response, response))
    }
}

/// Whether what is held answers the same requests and is not older: by when they were asked for, or where both were on
/// their way at once by `Date` (PRJ-4-13).
fn is_as_new(held: &StoredResponse, new: &StoredResponse) -> bool {
    let is_asked_for_later = new.terms.request_time > held.terms.response_time;
    let is_newer = is_dated_later(new, held) && held.terms.request_time <= new.terms.response_time;
    held.selected_by == new.selected_by
        && held.head.is_of_head == new.head.is_of_head
        && !is_asked_for_later
        && !is_newer
}
