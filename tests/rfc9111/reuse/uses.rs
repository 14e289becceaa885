//! What applications build on the cache, and what it leaves to them.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use support::{Conversation, Reply, begun, get, reply, request};
use tower::Service;
use tower_client_cache::{Forward, NotStored};

fn whole(control: &str) -> Reply {
    let reply = reply(200).control(control).field("etag", "\"e\"");
    reply.field("content-length", "5").body("hello")
}

/// 9111-4-8, C-49: where they share nothing each is forwarded for itself, and has an answer of its own
#[tokio::test]
async fn requests_at_the_same_time_are_each_answered_by_the_origin_where_that_is_set() {
    for control in ["no-store", "max-age=60"] {
        let talk = Conversation::with(|layer| layer.collapse(false));
        let mut gates = Vec::new();
        let mut asked = Vec::new();
        for content in ["one", "two", "three"] {
            let (gate, held) = reply(200).control(control).body(content).held();
            talk.origin.will(held);
            gates.push(gate);
            asked.push(begun(talk.get("/a")));
        }
        assert_eq!(talk.origin.calls(), 3, "{control}");
        gates.into_iter().for_each(support::Gate::open);
        for (waiting, content) in asked.into_iter().zip(["one", "two", "three"]) {
            assert_eq!(waiting.await.text(), content, "{control}");
        }
    }
}

/// 9205-4.9-1: what the four usual answers come to
#[tokio::test]
async fn applications_get_what_they_expect_of_the_usual_directives() {
    // Stored; reused after a second; reused after a minute; reused then by a client that takes stale ones.
    for (control, is_stored, soon, late, stale) in [
        ("max-age=5", true, true, false, true),
        ("no-store", false, false, false, false),
        ("no-cache", true, false, false, false),
        ("max-age=5, must-revalidate", true, true, false, false),
    ] {
        let talk = Conversation::default();
        let first = talk.store(whole(control)).await;
        assert_eq!(first.cache.is_stored(), is_stored, "{control}");
        for (seconds, fields, is_hit) in [
            (1, &[][..], soon),
            (59, &[("cache-control", "max-stale")], stale),
            (0, &[], late),
        ] {
            talk.clock.advance(seconds);
            if !is_hit {
                talk.origin.will(reply(503));
            }
            let next = talk.get_with("/a", fields).await;
            assert_eq!(next.cache.is_hit(), is_hit, "{control} {seconds}");
        }
    }
}

/// 7838-3.1-1: the lifetime of an alternative counts from when the message was made, so its age must be seen
#[tokio::test]
async fn an_alternative_service_is_replayed_with_the_age_of_its_message() {
    let talk = Conversation::default();
    let alternative = "h3=\":443\"; ma=3600";
    let aged = whole("max-age=60").field("alt-svc", alternative);
    talk.store(aged.field("age", "5")).await;
    talk.clock.advance(20);
    let again = talk.get("/a").await;
    assert_eq!(again.assert_hit().field("age").as_deref(), Some("25"));
    assert_eq!(again.field("alt-svc").as_deref(), Some(alternative));
    talk.clock.advance(35);
    talk.origin.will(reply(304));
    talk.get("/a").await.assert_forwarded(Forward::Stale);
}

/// 8470-5.1-1, 8470-5.2-1
#[tokio::test]
async fn early_data_is_in_no_key_and_a_425_is_passed_on() {
    let early = [("early-data", "1")];
    let talk = Conversation::default();
    talk.store(whole("max-age=60")).await.assert_stored();
    talk.get_with("/a", &early).await.assert_hit();
    let talk = Conversation::default();
    talk.origin.will(reply(425).control("max-age=60, public"));
    let answer = talk.get_with("/a", &early).await;
    assert_eq!(answer.status, 425);
    answer.assert_not_stored(NotStored::Status);
    assert_eq!(talk.origin.calls(), 1, "nothing is sent again");
}

