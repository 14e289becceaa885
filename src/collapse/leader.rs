//! The request that the others wait for.

use std::sync::Arc;
use std::time::SystemTime;

use super::{Groups, Which};
use crate::stored::Selection;
use crate::waking::wake;

/// Leads a group for as long as it lives. Dropped before its head was there, it leaves the lead to one of those
/// that wait; dropped later, it releases them all.
#[derive(Debug)]
pub(crate) struct Leader {
    groups: Arc<Groups>,
    which: Which,
    is_replaced: bool,
}

impl Leader {
    pub(super) fn new(groups: Arc<Groups>, which: Which) -> Self {
        Self {
            groups,
            which,
            is_replaced: true,
        }
    }

    /// The head of its answer is there since this time, and may be of use to requests that have these fields.
    /// What is still to come is waited for no longer than the limit.
    pub(crate) fn announce_head(&mut self, selected_by: &Selection, now: SystemTime) {
        self.is_replaced = false;
        let varies = !selected_by.fields.is_empty();
        let selected_by = varies.then(|| selected_by.clone());
        let mut wakers = Vec::new();
        let mut state = self.groups.lock();
        if let Some(group) = state.group(self.which) {
            group.head_at = Some(now);
            group.selected_by = selected_by;
            // One sees to the time. Whether it is of use each sees for itself.
            wakers.extend(group.call_keeper());
            if varies {
                wakers.extend(group.waiting.values_mut().filter_map(Option::take));
            }
        }
        drop(state);
        wakers.into_iter().for_each(wake);
    }

    /// Its answer is there or will never be: nobody is to lead in its place.
    pub(crate) fn settle(&mut self) {
        self.is_replaced = false;
    }

    /// Its answer is of no use to others, nor will the next ones be.
    pub(crate) fn mark_unfit(&mut self, now: SystemTime) {
        self.is_replaced = false;
        self.groups.add_unfit(self.which.hash, now);
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if self.is_replaced {
            self.groups.pass_on(self.which);
        } else {
            self.groups.end(self.which);
        }
    }
}
