//! QUERY (RFC 10008).

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use http_body_util::BodyExt;
use support::{OriginBody, reply, request};
use tower_client_cache::{
    CacheLayer, CacheMode, Forward, Mode, NotStored, Outcome, Rule, Selector, Verdict,
};

use super::{Content, Talk, asking, fresh, query, with, with_body};

fn answering() -> Talk<impl tower_client_cache::request_body::RequestBody<Content> + Send + Sync> {
    with(|layer| layer.query(true))
}

/// C-47: By default it is forwarded as it is.
#[tokio::test]
async fn a_query_is_forwarded_where_nobody_has_asked_for_more() {
    let talk = with(|layer| layer);
    talk.origin.answers(|_| fresh("x"));
    for _ in 0..2 {
        let answer = talk.query("all").await;
        answer
            .assert_forwarded(Forward::Method)
            .assert_not_stored(NotStored::Method);
    }
    assert_eq!(talk.heard().octets, "all");
}

/// C-47: Nothing is read where no body could be made of it.
#[tokio::test]
async fn a_query_is_forwarded_where_nobody_says_how_to_make_a_body() {
    let talk = Talk::through(CacheLayer::new().query(true));
    talk.origin.answers(|_| fresh("x"));
    for _ in 0..2 {
        talk.query("all").await.assert_not_stored(NotStored::Method);
    }
    assert_eq!(talk.heard().octets, "all");
}

/// 10008-2.7-0, 10008-2.7-1, 9111-4-2: A response answers a QUERY with the same content, and no other method.
#[tokio::test]
async fn a_query_is_answered_by_what_another_with_the_same_content_got() {
    let talk = answering();
    talk.origin
        .will(fresh("one").field("content-location", "/q"));
    talk.query("all")
        .await
        .assert_forwarded(Forward::UriMiss)
        .assert_stored();
    assert_eq!(talk.query("all").await.assert_hit().text(), "one");
    assert_eq!(talk.heard().octets, "all");

    talk.origin.will(fresh("two"));
    let get = request(http::Method::GET, "/q", &[])
        .map(|body| body.map_err(|never| match never {}).boxed_unsync());
    talk.send(get)
        .await
        .assert_forwarded(Forward::UriMiss)
        .assert_stored();
    talk.origin.will(fresh("three"));
    talk.query("none").await.assert_forwarded(Forward::UriMiss);
    assert_eq!(talk.query("all").await.assert_hit().text(), "one");
    assert_eq!(talk.handle.len(), 3);
}

/// 10008-2.7-2, 10008-2.7-3, 10008-2.7-4: What the content means is part of the key, and nothing is made the same.
#[tokio::test]
async fn what_describes_the_content_makes_a_difference() {
    let talk = answering();
    talk.origin.answers(|_| fresh("x"));
    let others: [(&str, &[(&str, &str)]); 6] = [
        ("{\"a\":1}", &[("content-type", "application/json")]),
        ("{ \"a\":1}", &[("content-type", "application/json")]),
        (
            "{\"a\":1}",
            &[("content-type", "application/json;charset=utf-8")],
        ),
        (
            "{\"a\":1}",
            &[
                ("content-type", "application/json"),
                ("content-encoding", "identity"),
            ],
        ),
        (
            "{\"a\":1}",
            &[
                ("content-type", "application/json"),
                ("content-language", "en"),
            ],
        ),
        ("{\"a\":1}", &[("content-type", "text/plain")]),
    ];
    for (content, fields) in others {
        talk.send(query(content, fields))
            .await
            .assert_forwarded(Forward::UriMiss);
    }
    for (content, fields) in others {
        talk.send(query(content, fields)).await.assert_hit();
    }
    let untransformed = [
        ("content-type", "text/plain"),
        ("cache-control", "no-transform"),
    ];
    talk.send(query("{\"a\":1}", &untransformed))
        .await
        .assert_hit();
}

/// 9111-4.1-1: `Vary`, and who asks, count as for a GET.
#[tokio::test]
async fn variants_and_users_are_kept_apart() {
    let talk = answering();
    talk.origin.answers(|_| fresh("x").field("vary", "accept"));
    let json = [("accept", "application/json")];
    talk.send(query("all", &json))
        .await
        .assert_forwarded(Forward::UriMiss);
    talk.send(query("all", &[("accept", "text/csv")]))
        .await
        .assert_forwarded(Forward::VaryMiss);
    talk.send(query("all", &json)).await.assert_hit();
    let user = [
        ("accept", "application/json"),
        ("authorization", "Basic YTpi"),
    ];
    talk.send(query("all", &user))
        .await
        .assert_forwarded(Forward::UriMiss);
    talk.send(query("all", &user)).await.assert_hit();
}

