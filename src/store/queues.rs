//! Which stored responses give way: those used least recently, but so that many that are asked for once do
//! not drive out those that are asked for again and again.

use std::collections::HashSet;

use lru::LruCache;

use super::Limits;
use super::held::{Held, trace_of};
use super::spread::Spread;

/// Where there are no more responses than this, the one that is being stored included, there is one order, that
/// of their use: a share of so few is none.
const FEW: usize = 16;

/// The part of the capacity that those have which were not yet used, once the rest is taken: one in so many.
const SHARE: usize = 10;

/// What was used so often belongs in `main`. What was used once leaves a trace, and is there when it comes back.
const USED: u32 = 2;

/// So many are moved for the sake of one that gives way.
const MOVED_AT_ONCE: usize = 64;

/// Stored responses by their numbers, in the order in which they give way.
///
/// What is stored for the first time is in `small`. Where room is needed and `small` has more than its share,
/// the one of it that was used least recently moves to `main` if it was used more than once, and else gives way;
/// where it has not, that of `main` gives way. Of what has given way in `small` a trace stays for a while, and what
/// has left one is stored in `main`.
#[derive(Debug, Default)]
pub(super) struct Queues {
    small: Queue,
    main: Queue,
    ghost: Ghost,
    /// What room is being made for.
    newest: Option<u64>,
    uses: u32,
}

/// What a response has earned that another takes the place of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standing {
    is_in_main: bool,
    hits: u32,
}

impl Standing {
    pub(super) fn hits(self) -> u32 {
        self.hits
    }
}

impl Queues {
    pub(super) fn len(&self) -> usize {
        self.small.responses.len() + self.main.responses.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.small.bytes + self.main.bytes
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        self.peek(number).is_some()
    }

    pub(super) fn peek(&self, number: u64) -> Option<&Held> {
        let found = self.main.responses.peek(&number);
        found.or_else(|| self.small.responses.peek(&number))
    }

    pub(super) fn peek_mut(&mut self, number: u64) -> Option<&mut Held> {
        let found = self.main.responses.peek_mut(&number);
        found.or_else(|| self.small.responses.peek_mut(&number))
    }

    /// Remembers that a response was used just now.
    pub(super) fn touch(&mut self, number: u64) -> Option<&Held> {
        self.uses = self.uses.wrapping_add(1);
        let found = self.main.responses.get_mut(&number);
        let held = found.or_else(|| self.small.responses.get_mut(&number))?;
        held.hits = held.hits.saturating_add(1);
        held.used = self.uses;
        Some(held)
    }

    /// Adds a response, as one that was used just now: where what it takes the place of was, or where it has
    /// left a trace, or as a new one.
    pub(super) fn insert(&mut self, number: u64, held: Held, standing: Option<Standing>) {
        self.uses = self.uses.wrapping_add(1);
        self.newest = Some(number);
        let is_known = self.ghost.forget(trace_of(&held.response));
        let is_in_main = standing.map_or(is_known, |standing| standing.is_in_main);
        self.put_last(number, held, is_in_main);
    }

    /// Takes a response out, with what it has earned.
    pub(super) fn remove(&mut self, number: u64) -> Option<(Held, Standing)> {
        let of_main = self.main.remove(number);
        let is_in_main = of_main.is_some();
        let held = of_main.or_else(|| self.small.remove(number))?;
        let hits = held.hits;
        self.ghost.shrink(self.len());
        Some((held, Standing { is_in_main, hits }))
    }

    /// There is room for what was stored last. From now on it gives way like any other.
    pub(super) fn settle(&mut self) {
        self.newest = None;
    }

    /// Takes out the one that is to give way next. What room is made for does so only where it is the only one.
    pub(super) fn evict(&mut self, limits: &Limits) -> Option<(u64, Held)> {
        let mut moved = 0;
        loop {
            let is_enough = moved == MOVED_AT_ONCE;
            let is_in_order = is_enough || self.len() <= FEW;
            let is_of_small = if is_in_order {
                self.is_small_older()
            } else {
                self.is_small_first(limits)
            };
            let (number, held) = self.queue(!is_of_small).pop()?;
            let is_newest = self.newest == Some(number) && self.len() > 0;
            let may_rise = is_of_small && !is_in_order;
            if is_enough || !is_newest && !deserves_another_round(&held, may_rise) {
                if is_of_small {
                    let trace = trace_of(&held.response);
                    self.ghost.remember(trace, self.len() / 4 * 3);
                }
                return Some((number, held));
            }
            self.put_last(number, held, !is_of_small || may_rise && !is_newest);
            moved += 1;
        }
    }

