//! Requests that the cache leaves alone: nothing is looked up, nothing is stored.

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::Full;
use support::{Answer, Conversation, OriginBody, get, reply, request};
use tower::Service;
use tower_client_cache::{Forward, NotStored};

/// One that has `"e"` stored and fresh.
async fn with_a_fresh_response() -> Conversation {
    let talk = Conversation::default();
    let stored = reply(200).control("max-age=60").field("etag", "\"e\"");
    talk.store(stored.body("hello")).await.assert_stored();
    talk
}

#[track_caller]
fn assert_bypassed(answer: &Answer, case: &str) {
    let cache = answer.cache;
    assert_eq!(cache.forwarded(), Some(Forward::Bypass), "{case}: {cache}");
    let refused = Some(NotStored::Bypass);
    assert_eq!(cache.not_stored(), refused, "{case}: {cache}");
}

/// 9111-4.3.2-2, C-27, EDGE-45, 9111-1-1, 9110-14.2-3: preconditions for the origin, units
/// that nobody here knows, upgrades
#[tokio::test]
async fn requests_for_something_else_than_the_whole_are_forwarded_untouched() {
    for (name, value) in [
        ("if-match", "\"e\""),
        ("if-match", "*"),
        ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("range", "lines=0-1"),
        ("upgrade", "websocket"),
    ] {
        let case = format!("{name}: {value}");
        let talk = with_a_fresh_response().await;
        let asked = get("/a", &[(name, value), ("accept", "text/plain")]);
        let sent: HeaderMap = asked.headers().clone();
        talk.origin
            .will(reply(200).control("max-age=60").body("other"));
        let answer = talk.send(asked).await;
        assert_bypassed(&answer, &case);
        assert_eq!(answer.text(), "other", "{case}");
        assert_eq!(answer.field("age"), None, "{case}");
        assert_eq!(talk.origin.last().headers, sent, "{case}");
        assert_eq!(talk.get("/a").await.assert_hit().text(), "hello", "{case}");
        assert_eq!(talk.handle.len(), 1, "{case}");
    }
}

/// C-27, C-57: the answer to it is about the request
#[tokio::test]
async fn a_failed_precondition_touches_nothing_stored() {
    for status in [412, 416, 428] {
        let talk = with_a_fresh_response().await;
        talk.origin.will(reply(status).control("max-age=60"));
        let answer = talk.get_with("/a", &[("if-match", "\"x\"")]).await;
        assert_eq!(answer.status, status);
        talk.get("/a").await.assert_hit();
    }
}

/// 9110-14.2-1: `Range` means something on GET alone
#[tokio::test]
async fn a_head_with_a_range_is_a_head() {
    let talk = with_a_fresh_response().await;
    let head = request(Method::HEAD, "/a", &[("range", "bytes=0-1")]);
    talk.send(head).await.assert_hit();
}

/// C-42, EDGE-45: content of a GET is in no key
#[tokio::test]
async fn a_get_with_content_is_forwarded_untouched() {
    for method in [Method::GET, Method::HEAD] {
        let talk = with_a_fresh_response().await;
        talk.origin
            .will(reply(200).control("max-age=60").body("poison"));
        let asked = request(method.clone(), "/a", &[]);
        let asked = asked.map(|_| Full::new(Bytes::from_static(b"content")));
        let answer = talk.client.clone().call(asked).await.unwrap();
        assert_bypassed(&Answer::read(answer).await.unwrap(), method.as_str());
        assert_eq!(talk.get("/a").await.assert_hit().text(), "hello");
    }
}

/// C-42: content of which nobody knows how much it will be
#[tokio::test]
async fn a_get_whose_content_is_of_unknown_length_is_forwarded_untouched() {
    let talk = with_a_fresh_response().await;
    talk.origin.will(reply(200).control("max-age=60"));
    let (_frames, body) = OriginBody::channel();
    let answer = talk.client.clone().call(get("/a", &[]).map(|_| body));
    let answer = Answer::read(answer.await.unwrap()).await.unwrap();
    assert_bypassed(&answer, "a stream");
}

/// C-42: no octets are no content, whatever the type of the body
#[tokio::test]
async fn a_get_with_an_empty_body_is_answered_from_the_store() {
    let talk = with_a_fresh_response().await;
    let asked = get("/a", &[]).map(|_| Full::new(Bytes::new()));
    let answer = talk.client.clone().call(asked).await.unwrap();
    Answer::read(answer).await.unwrap().assert_hit();
}

/// 9110-7.2-1: `Host` is the favourite vector of poisoning
#[tokio::test]
async fn a_request_whose_host_disagrees_with_its_uri_is_forwarded_untouched() {
    for hosts in [
        &["other.test"][..],
        &["o.test:81"],
        &["o.test.other.test"],
        &[""],
        &["o.test", "o.test"],
        &["o.test", "other.test"],
    ] {
        let talk = with_a_fresh_response().await;
        let fields: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
        talk.origin
            .will(reply(200).control("max-age=60").body("poison"));
        let answer = talk.get_with("/a", &fields).await;
        assert_bypassed(&answer, &format!("{hosts:?}"));
        assert_eq!(talk.get("/a").await.assert_hit().text(), "hello");
        assert_eq!(talk.handle.len(), 1, "{hosts:?}");
    }
    for host in ["o.test", "O.TEST", "o.test:80", "o.test:"] {
        let talk = with_a_fresh_response().await;
        let answer = talk.get_with("/a", &[("host", host)]).await;
        assert!(answer.cache.is_hit(), "{host}: {}", answer.cache);
    }
}

/// 9111-1-1: a tunnel, and a connection that becomes another protocol's
#[tokio::test]
async fn the_cache_does_not_act_on_tunnels() {
    let talk = Conversation::default();
    talk.origin.will(reply(101).control("max-age=60"));
    let upgrade = [("upgrade", "websocket"), ("connection", "upgrade")];
    let switched = talk.get_with("/a", &upgrade).await;
    assert_bypassed(&switched, "an upgrade");
    assert_eq!(switched.status, 101);

    talk.origin.will(reply(200).control("max-age=60"));
    let mut tunnel = Request::new(http_body_util::Empty::new());
    *tunnel.method_mut() = Method::CONNECT;
    *tunnel.uri_mut() = "o.test:80".parse().unwrap();
    let tunnel = talk.send(tunnel).await;
    tunnel.assert_forwarded(Forward::Method);
    tunnel.assert_not_stored(NotStored::Method);
    assert!(talk.handle.is_empty());
}
