//! RFC 9111 §3.2: what a 304 makes of the stored response.

use super::{MODIFIED, TAG, stored, with_a_stale};
use support::{Answer, Conversation, Reply, reply};
use tower_client_cache::{Forward, NotStored, SetCookie};

fn not_modified() -> Reply {
    reply(304).field("etag", TAG)
}

fn lines<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    let lines = answer.headers.get_all(name).iter();
    lines.map(|line| line.to_str().expect("text")).collect()
}

/// 9111-3.2-1 to 9111-3.2-7, PRJ-3.2-8, C-56, EDGE-32: at once, and in every answer after it
#[tokio::test]
async fn the_fields_of_a_304_take_the_place_of_the_stored_ones() {
    type Case = (
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
        &'static [&'static str],
    );
    // name; lines stored, lines of the 304, lines afterwards
    let table: [Case; 20] = [
        ("a", &["1"], &["2", "3"], &["2", "3"]),
        ("a", &["1", "0"], &["2"], &["2"]),
        ("b", &["1", "0"], &[], &["1", "0"]),
        ("c", &[], &["9"], &["9"]),
        ("set-cookie", &["a=1", "b=1"], &["a=2"], &["a=2"]),
        ("content-foo", &["1"], &["2"], &["2"]),
        ("content-security-policy", &["a"], &["b"], &["b"]),
        ("content-language", &["de"], &["fr"], &["fr"]),
        ("content-location", &["/a"], &["/b"], &["/b"]),
        (
            "content-type",
            &["text/plain"],
            &["text/html"],
            &["text/html"],
        ),
        (
            "last-modified",
            &[MODIFIED],
            &["Mon, 31 Oct 1994 08:49:37 GMT"],
            &["Mon, 31 Oct 1994 08:49:37 GMT"],
        ),
        ("content-length", &["5"], &["10"], &["5"]),
        ("content-length", &["5"], &["0"], &["5"]),
        ("content-length", &[], &["0"], &[]),
        ("content-encoding", &["gzip"], &["br"], &["gzip"]),
        ("content-encoding", &[], &["br"], &[]),
        ("content-range", &[], &["bytes 0-4/10"], &[]),
        ("trailer", &[], &["x"], &[]),
        ("transfer-encoding", &[], &["chunked"], &[]),
        ("proxy-authenticate", &[], &["Basic"], &[]),
    ];
    for (name, held, answered, expected) in table {
        let add = |reply: Reply, lines: &[&str]| {
            lines
                .iter()
                .fold(reply, |reply, line| reply.field(name, line))
        };
        let talk = with_a_stale(add(stored().field("etag", TAG), held)).await;
        talk.origin.will(add(not_modified(), answered));
        let validated = talk.get("/a").await;
        assert_eq!(validated.assert_validated().text(), "hello", "{name}");
        assert_eq!(lines(&validated, name), expected, "{name} {answered:?}");
        let again = talk.get("/a").await;
        assert_eq!(again.assert_hit().text(), "hello", "{name}");
        assert_eq!(lines(&again, name), expected, "{name} {answered:?}");
    }
}

/// 9111-3.2-2
#[tokio::test]
async fn what_connection_names_in_a_304_is_not_taken_over() {
    let talk = with_a_stale(stored().field("etag", TAG).field("a", "1")).await;
    let hop = not_modified().field("connection", "A, b");
    talk.origin.will(hop.field("a", "2").field("b", "2"));
    let validated = talk.get("/a").await;
    let again = talk.get("/a").await;
    for answer in [validated.assert_validated(), again.assert_hit()] {
        assert_eq!(lines(answer, "a"), ["1"]);
        assert_eq!(lines(answer, "b"), [""; 0]);
        assert_eq!(lines(answer, "connection"), [""; 0]);
    }
}