/// 10008-2.7-5: What has more content than is read is forwarded whole, and so is what has trailers.
#[tokio::test]
async fn a_longer_query_is_forwarded_whole() {
    let talk = with(|layer| layer.query(true).max_content(4));
    talk.origin.answers(|_| fresh("x"));
    for _ in 0..2 {
        let answer = talk.query("12345").await;
        answer
            .assert_forwarded(Forward::Method)
            .assert_not_stored(NotStored::Method);
        assert_eq!(talk.heard().octets, "12345");
    }
    talk.query("1234").await.assert_stored();
    talk.query("1234").await.assert_hit();
    talk.query("").await.assert_stored();
    talk.query("").await.assert_hit();
}

/// 10008-2.1-1: Whether it may be without a type is for the origin to say.
#[tokio::test]
async fn a_query_without_a_media_type_is_forwarded() {
    let talk = answering();
    talk.origin.answers(|_| reply(415).control("max-age=60"));
    for _ in 0..2 {
        let mut untyped = query("all", &[]);
        untyped.headers_mut().remove("content-type");
        let answer = talk.send(untyped).await;
        answer
            .assert_forwarded(Forward::Method)
            .assert_not_stored(NotStored::Method);
    }
}

/// 10008-2.6-1, C-20: Conditions work as for a GET; the content goes along, and a second time if need be.
#[tokio::test]
async fn a_stale_answer_is_validated_with_the_content_resent() {
    let talk = answering();
    talk.origin.will(fresh("one").field("etag", "\"1\""));
    talk.query("all").await.assert_stored();
    let conditional = [("if-none-match", "\"1\"")];
    let answer = talk.send(query("all", &conditional)).await;
    assert_eq!(answer.assert_hit().status, 304);

    talk.clock.advance(61);
    talk.origin
        .will(reply(304).control("max-age=60").field("etag", "\"1\""));
    assert_eq!(talk.query("all").await.assert_validated().text(), "one");
    assert_eq!(
        talk.origin.last().field("if-none-match").as_deref(),
        Some("\"1\"")
    );
    assert_eq!(talk.origin.last().method.as_str(), "QUERY");
    assert_eq!(talk.heard().octets, "all");

    // About nothing that is stored.
    talk.clock.advance(61);
    talk.origin.will(reply(304).field("etag", "\"other\""));
    talk.origin.will(fresh("two").field("etag", "\"2\""));
    assert_eq!(talk.query("all").await.text(), "two");
    assert_eq!(talk.heard().octets, "all");
    assert_eq!(talk.origin.last().field("if-none-match"), None);
}

/// 10008-2.8-1: A part of an answer is for the origin to give.
#[tokio::test]
async fn a_query_for_a_range_is_forwarded() {
    let talk = answering();
    talk.origin.will(fresh("one"));
    talk.query("all").await.assert_stored();
    talk.origin
        .will(reply(206).field("content-range", "bytes 0-0/3").body("o"));
    let answer = talk.send(query("all", &[("range", "bytes=0-0")])).await;
    answer.assert_not_stored(NotStored::Method);
    assert_eq!(answer.status, 206);
}

/// 10008-2-1: It changes nothing, and neither does one that is forwarded.
#[tokio::test]
async fn a_query_invalidates_nothing() {
    let talk = answering();
    talk.origin.answers(|_| fresh("x"));
    talk.query("all").await.assert_stored();
    for fields in [&[][..], &[("range", "bytes=0-1")], &[("if-match", "*")]] {
        talk.send(query("none", fields)).await;
        talk.query("all").await.assert_hit();
    }
}

/// PRJ-QUERY-1, PRJ-4.4-7: An unsafe request invalidates all that is stored for queries of its URI.
#[tokio::test]
async fn an_unsafe_request_invalidates_the_answers_to_every_query() {
    let talk = answering();
    talk.origin.answers(|_| fresh("x"));
    talk.query("all").await.assert_stored();
    talk.query("none").await.assert_stored();
    talk.post("changed").await;
    talk.query("all").await.assert_forwarded(Forward::UriMiss);
    talk.query("none").await.assert_forwarded(Forward::UriMiss);
}

