//! Whoever is given up, at whatever moment, leaves nobody waiting for nothing.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use support::{Conversation, begun, get, reply};
use tower_client_cache::Forward;

use super::{answer, assert_collapsed, assert_not_collapsed, assert_waits, herd};
use crate::{in_flight, text, until};

/// C-49, EDGE-44: exactly one takes its place, and the others wait for that one.
#[tokio::test]
async fn where_the_first_is_given_up_before_its_head_one_other_asks() {
    for is_polled in [true, false] {
        let talk = Conversation::default();
        let (_gate, held) = reply(200).control("max-age=60").held();
        talk.origin.will(held);
        let mut first = Box::pin(talk.get("/a"));
        if is_polled {
            assert!(first.as_mut().now_or_never().is_none());
        }
        let [mut second, mut third, mut fourth] = herd(&talk);
        assert_eq!(talk.origin.calls(), usize::from(is_polled));
        drop(first);
        talk.origin.forget_replies();
        let (gate, held) = reply(200).control("max-age=60").body("x").held();
        talk.origin.will(held);
        let before = talk.origin.calls();
        for waiting in [&mut fourth, &mut third, &mut second] {
            assert_waits(waiting);
        }
        assert_eq!(talk.origin.calls(), before + 1, "the second asks");
        gate.open();
        let second = answer(&mut second);
        assert_not_collapsed(second.assert_stored());
        for waiting in [&mut third, &mut fourth] {
            let answer = answer(waiting);
            assert_collapsed(&answer, Forward::UriMiss);
            assert_eq!(answer.text(), "x");
        }
    }
}

/// C-49: it was to lead, and is given up before it knows.
#[tokio::test]
async fn one_that_is_to_ask_and_is_given_up_leaves_it_to_the_next() {
    let talk = Conversation::default();
    let (_gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let [first, second, third, mut fourth, mut fifth] = herd(&talk);
    drop(first);
    drop(second);
    drop(third);
    talk.origin.will(reply(200).control("max-age=60").body("x"));
    assert_waits(&mut fifth);
    assert_not_collapsed(answer(&mut fourth).assert_stored());
    assert_collapsed(&answer(&mut fifth), Forward::UriMiss);
    assert_eq!(talk.origin.calls(), 2);
}

/// C-49, EDGE-44: after the head nobody takes its place; all go.
#[tokio::test]
async fn where_a_body_is_given_up_that_will_not_be_read_on_all_ask() {
    for reads_some in [false, true] {
        let talk = Conversation::default();
        let (frames, streamed) = reply(200).control("max-age=60").streamed();
        talk.origin.will(streamed);
        let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
        let mut others: [_; 3] = herd(&talk);
        if reads_some {
            frames.data("half");
            assert_eq!(text(&mut body), "half");
        }
        drop(body);
        // What is left of it may be read on for the others. It is broken off.
        frames.fail(support::OriginError("broken"));
        until(|| in_flight(&talk.handle) == 0).await;
        for other in &mut others {
            talk.origin.will(reply(200).control("no-store").body("own"));
            let other = answer(other);
            assert_eq!(other.text(), "own");
            assert_not_collapsed(&other);
        }
    }
}

/// C-49: given up one after the other, in any order and at any stage, they leave nothing behind.
#[tokio::test]
async fn whoever_is_given_up_nothing_is_left_behind() {
    for order in 0..24 {
        let talk = Conversation::default();
        let gates = Arc::new(Mutex::new(Vec::new()));
        let kept = gates.clone();
        talk.origin.answers(move |_| {
            let (gate, held) = reply(200).control("no-store").held();
            kept.lock().unwrap().push(gate);
            held
        });
        let mut asking: Vec<_> = herd::<4>(&talk).into();
        let mut order = order;
        while !asking.is_empty() {
            let next = order % asking.len();
            order /= asking.len().max(2);
            drop(asking.remove(next));
            // One of those who are left asks, however often it changes.
            for waiting in &mut asking {
                let _ = waiting.now_or_never();
            }
        }
        assert_eq!(in_flight(&talk.handle), 0);
        talk.origin.answers(|_| reply(200).control("max-age=60"));
        assert_eq!(talk.get("/a").await.cache.collapsed(), None);
        talk.get("/a").await.assert_hit();
    }
}

/// C-49: a request that is not polled yet has its place all the same.
#[tokio::test]
async fn requests_that_begin_before_any_is_polled_are_one() {
    let talk = Conversation::default();
    talk.origin.will(reply(200).control("max-age=60").body("x"));
    let asking: Vec<_> = (0..50).map(|_| talk.get("/a")).collect();
    assert_eq!(talk.origin.calls(), 0);
    let answers = futures_util::future::join_all(asking).await;
    assert!(answers.iter().all(|answer| answer.text() == "x"));
    assert_eq!(talk.origin.calls(), 1);
}

/// C-49: one that is called and never polled is not waited for beyond the limits, and one that is polled is
/// called before it.
#[tokio::test]
async fn one_that_is_polled_asks_before_one_that_is_not() {
    let talk = Conversation::default();
    let (_gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let first = begun(talk.get("/a"));
    let unpolled = talk.get("/a");
    let mut polled = herd::<1>(&talk);
    drop(first);
    talk.origin.will(reply(200).control("max-age=60").body("x"));
    answer(&mut polled[0]).assert_stored();
    assert_collapsed(&unpolled.await, Forward::UriMiss);
}
