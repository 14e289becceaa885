//! Random conversations, beside the model.

use proptest::prelude::*;
use proptest::sample::select;
use support::model::Kind;

use super::run::{self, Taken};
use super::steps::{Manner, Step, steps};
use super::world::World;

/// Requests under way at the same time, bodies half read, work in the background.
const INTERLEAVED: Manner = Manner {
    is_interleaved: true,
    is_set_back: false,
    is_small: false,
};

/// With a clock that is set back.
const SET_BACK: Manner = Manner {
    is_interleaved: true,
    is_set_back: true,
    is_small: false,
};

const ONE_BY_ONE: Manner = Manner {
    is_interleaved: false,
    is_set_back: false,
    is_small: false,
};

fn kind(is_shared: bool) -> Kind {
    match is_shared {
        true => Kind::Shared,
        false => Kind::Private,
    }
}

fn live(kind: Kind, can_ask_twice: bool, taken: &[Step]) -> Result<Taken, String> {
    let mut world = World::new(kind, can_ask_twice);
    world.live(taken)?;
    Ok(Taken::of(taken.len(), world.handle.stats()))
}

/// INV-1 to INV-6: of a private cache, one request after the other.
#[test]
fn a_private_cache_does_what_the_rules_allow() {
    run::steps("private", 20, &steps(ONE_BY_ONE), |taken| {
        live(Kind::Private, false, &taken)
    });
}

/// The same, of a shared cache.
#[test]
fn a_shared_cache_does_what_the_rules_allow() {
    run::steps("shared", 20, &steps(ONE_BY_ONE), |taken| {
        live(Kind::Shared, false, &taken)
    });
}

/// The same, where a request can be sent once more: PRJ-4.3.4-8
#[test]
fn a_cache_that_can_ask_twice_does_what_the_rules_allow() {
    let both = (any::<bool>(), steps(ONE_BY_ONE)).boxed();
    run::steps("asking twice", 10, &both, |(is_shared, taken)| {
        live(kind(is_shared), true, &taken)
    });
}

/// Promise 1, PRJ-4-14, PRJ-7-1: the same in any interleaving, with a clear, a purge or a switch at any moment.
#[test]
fn what_is_under_way_at_the_same_time_does_what_the_rules_allow() {
    let both = (any::<bool>(), any::<bool>(), steps(INTERLEAVED)).boxed();
    run::steps("interleaved", 30, &both, |(is_shared, twice, taken)| {
        live(kind(is_shared), twice, &taken)
    });
}

/// PRJ-4.2.3-5: a clock that is set back makes nothing fresher than the rules have it.
#[test]
fn a_clock_that_is_set_back_does_no_harm() {
    let both = (any::<bool>(), steps(SET_BACK)).boxed();
    run::steps("set back", 10, &both, |(is_shared, taken)| {
        live(kind(is_shared), false, &taken)
    });
}

/// EDGE-53, design §7: what is held is within bounds and is the sum of what there is, however little room there
/// is; INV-10: a cache that holds nothing is as none.
#[test]
fn little_room_changes_no_answer_for_the_worse() {
    let manner = Manner {
        is_small: true,
        ..INTERLEAVED
    };
    let room = select(&[0_usize, 1000, 2500, 4000][..]);
    let all = (any::<bool>(), room, steps(manner)).boxed();
    run::steps("small", 10, &all, |(is_shared, room, taken)| {
        let mut world = World::small(kind(is_shared), room);
        world.live(&taken)?;
        Ok(Taken::of(taken.len(), world.handle.stats()))
    });
}
