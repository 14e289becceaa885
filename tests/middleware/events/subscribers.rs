//! Whoever is told does no harm: not by what its waker does, and not by not listening.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::{Method, Response};
use support::{Conversation, get, reply, request};
use tower_client_cache::{CacheHandle, Event, Events, Mode};

use super::fresh;

/// Waits for the next event with this waker.
fn waits(events: &mut Events, waker: &Waker) {
    while let Poll::Ready(event) = events.poll_next_unpin(&mut Context::from_waker(waker)) {
        assert!(event.is_some());
    }
}

struct Panics(AtomicUsize);

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("whoever waits has gone mad");
    }
}

/// Promise 6: the bounds are kept, and requests answered.
#[tokio::test]
async fn a_waker_that_panics_harms_nobody_else() {
    let talk = Conversation::with(|layer| layer.max_responses(200));
    let panics = Arc::new(Panics(AtomicUsize::new(0)));
    let waker = Waker::from(panics.clone());
    let (mut mad, mut other) = (talk.handle.subscribe(), talk.handle.subscribe());
    for n in 0..200 {
        waits(&mut mad, &waker);
        talk.origin.will(fresh());
        talk.get(&format!("/{n}")).await.assert_stored();
    }
    assert_eq!(talk.handle.len(), 200);
    waits(&mut mad, &waker);
    talk.handle.set_max_responses(50);
    assert_eq!(talk.handle.len(), 50);
    for n in 200..300 {
        waits(&mut mad, &waker);
        talk.origin.will(fresh());
        talk.get(&format!("/{n}")).await.assert_stored();
        assert!(talk.handle.len() <= 50);
    }
    assert!(panics.0.load(Ordering::Relaxed) > 300);
    assert!(std::iter::from_fn(|| other.try_next()).count() > 600);
    waits(&mut mad, &waker);
    let mut next = support::begun(other.next());
    drop(talk);
    assert!((&mut next).now_or_never().is_some_and(|end| end.is_none()));
}

struct Looks {
    handle: CacheHandle,
    is_at_it: AtomicBool,
    looked: AtomicUsize,
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        if self.is_at_it.swap(true, Ordering::SeqCst) {
            return;
        }
        let Self { handle, .. } = &*self;
        let _ = (
            handle.stats(),
            handle.len(),
            handle.entries().count(),
            handle.explain(&get("/a", &[])),
        );
        drop(handle.hold(Mode::ReadOnly));
        handle.remove_expired();
        handle.set_capacity(handle.capacity() - 1);
        drop(handle.subscribe());
        self.looked.fetch_add(1, Ordering::SeqCst);
        self.is_at_it.store(false, Ordering::SeqCst);
    }
}

/// No lock is held where somebody is told.
#[tokio::test]
async fn a_waker_may_use_the_handle() {
    let talk = Conversation::with(|layer| layer.max_responses(3));
    let looks = Arc::new(Looks {
        handle: talk.handle.clone(),
        is_at_it: AtomicBool::new(false),
        looked: AtomicUsize::new(0),
    });
    let waker = Waker::from(looks.clone());
    let mut events = talk.handle.subscribe();
    let mut times = 0;
    let mut is_told = |what: &str| {
        let looked = looks.looked.swap(0, Ordering::SeqCst);
        assert!(looked > 0, "{what}");
        times += looked;
        waits(&mut events, &waker);
    };
    looks.looked.store(1, Ordering::SeqCst);
    is_told("the first");
    for n in 0..6 {
        talk.origin.will(fresh());
        talk.get(&format!("/{n}")).await.assert_stored();
        is_told("stored");
    }
    talk.get("/5").await.assert_hit();
    is_told("hit");
    talk.origin.will(reply(304));
    talk.get_with("/5", &[("cache-control", "no-cache")]).await;
    is_told("validated");
    talk.origin.will(reply(204));
    talk.send(request(Method::DELETE, "/5", &[])).await;
    is_told("forwarded");
    talk.handle
        .insert(&get("/6", &[]), Response::new(Bytes::new()))
        .expect_err("it may not be stored");
    is_told("refused");
    talk.handle.set_max_responses(1);
    is_told("evicted");
    talk.handle.clear();
    is_told("cleared");
    talk.handle.disable();
    is_told("mode");
    assert!(times > 12);
}

/// Each event is taken or lost, whoever does what at the same time.
#[test]
fn what_is_taken_and_what_is_lost_are_all_there_was() {
    const THREADS: usize = 4;
    const HITS: usize = 500;
    let talk = Conversation::with(|layer| layer);
    talk.origin.will(fresh());
    let runtime = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime")
    };
    runtime().block_on(talk.get("/a")).assert_stored();
    let mut few = talk.handle.subscribe_with(16);
    let mut one = talk.handle.subscribe_with(1);
    let is_over = AtomicBool::new(false);
    let taken = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut taken = 0;
            loop {
                let was_over = is_over.load(Ordering::SeqCst);
                match few.try_next() {
                    Some(event) => {
                        assert!(matches!(event, Event::Answered { .. }));
                        taken += 1;
                    }
                    None if was_over => return taken,
                    None => thread::yield_now(),
                }
            }
        });
        let hitters: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    runtime().block_on(async {
                        for _ in 0..HITS {
                            talk.get("/a").await.assert_hit();
                            drop(talk.handle.subscribe_with(1));
                        }
                    });
                })
            })
            .collect();
        hitters
            .into_iter()
            .for_each(|hitter| hitter.join().expect("it ends"));
        is_over.store(true, Ordering::SeqCst);
        reader.join().expect("it ends")
    });
    let all = (THREADS * HITS) as u64;
    assert_eq!(taken + few.lost(), all);
    assert!(one.try_next().is_some() && one.try_next().is_none());
    assert_eq!(one.lost(), all - 1);
}
