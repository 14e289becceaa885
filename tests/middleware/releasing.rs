//! Promises 1 and 6: what is removed counts no longer, and its memory is given back soon after.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_executor::block_on;
use http::Uri;
use support::{Conversation, Seen, reply};
use tower_client_cache::{CacheHandle, CacheLayer, Selector};

const MANY: usize = 3_000;

/// A client of an origin that has something for every path.
fn conversation(set: impl FnOnce(CacheLayer) -> CacheLayer) -> Conversation {
    let talk = Conversation::with(set);
    talk.origin
        .answers(|_: &Seen| reply(200).control("max-age=60").body("x"));
    talk
}

async fn store(talk: &Conversation, responses: usize) {
    for n in 0..responses {
        talk.get(&format!("/{n}")).await.assert_stored();
    }
    assert_eq!(talk.handle.len(), responses);
}

/// Waits for the thread that gives back what was removed. That it never does is told by the number of turns.
fn until_released(handle: &CacheHandle) {
    for _ in 0..20_000_000 {
        if handle.stats().releasing() == 0 {
            return;
        }
        std::thread::yield_now();
    }
    panic!("{} octets were not given back", handle.stats().releasing());
}

/// Promise 1
#[tokio::test]
async fn what_is_cleared_counts_no_longer_and_is_given_back() {
    let talk = conversation(|layer| layer);
    for round in 0..5 {
        store(&talk, MANY).await;
        let bytes = talk.handle.bytes();
        let cleared = talk.handle.clear();
        assert_eq!((talk.handle.len(), talk.handle.bytes()), (0, 0), "{round}");
        assert_eq!((cleared.responses(), cleared.bytes()), (MANY, bytes));
        // Some of the last round's may be left as well.
        assert!(talk.handle.stats().releasing() <= (round + 1) * bytes);
    }
    until_released(&talk.handle);
    assert_eq!(talk.handle.stats().evictions(), 0);
}

/// Copies of what is hot are cleared with it, and count no longer either.
#[tokio::test]
async fn copies_are_cleared_with_what_they_are_of() {
    let talk = conversation(|layer| layer);
    for stored in [10, MANY] {
        store(&talk, stored).await;
        for _ in 0..20 {
            for n in 0..10 {
                talk.get(&format!("/{n}")).await.assert_hit();
            }
        }
        assert!(talk.handle.stats().copies() > 0, "{stored}");
        talk.handle.clear();
        let stats = talk.handle.stats();
        assert_eq!((talk.handle.bytes(), stats.copies()), (0, 0), "{stored}");
    }
    until_released(&talk.handle);
}

/// Little is given back at once, and nobody needs to wait for it.
#[tokio::test]
async fn what_is_little_is_given_back_by_who_clears() {
    let talk = conversation(|layer| layer);
    store(&talk, 500).await;
    talk.handle.clear();
    assert_eq!(talk.handle.stats().releasing(), 0);
}

/// A body that is being read stays, and counts no longer.
#[tokio::test]
async fn who_still_reads_has_what_was_cleared() {
    const LARGE: usize = 2_000_000;
    let talk = Conversation::default();
    let large = reply(200).control("max-age=60").body(vec![b'x'; LARGE]);
    talk.store(large).await.assert_stored();
    let response = talk.start(support::get("/a", &[])).await.unwrap();
    talk.handle.clear();
    until_released(&talk.handle);
    let answer = support::Answer::read(response).await.unwrap();
    assert_eq!(answer.assert_hit().body.len(), LARGE);
}

/// Promise 6: however much has to go, the bounds hold when the call returns.
#[tokio::test]
async fn limits_that_are_set_hold_at_once_however_much_is_stored() {
    let talk = conversation(|layer| layer);
    store(&talk, MANY).await;
    talk.handle.set_max_responses(5);
    assert_eq!(talk.handle.len(), 5);
    assert_eq!(talk.handle.stats().evictions(), MANY as u64 - 5);
    talk.handle.set_max_responses(usize::MAX);
    talk.handle.clear();
    store(&talk, MANY).await;
    let capacity = talk.handle.bytes() / 100;
    talk.handle.set_capacity(capacity);
    assert!(talk.handle.bytes() <= capacity && talk.handle.len() > 20);
    until_released(&talk.handle);
}

/// The same of a purge of very many.
#[tokio::test]
async fn a_purge_of_very_many_counts_them_all() {
    let talk = conversation(|layer| layer);
    store(&talk, MANY).await;
    let bytes = talk.handle.bytes();
    let elsewhere = talk
        .handle
        .purge(Selector::origin(&Uri::from_static("http://other.test")));
    assert_eq!(elsewhere.responses(), 0);
    let uri: Uri = talk.origin.last().uri.to_string().parse().unwrap();
    let purged = talk.handle.purge(Selector::origin(&uri));
    assert_eq!((purged.responses(), purged.bytes()), (MANY, bytes));
    assert_eq!((talk.handle.len(), talk.handle.bytes()), (0, 0));
    until_released(&talk.handle);
}

/// Promise 6: who sets a limit and who stores at the same time are not in each other's way.
#[test]
fn limits_hold_while_others_store() {
    let talk = conversation(|layer| layer);
    block_on(store(&talk, MANY));
    let octets = talk.handle.bytes() / MANY;
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _over = Over(&is_over);
            for round in 0..40 {
                let capacity = if round % 2 == 0 {
                    100 * octets
                } else {
                    2000 * octets
                };
                talk.handle.set_capacity(capacity);
                assert!(talk.handle.bytes() <= capacity, "{round}");
                talk.handle
                    .set_max_responses(if round % 3 == 0 { 10 } else { usize::MAX });
                assert!(round % 3 > 0 || talk.handle.len() <= 10);
            }
        });
        let mut n = 0;
        while !is_over.load(Ordering::SeqCst) {
            n += 1;
            block_on(talk.get(&format!("/{}", n % 1500)));
        }
    });
    until_released(&talk.handle);
    assert!(talk.handle.bytes() <= talk.handle.capacity());
}

/// Ends the other thread, however the one ends.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
