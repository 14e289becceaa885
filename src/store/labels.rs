//! Which stored responses have a tag, or are in a cache group.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;

use super::spread::Spread;

/// Stored responses, by their ids, for each label that one has: a tag or a cache group.
#[derive(Debug, Default)]
pub(super) struct Labels(HashMap<u64, BTreeSet<u64>, Spread>);

impl Labels {
    pub(super) fn insert(&mut self, id: u64, labels: &[u64]) {
        for label in labels {
            self.0.entry(*label).or_default().insert(id);
        }
    }

    pub(super) fn remove(&mut self, id: u64, labels: &[u64]) {
        for label in labels {
            let Some(members) = self.0.get_mut(label) else {
                continue;
            };
            members.remove(&id);
            if members.is_empty() {
                self.0.remove(label);
            }
        }
    }

    /// The next few that have a label, of those behind one and up to another.
    pub(super) fn few(&self, label: u64, (behind, last): (u64, u64), most: usize) -> Vec<u64> {
        let members = self.0.get(&label).filter(|_| behind < last);
        let behind = (Bound::Excluded(behind), Bound::Included(last));
        let few = members.map(|members| members.range(behind).take(most));
        few.into_iter().flatten().copied().collect()
    }

    /// Those that have one of these labels, or several.
    #[cfg(any(test, feature = "structured-fields"))]
    pub(super) fn members(&self, labels: &[u64]) -> Vec<u64> {
        let found = labels.iter().filter_map(|label| self.0.get(label));
        let found: BTreeSet<u64> = found.flatten().copied().collect();
        found.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_what_is_taken_out() {
        let mut labels = Labels::default();
        labels.insert(1, &[7, 8]);
        labels.insert(2, &[8, 8]);
        assert_eq!(labels.members(&[7, 8]), [1, 2]);
        assert_eq!(labels.members(&[7]), [1]);
        labels.remove(2, &[8, 8]);
        assert_eq!(labels.members(&[8]), [1]);
        labels.remove(1, &[7, 8]);
        assert!(labels.0.is_empty());
    }

    #[test]
    fn a_few_at_a_time_are_all_in_the_end() {
        let mut labels = Labels::default();
        for id in 1..10 {
            labels.insert(id, &[id % 2]);
        }
        assert_eq!(labels.few(1, (0, 8), 2), [1, 3]);
        assert_eq!(labels.few(1, (3, 8), 3), [5, 7]);
        assert_eq!(labels.few(1, (7, 8), 3), [0; 0]);
        assert_eq!(labels.few(1, (8, 8), 3), [0; 0]);
        assert_eq!(labels.few(2, (0, 8), 3), [0; 0]);
    }
}
