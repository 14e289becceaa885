//! Who waits for what turns out to be of no use is released, at once and all together.

use http::StatusCode;
use support::{Conversation, OriginError, Reply, get, reply};
use tower_client_cache::{CacheLayer, Forward};

use super::{answer, assert_collapsed, assert_not_collapsed, assert_waits, herd, waits};
use crate::text;

/// Has the first of a herd answered so, while its body is still to come, and asserts that all others go
/// to the origin at once.
fn assert_all_go(talk: &Conversation, head: Reply, why: &str) {
    let (_frames, streamed) = head.streamed();
    let (gate, held) = streamed.held();
    talk.origin.will(held);
    let first = support::begun(talk.start(get("/a", &[])));
    let before = talk.origin.calls();
    let mut others: [_; 4] = herd(talk);
    assert_eq!(talk.origin.calls(), before, "{why}: they wait");
    gate.open();
    let _body = futures_executor::block_on(first);
    let gates: Vec<_> = (0..4)
        .map(|_| {
            let (gate, held) = reply(200).control("no-store").body("own").held();
            talk.origin.will(held);
            gate
        })
        .collect();
    others.iter_mut().for_each(assert_waits);
    assert_eq!(talk.origin.calls(), before + 4, "{why}: all at once");
    gates.into_iter().for_each(support::Gate::open);
    for mut other in others {
        let other = answer(&mut other);
        assert_eq!(other.text(), "own", "{why}");
        assert_not_collapsed(&other);
    }
    assert_eq!(talk.handle.stats().collapsed(), 0);
}

/// 9111-4-8, C-49: of an answer that is not stored, or may not be reused, each has one of its own.
#[tokio::test]
async fn a_head_that_is_of_no_use_to_them_releases_all() {
    for (control, why) in [
        ("no-store", "not stored"),
        ("no-cache", "never reused without validation"),
        ("max-age=0", "stale"),
    ] {
        let talk = Conversation::default();
        assert_all_go(&talk, reply(200).control(control), why);
    }
    let fresh = || reply(200).control("max-age=60");
    let table = [
        (fresh().field("vary", "*"), "Vary: *"),
        (fresh().field("content-length", "1000000"), "too large"),
        (fresh().field("age", "60"), "too old"),
        (reply(206).control("max-age=60"), "a part"),
        (reply(500), "a server error"),
        (reply(302), "no lifetime"),
    ];
    for (head, why) in table {
        let talk = Conversation::with(|layer| layer.max_body(1000));
        assert_all_go(&talk, head, why);
    }
    let shared = Conversation::shared();
    assert_all_go(
        &shared,
        reply(200).control("private, max-age=60"),
        "private",
    );
    let shared = Conversation::shared();
    let cookie = reply(200).control("max-age=60").field("set-cookie", "a=b");
    assert_all_go(&shared, cookie, "a cookie");
}

/// 9111-4-8: a stale response that stays so is validated for each.
#[tokio::test]
async fn a_validation_that_leaves_it_stale_releases_all() {
    let talk = Conversation::default();
    let stored = reply(200).control("no-cache").field("etag", "\"e\"");
    talk.store(stored.body("one")).await;
    let (gate, held) = reply(304).held();
    talk.origin.will(held);
    // They do not even wait: what was stored first was of no use to others.
    let mut first = herd::<1>(&talk);
    talk.origin.will(reply(304));
    talk.get("/a").await.assert_validated();
    gate.open();
    answer(&mut first[0]).assert_validated();
    // Later they do, once more.
    talk.clock.advance(60);
    let (gate, held) = reply(304).held();
    talk.origin.will(held);
    let [mut first, mut second] = herd(&talk);
    assert_eq!(talk.origin.calls(), 4);
    gate.open();
    answer(&mut first).assert_validated();
    talk.origin.will(reply(304));
    let second = answer(&mut second);
    assert_eq!(second.assert_validated().text(), "one");
    assert_not_collapsed(&second);
}