/// 9111-3.2-7, 9111-4.2.3-3: later freshness is that of the 304
#[tokio::test]
async fn the_lifetime_of_a_304_is_that_of_the_response_from_then_on() {
    let talk = with_a_stale(stored().field("etag", TAG)).await;
    talk.origin.will(not_modified().control("max-age=3600"));
    let validated = talk.get("/a").await;
    assert_eq!(validated.cache.ttl(), Some(3600));
    assert_eq!(lines(&validated, "cache-control"), ["max-age=3600"]);
    talk.clock.advance(3599);
    let again = talk.get("/a").await;
    assert_eq!(again.assert_hit().field("age").as_deref(), Some("3599"));
    talk.clock.advance(1);
    talk.origin.will(not_modified().control("no-cache"));
    talk.get("/a").await.assert_validated();
    talk.origin.will(not_modified());
    talk.get("/a").await.assert_forwarded(Forward::Stale);
}

/// PRJ-3.2-9, 9111-5.1-4, C-35
#[tokio::test]
async fn a_304_without_age_lets_the_stored_age_go() {
    let talk = Conversation::default();
    let first = reply(200).control("max-age=600").field("etag", TAG);
    talk.store(first.field("age", "500").body("hello")).await;
    talk.clock.advance(100);
    talk.origin.will(not_modified());
    let validated = talk.get("/a").await;
    assert_eq!(lines(validated.assert_validated(), "age"), [""; 0]);
    talk.clock.advance(200);
    let again = talk.get("/a").await;
    assert_eq!(lines(again.assert_hit(), "age"), ["200"]);
}

/// 9111-5.1-4, C-35: it comes from a cache on the way
#[tokio::test]
async fn the_age_of_a_304_is_that_of_the_response() {
    let talk = with_a_stale(stored().field("etag", TAG)).await;
    talk.origin.will(not_modified().field("age", "4"));
    let validated = talk.get("/a").await;
    assert_eq!(lines(validated.assert_validated(), "age"), ["4"]);
    talk.clock.advance(5);
    let again = talk.get("/a").await;
    assert_eq!(lines(again.assert_hit(), "age"), ["9"]);
    talk.clock.advance(1);
    talk.origin.will(not_modified());
    talk.get("/a").await.assert_forwarded(Forward::Stale);
}

/// PRJ-3.2-10, 9110-6.6.1-2
#[tokio::test]
async fn a_304_without_a_date_is_dated_when_it_is_received() {
    let talk = with_a_stale(stored().field("etag", TAG)).await;
    talk.clock.advance(90);
    let received = talk.clock.date(0);
    talk.origin.will(not_modified().undated());
    let validated = talk.get("/a").await;
    assert_eq!(lines(validated.assert_validated(), "date"), [&*received]);
    talk.clock.advance(9);
    let again = talk.get("/a").await;
    assert_eq!(lines(again.assert_hit(), "date"), [&*received]);
    assert_eq!(lines(&again, "age"), ["9"]);
}

/// PRJ-3.2-11
#[tokio::test]
async fn a_304_that_changes_vary_changes_what_selects_the_response() {
    let talk = Conversation::default();
    let asked = |b: &'static str| talk.get_with("/a", &[("a", "1"), ("b", b)]);
    talk.origin
        .will(stored().field("etag", TAG).field("vary", "A"));
    asked("1").await.assert_stored();
    asked("2").await.assert_hit();
    talk.clock.advance(10);
    talk.origin.will(not_modified().field("vary", "A, B"));
    asked("1").await.assert_validated();
    asked("1").await.assert_hit();
    talk.origin.will(reply(404));
    asked("2").await.assert_forwarded(Forward::VaryMiss);
}

/// PRJ-3.2-12, EDGE-32: served this once
#[tokio::test]
async fn a_304_that_may_not_be_stored_takes_the_response_with_it() {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("cache-control", "max-age=60, No-Store"),
        ("vary", "*"),
    ] {
        let talk = with_a_stale(stored().field("etag", TAG)).await;
        talk.origin
            .will(not_modified().field(name, value).field("a", "2"));
        let last = talk.get("/a").await;
        assert_eq!(
            (last.status.as_u16(), last.text()),
            (200, "hello"),
            "{value}"
        );
        assert_eq!(lines(&last, "a"), ["2"], "{value}");
        assert!(last.cache.not_stored().is_some(), "{value}: {}", last.cache);
        assert!(talk.handle.is_empty(), "{value}");
        talk.origin
            .will(reply(200).control("max-age=60").body("new"));
        let next = talk.get("/a").await;
        assert_eq!(next.assert_forwarded(Forward::UriMiss).text(), "new");
        assert_eq!(talk.origin.last().field("if-none-match"), None, "{value}");
    }
}