/// 10008-2.5-1, 10008-2.3-1: A redirect is stored for the query, and what `Location` and `Content-Location` claim is no key.
#[tokio::test]
async fn a_redirect_is_stored_for_its_query() {
    let talk = answering();
    let moved = || reply(301).control("max-age=60").field("location", "/r");
    talk.origin.will(moved().field("content-location", "/s"));
    talk.query("all").await.assert_stored();
    assert_eq!(talk.query("all").await.assert_hit().status, 301);
    talk.origin.will(moved());
    talk.query("none").await.assert_forwarded(Forward::UriMiss);
    for path in ["/r", "/s"] {
        talk.origin.will(fresh("x"));
        let get = request(http::Method::GET, path, &[]);
        let get = get.map(|body| body.map_err(|never| match never {}).boxed_unsync());
        talk.send(get).await.assert_forwarded(Forward::UriMiss);
    }
}

/// C-49: Many at once are one to the origin, where their content is the same.
#[tokio::test]
async fn many_queries_with_the_same_content_are_one_to_the_origin() {
    let talk = answering();
    let (gate, held) = fresh("one").held();
    talk.origin.will(held);
    let first = talk.send(query("all", &[]));
    let second = talk.send(query("all", &[]));
    talk.origin.will(fresh("two"));
    let (first, second, other, ()) = tokio::join!(first, second, talk.query("none"), async {
        tokio::task::yield_now().await;
        gate.open();
    });
    assert_eq!(first.assert_stored().text(), "one");
    assert_eq!(second.text(), "one");
    assert!(second.cache.is_collapsed());
    assert_eq!(other.text(), "two");
    assert_eq!(talk.origin.calls(), 2);
}

/// Promise 2: Modes of the cache and of the request count as for a GET.
#[tokio::test]
async fn modes_count_for_a_query() {
    let talk = answering();
    talk.origin.answers(|_| fresh("x"));
    talk.query("all").await.assert_stored();
    let in_mode = |mode, content| {
        let mut request = query(content, &[]);
        request.extensions_mut().insert(mode);
        talk.send(request)
    };
    in_mode(CacheMode::OnlyIfCached, "all").await.assert_hit();
    let answer = in_mode(CacheMode::OnlyIfCached, "none").await;
    assert_eq!(answer.cache.outcome(), Outcome::Unsatisfiable);
    in_mode(CacheMode::NoStore, "all")
        .await
        .assert_not_stored(NotStored::Method);
    in_mode(CacheMode::Reload, "all").await.assert_stored();

    talk.handle.set_mode(Mode::Offline);
    talk.query("all").await.assert_hit();
    let calls = talk.origin.calls();
    assert_eq!(talk.query("none").await.cache.outcome(), Outcome::Offline);
    let get_range = query("all", &[("range", "bytes=0-1")]);
    assert_eq!(talk.send(get_range).await.cache.outcome(), Outcome::Offline);
    assert_eq!(talk.origin.calls(), calls);

    talk.handle.set_mode(Mode::Bypass);
    talk.query("all").await.assert_not_stored(NotStored::Method);
    talk.handle.set_mode(Mode::Normal);
    talk.query("all").await.assert_hit();
}

/// 9111-5.2.1.7-1, FETCH-6: Who takes only what is stored does not get what is not for the store from the origin.
#[tokio::test]
async fn what_is_not_for_the_store_is_not_asked_for_where_only_that_counts() {
    let safe = Rule::new().safe_post();
    let talk = with(|layer| layer.query(true).max_content(4).rules([safe]));
    let untold = || {
        let frames = ["123", "45"].map(|data| Ok(Frame::data(Bytes::from(data))));
        OriginBody::new(frames, false).boxed_unsync()
    };
    let requests = || {
        [
            query("12345", &[]),
            query("1", &[("range", "bytes=0-1")]),
            with_body("QUERY", untold(), &[]),
            asking("POST", "12345", &[]),
            asking("POST", "1", &[("if-none-match", "\"1\"")]),
        ]
    };
    for mut request in requests() {
        request.extensions_mut().insert(CacheMode::OnlyIfCached);
        let answer = talk.send(request).await;
        assert_eq!(answer.cache.outcome(), Outcome::Unsatisfiable);
        assert_eq!(answer.status, 504);
    }
    for mut request in requests() {
        let control = "only-if-cached".parse().unwrap();
        request.headers_mut().insert("cache-control", control);
        let answer = talk.send(request).await;
        assert_eq!(answer.cache.outcome(), Outcome::Unsatisfiable);
    }
    let mut range = query("1", &[("range", "bytes=0-1")]);
    range.extensions_mut().insert(CacheMode::OnlyIfCached);
    let explained = talk.handle.explain(&range);
    assert_eq!(explained.verdict(), Verdict::Refuse(Outcome::Unsatisfiable));
    assert_eq!(talk.origin.calls(), 0);

    // What may change something is for the origin, whatever its caller takes.
    talk.handle.set_rules([]);
    talk.origin.will(fresh("x"));
    let mut post = asking("POST", "1", &[]);
    post.extensions_mut().insert(CacheMode::OnlyIfCached);
    assert_eq!(talk.send(post).await.text(), "x");
}

