//! RFC 9111 §3.1: which fields are stored, and what comes of those that are not.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Version};
use http_body::Frame;
use support::{Conversation, reply};
use tower_client_cache::{Forward, NotStored};

use super::{TEN_DAYS_AGO, TOMORROW, refused, with};
use crate::freshness::{FRESH, STALE, later};

/// 9111-3.1-1, 9110-5.2-1, 9110-5.5-1, PRJ-4-12
#[tokio::test]
async fn every_line_of_every_field_comes_back_as_it_was() {
    let talk = Conversation::default();
    let stored = reply(200)
        .version(Version::HTTP_2)
        .control("max-age=60, foo=\"b,a=r\"")
        .field("etag", b"\"caf\xe9\"")
        .field("set-cookie", "a=1")
        .field("link", "</1>; rel=next")
        .field("expires", "Thu, 18 AUG 2050 02:01:18 GMT")
        .field("set-cookie", "b=2, c=3")
        .field("link", "</2>,, </3>")
        .field("x-new", "")
        .field("content-length", "5")
        .field("priority", "u=1")
        .body("hello");
    let first = talk.store(stored).await;
    let mut expected = first.headers.clone();
    for age in ["30", "45"] {
        talk.clock.advance(if age == "30" { 30 } else { 15 });
        expected.insert("age", HeaderValue::from_static(age));
        let answer = talk.get("/a").await;
        assert_eq!(answer.assert_hit().headers, expected);
        assert_eq!(answer.version, Version::HTTP_2);
    }
}