    fn queue(&mut self, is_main: bool) -> &mut Queue {
        if is_main {
            &mut self.main
        } else {
            &mut self.small
        }
    }

    /// Puts a response where it gives way after all the others of a queue.
    fn put_last(&mut self, number: u64, mut held: Held, is_in_main: bool) {
        held.used = self.uses;
        self.queue(is_in_main).push(number, held);
    }

    /// Takes out any one. It leaves no trace.
    pub(super) fn pop(&mut self) -> Option<Held> {
        let popped = self.small.pop().or_else(|| self.main.pop());
        popped.map(|(_, held)| held)
    }

    /// Whether `small` has more than its share. What was stored last stays for the next to come.
    fn is_small_first(&self, limits: &Limits) -> bool {
        let Queue { responses, bytes } = &self.small;
        let has_more =
            *bytes > limits.capacity / SHARE || responses.len() > limits.responses / SHARE;
        self.main.responses.is_empty() || has_more && responses.len() > 1
    }

    /// Whether what was used least recently is in `small`.
    fn is_small_older(&self) -> bool {
        match (self.small.oldest(), self.main.oldest()) {
            (Some(small), Some(main)) => {
                let (small, main) = (small.used, main.used);
                self.uses.wrapping_sub(small) > self.uses.wrapping_sub(main)
            }
            (_, None) => true,
            (None, _) => false,
        }
    }
}

/// Whether a response that is about to give way is kept: copies of it have answered, or it has been used so often
/// that it may rise to `main`.
fn deserves_another_round(held: &Held, may_rise: bool) -> bool {
    held.response.copying.take_used() || may_rise && held.hits >= USED
}

/// Responses by number, in order of use, and the octets of them all.
#[derive(Debug)]
struct Queue {
    responses: LruCache<u64, Held, Spread>,
    bytes: usize,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            responses: LruCache::unbounded_with_hasher(Spread::default()),
            bytes: 0,
        }
    }
}

impl Queue {
    fn push(&mut self, number: u64, held: Held) {
        self.bytes += held.size;
        self.responses.push(number, held);
    }

    fn remove(&mut self, number: u64) -> Option<Held> {
        let held = self.responses.pop(&number)?;
        self.bytes -= held.size;
        Some(held)
    }

    fn pop(&mut self) -> Option<(u64, Held)> {
        let (number, held) = self.responses.pop_lru()?;
        self.bytes -= held.size;
        Some((number, held))
    }

    fn oldest(&self) -> Option<&Held> {
        self.responses.peek_lru().map(|(_, held)| held)
    }
}

/// The traces of what has given way without having been used: the last of them, and not those before.
#[derive(Debug, Default)]
struct Ghost {
    young: HashSet<u64, Spread>,
    old: HashSet<u64, Spread>,
}

impl Ghost {
    /// Remembers one, and about so many in all.
    fn remember(&mut self, trace: u64, most: usize) {
        if self.young.len() >= most / 2 {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
            self.young.shrink_to(most / 2);
        }
        self.young.insert(trace);
    }

    /// Forgets all where they are many more than so many.
    fn shrink(&mut self, most: usize) {
        if self.young.len() + self.old.len() > 2 * (most + FEW) {
            *self = Self::default();
        }
    }

