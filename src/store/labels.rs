//! Which stored responses have a tag, or are in a cache group.

use std::collections::{BTreeSet, HashMap};

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

    /// Those that have one of these labels, or several.
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
}
