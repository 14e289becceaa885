//! RFC 9111 §4.2.3, §5.1

use http::Method;
use support::{Answer, Clock, Conversation, reply, request};
use tower_client_cache::Forward;

use super::{FRESH, STALE, later};
use crate::storing::{TEN_DAYS_AGO, with};

/// The age that an answer tells.
pub(super) fn age(answer: &Answer) -> Option<String> {
    answer.field("age")
}

/// 9111-4-6
#[tokio::test]
async fn the_age_of_a_reused_response_takes_the_place_of_the_one_it_came_with() {
    let talk = Conversation::default();
    let aged = reply(200).control("max-age=60").field("age", "10");
    let first = talk.store(aged.field("age", "11").body("hello")).await;
    assert_eq!(first.cache.age().map(|age| age.as_secs()), Some(10));
    talk.clock.advance(5);
    let second = talk.get("/a").await;
    let lines: Vec<_> = second.assert_hit().headers.get_all("age").iter().collect();
    assert_eq!(lines, ["15"]);
}

/// 9111-4-6
#[tokio::test]
async fn a_head_a_304_and_a_stale_answer_have_their_age_too() {
    let talk = Conversation::default();
    let aged = reply(200).control("max-age=60").field("age", "10");
    talk.store(aged.field("etag", "\"e\"").body("hello")).await;
    talk.clock.advance(5);
    let head = talk.send(request(Method::HEAD, "/a", &[])).await;
    assert_eq!(age(head.assert_hit()).as_deref(), Some("15"));
    let known = talk.get_with("/a", &[("if-none-match", "\"e\"")]).await;
    assert_eq!(age(known.assert_hit()).as_deref(), Some("15"));
    assert_eq!(known.status, 304);
    talk.clock.advance(85);
    let stale = talk.get_with("/a", &[("cache-control", "max-stale")]).await;
    assert_eq!(age(stale.assert_hit()).as_deref(), Some("100"));
}

/// 9111-5.1-2, 9111-5.1-3, EDGE-15
#[tokio::test]
async fn the_first_member_of_age_counts_if_it_is_a_number() {
    let table: &[(&[&str], Option<&str>)] = &[
        (&[], Some("0")),
        (&["0"], Some("0")),
        (&["15"], Some("15")),
        (&["015"], Some("15")),
        (&[" 15 , 7200"], Some("15")),
        (&["0, 0"], Some("0")),
        (&["0", "7200"], Some("0")),
        (&["abc", "7200"], Some("0")),
        (&["abc, 7200"], Some("0")),
        (&["-7200"], Some("0")),
        (&["+7200"], Some("0")),
        (&["7200.0"], Some("0")),
        (&["7200;foo=1"], Some("0")),
        (&["\"7200\""], Some("0")),
        (&["72 00"], Some("0")),
        (&[""], Some("0")),
        (&["3599"], Some("3599")),
        (&["3600"], None),
        (&["7200, 0"], None),
        (&["7200", "0"], None),
    ];
    for (lines, expected) in table {
        let fields = [("cache-control", "max-age=3600"), ("etag", "\"e\"")];
        let aged = lines
            .iter()
            .fold(with(200, &fields), |reply, line| reply.field("age", line));
        let answer = later(aged, 0).await;
        let forwarded = if expected.is_some() { FRESH } else { STALE };
        assert_eq!(answer.cache.forwarded(), forwarded, "{lines:?}");
        assert_eq!(age(&answer).as_deref(), *expected, "{lines:?}");
    }
}

/// 9111-1.2.2-1, 9111-4.2.3-4, EDGE-7, EDGE-15
#[tokio::test]
async fn an_age_too_large_to_count_is_as_large_as_can_be() {
    let most = u64::MAX.to_string();
    let digits = "9".repeat(400);
    for (old, lifetime) in [
        ("2147483648", "3600"),
        ("2147483648", "2147483648"),
        ("4294967296", "3600"),
        ("99999999999999999999", "3600"),
        (&most, "3600"),
        (&most, &most),
        (&digits, "3600"),
        (&digits, &digits),
    ] {
        let control = format!("max-age={lifetime}");
        let fields = [("age", old), ("cache-control", &control), ("etag", "\"e\"")];
        let talk = Conversation::default();
        talk.store(with(200, &fields).takes(3)).await;
        talk.clock.advance(300 * 86_400);
        let lenient = talk.get_with("/a", &[("cache-control", "max-stale")]).await;
        let told: u64 = age(lenient.assert_hit()).unwrap().parse().unwrap();
        assert!(told >= 2_147_483_648, "{told} of {old}");
        talk.origin.will(reply(304));
        let cache = talk.get("/a").await.cache;
        assert_eq!(cache.forwarded(), STALE, "{old} {lifetime}: {cache}");
    }
}

