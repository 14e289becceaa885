//! The same conversation twice, with a difference that is to make none, or only one way.

use proptest::prelude::*;
use proptest::sample::select;
use support::model::Kind;

use super::asks::{Ask, ask};
use super::plan::{Plan, Text};
use super::run::{self, Taken};
use super::steps::{Manner, Read, Step, plan, steps};
use super::world::{Got, World};

const PLAIN: Manner = Manner {
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

/// Has the answer of the origin changed in every step.
fn with_plans(taken: &[Step], change: impl Fn(usize, &mut Plan)) -> Vec<Step> {
    let mut taken = taken.to_vec();
    for (at, step) in taken.iter_mut().enumerate() {
        match step {
            Step::Ask(exchange) => change(at, &mut exchange.1),
            Step::Work(_, plan) => change(at, plan),
            _ => {}
        }
    }
    taken
}

fn lives(kind: Kind, taken: &[Step]) -> Result<World, String> {
    let mut world = World::new(kind, false);
    world.live(taken)?;
    Ok(world)
}

/// What both callers got is the same, but for some fields.
fn same(first: &[Got], second: &[Got], but: &[&str]) -> Result<(), String> {
    for (at, (first, second)) in first.iter().zip(second).enumerate() {
        let (mut first, mut second) = (first.clone(), second.clone());
        for name in but {
            first.fields.remove(*name);
            second.fields.remove(*name);
        }
        if first != second {
            return Err(format!("answer {at}: {first:?} and {second:?}"));
        }
    }
    match first.len() == second.len() {
        true => Ok(()),
        false => Err("more answers".to_owned()),
    }
}

/// Requirements §20, 8: INV-8, where no targeted field is listed there is none (9213-2.2-3, C-46).
#[test]
fn fields_that_look_targeted_change_nothing() {
    let value = select(
        &[
            "no-store",
            "max-age=600",
            "no-cache",
            "private, &&",
            "max-age=0",
        ][..],
    );
    let all = (
        any::<bool>(),
        proptest::collection::vec(value, 40),
        steps(PLAIN),
    )
        .boxed();
    let names = ["cdn-cache-control", "foo-cache-control"];
    run::steps("targeted", 5, &all, |(is_shared, values, taken)| {
        let other = with_plans(&taken, |at, plan| {
            for name in names {
                plan.fields
                    .push((name, Text::is(values[at % values.len()])));
            }
        });
        let first = lives(kind(is_shared), &taken)?;
        let second = lives(kind(is_shared), &other)?;
        same(&first.got, &second.got, &names)?;
        Ok(Taken::of(2 * taken.len(), first.handle.stats()))
    });
}

/// Requirements §20, 7: INV-7, lines are split and joined as one likes (9110-5.2-1, 9111-5.2-1).
#[test]
fn a_list_is_the_same_in_one_line_and_in_several() {
    let all = (any::<bool>(), steps(PLAIN)).boxed();
    run::steps("joined", 5, &all, |(is_shared, taken)| {
        let mut other = with_plans(&taken, |_, plan| join(&mut plan.fields));
        for step in &mut other {
            if let Step::Ask(exchange) = step {
                join(&mut exchange.0.fields);
            }
        }
        let first = lives(kind(is_shared), &taken)?;
        let second = lives(kind(is_shared), &other)?;
        same(&first.got, &second.got, &LISTS)?;
        Ok(Taken::of(2 * taken.len(), first.handle.stats()))
    });
}

const LISTS: [&str; 7] = [
    "cache-control",
    "vary",
    "connection",
    "age",
    "foo",
    "accept-language",
    "if-none-match",
];

/// The lines of each list in one.
fn join(fields: &mut Vec<(&'static str, Text)>) {
    for name in LISTS {
        let lines: Vec<_> = fields
            .iter()
            .filter(|(held, _)| *held == name)
            .filter_map(|(_, text)| match text {
                Text::Is(line) => Some(line.clone()),
                Text::Now(..) | Text::Then(..) => None,
            })
            .collect();
        if lines.len() > 1 {
            fields.retain(|(held, _)| *held != name);
            fields.push((name, Text::Is(lines.join(", "))));
        }
    }
}

/// One stored response, some time, one request.
type Situation = (Ask, Plan, u64, Ask, Plan);

fn situation() -> BoxedStrategy<Situation> {
    let wait = select(&[0_u64, 1, 5, 9, 10, 11, 59, 60, 61, 600][..]);
    (ask(), plan(PLAIN), wait, ask(), plan(PLAIN)).boxed()
}

/// Whether the second request is answered from the store, and the origin not asked or its failure hidden.
fn is_reused(kind: Kind, situation: &Situation) -> Result<(bool, Taken), String> {
    let (first, stored, wait, second, failing) = situation.clone();
    let taken = [
        Step::Ask(Box::new((first, stored, Read::Whole))),
        Step::Wait(wait),
        Step::Ask(Box::new((second, failing, Read::Whole))),
    ];
    let world = lives(kind, &taken)?;
    let answer = world.got.last();
    let is_reused = answer.is_some_and(|got| got.is_reused);
    Ok((is_reused, Taken::of(taken.len(), world.handle.stats())))
}

/// Requirements §20, 9: INV-9, no-store and no-cache make no hit of anything; must-revalidate only what it
/// lets a shared cache store at all (9111-3.5-2).
#[test]
fn a_directive_that_forbids_allows_nothing() {
    let directive = select(&["no-store", "no-cache", "must-revalidate"][..]);
    let all = (any::<bool>(), directive, situation()).boxed();
    run::steps(
        "forbidding",
        10,
        &all,
        |(is_shared, directive, situation)| {
            let mut other = situation.clone();
            let understands = other.1.fields.iter().any(|(_, text)| {
            matches!(text, Text::Is(line) if line.to_ascii_lowercase().contains("must-understand"))
        });
            other.1.fields.push(("cache-control", Text::is(directive)));
            let kind = kind(is_shared);
            let is_apart = situation.0.has_credentials();
            let is_exempt = kind == Kind::Shared && is_apart && directive == "must-revalidate";
            let (before, taken) = is_reused(kind, &situation)?;
            let (after, more) = is_reused(kind, &other)?;
            // Another reading of a string that does not end is another response.
            let is_torn = other.1.has_torn_control();
            if after && !before && !is_exempt && !is_torn {
                return Err(format!("{directive} has made it a hit"));
            }
            let is_never = directive == "no-cache" || directive == "no-store" && !understands;
            if after && is_never && !is_torn {
                return Err(format!("a hit in spite of {directive}"));
            }
            Ok(taken + more)
        },
    );
}
