//! What has come of all requests.

use std::collections::BTreeMap;
use std::iter::Sum;

/// Counts, by what is counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    outcomes: BTreeMap<String, u64>,
    injected: BTreeMap<String, u64>,
    others: BTreeMap<String, u64>,
    octets: u64,
}

impl Tally {
    /// A request was answered as it should be.
    pub(crate) fn outcome(&mut self, what: impl Into<String>) {
        *self.outcomes.entry(what.into()).or_default() += 1;
    }

    /// A request has failed, at a server at which it may.
    pub(crate) fn injected(&mut self, error: String) {
        *self.injected.entry(error).or_default() += 1;
    }

    /// What must not be.
    pub(crate) fn other(&mut self, error: String) {
        if self.others.len() < 1_000 {
            *self.others.entry(error).or_default() += 1;
        }
    }

    /// So many octets were compared, and are right.
    pub(crate) fn compared(&mut self, octets: usize) {
        self.octets += octets as u64;
    }

    /// How much there was that must not be.
    pub(crate) fn others(&self) -> u64 {
        self.others.values().sum()
    }

    pub(crate) fn print(&self) {
        let sum = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
        let made = sum(&self.outcomes) + sum(&self.injected);
        println!("requests and commands: {made}");
        for (what, counts) in [
            ("by outcome", &self.outcomes),
            ("errors, injected", &self.injected),
            ("errors, other", &self.others),
        ] {
            println!("{what}: {}", sum(counts));
            for (outcome, count) in counts.iter().take(60) {
                println!("  {count:>10}  {outcome}");
            }
        }
        println!("octets compared: {}", self.octets);
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        let mut all = Self::default();
        for tally in tallies {
            all.octets += tally.octets;
            for (counts, more) in [
                (&mut all.outcomes, tally.outcomes),
                (&mut all.injected, tally.injected),
                (&mut all.others, tally.others),
            ] {
                for (what, count) in more {
                    *counts.entry(what).or_default() += count;
                }
            }
        }
        all
    }
}