/// 10008-2-1, 10008-2.7-1, 10008-2.3-1, 10008-2.1-1: it is forwarded, with its content; nothing that is stored
/// answers it, and its answer is stored for nobody
#[tokio::test]
async fn a_query_is_forwarded_and_touches_nothing() {
    for content_type in [Some("application/sql"), None] {
        let talk = Conversation::default();
        talk.store(whole("max-age=60")).await.assert_stored();
        for _ in 0..2 {
            let claiming = whole("max-age=60").field("content-location", "/result");
            talk.origin.will(claiming.field("location", "/query"));
            let mut query = request(Method::from_bytes(b"QUERY").unwrap(), "/a", &[]);
            if let Some(content_type) = content_type {
                let value = HeaderValue::from_static(content_type);
                query.headers_mut().insert("content-type", value);
            }
            let answer = talk.send(query).await;
            answer.assert_forwarded(Forward::Method);
            answer.assert_not_stored(NotStored::Method);
        }
        assert_eq!(talk.handle.len(), 1);
        talk.get("/a").await.assert_hit();
        for named in ["/result", "/query"] {
            talk.origin.will(reply(404));
            talk.get(named).await.assert_forwarded(Forward::UriMiss);
        }
    }
}

/// GRPC-5, C-48: gRPC-Web has its trailers in the body, and is left as it is
#[tokio::test]
async fn grpc_web_passes_untouched() {
    let framed = "\0\0\0\0\x02hi\u{80}\0\0\0\x0fgrpc-status:14\r\n";
    for content_type in ["application/grpc-web", "application/grpc-web-text+proto"] {
        for method in [Method::POST, Method::GET] {
            let talk = Conversation::default();
            let answered = reply(200).control("max-age=60, public");
            let answered = answered.field("content-type", content_type).body(framed);
            talk.origin.will(answered);
            let call = [("content-type", content_type), ("accept", content_type)];
            let answer = talk.send(request(method.clone(), "/pkg.S/Do", &call)).await;
            assert_eq!(answer.text(), framed, "{method}");
            assert!(talk.handle.is_empty(), "{method} {content_type}");
        }
    }
}

/// GRPC-6: a call by GET is a GET like others
#[tokio::test]
async fn connect_has_safe_calls_that_are_stored() {
    let call = "/pkg.S/Do?connect=v1&encoding=json&message=%7B%22a%22%3A1%7D";
    let other = "/pkg.S/Do?connect=v1&encoding=json&message=%7B%22a%22%3A2%7D";
    let talk = Conversation::default();
    let answered = reply(200).control("max-age=60");
    let answered = answered.field("content-type", "application/json");
    let answered = answered.field("trailer-x", "1").body("{}");
    talk.origin.will(answered);
    talk.get(call).await.assert_stored();
    let again = talk.get(call).await;
    assert_eq!(again.assert_hit().text(), "{}");
    assert_eq!(again.field("trailer-x").as_deref(), Some("1"));
    talk.origin.will(reply(503).control("max-age=60"));
    talk.get(other).await.assert_forwarded(Forward::UriMiss);
}

/// 9110-17.14-1, 9111-7-1: nothing is left by which an origin could know its visitor again
#[tokio::test]
async fn after_a_clear_no_validator_is_sent() {
    let talk = Conversation::default();
    let identifying = whole("no-cache").field("last-modified", "Sun, 30 Oct 1994 08:49:37 GMT");
    talk.store(identifying).await.assert_stored();
    talk.handle.clear();
    talk.origin.will(whole("no-cache"));
    talk.get("/a").await.assert_forwarded(Forward::UriMiss);
    let seen = talk.origin.last();
    assert_eq!(seen.field("if-none-match"), None);
    assert_eq!(seen.field("if-modified-since"), None);
}

