//! Groups: whoever is there at the end has been answered or has asked for itself, and no group is left.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::SystemTime;

use shuttle::future;
use shuttle::sync::Mutex;
use shuttle::thread;

use super::{explore, one_of};
use crate::collapse::{Groups, Leader, Place, Subject, Turn, Waiter};
use crate::stored::Selection;

const TRIES: usize = 100_000;

/// The store and the origin, as far as they matter here.
#[derive(Default)]
struct World {
    groups: Arc<Groups>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// It grows with every purge.
    generation: u32,
    /// What is stored: the generation in which it was asked for.
    stored: Option<u32>,
    /// How many lead and have no head yet.
    headless: u32,
    most_headless: u32,
    calls: u32,
    /// Requests that have an answer.
    answered: u32,
    /// Requests that were given up.
    given_up: u32,
}

/// What becomes of requests to the origin.
#[derive(Clone, Copy)]
enum Origin {
    /// They all are answered and stored.
    Stores,
    /// Some are given up before there is an answer, and so are some of those that wait.
    IsLeft,
    /// Whatever may happen, happens.
    DoesAnything,
}

impl World {
    fn known<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.lock().unwrap())
    }

    fn stored(&self) -> Option<u32> {
        self.known(|known| known.stored)
    }

    /// A request, from beginning to end.
    fn request(&self, origin: Origin) {
        // Whatever was purged before now is not answered with.
        let began = self.known(|known| known.generation);
        let subject = Subject {
            hash: 1,
            uri_hash: 1,
            origin: b"http://o",
        };
        if let Some(generation) = self.stored() {
            return self.answer(generation, began);
        }
        match self.groups.join(subject) {
            Place::Leads(leader) => self.look_again(leader, began, origin),
            Place::Waits(waiter) => self.wait(waiter, began, origin),
            Place::Alone => unreachable!("there are few"),
        }
    }

    fn wait(&self, mut waiter: Waiter, began: u32, origin: Origin) {
        let mut patience = match origin {
            Origin::Stores => u8::MAX,
            _ => [0, 1, 2, u8::MAX, u8::MAX][usize::from(one_of(5))],
        };
        let turn = future::block_on(poll_fn(|cx| {
            loop {
                if patience == 0 {
                    return Poll::Ready(None);
                }
                if patience < u8::MAX {
                    patience -= 1;
                }
                match waiter.poll(cx.waker()) {
                    Poll::Ready(Turn::Head(_) | Turn::KeepsTime(_)) => {}
                    Poll::Ready(turn) => return Poll::Ready(Some(turn)),
                    Poll::Pending if patience < u8::MAX => {
                        // It is polled again by something else.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    Poll::Pending => return Poll::Pending,
                }
            }
        }));
        match turn {
            None if matches!(origin, Origin::DoesAnything) && one_of(2) == 0 => {
                waiter.gives_up(SystemTime::UNIX_EPOCH);
                self.ask();
            }
            None => {
                drop(waiter);
                self.known(|known| known.given_up += 1);
            }
            Some(Turn::Leads(leader)) => {
                drop(waiter);
                self.look_again(leader, began, origin);
            }
            Some(_) => match self.stored() {
                Some(generation) => self.answer(generation, began),
                // It does not wait twice.
                None => self.ask(),
            },
        }
    }

    /// Between looking and leading another may have been answered.
    fn look_again(&self, mut leader: Leader, began: u32, origin: Origin) {
        let Some(generation) = self.stored() else {
            return self.lead(leader, origin);
        };
        leader.settle();
        self.answer(generation, began);
    }

    fn lead(&self, mut leader: Leader, origin: Origin) {
        let began = self.known(|known| {
            known.headless += 1;
            known.most_headless = known.most_headless.max(known.headless);
            known.generation
        });
        thread::yield_now();
        let fate = match origin {
            Origin::Stores => 0,
            Origin::IsLeft => one_of(2),
            Origin::DoesAnything => one_of(5),
        };
        self.known(|known| known.headless -= 1);
        match fate {
            // Given up before the head.
            1 => self.known(|known| known.given_up += 1),
            // Failed.
            2 => {
                leader.settle();
                self.ask();
            }
            // Of no use.
            3 => {
                leader.mark_unfit(SystemTime::UNIX_EPOCH);
                self.ask();
            }
            // Given up after the head.
            4 => {
                leader.announce_head(&Selection::default(), SystemTime::UNIX_EPOCH);
                thread::yield_now();
                self.ask();
            }
            _ => {
                leader.announce_head(&Selection::default(), SystemTime::UNIX_EPOCH);
                self.ask();
                self.known(|known| {
                    // The fence.
                    if known.generation == began {
                        known.stored = Some(began);
                    }
                });
            }
        }
        drop(leader);
    }

    fn ask(&self) {
        self.known(|known| {
            known.calls += 1;
            known.answered += 1;
        });
    }

    fn answer(&self, generation: u32, began: u32) {
        assert!(generation >= began, "it was purged before the request");
        self.known(|known| known.answered += 1);
    }

    fn purge(&self) {
        self.known(|known| {
            known.generation += 1;
            known.stored = None;
        });
        self.groups.release_uri(1);
    }
}

/// So many requests at once, and whatever else goes on. What all have come to is given back.
fn together(requests: usize, origin: Origin, beside: Option<fn(&World)>) -> Known {
    let world = Arc::new(World::default());
    let mut threads: Vec<_> = (0..requests)
        .map(|_| {
            let world = world.clone();
            thread::spawn(move || world.request(origin))
        })
        .collect();
    if let Some(beside) = beside {
        let world = world.clone();
        threads.push(thread::spawn(move || beside(&world)));
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(world.groups.is_empty(), "a group is left behind");
    let known = world.known(std::mem::take);
    let ended = (known.answered + known.given_up) as usize;
    assert_eq!(ended, requests);
    known
}

#[test]
fn the_origin_is_asked_once_where_its_answer_is_stored() {
    explore("one call", TRIES, || {
        assert_eq!(together(4, Origin::Stores, None).calls, 1);
    });
}

#[test]
fn where_some_are_given_up_one_leads_at_a_time_and_the_origin_is_asked_no_more_than_once() {
    explore("given up", TRIES, || {
        let known = together(4, Origin::IsLeft, None);
        assert!(known.most_headless <= 1 && known.calls <= 1);
        assert!(known.calls == 1 || known.given_up == 4);
    });
}

#[test]
fn whatever_becomes_of_them_nobody_waits_for_ever() {
    explore("anything", TRIES, || {
        together(4, Origin::DoesAnything, None);
    });
}

#[test]
fn a_purge_leaves_nobody_waiting_and_nobody_with_what_is_older() {
    explore("purge", TRIES, || {
        together(3, Origin::DoesAnything, Some(World::purge));
    });
}

#[test]
fn switching_off_leaves_nobody_waiting() {
    explore("switch", TRIES, || {
        together(
            3,
            Origin::DoesAnything,
            Some(|world| world.groups.release_all()),
        );
    });
}