/// Promise 1: A purge of the URI, and of the request, reach what is stored for it.
#[tokio::test]
async fn a_purge_reaches_the_answers_to_queries() {
    let talk = answering();
    talk.origin.answers(|_| fresh("x"));
    let bare = |method: &str| {
        Request::builder()
            .method(method)
            .uri("http://o.test/q")
            .body(())
            .unwrap()
    };
    for selector in [
        Selector::uri(&"http://o.test/q".parse().unwrap()),
        Selector::request(&bare("QUERY")),
        Selector::all(),
    ] {
        talk.query("all").await.assert_stored();
        talk.query("none").await.assert_stored();
        let other = [
            Selector::request(&bare("GET")),
            Selector::request(&bare("POST")),
        ];
        for other in other {
            assert_eq!(talk.handle.purge(other).responses(), 0);
        }
        assert_eq!(talk.handle.purge(selector).responses(), 2);
        assert_eq!(talk.handle.len(), 0);
    }
}

/// What is stored says of which method it is, and `explain` that content is not known to it.
#[tokio::test]
async fn what_is_stored_for_a_query_can_be_seen() {
    let talk = answering();
    talk.origin.answers(|_| fresh("x"));
    talk.query("all").await.assert_stored();
    let stored = talk.handle.entries().next().unwrap();
    assert_eq!(stored.method().as_str(), "QUERY");
    assert_eq!(stored.partition(), None);
    let explained = talk.handle.explain(&query("all", &[]));
    assert_eq!(explained.verdict(), Verdict::ReadContent);
    assert!(
        explained.to_string().contains("RFC 10008 §2.7"),
        "{explained}"
    );
    assert!(!talk.handle.contains(&query("all", &[])));
}

/// Rules hold for what a query gets.
#[tokio::test]
async fn a_rule_gives_a_query_its_lifetime() {
    let rule = Rule::new().default_lifetime(std::time::Duration::from_secs(10));
    let talk = with(|layer| layer.query(true).rules([rule]));
    talk.origin.answers(|_| reply(200).body("x"));
    talk.query("all").await.assert_stored();
    talk.query("all").await.assert_hit();
    talk.clock.advance(11);
    talk.query("all").await.assert_forwarded(Forward::Stale);
}

/// What cannot be kept apart by content in another cache stays out of its snapshot, as a user's does.
#[tokio::test]
async fn a_snapshot_has_queries_where_both_caches_have_one_secret() {
    for (secret, is_hit) in [(None, false), (Some([7; 32]), true)] {
        let talk = || {
            with(|layer| match &secret {
                Some(secret) => layer.query(true).secret(secret),
                None => layer.query(true),
            })
        };
        let (one, other) = (talk(), talk());
        one.origin.will(fresh("one"));
        one.query("all").await.assert_stored();
        let mut snapshot = Vec::new();
        one.handle.snapshot(&mut snapshot).unwrap();
        other.handle.restore(&snapshot[..]).unwrap();
        other.origin.answers(|_| fresh("two"));
        let answer = other.query("all").await;
        assert_eq!(answer.text() == "one", is_hit);
        assert_eq!(other.query("none").await.text(), "two");
    }
}

/// 9111-4-2: What is stored for a QUERY is not for a POST with the same content.
#[tokio::test]
async fn a_query_and_a_safe_post_share_nothing() {
    let talk = with(|layer| layer.query(true).rules([Rule::new().safe_post()]));
    talk.origin.answers(|_| fresh("x"));
    talk.query("all").await.assert_stored();
    talk.send(asking("POST", "all", &[]))
        .await
        .assert_forwarded(Forward::UriMiss)
        .assert_stored();
    talk.query("all").await.assert_hit();
}