/// 9111-3.1-2, 9111-3.1-3, 9111-3.1-4
#[tokio::test]
async fn fields_for_the_next_hop_are_not_stored() {
    let talk = Conversation::default();
    let fields = [
        ("connection", "a, B"),
        ("connection", "d"),
        ("cache-control", "max-age=60"),
        ("a", "1"),
        ("b", "2"),
        ("c", "3"),
        ("d", "4"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("te", "trailers"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("proxy-authenticate", "Basic"),
        ("proxy-authentication-info", "x"),
        ("proxy-authorization", "x"),
    ];
    talk.store(with(200, &fields).body("hello")).await;
    let answer = talk.get("/a").await;
    let mut names: Vec<_> = answer.assert_hit().headers.keys().collect();
    names.sort_by_key(|name| name.as_str());
    assert_eq!(names, ["age", "c", "cache-control", "date"]);
}

/// 9111-3.1-6
#[tokio::test]
async fn trailers_are_stored_apart_from_the_head() {
    let talk = Conversation::default();
    let mut trailers = HeaderMap::new();
    trailers.insert("etag", HeaderValue::from_static("\"t\""));
    trailers.insert("cache-control", HeaderValue::from_static("no-store"));
    trailers.append("x-sum", HeaderValue::from_static("1"));
    trailers.append("x-sum", HeaderValue::from_static("2"));
    let frames = [
        Ok(Frame::data(Bytes::from_static(b"hello"))),
        Ok(Frame::trailers(trailers.clone())),
    ];
    let first = talk
        .store(reply(200).control("max-age=60").frames(frames))
        .await;
    let second = talk.get("/a").await;
    assert_eq!(second.assert_hit().trailers.as_ref(), Some(&trailers));
    assert_eq!(second.field("etag"), None);
    assert_eq!(second.field("x-sum"), None);
    assert_eq!(second.field("cache-control"), first.field("cache-control"));
    talk.clock.advance(60);
    talk.origin.will(reply(200));
    talk.get("/a").await.assert_forwarded(Forward::Stale);
    assert_eq!(talk.origin.last().field("if-none-match"), None);
}

/// PRJ-3.1-7, C-55
#[tokio::test]
async fn connection_cannot_take_no_store_away() {
    let hidden = [
        ("connection", "cache-control"),
        ("cache-control", "no-store, max-age=60"),
    ];
    let reason = refused(with(200, &hidden).body("hello")).await;
    assert_eq!(reason, Some(NotStored::NoStore));
}

/// PRJ-3.1-7, C-55, EDGE-48
#[tokio::test]
async fn what_connection_names_is_obeyed_and_then_dropped() {
    let talk = Conversation::default();
    let named = [
        ("connection", "Age, Cache-Control, ETag"),
        ("cache-control", "max-age=60"),
        ("age", "50"),
        ("etag", "\"e\""),
    ];
    talk.store(with(200, &named).body("hello")).await;
    talk.clock.advance(5);
    let answer = talk.get("/a").await;
    assert_eq!(answer.assert_hit().field("age").as_deref(), Some("55"));
    assert_eq!(answer.field("cache-control"), None);
    assert_eq!(answer.field("etag"), None);
    talk.clock.advance(5);
    talk.origin.will(reply(200));
    talk.get("/a").await.assert_forwarded(Forward::Stale);
    assert_eq!(talk.origin.last().field("if-none-match"), None);
}

/// PRJ-3.1-7, 9111-4.2.2-2, C-55, EDGE-48
#[tokio::test]
async fn an_expires_that_connection_names_is_obeyed_as_well() {
    for (date, expected) in [("0", STALE), (TOMORROW, FRESH)] {
        let named = [
            ("connection", "expires"),
            ("expires", date),
            ("etag", "\"e\""),
            ("last-modified", TEN_DAYS_AGO),
        ];
        for seconds in [0, 86_399] {
            let cache = later(with(200, &named), seconds).await.cache;
            assert_eq!(cache.forwarded(), expected, "{date}: {cache}");
        }
    }
    let named = [("connection", "expires"), ("expires", TOMORROW)];
    let cache = later(with(200, &named), 60).await.cache;
    assert_eq!(cache.forwarded(), FRESH, "{cache}");
}

/// PRJ-3.1-7, 9111-4.2.3-2, C-55, EDGE-48
#[tokio::test]
async fn a_date_that_connection_names_is_obeyed_as_well() {
    let named = [
        ("connection", "date"),
        ("date", TEN_DAYS_AGO),
        ("cache-control", "max-age=60"),
        ("etag", "\"e\""),
    ];
    let cache = later(with(200, &named), 0).await.cache;
    assert_eq!(cache.forwarded(), STALE, "{cache}");
}

/// PRJ-3.1-7, 9111-4-4, C-55
#[tokio::test]
async fn a_directive_that_connection_names_holds_after_a_validation() {
    let talk = Conversation::default();
    let named = [
        ("connection", "cache-control"),
        ("cache-control", "no-cache"),
        ("etag", "\"e\""),
        ("last-modified", TEN_DAYS_AGO),
    ];
    talk.store(with(200, &named).body("one")).await;
    talk.origin.will(reply(304));
    talk.get("/a").await.assert_validated();
    talk.origin.will(reply(200).body("two"));
    let third = talk.get("/a").await;
    assert_eq!(third.text(), "two", "{}", third.cache);
}

/// PRJ-3.1-7, 9111-4.1-1, C-55
#[tokio::test]
async fn a_vary_that_connection_names_holds_after_a_validation() {
    let talk = Conversation::default();
    let named = [
        ("connection", "vary"),
        ("vary", "x"),
        ("cache-control", "max-age=60"),
        ("etag", "\"e\""),
    ];
    talk.origin.will(with(200, &named).body("one"));
    talk.get_with("/a", &[("x", "1")]).await.assert_stored();
    talk.clock.advance(60);
    talk.origin.will(reply(304));
    talk.get_with("/a", &[("x", "1")]).await.assert_validated();
    talk.origin.will(reply(200).body("two"));
    let other = talk.get_with("/a", &[("x", "2")]).await;
    assert_eq!(other.text(), "two", "{}", other.cache);
}

/// PRJ-3.1-8, 9211-2-5
#[tokio::test]
async fn nothing_of_ours_is_stored_and_nothing_of_the_connection() {
    #[derive(Clone)]
    struct Connected;

    let talk = Conversation::default();
    let stored = reply(200).control("max-age=60").extension(Connected);
    let first = talk.store(stored.body("hello")).await;
    assert!(first.extensions.get::<Connected>().is_some());
    assert_eq!(first.field("age"), None);
    let second = talk.get("/a").await;
    let third = talk.get("/a").await;
    assert_eq!(second.assert_hit().headers, third.assert_hit().headers);
    assert_eq!(second.field("cache-status"), None);
    assert!(second.extensions.get::<Connected>().is_none());
}

/// 9110-6.6.1-2, EDGE-13
#[tokio::test]
async fn a_response_without_a_date_gets_the_one_it_was_received_on() {
    let talk = Conversation::default();
    let undated = reply(200).control("max-age=60").undated().takes(2);
    talk.store(undated.body("hello")).await.assert_stored();
    let received = talk.clock.date(0);
    talk.clock.advance(30);
    let second = talk.get("/a").await;
    assert_eq!(second.assert_hit().field("date"), Some(received));
}
