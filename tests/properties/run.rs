//! Runs a property for so many steps.

use std::cell::Cell;
use std::env;
use std::fmt::{self, Debug};
use std::ops::Add;
use std::str::FromStr;

use proptest::strategy::Strategy;
use proptest::test_runner::{
    Config, RngAlgorithm, TestCaseError, TestCaseResult, TestError, TestRng, TestRunner,
};

use tower_client_cache::Stats;

/// Tries what the strategy makes until so many steps were taken: `share` in a hundred of those that are
/// asked for. The property says how many it has taken.
pub(crate) fn steps<S: Strategy>(
    name: &str,
    share: u64,
    strategy: &S,
    property: impl Fn(S::Value) -> Result<Taken, String>,
) where
    S::Value: Debug + Clone,
{
    let wanted = number("PROPERTY_STEPS").unwrap_or(20_000) * share / 100;
    let seed: u64 = number("PROPERTY_SEED").unwrap_or(0);
    let config = Config {
        cases: 256,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let taken = Cell::new(Taken::default());
    for batch in 0_u64.. {
        if taken.get().steps >= wanted {
            break;
        }
        let mut octets = [0; 32];
        octets[..8].copy_from_slice(&seed.to_le_bytes());
        octets[8..16].copy_from_slice(&batch.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &octets);
        let mut runner = TestRunner::new_with_rng(config.clone(), rng);
        let result = runner.run(strategy, |case| -> TestCaseResult {
            let more = property(case).map_err(TestCaseError::fail)?;
            taken.set(taken.get() + more);
            Ok(())
        });
        match result {
            Ok(()) => {}
            Err(TestError::Fail(reason, case)) => {
                panic!(
                    "{name}: {reason}\n{}",
                    format!("{case:?}").replace("), ", "),\n ")
                )
            }
            Err(abort) => panic!("{name}: {abort}"),
        }
    }
    let taken = taken.get();
    println!("{name}: {taken}");
    assert!(
        taken.hits > 0 && taken.validated > 0,
        "it has met something"
    );
}

/// What a property has gone through.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    steps: u64,
    hits: u64,
    forwarded: u64,
    validated: u64,
    stored: u64,
}

impl Taken {
    pub(crate) fn of(steps: usize, stats: Stats) -> Self {
        Self {
            steps: steps as u64,
            hits: stats.hits(),
            forwarded: stats.forwarded(),
            validated: stats.validated(),
            stored: stats.stores(),
        }
    }
}

impl Add for Taken {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            steps: self.steps + other.steps,
            hits: self.hits + other.hits,
            forwarded: self.forwarded + other.forwarded,
            validated: self.validated + other.validated,
            stored: self.stored + other.stored,
        }
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} steps: {} hits, {} forwards, {} stored, {} validated",
            self.steps, self.hits, self.forwarded, self.stored, self.validated
        )
    }
}

fn number<T: FromStr>(name: &str) -> Option<T> {
    let value = env::var(name).ok()?;
    let number = value.replace('_', "").parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is a number")))
}