/// 9111-4.2.3-1, EDGE-16
#[tokio::test]
async fn an_age_counts_from_when_the_origin_was_asked() {
    let fields = [("cache-control", "max-age=20"), ("etag", "\"e\"")];
    // Age, seconds until the head is there; the age at once
    for (old, delay, expected) in [
        ("5", 3, Some("8")),
        ("0", 3, Some("3")),
        ("17", 2, Some("19")),
        ("17", 3, None),
        ("30", 0, None),
        ("0", 20, None),
        ("0", 30, None),
    ] {
        let talk = Conversation::default();
        let aged = with(200, &fields).field("age", old).takes(delay);
        let first = talk.store(aged.body("hello")).await;
        assert_eq!(first.assert_stored().text(), "hello", "{old} {delay}");
        talk.origin.will(reply(304));
        let second = talk.get("/a").await;
        assert_eq!(second.cache.is_hit(), expected.is_some(), "{old} {delay}");
        assert_eq!(age(&second).as_deref(), expected, "{old} {delay}");
    }
}

/// 9111-4.2.3-2, EDGE-14, C-08
#[tokio::test]
async fn a_date_that_differs_from_the_clock_makes_a_response_older_but_never_younger() {
    let fields = [("cache-control", "max-age=60"), ("etag", "\"e\"")];
    // Date and Age; the age at once
    for (date, old, expected) in [
        (0, "0", Some("0")),
        (-50, "0", Some("50")),
        (-50, "20", Some("50")),
        (-20, "50", Some("50")),
        (-59, "0", Some("59")),
        (-60, "0", None),
        (-86_400, "0", None),
        (3600, "0", Some("0")),
        (86_400, "50", Some("50")),
    ] {
        let date = Clock::default().date(date);
        let reply = with(200, &fields).field("date", &date).field("age", old);
        let answer = later(reply, 0).await;
        assert_eq!(answer.cache.is_hit(), expected.is_some(), "{date} {old}");
        assert_eq!(age(&answer).as_deref(), expected, "{date} {old}");
    }
    let ahead = with(200, &fields).field("date", Clock::default().date(3600));
    assert_eq!(later(ahead, 60).await.cache.forwarded(), STALE);
}

/// 9110-6.6.1-2, 9110-6.6.1-3, EDGE-13, C-40
#[tokio::test]
async fn a_date_that_cannot_be_read_is_that_of_receipt() {
    for dates in [
        &[][..],
        &["rubbish"],
        &["0"],
        &[""],
        &[TEN_DAYS_AGO, "Sun, 06 Nov 1994 08:49:37 GMT"],
    ] {
        let talk = Conversation::default();
        let dated = dates.iter().fold(reply(200).undated(), |reply, date| {
            reply.field("date", date)
        });
        talk.store(dated.control("max-age=60").takes(2).body("hello"))
            .await;
        let received = talk.clock.date(0);
        talk.clock.advance(5);
        let second = talk.get("/a").await;
        let told: Vec<_> = second.assert_hit().headers.get_all("date").iter().collect();
        assert_eq!(told, [received.as_str()], "{dates:?}");
        assert_eq!(age(&second).as_deref(), Some("7"), "{dates:?}");
    }
}

/// 9111-4.2.3-3, 9111-5.1-4, PRJ-3.2-9, PRJ-3.2-10, C-35
#[tokio::test]
async fn an_age_starts_anew_with_a_validation() {
    for not_modified in [reply(304), reply(304).undated()] {
        let talk = Conversation::default();
        let aged = reply(200).control("max-age=600").field("age", "500");
        talk.store(aged.field("etag", "\"e\"").body("hello")).await;
        talk.clock.advance(100);
        talk.origin.will(not_modified.takes(2));
        let validated = talk.get("/a").await;
        assert_eq!(age(validated.assert_validated()), None);
        let date = Some(talk.clock.date(0));
        assert_eq!(validated.field("date"), date);
        talk.clock.advance(200);
        let reused = talk.get("/a").await;
        assert_eq!(age(reused.assert_hit()).as_deref(), Some("202"));
        assert_eq!(reused.field("date"), date);
    }
}

/// 9111-5.1-4, 9111-4.2.3-1, C-35
#[tokio::test]
async fn an_answer_of_the_origin_has_the_age_that_it_came_with() {
    let talk = Conversation::default();
    let fields = [("cache-control", "max-age=60"), ("etag", "\"e\"")];
    let first = talk.store(with(200, &fields)).await;
    assert_eq!(age(first.assert_forwarded(Forward::UriMiss)), None);
    talk.clock.advance(60);
    talk.origin.will(with(304, &[("age", "30")]));
    let validated = talk.get("/a").await;
    assert_eq!(age(validated.assert_validated()).as_deref(), Some("30"));
    talk.clock.advance(10);
    assert_eq!(
        age(talk.get("/a").await.assert_hit()).as_deref(),
        Some("40")
    );
    talk.clock.advance(20);
    talk.origin.will(with(200, &fields).field("age", "7"));
    let new = talk.get("/a").await;
    assert_eq!(
        age(new.assert_forwarded(Forward::Stale)).as_deref(),
        Some("7")
    );
}
