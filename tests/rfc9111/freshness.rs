//! RFC 9111 §4.2

mod age;
mod clock;
mod expires;
mod heuristic;
mod shared;
mod unknown;

use support::{Answer, Conversation, Reply, reply};
use tower_client_cache::Forward;

use crate::storing::{TEN_DAYS_AGO, TOMORROW, with};

/// Why a request for a fresh response is forwarded: it is not.
pub(crate) const FRESH: Option<Forward> = None;

/// Why a request for a stale response is forwarded.
pub(crate) const STALE: Option<Forward> = Some(Forward::Stale);

/// The answer to a second `GET /a`, so many seconds after this reply to the first. The origin, if it is
/// asked, says that nothing has changed.
pub(crate) async fn later(reply: Reply, seconds: u64) -> Answer {
    let talk = Conversation::default();
    talk.store(reply).await;
    talk.clock.advance(seconds);
    talk.origin.will(support::reply(304));
    talk.get("/a").await
}

/// A reply that could be fresh for a day by `Expires` and by its last change, and can be validated.
fn lines(controls: &[&str]) -> Reply {
    let fields = [
        ("expires", TOMORROW),
        ("last-modified", TEN_DAYS_AGO),
        ("etag", "\"e\""),
    ];
    controls
        .iter()
        .fold(with(200, &fields), |reply, control| reply.control(control))
}

/// 9111-4.2-1, 9111-4-5, 9111-5.2.2.1-1, C-09
#[tokio::test]
async fn a_response_is_fresh_while_its_lifetime_exceeds_its_age() {
    for (seconds, expected) in [(0, FRESH), (9, FRESH), (10, STALE), (11, STALE)] {
        let answer = later(lines(&["max-age=10"]), seconds).await;
        assert_eq!(answer.cache.forwarded(), expected, "after {seconds} s");
    }
}

/// 9111-4.2-1, 9211-2.4-1
#[tokio::test]
async fn the_answer_tells_how_long_it_stays_fresh() {
    let talk = Conversation::default();
    let first = talk.store(lines(&["max-age=10"])).await;
    assert_eq!(first.cache.ttl(), Some(10));
    talk.clock.advance(4);
    let second = talk.get("/a").await;
    assert_eq!(second.assert_hit().cache.ttl(), Some(6));
}

/// 9111-4.2.1-1, 9111-4.2.1-6, 9111-5.3-2
#[tokio::test]
async fn the_first_lifetime_that_is_said_counts() {
    const DAY: u64 = 86_400;
    let expires = ("expires", "Sun, 06 Nov 1994 08:50:07 GMT");
    let modified = ("last-modified", TEN_DAYS_AGO);
    let control = |value| ("cache-control", value);
    let table = [
        (vec![control("max-age=60"), expires, modified], 60),
        (vec![control("max-age=60"), ("expires", "0")], 60),
        (vec![control("max-age=5"), ("expires", TOMORROW)], 5),
        (vec![control("s-maxage=5, max-age=60")], 60),
        (vec![control("s-maxage=60, max-age=5")], 5),
        (vec![control("s-maxage=60"), expires, modified], 30),
        (vec![control("s-maxage=x"), expires], 30),
        (vec![control("public"), expires, modified], 30),
        (vec![expires, modified], 30),
        (vec![modified], DAY),
        (vec![control("s-maxage=5"), modified], DAY),
        (vec![control("immutable, must-revalidate"), modified], DAY),
    ];
    for (fields, lifetime) in table {
        for (seconds, expected) in [(lifetime - 1, FRESH), (lifetime, STALE)] {
            let reply = with(200, &fields).field("etag", "\"e\"");
            let cache = later(reply, seconds).await.cache;
            assert_eq!(
                cache.forwarded(),
                expected,
                "{fields:?} after {seconds} s: {cache}"
            );
        }
    }
}