/// EDGE-50: those that another variant is for go on at the head, and the rest wait.
#[tokio::test]
async fn a_head_that_is_for_others_releases_those_it_is_not_for() {
    let talk = Conversation::default();
    let (frames, streamed) = reply(200)
        .control("max-age=60")
        .field("vary", "accept")
        .streamed();
    let (gate, held) = streamed.held();
    talk.origin.will(held);
    let of = |kind| get("/a", &[("accept", kind)]);
    let first = support::begun(talk.start(of("a")));
    let mut same = waits(&talk, of("a"));
    let mut others = [waits(&talk, of("b")), waits(&talk, of("b"))];
    assert_eq!(talk.origin.calls(), 1);
    gate.open();
    let mut body = first.await.unwrap().into_body();
    let gates = [(); 2].map(|()| {
        let own = reply(200).control("max-age=60").field("vary", "accept");
        let (gate, held) = own.body("b").held();
        talk.origin.will(held);
        gate
    });
    others.iter_mut().for_each(assert_waits);
    assert_eq!(talk.origin.calls(), 3, "both at once");
    gates.into_iter().for_each(support::Gate::open);
    for other in &mut others {
        let other = answer(other);
        assert_eq!(other.text(), "b");
        assert_not_collapsed(&other);
    }
    // One that comes later knows at once.
    talk.origin.will(reply(200).control("no-store").body("c"));
    assert_eq!(talk.send(of("c")).await.text(), "c");
    assert_waits(&mut same);
    frames.data("a");
    assert_eq!(text(&mut body), "a");
    drop(frames);
    assert!(crate::frame(&mut body).is_none());
    let same = answer(&mut same);
    assert_collapsed(&same, Forward::UriMiss);
    assert_eq!(same.text(), "a");
}

/// EDGE-50: an error is nobody's but that of the one who has it.
#[tokio::test]
async fn a_leader_that_fails_releases_all() {
    let talk = Conversation::default();
    let (gate, held) = Reply::fails(OriginError("broken")).held();
    talk.origin.will(held);
    let first = support::begun(talk.start(get("/a", &[])));
    let mut others: [_; 3] = herd(&talk);
    gate.open();
    assert_eq!(first.await.unwrap_err(), OriginError("broken"));
    for n in 1..=3 {
        talk.origin.will(reply(200).control("no-store").body("own"));
        let other = answer(&mut others[n - 1]);
        assert_not_collapsed(other.assert_forwarded(Forward::UriMiss));
        assert_eq!((other.text(), talk.origin.calls()), ("own", n + 1));
    }
}

/// PRJ-5861-4, EDGE-50: each asks for itself, and has what is stored where the origin fails it too.
#[tokio::test]
async fn a_validation_that_fails_is_not_everybodys() {
    let talk = Conversation::default();
    let control = "max-age=60, stale-if-error=600";
    talk.store(
        reply(200)
            .control(control)
            .field("etag", "\"e\"")
            .body("one"),
    )
    .await;
    talk.clock.advance(61);
    let (gate, held) = reply(503).held();
    talk.origin.will(held);
    let [mut first, mut second] = herd(&talk);
    gate.open();
    assert_eq!(answer(&mut first).text(), "one");
    talk.origin.will(reply(503));
    let second = answer(&mut second);
    assert_eq!((second.status, second.text()), (StatusCode::OK, "one"));
    assert_not_collapsed(&second);
    assert_eq!(talk.origin.calls(), 3);
}

/// EDGE-44, PRJ-7-1: a body that is not stored after all.
#[tokio::test]
async fn a_body_that_comes_to_nothing_releases_all() {
    enum Ending {
        Fails,
        IsTooLarge,
        IsTooShort,
    }
    for ending in [Ending::Fails, Ending::IsTooLarge, Ending::IsTooShort] {
        let layer = CacheLayer::new().max_body(10);
        let talk = Conversation::through(layer);
        let head = reply(200).control("max-age=60");
        let head = match ending {
            Ending::IsTooShort => head.field("content-length", "9"),
            _ => head,
        };
        let (frames, streamed) = head.streamed();
        talk.origin.will(streamed);
        let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
        let mut others: [_; 3] = herd(&talk);
        frames.data("half");
        assert_eq!(text(&mut body), "half");
        others.iter_mut().for_each(assert_waits);
        let is_told = match ending {
            Ending::Fails => frames.fail(OriginError("broken")),
            Ending::IsTooLarge => frames.data("more than there is room for"),
            Ending::IsTooShort => {
                drop(frames);
                true
            }
        };
        assert!(is_told);
        let _end = crate::frame(&mut body);
        for other in &mut others {
            talk.origin.will(reply(200).control("no-store").body("own"));
            let other = answer(other);
            assert_eq!(other.text(), "own");
            assert_not_collapsed(&other);
        }
    }
}

/// RFC 9111 §4: who has waited begins anew, and what has become stale meanwhile is asked for.
#[tokio::test]
async fn one_that_was_released_reads_the_time_anew() {
    let talk = Conversation::default();
    let (gate, held) = reply(200).control("max-age=5").body("one").held();
    talk.origin.will(held);
    let [mut first, mut second] = herd(&talk);
    gate.open();
    answer(&mut first).assert_stored();
    talk.clock.advance(5);
    talk.origin
        .will(reply(200).control("max-age=5").body("two"));
    let second = answer(&mut second);
    assert_not_collapsed(second.assert_forwarded(Forward::Stale));
    assert_eq!(second.text(), "two");
}
