//! Unary calls that are answered from the store.

use http::{HeaderName, Method, Uri};
use http_body_util::BodyExt;
use support::{OriginBody, reply, request};
use tower::Service;
use tower_client_cache::{CacheLayer, CacheMode, Forward, NotStored, Rule, Selector, Verdict};

use super::{
    GET, MINUTE, call, data, frames, head, head_of, message, rules_of, safe, shop, success,
    trailers, with_body,
};
use crate::content::{Talk, with};

/// GRPC-8, GRPC-2, 9111-4-2: With the trailers, and an age.
#[tokio::test]
async fn a_call_of_a_safe_method_is_answered_by_what_another_with_the_same_message_got() {
    let talk = shop();
    talk.origin.will(success("apples"));
    let first = talk.send(call(GET, "fruit", &[])).await;
    first.assert_forwarded(Forward::UriMiss).assert_stored();
    assert_eq!(talk.heard().octets, message("fruit"));
    talk.clock.advance(7);
    let again = talk.send(call(GET, "fruit", &[])).await;
    again.assert_hit();
    for answer in [&first, &again] {
        assert_eq!(answer.body, message("apples"));
        assert_eq!(answer.trailers.as_ref(), Some(&trailers("0")));
        assert_eq!(
            answer.field("content-type").as_deref(),
            Some("application/grpc")
        );
    }
    assert_eq!(again.field("age").as_deref(), Some("7"));
    talk.origin.will(success("cabbages"));
    let other = talk.send(call(GET, "greens", &[])).await;
    assert_eq!(other.assert_stored().body, message("cabbages"));
    assert_eq!(talk.origin.calls(), 2);
}

/// GRPC-8: Method, codec, compression, each octet of the message and the chosen metadata are part of the key, and nothing
/// else is.
#[tokio::test]
async fn what_is_part_of_the_key_and_what_is_not() {
    let chosen = [HeaderName::from_static("x-language")];
    let talk = with(|layer| layer.rules([safe().grpc_metadata(chosen)]));
    talk.origin.answers(|_| success("x"));
    let fields = [
        ("grpc-encoding", "gzip"),
        ("grpc-accept-encoding", "gzip, identity"),
        ("x-language", "en"),
    ];
    talk.send(call(GET, "ab", &fields)).await.assert_stored();
    talk.send(call(GET, "ab", &fields)).await.assert_hit();

    for (name, value) in [
        ("grpc-timeout", "5S"),
        ("user-agent", "grpc-other/1"),
        ("traceparent", "00-1-2-3"),
        ("x-other", "y"),
    ] {
        let mut more = fields.to_vec();
        more.push((name, value));
        talk.send(call(GET, "ab", &more)).await.assert_hit();
    }
    // Cut into other frames it is the same message.
    let whole = message("ab");
    let body = OriginBody::new([data(whole.slice(..2)), data(whole.slice(2..))], false);
    talk.send(with_body(GET, body, &fields)).await.assert_hit();

    let changed = |name: &str, value: &'static str| {
        let mut fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        for field in &mut fields {
            if field.0 == name {
                value.clone_into(&mut field.1);
            }
        }
        fields
    };
    for (name, value) in [
        ("grpc-encoding", "identity"),
        ("grpc-accept-encoding", "gzip"),
        ("x-language", "fr"),
    ] {
        let fields = changed(name, value);
        let fields = fields.each_ref().map(|(name, value)| (&**name, &**value));
        let answer = talk.send(call(GET, "ab", &fields)).await;
        answer.assert_forwarded(Forward::UriMiss).assert_stored();
    }
    let mut without = fields.to_vec();
    without.pop();
    talk.send(call(GET, "ab", &without)).await.assert_stored();
    let mut json = fields.to_vec();
    json.push(("content-type", "application/grpc+json"));
    talk.send(call(GET, "ab", &json)).await.assert_stored();
    talk.send(call("/p.Shop/Find", "ab", &fields))
        .await
        .assert_stored();
    let mut compressed = message("ab").to_vec();
    compressed[0] = 1;
    for octets in [message("aB"), message("abc"), compressed.into()] {
        let body = OriginBody::new([data(octets)], false);
        talk.send(with_body(GET, body, &fields))
            .await
            .assert_stored();
    }
    assert_eq!(talk.handle.len(), 10);
}

/// GRPC-8: Where other metadata count than before, what was stored by then answers nobody: it may be of any of them.
#[tokio::test]
async fn what_was_stored_by_other_metadata_answers_nobody() {
    let talk = shop();
    talk.origin.will(success("pommes"));
    let french = [("x-language", "fr")];
    talk.send(call(GET, "a", &french)).await.assert_stored();
    talk.send(call(GET, "a", &[])).await.assert_hit();
    let chosen = [HeaderName::from_static("x-language")];
    talk.handle.set_rules([safe().grpc_metadata(chosen)]);
    talk.origin.will(success("apples"));
    let answer = talk.send(call(GET, "a", &[])).await;
    assert_eq!(answer.assert_stored().body, message("apples"));
    talk.handle.set_rules([safe()]);
    let answer = talk.send(call(GET, "a", &[])).await;
    assert_eq!(answer.assert_hit().body, message("pommes"));
}