/// 9111-1.2.2-2, 9111-4.2.1-2, 9111-4.2.1-3, 9111-5.2-1, 9111-5.2-2, 9111-5.2-4, 9111-5.2-7,
/// 9111-5.2.3-1, EDGE-1, EDGE-2, EDGE-5, EDGE-6, C-02, C-03
#[tokio::test]
async fn max_age_is_read_in_all_its_forms() {
    let table: &[(&[&str], u64)] = &[
        (&["max-age=60"], 60),
        (&["MaX-AgE=60"], 60),
        (&["max-age=060"], 60),
        (&["max-age=003600"], 3600),
        (&["max-age=\"60\""], 60),
        (&[",max-age=60,,"], 60),
        (&["foo, bar=\"x,y\"\t,\tmax-age=60 , public"], 60),
        (&["foo", "max-age=60", ""], 60),
        (&["max-age=60, max-age=60"], 60),
        (&["max-age=60", "max-age=60"], 60),
        (&["max-age=1, max-age=3600"], 1),
        (&["max-age=3600, max-age=1"], 1),
        (&["max-age=1", "max-age=3600"], 1),
        (&["max-age=3600", "max-age=1"], 1),
        (&["extension=\"max-age=3600, no-store\", max-age=1"], 1),
        (&["max-age=1, extension=\"max-age=3600\""], 1),
        (&["extension=\"\\\"max-age=3600\", max-age=1"], 1),
        (&["extension=max-age, max-age=60"], 60),
        (&["max-age=60, must-revalidate=\"x\", public=1"], 60),
    ];
    for (controls, lifetime) in table {
        for (seconds, expected) in [(lifetime - 1, FRESH), (*lifetime, STALE)] {
            let cache = later(lines(controls), seconds).await.cache;
            assert_eq!(
                cache.forwarded(),
                expected,
                "{controls:?} after {seconds} s: {cache}"
            );
        }
    }
}

/// 9111-4.2.1-4, 9111-4.2.2-2, 9111-5.2-1, PRJ-5.2-9, PRJ-5.2.2-11, EDGE-3, EDGE-4, C-04, C-05
#[tokio::test]
async fn a_lifetime_that_cannot_be_read_is_over() {
    let table: &[&[&str]] = &[
        &["max-age"],
        &["max-age="],
        &["max-age=\"\""],
        &["max-age =60"],
        &["max-age= 60"],
        &["max-age = 60"],
        &["max-age='60'"],
        &["max-age=-1"],
        &["max-age=+60"],
        &["max-age=60.0"],
        &["max-age=60.5"],
        &["max-age=0x3c"],
        &["max-age=6e1"],
        &["max-age=60s"],
        &["max-age=a60"],
        &["max-age=abc"],
        &["max-age=60;foo=bar"],
        &["max-age=60 public"],
        &["max-age=\"60"],
        &["max-age=60\""],
        &["max-age=\"60\"x"],
        &["max-age=\"6 0\""],
        &["max-age=0"],
        &["public, max-age=x, immutable"],
        &["max-age=60, max-age=x"],
        &["max-age=x", "max-age=60"],
        &["x=\"oops, max-age=60"],
        &["x=\"oops", "max-age=60"],
    ];
    for controls in table {
        let cache = later(lines(controls), 0).await.cache;
        assert_eq!(cache.forwarded(), STALE, "{controls:?}: {cache}");
    }
}

/// 9111-1.2.2-1, 9111-4.2.3-4, 9111-5.3-3, EDGE-7
#[tokio::test]
async fn a_lifetime_too_large_to_count_is_as_large_as_can_be() {
    for seconds in [
        "2147483647",
        "2147483648",
        "2147483649",
        "4294967296",
        "99999999999",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999",
        &"9".repeat(40),
        &"9".repeat(400),
    ] {
        let reply = reply(200).control(&format!("max-age={seconds}"));
        let answer = later(reply, 300 * 86_400).await;
        assert_eq!(answer.cache.forwarded(), FRESH, "{seconds}");
        assert_eq!(answer.field("age").as_deref(), Some("25920000"));
        assert!(answer.cache.ttl() > Some(2_000_000_000), "{seconds}");
    }
}

/// 9111-4.2.4-2, 9111-4-5, PRJ-4.3.1-6
#[tokio::test]
async fn a_stale_response_that_cannot_be_validated_is_asked_for_anew() {
    let talk = Conversation::default();
    talk.store(reply(200).control("max-age=1").body("one"))
        .await
        .assert_stored();
    talk.clock.advance(1);
    let new = talk
        .store(reply(200).control("max-age=1").body("two"))
        .await;
    assert_eq!(new.assert_forwarded(Forward::Stale).text(), "two");
    let seen = talk.origin.last();
    assert_eq!(seen.field("if-none-match"), None);
    assert_eq!(seen.field("if-modified-since"), None);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "two");
    assert_eq!(talk.handle.len(), 1);
}
