//! Invariants over random exchanges: what holds whatever is asked, answered, and done meanwhile.
//!
//! Each property runs a number of steps, where a step is a request, a lapse of time, or something done
//! with the handle. `PROPERTY_STEPS` says how many; without it there are few. The same seed is taken every
//! time, unless `PROPERTY_SEED` has another; a failing conversation is printed in its smallest form, and kept
//! as a test in `tests/rfc9111`. More than a million steps:
//!
//! ```text
//! PROPERTY_STEPS=1200000 cargo test --release --test properties -- --nocapture
//! ```

mod asks;
mod conversations;
mod octets;
mod pairs;
mod plan;
mod run;
mod steps;
mod world;