/// 9111-7.1-1, 9110-7.2-1: what an attacker could make an answer hang on, and is in no key, is not stored
#[tokio::test]
async fn what_could_poison_the_cache_is_not_stored() {
    let odd_host = get("/a", &[("host", "attacker.test")]);
    let two_hosts = get("/a", &[("host", "o.test"), ("host", "attacker.test")]);
    for odd in [odd_host, two_hosts] {
        let talk = Conversation::default();
        talk.origin.will(whole("max-age=60"));
        let answer = talk.send(odd).await;
        answer.assert_not_stored(NotStored::Bypass);
        assert!(talk.handle.is_empty());
    }
    let talk = Conversation::default();
    let mut client = talk.client.clone();
    talk.origin.will(whole("max-age=60"));
    let mut fat = Request::new(Full::new(Bytes::from_static(b"x=attack")));
    *fat.uri_mut() = Uri::from_static("http://o.test/a");
    client.call(fat).await.unwrap();
    assert!(talk.handle.is_empty(), "content on a GET");
    // More octets than were announced: the rest may be another response.
    let talk = Conversation::default();
    let longer = reply(200)
        .control("max-age=60")
        .field("content-length", "5");
    talk.origin.will(longer.body("helloHTTP/1.1 200 OK"));
    talk.get("/a").await;
    assert!(talk.handle.is_empty(), "9112-6.3-4");
}

/// 9111-5.2.2.6-1, 9111-5.2.1.6-1: nothing is transformed, said so or not
#[tokio::test]
async fn content_is_not_transformed() {
    for control in ["max-age=60, no-transform", "max-age=60"] {
        let talk = Conversation::shared();
        let octets = Bytes::from_static(b"\x1f\x8b\x08\0 not really gzip \xff\0");
        let coded = reply(200)
            .control(control)
            .field("content-encoding", "gzip");
        let coded = coded.field("content-type", "text/html");
        let length = octets.len().to_string();
        talk.origin
            .will(coded.field("content-length", length).body(octets.clone()));
        let asked = [("cache-control", "no-transform"), ("accept-encoding", "br")];
        let first = talk.get_with("/a", &asked).await;
        let seen = talk.origin.last().field("cache-control");
        assert_eq!(seen.as_deref(), Some("no-transform"));
        let again = talk.get("/a").await;
        for answer in [&first, again.assert_hit()] {
            assert_eq!(answer.body, octets, "{control}");
            assert_eq!(answer.field("content-encoding").as_deref(), Some("gzip"));
            assert_eq!(answer.field("cache-control").as_deref(), Some(control));
        }
    }
}

/// 9111-5.2-3: what is not understood goes on in both directions
#[tokio::test]
async fn a_shared_cache_passes_every_directive_on() {
    let talk = Conversation::shared();
    let (asked, said) = (
        "foo=bar, max-stale=1, X",
        "max-age=60, baz=\"a, b\", community",
    );
    talk.origin.will(whole(said));
    let first = talk.get_with("/a", &[("cache-control", asked)]).await;
    let seen = talk.origin.last().field("cache-control");
    assert_eq!(seen.as_deref(), Some(asked));
    let again = talk.get("/a").await;
    for answer in [&first, again.assert_hit()] {
        assert_eq!(answer.field("cache-control").as_deref(), Some(said));
    }
}

/// 9110-5.6.4-1, 9111-5.2-7, 9110-5.6.1.2-1: in quotes, after a backslash, any octet is itself; and a list may have
/// nothing between two commas
#[tokio::test]
async fn quotes_are_read_and_empty_members_are_skipped() {
    for (control, lifetime) in [
        ("x=\"a\\\", max-age=0, b\", max-age=60", 60),
        ("x=\"a\\\\\", max-age=60, b=\"\"", 60),
        (",max-age=\"6\\0\",,", 60),
        (" , ,max-age=60, ,x", 60),
        (&format!("{}max-age=60", ",".repeat(5_000)), 60),
    ] {
        let talk = Conversation::default();
        let first = talk.store(reply(200).control(control).body("hello")).await;
        assert_eq!(first.cache.ttl(), Some(lifetime), "{control}");
    }
    let talk = Conversation::shared();
    let named = whole("max-age=60, private=\"x\\-us\\er,, , x-more\"");
    let named = named.field("x-user", "1").field("x-more", "2");
    talk.store(named).await.assert_stored();
    let again = talk.get("/a").await;
    assert_eq!(again.assert_hit().field("x-user"), None);
    assert_eq!(again.field("x-more"), None);
    let listed = [("if-none-match", ", ,\"x\",, \"e\" ,")];
    assert_eq!(talk.get_with("/a", &listed).await.status, 304);
}
