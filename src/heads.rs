//! The answer to a HEAD: what it says of the bodies that are stored.

use std::sync::Arc;

use http::{HeaderMap, StatusCode};

use crate::cache_status::{CacheStatus, NotStored};
use crate::fill::Filling;
use crate::policy::selection::Presented;
use crate::policy::{updating, validation};
use crate::stored::StoredResponse;

impl Filling<'_> {
    /// RFC 9111 §4.3.5: what the answer to a HEAD says of the stored responses to GET that the request
    /// could have selected. Those it agrees with are freshened, the others outdated. Whether the selected
    /// one was freshened, and how.
    pub(crate) fn freshen_by_head(
        &self,
        status: StatusCode,
        answer: &HeaderMap,
    ) -> Option<CacheStatus> {
        let fill = &*self.fill;
        let mut presented = Presented::by(self.comparing(), self.caller());
        let says_which = validation::has_validator(answer);
        let selected = fill.selected.as_ref().filter(|held| !held.head.is_of_head);
        let is_selected = |held: &Arc<StoredResponse>| {
            selected.is_some_and(|selected| Arc::ptr_eq(held, selected))
        };
        let store = &self.cache.store;
        let could_be = fill.described().iter();
        let could_be = could_be.filter(|held| !is_selected(held) && presented.matches(held));
        let weigh = |held: &Arc<StoredResponse>| {
            if held.head.status != status || !updating::is_head_of(answer, held) {
                store.outdate(held);
                return None;
            }
            // Where it does not say which it is of, it is no answer to whether this one is still good, and
            // makes nothing right that was made wrong.
            let is_asked_about = fill.is_validation && is_selected(held);
            let may_be_of = says_which || (!is_asked_about && store.holds_as_good(held));
            if status != StatusCode::OK {
                return None;
            }
            if may_be_of {
                return Some(self.freshen_one(answer, held).status);
            }
            // What it says of storing is said of whatever it is of.
            let (_, refused) = self.brought_up_to_date(answer, held, &held.head);
            if refused.is_some_and(|refused| refused != NotStored::RequestNoStore) {
                store.outdate(held);
            }
            None
        };
        // An answer of another status is about what it was asked about, and nothing else (§4.3.5).
        if status == StatusCode::OK {
            could_be.for_each(|held| {
                weigh(held);
            });
        }
        selected.and_then(weigh)
    }
}
