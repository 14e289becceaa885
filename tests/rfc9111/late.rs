//! What arrives late does not set back what was said since.

use http::Method;
use support::{Answer, Conversation, Reply, begun, get, reply, request};

const TAG: &str = "\"e\"";

fn part(first: usize, last: usize) -> Reply {
    reply(206)
        .field("etag", TAG)
        .field("content-range", format!("bytes {first}-{last}/10"))
        .body(&"0123456789"[first..=last])
}

/// PRJ-4-13: what arrives late does not bring back what was said before
#[tokio::test]
async fn a_late_part_does_not_set_back_the_fields() {
    let talk = Conversation::default();
    let ask = |range| talk.get_with("/a", &[("range", range)]);
    talk.origin.will(part(0, 2).control("max-age=60"));
    ask("bytes=0-2").await.assert_stored();
    let date = talk.clock.date(0);
    let (gate, held) = part(3, 5)
        .control("max-age=60")
        .field("date", &date)
        .field("a", "old")
        .held();
    talk.origin.will(held);
    let late = begun(ask("bytes=3-5"));
    talk.clock.advance(5);
    talk.origin
        .will(part(6, 9).control("no-cache").field("a", "new"));
    ask("bytes=6-9").await.assert_stored();
    gate.open();
    late.await;
    talk.origin
        .will(reply(304).field("etag", TAG).control("no-cache"));
    let answer = ask("bytes=0-2").await;
    assert!(!answer.cache.is_hit(), "{}: no-cache", answer.cache);
    assert_eq!(answer.field("a").as_deref(), Some("new"));
}

/// PRJ-4-13: the same of a whole that was validated meanwhile
#[tokio::test]
async fn a_late_part_does_not_set_back_the_fields_of_a_whole() {
    let talk = Conversation::default();
    let ask = |range| talk.get_with("/a", &[("range", range)]);
    talk.origin.will(part(0, 2).control("max-age=60"));
    ask("bytes=0-2").await.assert_stored();
    let date = talk.clock.date(0);
    let (gate, held) = part(3, 5).control("max-age=60").field("date", &date).held();
    talk.origin.will(held);
    let late = begun(ask("bytes=3-5"));
    talk.clock.advance(5);
    talk.origin.will(
        reply(200)
            .control("no-cache")
            .field("etag", TAG)
            .body("0123456789"),
    );
    talk.get("/a").await.assert_stored();
    gate.open();
    late.await;
    talk.origin
        .will(reply(304).field("etag", TAG).control("no-cache"));
    let answer = talk.get("/a").await;
    assert!(!answer.cache.is_hit(), "{}: no-cache", answer.cache);
}

/// PRJ-4-13, 9111-4.3.5-1: a HEAD that was asked before a GET says nothing new of it
#[tokio::test]
async fn a_late_head_does_not_set_back_the_fields() {
    let talk = Conversation::default();
    let date = talk.clock.date(0);
    let (gate, held) = reply(200)
        .control("max-age=3600")
        .field("etag", TAG)
        .field("date", &date)
        .held();
    talk.origin.will(held);
    let late = begun(talk.send(request(Method::HEAD, "/a", &[])));
    talk.clock.advance(5);
    talk.origin.will(
        reply(200)
            .control("no-cache")
            .field("etag", TAG)
            .body("one"),
    );
    talk.get("/a").await.assert_stored();
    gate.open();
    late.await;
    talk.origin
        .will(reply(304).field("etag", TAG).control("no-cache"));
    let answer = talk.get("/a").await;
    assert!(!answer.cache.is_hit(), "{}: no-cache", answer.cache);
}

/// PRJ-4-13: a HEAD without validators, of what was there before
#[tokio::test]
async fn a_late_head_does_not_freshen_what_was_stored_after_it_was_asked() {
    let talk = Conversation::default();
    let date = talk.clock.date(0);
    let (gate, held) = reply(200)
        .control("max-age=3600")
        .field("date", &date)
        .held();
    talk.origin.will(held);
    let late = begun(talk.send(request(Method::HEAD, "/a", &[])));
    talk.clock.advance(5);
    talk.origin.will(
        reply(200)
            .control("max-age=10")
            .field("etag", "\"new\"")
            .body("new"),
    );
    talk.get("/a").await.assert_stored();
    gate.open();
    late.await;
    talk.clock.advance(20);
    talk.origin.will(reply(304).field("etag", "\"new\""));
    let answer = talk.get("/a").await;
    assert!(!answer.cache.is_hit(), "{}", answer.cache);
}

/// 9111-4.3.5-1: a 304 late, of another variant
#[tokio::test]
async fn a_late_304_does_not_set_back_another_variant() {
    let talk = Conversation::default();
    let date = talk.clock.date(0);
    // Two that one request selects: one with `Vary`, one without.
    talk.origin.will(
        reply(200)
            .control("max-age=0")
            .field("vary", "foo")
            .field("etag", TAG)
            .body("one"),
    );
    talk.get_with("/a", &[("foo", "1")]).await.assert_stored();
    let (gate, held) = reply(304)
        .control("max-age=3600")
        .field("date", &date)
        .field("etag", TAG)
        .held();
    talk.origin.will(held);
    let late = begun(talk.get_with("/a", &[("foo", "1")]));
    talk.clock.advance(5);
    talk.origin.will(
        reply(200)
            .control("no-cache")
            .field("etag", TAG)
            .body("one"),
    );
    talk.get_with("/a", &[("foo", "2")]).await.assert_stored();
    gate.open();
    late.await;
    talk.origin
        .will(reply(304).field("etag", TAG).control("no-cache"));
    let answer = talk.get_with("/a", &[("foo", "2")]).await;
    assert!(!answer.cache.is_hit(), "{}: no-cache", answer.cache);
}

/// PRJ-4.3.3-4: what was asked for afterwards is newer, whatever the clock of the server says that sent it
#[tokio::test]
async fn a_part_asked_for_after_shows_that_what_is_held_is_outdated() {
    let talk = Conversation::default();
    let ask = |range| talk.get_with("/a", &[("range", range)]);
    let ahead = talk.clock.date(2);
    let of = |tag: &str, first: usize, body: &'static str| {
        reply(206)
            .control("max-age=600")
            .field("etag", tag)
            .field("content-range", format!("bytes {first}-{}/6", first + 2))
            .body(body)
    };
    // A server whose clock is two seconds ahead.
    talk.origin
        .will(of("\"old\"", 0, "old").field("date", &ahead));
    ask("bytes=0-2").await.assert_stored();
    talk.clock.advance(1);
    talk.origin.will(of("\"new\"", 3, "NEW"));
    assert_eq!(ask("bytes=3-5").await.text(), "NEW");
    talk.origin.will(of("\"new\"", 0, "new"));
    let answer = ask("bytes=0-2").await;
    assert_eq!(answer.text(), "new", "{}", answer.cache);
}

/// PRJ-4-13: whichever was asked for first at the same moment
#[tokio::test]
async fn an_older_response_whose_body_ends_late_does_not_replace_a_newer_one() {
    let talk = Conversation::default();
    let old = talk.clock.date(-864_000);
    let older = reply(200).field("date", old).control("max-age=864010");
    talk.origin.will(older.body("old"));
    let late = talk.start(get("/a", &[])).await.expect("an answer");
    talk.store(reply(200).control("max-age=10").body("new"))
        .await
        .assert_stored();
    Answer::read(late).await.expect("a whole body");
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
}
