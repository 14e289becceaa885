//! Clear means clear and off means off for those who wait as well.

use http::{Method, Uri};
use support::{Conversation, get, reply, request};
use tower_client_cache::{CacheHandle, Forward, NotStored, Selector};

use super::{answer, assert_collapsed, assert_not_collapsed, assert_waits, herd, waits};
use crate::until;

type Purge = fn(&CacheHandle);

const PURGES: [Purge; 9] = [
    |handle| {
        handle.clear();
    },
    |handle| {
        handle.disable_and_clear();
        handle.enable();
    },
    |handle| {
        handle.purge(&Uri::from_static("http://o.test/a"));
    },
    |handle| {
        handle.purge(Selector::origin(&Uri::from_static("http://o.test/")));
    },
    |handle| {
        handle.purge(Selector::prefix(&Uri::from_static("http://o.test/")));
    },
    |handle| {
        handle.purge(Selector::filter(|_| true));
    },
    |handle| {
        handle.expire(&Uri::from_static("http://o.test/a"));
    },
    |handle| {
        handle.expire(Selector::all());
    },
    |handle| drop(handle.pause()),
];

/// Promise 1: nobody waits for what was asked for before, and nobody who comes later is answered with it.
#[tokio::test]
async fn a_purge_lets_nobody_wait_for_what_was_asked_for_before() {
    for (n, purge) in PURGES.into_iter().enumerate() {
        let talk = Conversation::default();
        let (old, held) = reply(200).control("max-age=60").body("old").held();
        talk.origin.will(held);
        let [mut first, mut before] = herd(&talk);
        purge(&talk.handle);
        let (new, held) = reply(200).control("max-age=60").body("new").held();
        talk.origin.will(held);
        let [mut after, mut later] = herd(&talk);
        assert_eq!(talk.origin.calls(), 2, "{n}: it waits for nothing older");
        // Who has waited goes on at once, and for itself.
        talk.origin.will(reply(200).control("no-store").body("own"));
        let before = answer(&mut before);
        assert_eq!(before.text(), "own", "{n}");
        assert_not_collapsed(&before);
        old.open();
        let first = answer(&mut first);
        assert_eq!(first.text(), "old", "{n}: it has asked for it");
        assert_waits(&mut later);
        new.open();
        assert_eq!(answer(&mut after).text(), "new", "{n}");
        let later = answer(&mut later);
        assert_collapsed(&later, Forward::UriMiss);
        assert_eq!(later.text(), "new", "{n}");
        assert_eq!(talk.get("/a").await.assert_hit().text(), "new", "{n}");
    }
}

/// Promise 1: a body that is half there when everything is cleared is not waited for either.
#[tokio::test]
async fn a_clear_lets_nobody_wait_for_the_rest_of_a_body() {
    let talk = Conversation::default();
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin.will(streamed);
    let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
    let [mut before] = herd(&talk);
    talk.handle.clear();
    talk.origin
        .will(reply(200).control("max-age=60").body("new"));
    let after = talk.get("/a").await;
    assert_eq!(after.assert_stored().text(), "new");
    // It begins anew when it is released, and finds what is newer.
    let before = answer(&mut before);
    assert_collapsed(&before, Forward::UriMiss);
    assert_eq!(before.text(), "new");
    frames.data("old");
    assert_eq!(crate::text(&mut body), "old");
}

/// What a purge does not mean goes on.
#[tokio::test]
async fn a_purge_of_something_else_lets_them_wait() {
    let talk = Conversation::default();
    let (gate, held) = reply(200).control("max-age=60").body("x").held();
    talk.origin.will(held);
    let [mut first, mut second] = herd(&talk);
    talk.handle.purge(&Uri::from_static("http://o.test/b"));
    let elsewhere = Uri::from_static("http://elsewhere.test/a");
    talk.handle.purge(Selector::origin(&elsewhere));
    talk.origin.will(reply(204));
    talk.send(request(Method::PUT, "/b", &[])).await;
    assert_waits(&mut second);
    gate.open();
    answer(&mut first).assert_stored();
    assert_collapsed(&answer(&mut second), Forward::UriMiss);
}

/// 9111-4.4-2: what was asked for before an unsafe request may be wrong.
#[tokio::test]
async fn an_unsafe_request_lets_nobody_wait_for_what_was_asked_for_before() {
    let talk = Conversation::default();
    let (old, held) = reply(200).control("max-age=60").body("old").held();
    talk.origin.will(held);
    let [mut first, mut before] = herd(&talk);
    talk.origin.will(reply(204));
    talk.send(request(Method::PUT, "/a", &[])).await;
    talk.origin
        .will(reply(200).control("max-age=60").body("new"));
    assert_eq!(talk.get("/a").await.assert_stored().text(), "new");
    let before = answer(&mut before);
    assert_eq!(before.text(), "new");
    old.open();
    answer(&mut first).assert_not_stored(NotStored::Purged);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
}

/// Promise 2: while the cache is off nobody waits.
#[tokio::test]
async fn while_it_is_off_nobody_waits() {
    let talk = Conversation::default();
    let (_gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let [_first, mut second, mut third] = herd(&talk);
    let pause = talk.handle.pause();
    for waiting in [&mut second, &mut third] {
        talk.origin
            .will(reply(200).control("max-age=60").body("own"));
        let own = answer(waiting);
        assert_not_collapsed(own.assert_forwarded(Forward::Bypass));
        own.assert_not_stored(NotStored::Disabled);
    }
    for n in 4..6 {
        let (_gate, held) = reply(200).control("max-age=60").held();
        talk.origin.will(held);
        let asking = waits(&talk, get("/a", &[]));
        assert_eq!(talk.origin.calls(), n);
        drop(asking);
    }
    drop(pause);
    let (gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let [mut fourth, mut fifth] = herd(&talk);
    gate.open();
    answer(&mut fourth).assert_stored();
    assert!(answer(&mut fifth).cache.is_collapsed());
}

/// Who waits on another task is woken by a clear.
#[tokio::test]
async fn a_clear_wakes_those_who_wait() {
    let talk = Conversation::default();
    let (_gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let _first = waits(&talk, get("/a", &[]));
    let tasks: Vec<_> = (0..10).map(|_| tokio::spawn(talk.get("/a"))).collect();
    tokio::task::yield_now().await;
    until(|| talk.origin.calls() == 1).await;
    talk.origin
        .answers(|_| reply(200).control("no-store").body("own"));
    talk.handle.clear();
    for task in tasks {
        assert_eq!(task.await.unwrap().text(), "own");
    }
}