    /// Whether there was one.
    fn forget(&mut self, trace: u64) -> bool {
        self.young.remove(&trace) | self.old.remove(&trace)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::samples::Samples;
    use super::*;

    impl Queues {
        pub(in super::super) fn assert_consistent(&self) {
            for queue in [&self.small, &self.main] {
                let octets: usize = queue.responses.iter().map(|(_, held)| held.size).sum();
                assert_eq!(queue.bytes, octets);
            }
            assert!(
                self.small
                    .responses
                    .iter()
                    .all(|(number, _)| !self.main.responses.contains(number))
            );
        }
    }

    /// Queues with room for so many responses.
    struct Room {
        samples: Samples,
        queues: Queues,
        limits: Limits,
    }

    impl Room {
        fn of(responses: usize) -> Self {
            Self {
                samples: Samples::default(),
                queues: Queues::default(),
                limits: Limits {
                    capacity: usize::MAX,
                    responses,
                },
            }
        }

        fn number(&self, n: usize) -> u64 {
            self.samples.of(n).key.hash
        }

        /// Asks for `/n`, and stores it where it is not held. Whether it was.
        fn ask(&mut self, n: usize) -> bool {
            let number = self.number(n);
            if self.queues.touch(number).is_some() {
                return true;
            }
            let held = Held::new(Arc::new(self.samples.of(n)), 0, 0);
            self.queues.insert(number, held, None);
            while self.queues.len() > self.limits.responses {
                self.queues.evict(&self.limits).expect("there is one");
            }
            assert!(self.queues.contains(number), "what was stored last stays");
            let Ghost { young, old } = &self.queues.ghost;
            assert!(young.len() + old.len() <= self.queues.len() + 2);
            self.queues.assert_consistent();
            false
        }

        fn ask_all(&mut self, which: std::ops::Range<usize>) {
            for n in which {
                self.ask(n);
            }
        }

        fn has(&self, n: usize) -> bool {
            self.queues.contains(self.number(n))
        }
    }

    /// Promise 6
    #[test]
    fn what_is_used_again_and_again_survives_what_is_asked_for_once() {
        let mut room = Room::of(100);
        for _ in 0..3 {
            room.ask_all(0..50);
        }
        (1000..11_000).for_each(|n| assert!(!room.ask(n)));
        assert!((0..50).all(|n| room.has(n)));
        // And yet it gives way to what takes its place in use.
        for _ in 0..5 {
            room.ask_all(100..200);
        }
        assert!((100..200).filter(|n| room.has(*n)).count() >= 95);
    }

    /// Promise 6
    #[test]
    fn what_has_given_way_unused_and_comes_back_is_stored_among_the_used() {
        let mut room = Room::of(100);
        for _ in 0..3 {
            room.ask_all(0..90);
        }
        room.ask_all(100..150);
        assert!(!room.has(120), "it has given way");
        assert!(!room.ask(120));
        assert!(room.queues.main.responses.contains(&room.number(120)));
        room.ask_all(1000..2000);
        assert!(room.has(120) && !room.has(121));
    }

    /// Promise 6: a cache of ten evicts as one expects.
    #[test]
    fn few_responses_give_way_in_the_order_of_their_use() {
        for most in 1..FEW {
            let mut room = Room::of(most);
            let mut order: Vec<usize> = Vec::new();
            let mut random = 1_u64;
            for step in 0..2000 {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let n = usize::try_from(random >> 33).expect("31 bits") % (2 * most + 1);
                let at = order.iter().position(|held| *held == n);
                assert_eq!(room.ask(n), at.is_some(), "{most}, {step}");
                if let Some(at) = at.or((order.len() == most).then_some(0)) {
                    order.remove(at);
                }
                order.push(n);
            }
        }
    }

    /// What copies answer is used as well, though nobody says so; and what was stored last is not the next to go
    /// because all the others are.
    #[test]
    fn what_copies_answer_is_in_use() {
        for most in [3, 10, 100] {
            let mut room = Room::of(most);
            room.ask_all(0..most);
            let copied = |room: &Room, n| {
                let held = room.queues.peek(room.number(n));
                held.expect("it is held").response.copying.used();
            };
            for n in 1000..1100 {
                copied(&room, 0);
                room.ask(n);
                assert!(room.has(0), "{most}, {n}");
            }
            (1100 - most + 1..1100).for_each(|n| copied(&room, n));
            copied(&room, 0);
            room.ask(2000);
            assert!(room.has(2000) && room.queues.len() == most, "{most}");
        }
    }

    /// Traces that are left of what was many do not outlive it.
    #[test]
    fn what_is_remembered_is_no_more_than_what_is_held() {
        let mut room = Room::of(1000);
        room.ask_all(0..3000);
        assert!(room.queues.ghost.old.len() + room.queues.ghost.young.len() > 300);
        for n in 2000..3000 {
            room.queues.remove(room.number(n)).expect("it is held");
            assert!(
                room.queues.ghost.old.len() + room.queues.ghost.young.len()
                    <= 2 * (room.queues.len() + FEW)
            );
        }
    }

    /// However many were used, so few are moved for one that gives way.
    #[test]
    fn one_that_gives_way_moves_few() {
        let mut room = Room::of(1000);
        for _ in 0..3 {
            room.ask_all(0..1000);
        }
        assert!(!room.ask(1000));
        assert_eq!(room.queues.main.responses.len(), MOVED_AT_ONCE);
        assert_eq!(room.queues.len(), 1000);
    }
}