/// Promise 8, 9111-7.3-1: Nobody gets what another's credentials got.
#[tokio::test]
async fn users_are_kept_apart() {
    let talk = shop();
    talk.origin.will(success("mine"));
    talk.origin.will(success("yours"));
    for (user, text) in [("one", "mine"), ("two", "yours")] {
        let fields = [("authorization", user)];
        let answer = talk.send(call(GET, "me", &fields)).await;
        assert_eq!(answer.assert_stored().body, message(text));
        let answer = talk.send(call(GET, "me", &fields)).await;
        assert_eq!(answer.assert_hit().body, message(text));
    }
}

/// GRPC-8, 9111-3.5-1: Where a cache is shared, what was asked for with credentials is stored with permission alone.
#[tokio::test]
async fn a_shared_cache_needs_permission_to_store_what_was_authorized() {
    let talk = Talk::through(rules_of([safe()]));
    let user = [("authorization", "one")];
    talk.origin.will(success("mine"));
    let answer = talk.send(call(GET, "me", &user)).await;
    answer.assert_not_stored(NotStored::Authorization);
    let public = head_of("public, max-age=60").frames(frames(&["all"], "0"));
    talk.origin.will(public);
    talk.send(call(GET, "me", &user)).await.assert_stored();
    talk.send(call(GET, "me", &user)).await.assert_hit();
}

/// GRPC-8: The server says how long, or the rule does; nothing is guessed, and nothing validated.
#[tokio::test]
async fn an_answer_is_fresh_for_as_long_as_the_server_or_the_rule_says() {
    let silent = || {
        let modified = "Thu, 01 Jan 1970 00:00:00 GMT";
        let head = reply(200).field("content-type", "application/grpc");
        let head = head.field("last-modified", modified).field("etag", "\"1\"");
        head.frames(frames(&["x"], "0"))
    };
    let talk = shop();
    talk.origin.will(silent());
    let answer = talk.send(call(GET, "a", &[])).await;
    assert!(!answer.cache.is_stored(), "{}", answer.cache);
    for control in ["max-age=0", "no-cache", "no-store"] {
        talk.origin.will(silent().control(control));
        let answer = talk.send(call(GET, "a", &[])).await;
        assert!(!answer.cache.is_stored(), "{}", answer.cache);
    }
    assert_eq!(talk.handle.len(), 0);

    talk.handle.set_rules([safe().default_lifetime(MINUTE)]);
    talk.origin.will(silent());
    talk.send(call(GET, "a", &[])).await.assert_stored();
    talk.clock.advance(59);
    talk.send(call(GET, "a", &[])).await.assert_hit();
    talk.clock.advance(2);
    // What the server says outranks it.
    talk.origin.will(silent().control("max-age=3600"));
    let stale = talk.send(call(GET, "a", &[])).await;
    stale.assert_forwarded(Forward::Stale).assert_stored();
    assert_eq!(talk.origin.last().field("if-none-match"), None);
    assert_eq!(talk.origin.last().field("if-modified-since"), None);
    talk.clock.advance(3599);
    talk.send(call(GET, "a", &[])).await.assert_hit();
}

/// 5861-3-1: Like all else that is stale it may be renewed in the background, with its message.
#[tokio::test]
async fn a_stale_answer_is_renewed_in_the_background() {
    let talk = shop();
    let stale = head_of("max-age=60, stale-while-revalidate=60");
    talk.origin.will(stale.frames(frames(&["one"], "0")));
    talk.send(call(GET, "a", &[])).await.assert_stored();
    talk.clock.advance(61);
    talk.origin.will(success("two"));
    let answer = talk.send(call(GET, "a", &[])).await;
    assert_eq!(answer.assert_hit().body, message("one"));
    while talk.handle.stats().in_flight() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(talk.heard().octets, message("a"));
    let answer = talk.send(call(GET, "a", &[])).await;
    assert_eq!(answer.assert_hit().body, message("two"));
}

/// GRPC-7, C-48: What no rule names is forwarded as it is, as are all calls where no body can be made.
#[tokio::test]
async fn other_calls_are_forwarded_as_they_are() {
    let talk = shop();
    talk.origin.answers(|_| success("x"));
    for path in ["/p.Shopping/Get", "/p.Other/Get"] {
        for _ in 0..2 {
            let answer = talk.send(call(path, "a", &[])).await;
            answer
                .assert_forwarded(Forward::Method)
                .assert_not_stored(NotStored::Method);
            assert_eq!(talk.heard().octets, message("a"));
        }
    }
    let origin = Talk::through(CacheLayer::new().rules([safe()]));
    origin.origin.answers(|_| success("x"));
    for _ in 0..2 {
        let answer = origin.send(call(GET, "a", &[])).await;
        answer
            .assert_forwarded(Forward::Method)
            .assert_not_stored(NotStored::Method);
    }
    // What is safe says so for POST, and not for gRPC.
    let shop = Uri::from_static("http://o.test/p.Shop");
    talk.handle
        .set_rules([Rule::new().prefix(&shop).safe_post()]);
    for _ in 0..2 {
        let answer = talk.send(call(GET, "a", &[])).await;
        answer.assert_forwarded(Forward::Method);
    }
    assert_eq!(talk.handle.len() + origin.handle.len(), 0);
}

