//! What a request has to do with others for the same.

use super::Leader;
use crate::cache_status::Forward;
use crate::policy::Asked;

/// What a request has to do with others for the same.
#[derive(Debug, Default)]
pub(crate) struct Company {
    /// Of those that one answer may do for; `None` where the answer is for this request alone.
    pub(crate) hash: Option<u64>,
    pub(crate) leader: Option<Leader>,
    /// Why it would have been forwarded, had it not waited.
    pub(crate) waited: Option<Forward>,
}

impl Company {
    /// It has waited for another, and perhaps is the one that leads now.
    pub(crate) fn having_waited(reason: Forward, leader: Option<Leader>) -> Self {
        Self {
            hash: None,
            leader,
            waited: Some(reason),
        }
    }

    /// Whether it may wait for another: once.
    pub(crate) fn may_join(&self) -> bool {
        self.leader.is_none() && self.waited.is_none()
    }

    /// It needs no answer of the origin, or there is one: nobody is to wait for it any longer.
    pub(crate) fn leave(&mut self) {
        if let Some(mut leader) = self.leader.take() {
            leader.settle();
        }
    }

    /// To whoever stores the answer, where that is of use to others.
    pub(crate) fn hand_on(&mut self, is_shared: bool) -> Option<Leader> {
        let mut leader = self.leader.take_if(|_| is_shared)?;
        leader.settle();
        Some(leader)
    }
}

/// Whether a request is one of those that one answer may do for (C-49): not so where the caller has asked for
/// an answer that is new, or for less than the whole, or has a question of its own, or wishes it so; nor where nothing
/// is stored.
pub(crate) fn may_share(asked: &Asked) -> bool {
    let directives = &asked.directives;
    !asked.is_conditional
        && !asked.is_reload()
        && !asked.forbidden.storing()
        && asked.range.is_none()
        && !directives.no_cache
        && !directives.no_store
        && directives.max_age != Some(0)
        && !asked.wishes.as_ref().is_some_and(|wishes| wishes.is_alone)
}
