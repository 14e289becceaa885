//! Interleavings of threads, tried out at random:
//!
//! ```text
//! RUSTFLAGS='--cfg shuttle' cargo test --release --lib --target-dir target/shuttle interleavings -- --nocapture
//! ```

mod groups;
mod modes;
mod selectors;
mod whole;

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

/// The most switches of threads that a sequence that leads to a fault is thought to need.
const DEPTH: usize = 4;

/// Runs this in so many orders of each scheduler, and says how many that were.
fn explore(name: &str, tries: usize, body: fn()) {
    let config = || {
        let mut config = Config::new();
        config.stack_size = 0x4_0000;
        config
    };
    let random = RandomScheduler::new(tries);
    let at_random = Runner::new(random, config()).run(body);
    let by_priority = PctScheduler::new(DEPTH, tries);
    let by_priority = Runner::new(by_priority, config()).run(body);
    println!("{name}: {at_random} interleavings at random, {by_priority} by priorities");
}

/// One of so many.
fn one_of(choices: u8) -> u8 {
    use shuttle::rand::Rng;

    shuttle::rand::thread_rng().gen_range(0..choices)
}
