//! RFC 5861 §4: `stale-if-error`.

use http::Method;
use support::{Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::{CacheLayer, Forward, NotStored};

use super::{after, minute};
use crate::storing::with;

const LENIENT: &str = "stale-if-error=60";

/// Fresh for a minute, in either kind of cache.
fn stored(control: &str) -> Reply {
    let control = format!("max-age=60, {control}");
    let fields = [
        ("cache-control", &*control),
        ("etag", "\"v1\""),
        ("content-length", "3"),
    ];
    with(200, &fields).body("one")
}

async fn through(layer: CacheLayer, control: &str) -> Conversation {
    let talk = Conversation::through(layer);
    talk.store(stored(control)).await.assert_stored();
    talk.clock.advance(70);
    talk
}

/// 5861-4-1, 5861-4-3, 5861-4-5, 9111-4.2.4-2, 9111-4.3.3-3, C-21, 9211-2.3-1
#[tokio::test]
async fn a_stale_response_stands_in_for_an_error() {
    for (status, is_error) in [
        (500, true),
        (502, true),
        (503, true),
        (504, true),
        (501, false),
        (505, false),
        (507, false),
        (599, false),
        (404, false),
        (429, false),
        (403, false),
    ] {
        let talk = after(70, minute(LENIENT)).await;
        talk.origin.will(reply(status).body("sorry"));
        let answer = talk.get("/a").await;
        answer.assert_forwarded(Forward::Stale);
        let seen = answer.cache.forward_status().map(|status| status.as_u16());
        assert_eq!(seen, Some(status));
        if is_error {
            assert_eq!((answer.status.as_u16(), answer.text()), (200, "one"));
            assert_eq!(answer.field("age").as_deref(), Some("70"), "{status}");
            assert_eq!(answer.cache.ttl(), Some(-10), "{status}");
            answer.assert_not_stored(NotStored::ServerError);
            assert_eq!(answer.field("warning"), None);
        } else {
            let passed = (answer.status.as_u16(), answer.text());
            assert_eq!(passed, (status, "sorry"));
        }
    }
}

/// 5861-4-3, PRJ-L-4: there is no answer at all
#[tokio::test]
async fn a_stale_response_stands_in_for_an_answer_that_does_not_come() {
    let talk = after(70, minute(LENIENT)).await;
    talk.origin.will(Reply::fails(OriginError("refused")));
    let answer = talk.get("/a").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "one"));
    assert_eq!(answer.field("age").as_deref(), Some("70"));
    assert_eq!(answer.cache.forward_status(), None);
    answer.assert_not_stored(NotStored::Failed);
}

/// 5861-4-1: so long after its lifetime and no longer
#[tokio::test]
async fn a_stale_response_stands_in_for_as_long_as_it_says() {
    for (control, seconds, status) in [
        ("max-age=600, stale-if-error=1200", 900, 200),
        ("max-age=600, stale-if-error=1200", 1800, 200),
        ("max-age=600, stale-if-error=1200", 1801, 500),
        ("max-age=600", 601, 500),
        ("max-age=600, stale-if-error=0", 600, 500),
        ("max-age=600, Stale-If-Error=\"9\"", 609, 200),
        ("max-age=600, stale-if-error", 601, 500),
        ("max-age=600, stale-if-error=abc", 601, 500),
        ("max-age=600, stale-if-error=-1", 601, 500),
        ("max-age=600, stale-if-error=9, stale-if-error=99", 610, 500),
        ("max-age=600, stale-if-error=99, stale-if-error=9", 610, 500),
        ("max-age=600, stale-if-error=99, stale-if-error=9", 609, 200),
        (
            "max-age=600, stale-if-error=99999999999999999999",
            9_999,
            200,
        ),
    ] {
        let kept = with(200, &[("cache-control", control), ("etag", "\"v1\"")]);
        let talk = after(seconds, kept.body("one")).await;
        talk.origin.will(reply(500));
        let answer = talk.get("/a").await;
        let case = format!("{control}; PRJ-5861-3; after {seconds} s");
        assert_eq!(answer.status, status, "{case}");
        if status == 200 {
            assert_eq!(answer.field("age"), Some(seconds.to_string()), "{case}");
        }
    }
}

