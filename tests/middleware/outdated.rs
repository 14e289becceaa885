//! Promise 1 in small: what a later answer has shown to be outdated does not come back.

use support::{Conversation, Reply, begun, get, reply};
use tower_client_cache::{Forward, NotStored};

const RELOAD: [(&str, &str); 1] = [("cache-control", "no-cache")];

fn tagged(content: &'static str) -> Reply {
    let fresh = reply(200).control("max-age=3600").body(content);
    fresh.field("etag", format!("\"{content}\""))
}

/// PRJ-4.3.3-4: also where it is only found at the end that the new answer has no place
#[tokio::test]
async fn a_new_answer_that_finds_no_place_outdates_the_old_one() {
    let talk = Conversation::with(|layer| layer.capacity(4000).max_body(3000));
    talk.store(tagged("old")).await.assert_stored();
    let (_recorded, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin.will(streamed.field("content-length", "1500"));
    let mut large = talk.start(get("/large", &[])).await.unwrap().into_body();
    _recorded.data("x");
    assert_eq!(crate::text(&mut large), "x");

    let long = tagged("new").field("long", "x".repeat(2000));
    talk.origin.will(long);
    let reload = talk.get_with("/a", &RELOAD).await;
    assert_eq!(reload.text(), "new");
    talk.origin
        .will(reply(200).control("no-store").body("newest"));
    let next = talk.get("/a").await;
    assert_eq!(next.assert_forwarded(Forward::Stale).text(), "newest");
}

/// PRJ-4.3.3-4, PRJ-4-14: a 304 to a question that was asked before says nothing of what came after
#[tokio::test]
async fn a_304_asked_for_earlier_lifts_no_later_mark() {
    let talk = Conversation::default();
    talk.store(tagged("old")).await.assert_stored();
    let (gate, held) = reply(304).field("etag", "\"old\"").held();
    talk.origin.will(held);
    let first = begun(talk.get_with("/a", &RELOAD));
    talk.origin.will(reply(200).control("no-store").body("new"));
    let second = talk.get_with("/a", &RELOAD).await;
    second.assert_not_stored(NotStored::NoStore);

    gate.open();
    let first = first.await;
    assert_eq!(first.assert_validated().text(), "old");
    first.assert_not_stored(NotStored::Outdated);
    talk.origin.will(reply(200).control("no-store").body("new"));
    let next = talk.get("/a").await;
    assert_eq!(next.assert_forwarded(Forward::Stale).text(), "new");

    // One that was asked for after it does.
    talk.origin.will(reply(304).field("etag", "\"old\""));
    talk.get("/a").await.assert_validated().assert_stored();
    talk.get("/a").await.assert_hit();
}

/// PRJ-4.2.3-5: the answer to a reload takes the place of what it replaces, whatever the clock was set to
#[tokio::test]
async fn a_clock_set_back_does_not_keep_a_reload_out() {
    let talk = Conversation::default();
    talk.store(tagged("old").undated()).await.assert_stored();
    talk.clock.set_back(3600);
    talk.origin.will(tagged("new").undated());
    talk.get_with("/a", &RELOAD).await.assert_stored();
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
}

/// PRJ-4-13: of two answers of one second the one that was asked for later is the newer
#[tokio::test]
async fn an_answer_that_is_late_does_not_replace_one_of_the_same_second() {
    let talk = Conversation::default();
    let date = talk.clock.date(0);
    let (first_gate, first) = tagged("asked first").field("date", &date).held();
    let (second_gate, second) = tagged("asked second").field("date", &date).held();
    talk.origin.will(first);
    talk.origin.will(second);
    let first = begun(talk.get("/a"));
    talk.clock.advance(1);
    let second = begun(talk.get("/a"));
    talk.clock.advance(1);
    second_gate.open();
    second.await.assert_stored();
    first_gate.open();
    assert_eq!(first.await.text(), "asked first");
    assert_eq!(talk.get("/a").await.assert_hit().text(), "asked second");
}

/// PRJ-4.3.3-4, promise 2: a new answer that comes to its end while the cache is off leaves no trap
#[tokio::test]
async fn a_new_answer_that_ends_while_the_cache_is_off_outdates_the_old_one() {
    let talk = Conversation::default();
    talk.store(tagged("old")).await.assert_stored();
    let (frames, streamed) = reply(200).control("max-age=3600").streamed();
    talk.origin.will(streamed.field("etag", "\"new\""));
    let reload = talk.start(get("/a", &RELOAD)).await.unwrap();
    talk.handle.disable();
    frames.data("new");
    drop(frames);
    let reload = support::Answer::read(reload).await.unwrap();
    assert_eq!(reload.text(), "new");
    talk.handle.enable();
    talk.origin.will(reply(200).control("no-store").body("new"));
    assert_eq!(talk.get("/a").await.text(), "new");
}