/// GRPC-5, C-48: gRPC-Web has its trailers in its content, and what is not gRPC is none.
#[tokio::test]
async fn what_is_not_grpc_is_no_call() {
    let talk = shop();
    talk.origin.answers(|_| success("x"));
    for media_type in [
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpc-web-text",
        "application/grpcx",
        "application/json",
    ] {
        let fields = [("content-type", media_type)];
        for _ in 0..2 {
            let answer = talk.send(call(GET, "a", &fields)).await;
            answer.assert_forwarded(Forward::Method);
        }
    }
    for method in [Method::PUT, Method::GET] {
        let mut request = request(method, GET, &[]);
        let grpc = "application/grpc".parse().unwrap();
        request.headers_mut().insert("content-type", grpc);
        let body = OriginBody::new([data(message("a"))], false);
        let answer = talk.send(request.map(|_| body.boxed_unsync())).await;
        assert!(!answer.cache.is_stored(), "{}", answer.cache);
    }
    assert_eq!(talk.handle.len(), 0);
}

/// Promise 1: It is cleared and purged like all else, by the URI of its method as well.
#[tokio::test]
async fn what_is_stored_is_purged_like_all_else() {
    let talk = shop();
    talk.origin.answers(|_| success("x"));
    let method = Uri::from_static("http://o.test/p.Shop/Get");
    let selectors = [
        Selector::uri(&method),
        Selector::prefix(&Uri::from_static("http://o.test/p.Shop")),
        Selector::all(),
    ];
    for selector in selectors {
        talk.send(call(GET, "a", &[])).await.assert_stored();
        talk.send(call(GET, "b", &[])).await.assert_stored();
        talk.send(call(GET, "a", &[])).await.assert_hit();
        talk.handle.purge(selector);
        assert_eq!(talk.handle.len(), 0);
    }
    talk.send(call(GET, "a", &[])).await.assert_stored();
    talk.handle.clear();
    talk.send(call(GET, "a", &[]))
        .await
        .assert_forwarded(Forward::UriMiss);
}

/// GRPC-8: An answer that a clear overtakes is not stored.
#[tokio::test]
async fn an_answer_that_a_clear_overtakes_is_not_stored() {
    let talk = shop();
    let (frames, streamed) = head().streamed();
    talk.origin.will(streamed);
    let response = talk.client.clone().call(call(GET, "a", &[])).await.unwrap();
    talk.handle.clear();
    assert!(frames.data("\0\0\0\0\x01x"));
    assert!(frames.trailers(trailers("0")));
    drop(frames);
    response.into_body().collect().await.unwrap();
    assert_eq!(talk.handle.len(), 0);
}

/// GRPC-8: It outlives its process, with its trailers.
#[tokio::test]
async fn what_is_stored_is_kept_in_a_snapshot() {
    let open = || with(|layer| layer.rules([safe()]).secret(&[7; 32]));
    let (talk, later) = (open(), open());
    talk.origin.will(success("x"));
    talk.send(call(GET, "a", &[])).await.assert_stored();
    let mut written = Vec::new();
    talk.handle.snapshot(&mut written).unwrap();
    later.handle.restore(&written[..]).unwrap();
    let answer = later.send(call(GET, "a", &[])).await;
    assert_eq!(answer.assert_hit().trailers, Some(trailers("0")));
    assert_eq!(answer.body, message("x"));
}

/// FETCH-3, FETCH-6: The modes of a request hold, and `explain` says what it can.
#[tokio::test]
async fn modes_hold_for_calls() {
    let talk = shop();
    talk.origin.answers(|_| success("x"));
    let with_mode = |mode: CacheMode| {
        let mut request = call(GET, "a", &[]);
        request.extensions_mut().insert(mode);
        request
    };
    let answer = talk.send(with_mode(CacheMode::OnlyIfCached)).await;
    assert_eq!(answer.status, 504);
    assert_eq!(talk.origin.calls(), 0);
    talk.send(with_mode(CacheMode::NoStore)).await;
    assert_eq!(talk.handle.len(), 0);
    talk.send(call(GET, "a", &[])).await.assert_stored();
    let answer = talk.send(with_mode(CacheMode::OnlyIfCached)).await;
    answer.assert_hit();
    talk.send(with_mode(CacheMode::NoStore)).await;
    talk.send(with_mode(CacheMode::Reload))
        .await
        .assert_stored();
    assert_eq!(talk.origin.calls(), 4);
    let explained = talk.handle.explain(&call(GET, "a", &[]));
    assert_eq!(explained.verdict(), Verdict::ReadContent);
}
