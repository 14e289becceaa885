//! Random conversations, beside the model.

use support::model::Kind;

use super::run;
use super::steps::{Manner, Step, steps};
use super::world::World;

const ONE_BY_ONE: Manner = Manner {
    is_interleaved: false,
    is_set_back: false,
};

fn live(kind: Kind, can_ask_twice: bool, taken: &[Step]) -> Result<usize, String> {
    World::new(kind, can_ask_twice).live(taken)?;
    Ok(taken.len())
}

/// Requirements §20, 1 to 6: of a private cache, one request after the other.
#[test]
fn a_private_cache_does_what_the_rules_allow() {
    run::steps("private", 20, &steps(ONE_BY_ONE), |taken| {
        live(Kind::Private, false, &taken)
    });
}