/// 9111-5.2.2.3-2: `must-understand` lifts it, in a 304 as well
#[tokio::test]
async fn a_304_that_says_no_store_and_must_understand_may_stay() {
    let talk = with_a_stale(stored().field("etag", TAG)).await;
    let control = "no-store, must-understand, max-age=60";
    talk.origin.will(not_modified().control(control));
    talk.get("/a").await.assert_validated().assert_stored();
    talk.get("/a").await.assert_hit();
}

/// 9111-4.3.3-1: the head of the answer says why and what was kept
#[tokio::test]
async fn a_validation_says_that_it_was_one() {
    let talk = with_a_stale(stored().field("etag", TAG)).await;
    talk.origin.will(not_modified());
    let printed = talk.get("/a").await.cache.to_string();
    assert_eq!(printed, "fwd=stale; fwd-status=304; stored; ttl=10");
    talk.clock.advance(10);
    talk.origin.will(not_modified().control("no-store"));
    let refused = talk.get("/a").await;
    refused.assert_not_stored(NotStored::NoStore);
}

/// 9111-4.3.3-1, C-32
#[tokio::test]
async fn the_caller_gets_what_its_304_says_though_it_is_not_kept() {
    let cookie = "session=1";
    let talk = Conversation::shared_with(|layer| layer.set_cookie(SetCookie::Strip));
    talk.origin.will(
        reply(200)
            .control("max-age=10")
            .field("etag", "\"e\"")
            .field("set-cookie", cookie)
            .body("one"),
    );
    let first = talk.get("/a").await;
    assert_eq!(first.field("set-cookie").as_deref(), Some(cookie));
    talk.clock.advance(10);
    talk.origin.will(
        reply(304)
            .field("etag", "\"e\"")
            .field("set-cookie", "session=2"),
    );
    let validated = talk.get("/a").await;
    assert_eq!(
        validated.field("set-cookie").as_deref(),
        Some("session=2"),
        "Strip"
    );
}

/// 9111-4.3.3-1, 9111-5.2.2.7-2
#[tokio::test]
async fn the_caller_gets_the_private_fields_of_its_304() {
    let talk = Conversation::shared();
    let fields = |reply: Reply, user| {
        reply
            .control("max-age=10, private=\"x-user\"")
            .field("etag", "\"e\"")
            .field("x-user", user)
    };
    talk.origin.will(fields(reply(200), "alice").body("one"));
    let first = talk.get("/a").await;
    first.assert_stored();
    assert_eq!(first.field("x-user").as_deref(), Some("alice"));
    talk.clock.advance(10);
    talk.origin.will(fields(reply(304), "bob"));
    let validated = talk.get("/a").await;
    assert_eq!(validated.field("x-user").as_deref(), Some("bob"));
}

/// 9111-4.3.4-1: what a 304 has said of a stored response is not forgotten by the next one.
#[tokio::test]
async fn what_a_304_makes_too_large_is_not_freshened_as_it_was() {
    let talk = Conversation::with(|layer| layer.capacity(1000));
    let old = reply(200).control("no-cache").field("etag", "\"1\"");
    talk.store(old).await.assert_stored();
    talk.origin.will(reply(304).field("x", "y".repeat(600)));
    assert!(talk.get("/a").await.field("x").is_some());
    talk.origin
        .answers(|seen| match seen.field("if-none-match") {
            Some(_) => reply(304),
            None => reply(200).field("x", "new"),
        });
    let next = talk.get("/a").await;
    assert!(
        next.field("x").is_some(),
        "{} {:?}",
        next.cache,
        next.headers
    );
}
