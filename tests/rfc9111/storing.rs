//! RFC 9111 §3

mod authorized;
mod bodies;
mod cookies;
mod directives;
mod fields;
mod kinds;
mod posted;
mod redirected;
mod shared;
mod statuses;

use http::Method;
use support::{Conversation, Reply, get, reply, request};
use tower_client_cache::{Forward, NotStored};

/// Ten days before the first reading of the clock.
pub(crate) const TEN_DAYS_AGO: &str = "Thu, 27 Oct 1994 08:49:37 GMT";

/// A day after the first reading of the clock.
pub(crate) const TOMORROW: &str = "Mon, 07 Nov 1994 08:49:37 GMT";

/// A reply with these fields.
pub(crate) fn with(status: u16, fields: &[(&str, &str)]) -> Reply {
    fields.iter().fold(reply(status), |reply, (name, value)| {
        reply.field(name, value)
    })
}

/// Why the reply to `GET /a` is not stored; `None` where it is.
async fn refused(reply: Reply) -> Option<NotStored> {
    let talk = Conversation::default();
    let cache = talk.store(reply).await.cache;
    assert_eq!(talk.handle.is_empty(), !cache.is_stored(), "{cache}");
    cache.not_stored()
}

/// 9111-2-3, 9111-4-6
#[tokio::test]
async fn a_fresh_response_is_reused_with_its_age() {
    let talk = Conversation::default();
    let first = talk
        .store(reply(200).control("max-age=60").body("hello"))
        .await;
    first.assert_forwarded(Forward::UriMiss).assert_stored();
    talk.clock.advance(5);
    let second = talk.get("/a").await;
    assert_eq!(second.assert_hit().text(), "hello");
    assert_eq!(second.field("age").as_deref(), Some("5"));
    assert_eq!(talk.origin.calls(), 1);
}

/// 9111-2-1, 9111-4-1
#[tokio::test]
async fn a_response_is_stored_for_its_own_uri() {
    let talk = Conversation::default();
    let uris = [
        "http://o.test/a",
        "http://o.test/b",
        "http://o.test/a?x=1",
        "http://o.test:8080/a",
        "http://other.test/a",
        "https://o.test/a",
    ];
    for uri in uris {
        talk.origin.will(reply(200).control("max-age=60").body(uri));
        let first = talk.get(uri).await;
        assert_eq!(first.cache.forwarded(), Some(Forward::UriMiss), "{uri}");
    }
    for uri in uris {
        assert_eq!(talk.get(uri).await.assert_hit().text(), uri);
    }
    assert_eq!(talk.handle.len(), uris.len());
}

/// 9111-3-1, 9110-9.2.3-1, 9110-9.3.4-1, 9110-9.3.7-1, PRJ-9.2.1-1
#[tokio::test]
async fn the_response_to_a_method_that_is_not_understood_is_not_stored() {
    for method in [
        "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH",
        "FOO", "get",
    ] {
        let talk = Conversation::default();
        talk.origin
            .will(reply(200).control("max-age=60").body("hello"));
        let request = request(Method::from_bytes(method.as_bytes()).unwrap(), "/a", &[]);
        let answer = talk.send(request).await;
        assert_eq!(answer.cache.forwarded(), Some(Forward::Method), "{method}");
        assert_eq!(
            answer.cache.not_stored(),
            Some(NotStored::Method),
            "{method}"
        );
        assert_eq!(answer.text(), "hello", "{method}");
        assert!(talk.handle.is_empty(), "{method}");
    }
}

/// 9111-1-1, 9110-9.3.6-1
#[tokio::test]
async fn a_tunnel_and_a_switch_of_protocols_pass_untouched() {
    let talk = Conversation::default();
    talk.origin.will(reply(200).control("max-age=60"));
    let connect = request(Method::CONNECT, "o.test:443", &[("x-tunnel", "1")]);
    talk.send(connect).await.assert_forwarded(Forward::Method);
    assert_eq!(talk.origin.last().field("x-tunnel").as_deref(), Some("1"));

    talk.origin.will(reply(101).control("max-age=60"));
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")];
    let switched = talk.get_with("/a", &upgrade).await;
    switched.assert_forwarded(Forward::Bypass);
    assert_eq!(switched.status, 101);
    let seen = talk.origin.last();
    assert_eq!(seen.field("upgrade").as_deref(), Some("websocket"));
    assert!(talk.handle.is_empty());
}

