//! Whether an answer is of use to others who have asked at the same time (choice C-49).

use crate::cache_status::NotStored;
use crate::fill::Filling;
use crate::stored::Terms;

impl Filling<'_> {
    /// Whether what is stored on these terms is of use to others that have asked at the same time (C-49). For a
    /// while nobody waits for what is not.
    pub(crate) fn mark_shared(&self, terms: &Terms) -> bool {
        let past = terms.current_age(self.now()).checked_sub(terms.lifetime);
        let is_stale = past.is_some_and(|past| past >= terms.stale_while_revalidate);
        let is_shared = !terms.is_no_cache && !is_stale;
        if let Some(hash) = self.fill.company.hash {
            let groups = &self.cache.groups;
            if is_shared {
                groups.remove_unfit(hash);
            } else {
                groups.add_unfit(hash, self.fill.request_time);
            }
        }
        is_shared
    }

    /// What is not stored is of no use to others. For a while nobody waits for it, unless that has nothing to do
    /// with what it is.
    pub(crate) fn mark_unshared(&self, refused: NotStored) {
        let is_passing = matches!(
            refused,
            NotStored::Purged | NotStored::Disabled | NotStored::NoRoom | NotStored::Outdated
        );
        if let Some(hash) = self.fill.company.hash.filter(|_| !is_passing) {
            self.cache.groups.add_unfit(hash, self.fill.request_time);
        }
    }
}