/// 5861-4-2, C-38: a request says so for itself; to a shared cache it does not, unless it may
#[tokio::test]
async fn a_request_says_that_it_takes_a_stale_response_for_an_error() {
    let (private, shared) = (CacheLayer::new, CacheLayer::shared);
    for (layer, response, request, status) in [
        (private(), "x", "stale-if-error=10", 200),
        (private(), "x", "stale-if-error=9", 503),
        (private(), "stale-if-error=5", "stale-if-error=10", 200),
        (private(), "stale-if-error=10", "stale-if-error=5", 200),
        (private(), "stale-if-error=5", "stale-if-error=5", 503),
        (private(), "x", "stale-while-revalidate=10", 503),
        (
            private().request_stale_if_error(false),
            "x",
            "stale-if-error=10",
            503,
        ),
        (shared(), "x", "stale-if-error=10", 503),
        (shared(), "stale-if-error=10", "x", 200),
        (
            shared().request_stale_if_error(true),
            "x",
            "stale-if-error=10",
            200,
        ),
    ] {
        let talk = through(layer, response).await;
        talk.origin.will(reply(503));
        let answer = talk.get_with("/a", &[("cache-control", request)]).await;
        assert_eq!(answer.status, status, "{response}; {request}");
        talk.origin.will(reply(503));
        if response == "x" {
            assert_eq!(talk.get("/a").await.status, 503, "of that request alone");
        }
    }
}

/// PRJ-5861-1, 9111-4.2.4-1, 9111-5.2.2.2-1, 9111-5.2.2.4-1, 9111-5.2.2.8-1, 9111-5.2.2.10-2, C-62
#[tokio::test]
async fn what_a_directive_forbids_is_forbidden_on_error_too() {
    let (private, shared) = (CacheLayer::new, CacheLayer::shared);
    let lax = || CacheLayer::shared().stale_despite_s_maxage(true);
    for (layer, response, request, status) in [
        (private(), "must-revalidate", "x", 503),
        (private(), "no-cache", "x", 503),
        (private(), "proxy-revalidate", "x", 200),
        (private(), "s-maxage=60", "x", 200),
        (private(), "x", "no-cache", 503),
        (private(), "x", "max-age=100", 503),
        (private(), "x", "min-fresh=1", 503),
        (private(), "x", "max-stale=9", 503),
        (private(), "x", "max-stale=10", 200),
        (shared(), "must-revalidate", "x", 503),
        (shared(), "proxy-revalidate", "x", 503),
        (shared(), "s-maxage=60", "x", 503),
        (shared(), "x", "x", 200),
        (lax(), "s-maxage=60", "x", 200),
        (lax(), "s-maxage=60, proxy-revalidate", "x", 503),
        (lax(), "s-maxage=60, must-revalidate", "x", 503),
    ] {
        let talk = through(layer, &format!("{LENIENT}, {response}")).await;
        talk.origin.will(reply(503));
        let answer = talk.get_with("/a", &[("cache-control", request)]).await;
        assert_eq!(answer.status, status, "{response}; {request}");
    }
}

/// PRJ-5861-1, 9111-4.4-5
#[tokio::test]
async fn what_an_unsafe_request_has_made_wrong_stands_in_for_nothing() {
    let talk = after(10, minute(LENIENT)).await;
    talk.origin.will(reply(204));
    talk.send(request(Method::POST, "/a", &[])).await;
    talk.origin.will(reply(503));
    assert_eq!(talk.get("/a").await.status, 503);
    talk.origin.will(Reply::fails(OriginError("refused")));
    assert!(talk.start(get("/a", &[])).await.is_err());
}

/// 9111-4-3, PRJ-5861-1: the response of another variant stands in for nothing
#[tokio::test]
async fn a_response_that_the_request_does_not_select_stands_in_for_nothing() {
    let talk = Conversation::default();
    talk.origin.will(minute(LENIENT).field("vary", "Foo"));
    talk.get_with("/a", &[("foo", "1")]).await.assert_stored();
    talk.clock.advance(70);
    talk.origin.will(reply(503));
    let other = talk.get_with("/a", &[("foo", "2")]).await;
    assert_eq!(other.assert_forwarded(Forward::VaryMiss).status, 503);
}

/// PRJ-5861-5, EDGE-40: the error is not stored in its place
#[tokio::test]
async fn an_error_with_a_lifetime_of_its_own_replaces_nothing() {
    for control in [LENIENT, "x"] {
        let talk = after(70, minute(control)).await;
        talk.origin.will(reply(503).control("max-age=60"));
        talk.get("/a").await;
        talk.origin.will(reply(304));
        let next = talk.get("/a").await;
        assert_eq!(next.assert_validated().text(), "one", "{control}");
    }
}

/// 9111-4.3.2-1, 9111-4-2: it answers as it would if it were fresh
#[tokio::test]
async fn a_stale_response_that_stands_in_answers_the_conditions_of_the_caller() {
    let talk = after(70, minute(LENIENT)).await;
    talk.origin.will(reply(503));
    let mine = talk.get_with("/a", &[("if-none-match", "\"v1\"")]).await;
    assert_eq!((mine.status.as_u16(), mine.text()), (304, ""));
    assert_eq!(mine.field("age").as_deref(), Some("70"));
    talk.origin.will(reply(503));
    let head = talk.send(request(Method::HEAD, "/a", &[])).await;
    assert_eq!((head.status.as_u16(), head.text()), (200, ""));
}