/// 9111-3-7, 9111-3-8, 9111-3-10, 9111-4.2.1-6, 9111-5.2.2.8-1, EDGE-8
#[tokio::test]
async fn something_has_to_say_that_a_response_may_be_stored() {
    const TAG: (&str, &str) = ("etag", "\"e\"");
    const MODIFIED: (&str, &str) = ("last-modified", TEN_DAYS_AGO);
    let control = |value| ("cache-control", value);
    let no_reason = Some(NotStored::NotCacheable);
    let no_use = Some(NotStored::NoValidator);
    let table = [
        (302, vec![], no_reason),
        (302, vec![TAG, MODIFIED], no_reason),
        (302, vec![control("s-maxage=60"), TAG], no_reason),
        (302, vec![control("must-revalidate"), TAG], no_reason),
        (302, vec![control("proxy-revalidate"), TAG], no_reason),
        (302, vec![control("immutable"), TAG], no_reason),
        (
            302,
            vec![control("stale-while-revalidate=60"), TAG],
            no_reason,
        ),
        (302, vec![("expires", TOMORROW)], None),
        (302, vec![("expires", "0"), TAG], None),
        (302, vec![control("max-age=60")], None),
        (302, vec![control("max-age=0"), TAG], None),
        (302, vec![control("public"), MODIFIED], None),
        (302, vec![control("private"), MODIFIED], None),
        (200, vec![], no_use),
        (200, vec![control("public")], no_use),
        (200, vec![control("private")], no_use),
        (200, vec![control("s-maxage=60")], no_use),
        (200, vec![control("s-maxage=60"), TAG], None),
        (200, vec![control("public"), TAG], None),
        (200, vec![TAG], None),
        (200, vec![MODIFIED], None),
    ];
    for (status, fields, expected) in table {
        let reason = refused(with(status, &fields).body("hello")).await;
        assert_eq!(reason, expected, "{status} {fields:?}");
    }
}

/// 9111-5.2-8, EDGE-9
#[tokio::test]
async fn what_a_request_says_is_no_lifetime_of_the_response() {
    let talk = Conversation::default();
    for control in ["max-age=60", "max-stale", "min-fresh=0", "public"] {
        talk.origin.will(reply(200).body("hello"));
        let answer = talk.get_with("/a", &[("cache-control", control)]).await;
        answer.assert_not_stored(NotStored::NoValidator);
        assert!(talk.handle.is_empty(), "{control}");
    }
}

/// 9111-5.2.1.5-1
#[tokio::test]
async fn nothing_of_a_request_with_no_store_is_stored() {
    for control in ["no-store", "No-Store", "max-age=60, no-store", "no-store=1"] {
        let talk = Conversation::default();
        talk.origin
            .will(reply(200).control("max-age=60").body("hello"));
        let answer = talk.get_with("/a", &[("cache-control", control)]).await;
        let reason = answer.cache.not_stored();
        assert_eq!(reason, Some(NotStored::RequestNoStore), "{control}");
        assert!(talk.handle.is_empty(), "{control}");
    }
}

/// 9111-7.3-1, 6265-3-1, EDGE-19, C-32
#[tokio::test]
async fn a_cookie_that_is_set_does_not_keep_a_response_out() {
    let talk = Conversation::default();
    let cookies = reply(200)
        .control("max-age=60")
        .field("set-cookie", "a=1")
        .field("set-cookie", "b=2; Path=/")
        .body("hello");
    talk.origin.will(cookies);
    let request = || get("/a", &[("cookie", "a=0")]);
    talk.send(request()).await.assert_stored();
    let second = talk.send(request()).await;
    let set: Vec<_> = second.headers.get_all("set-cookie").iter().collect();
    assert_eq!(set, ["a=1", "b=2; Path=/"]);
    assert_eq!(second.assert_hit().text(), "hello");
}

/// 9111-3.5-4, C-33, C-34
#[tokio::test]
async fn each_user_has_stored_responses_of_his_own() {
    for field in ["authorization", "cookie"] {
        let talk = Conversation::default();
        for user in ["one", "two"] {
            talk.origin
                .will(reply(200).control("max-age=60").body(user));
            let answer = talk.get_with("/a", &[(field, user)]).await;
            assert_eq!(answer.cache.forwarded(), Some(Forward::UriMiss), "{field}");
        }
        for user in ["one", "two"] {
            let answer = talk.get_with("/a", &[(field, user)]).await;
            assert_eq!(answer.assert_hit().text(), user, "{field}");
        }
        assert_eq!(talk.handle.len(), 2, "{field}");
    }
}

/// 9110-8.7-1
#[tokio::test]
async fn a_claim_to_be_another_resource_stores_nothing_there() {
    let talk = Conversation::default();
    let claim = reply(200).control("max-age=60");
    talk.store(claim.field("content-location", "/b").body("hello"))
        .await
        .assert_stored();
    talk.origin.will(reply(200).body("the other"));
    let other = talk.get("/b").await;
    other.assert_forwarded(Forward::UriMiss);
    assert_eq!(talk.handle.len(), 1);
}
