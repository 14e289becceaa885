//! Which stored responses are in a cache group.

use std::collections::{BTreeSet, HashMap};

use super::spread::Spread;

/// Stored responses, by their numbers, in the groups that they are in.
#[derive(Debug, Default)]
pub(super) struct Groups(HashMap<u64, BTreeSet<u64>, Spread>);

impl Groups {
    pub(super) fn insert(&mut self, id: u64, groups: &[u64]) {
        for group in groups {
            self.0.entry(*group).or_default().insert(id);
        }
    }

    pub(super) fn remove(&mut self, id: u64, groups: &[u64]) {
        for group in groups {
            let Some(members) = self.0.get_mut(group) else {
                continue;
            };
            members.remove(&id);
            if members.is_empty() {
                self.0.remove(group);
            }
        }
    }

    /// Those that are in one of these groups, or in several.
    pub(super) fn members(&self, groups: &[u64]) -> Vec<u64> {
        let found = groups.iter().filter_map(|group| self.0.get(group));
        let found: BTreeSet<u64> = found.flatten().copied().collect();
        found.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_what_is_taken_out() {
        let mut groups = Groups::default();
        groups.insert(1, &[7, 8]);
        groups.insert(2, &[8, 8]);
        assert_eq!(groups.members(&[7, 8]), [1, 2]);
        assert_eq!(groups.members(&[7]), [1]);
        groups.remove(2, &[8, 8]);
        assert_eq!(groups.members(&[8]), [1]);
        groups.remove(1, &[7, 8]);
        assert!(groups.0.is_empty());
    }
}
