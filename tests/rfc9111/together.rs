//! Rules that meet: parts and limits, cookies and 304s, digests, redirects.

use http::Method;
use support::{Conversation, OriginError, Reply, begun, get, reply, request};
use tower_client_cache::{CacheLayer, SetCookie};

const TAG: &str = "\"e\"";

fn part(first: usize, last: usize) -> Reply {
    reply(206)
        .field("etag", TAG)
        .field("content-range", format!("bytes {first}-{last}/10"))
        .body(&"0123456789"[first..=last])
}

/// PRJ-5861-4: "entry is kept, new body not stored"; 5861-4
#[tokio::test]
async fn what_is_cut_off_does_not_take_the_place_of_what_is_whole() {
    for keeps in [false, true] {
        let talk = Conversation::with(|layer| layer.keep_incomplete(keeps));
        talk.store(
            reply(200)
                .control("max-age=10, stale-if-error=600")
                .field("etag", "\"old\"")
                .body("old"),
        )
        .await
        .assert_stored();
        talk.clock.advance(10);
        let (frames, cut) = reply(200)
            .control("max-age=10, stale-if-error=600")
            .field("etag", "\"new\"")
            .field("accept-ranges", "bytes")
            .field("content-length", "10")
            .streamed();
        talk.origin.will(cut);
        frames.data("01234");
        frames.fail(OriginError("reset"));
        let response = talk.start(get("/a", &[])).await.expect("an answer");
        support::Answer::read(response).await.expect_err("cut off");
        talk.origin.will(Reply::fails(OriginError("refused")));
        let response = talk.start(get("/a", &[])).await;
        let response = response.unwrap_or_else(|error| panic!("{error}, keeps: {keeps}"));
        let answer = support::Answer::read(response).await.expect("an answer");
        assert_eq!(answer.text(), "old", "{keeps}");
    }
}

/// 9111-4.3.3-1, C-32: as of a 304
#[tokio::test]
async fn the_caller_gets_what_a_part_says_that_completes_its_answer() {
    let layer = CacheLayer::shared().set_cookie(SetCookie::Strip);
    let talk = Conversation::through(layer.default_request_body());
    talk.origin.will(part(0, 4).control("max-age=60"));
    talk.get_with("/a", &[("range", "bytes=0-4")])
        .await
        .assert_stored();
    talk.origin.will(
        part(5, 9)
            .control("max-age=60")
            .field("set-cookie", "session=2"),
    );
    let answer = talk.get("/a").await;
    assert_eq!(answer.text(), "0123456789");
    assert_eq!(answer.field("set-cookie").as_deref(), Some("session=2"));
}

#[tokio::test]
async fn the_caller_gets_the_private_fields_of_a_part_that_completes() {
    let layer = CacheLayer::shared();
    let talk = Conversation::through(layer.default_request_body());
    let control = "max-age=60, private=\"x-user\"";
    talk.origin
        .will(part(0, 4).control(control).field("x-user", "alice"));
    let first = talk.get_with("/a", &[("range", "bytes=0-4")]).await;
    assert_eq!(first.field("x-user").as_deref(), Some("alice"));
    talk.origin
        .will(part(5, 9).control(control).field("x-user", "bob"));
    let answer = talk.get("/a").await;
    assert_eq!(answer.text(), "0123456789");
    assert_eq!(answer.field("x-user").as_deref(), Some("bob"));
}

/// What a 304 that confirms without freshening says to its caller
#[tokio::test]
async fn the_caller_gets_what_a_304_says_that_only_confirms() {
    let talk = Conversation::default();
    talk.store(
        reply(200)
            .control("max-age=10")
            .field("etag", "W/\"e\"")
            .field("set-cookie", "session=1")
            .body("one"),
    )
    .await
    .assert_stored();
    talk.clock.advance(10);
    talk.origin.will(
        reply(304)
            .field("etag", "\"e\"")
            .field("set-cookie", "session=2"),
    );
    let answer = talk.get("/a").await;
    assert_eq!(answer.text(), "one");
    assert_eq!(answer.field("set-cookie").as_deref(), Some("session=2"));
}

/// 9111-3.3-5, 9110-14.2-3: of how much there is nobody knows
#[tokio::test]
async fn nobody_knows_that_a_range_lies_beyond_what_has_no_known_length() {
    let talk = Conversation::default();
    talk.origin.will(
        reply(206)
            .control("max-age=60")
            .field("etag", TAG)
            .field("content-range", "bytes 0-4/*")
            .body("01234"),
    );
    talk.get_with("/a", &[("range", "bytes=0-4")])
        .await
        .assert_stored();
    for range in [
        "bytes=0-1, 18446744073709551615-18446744073709551616",
        "bytes=18446744073709551615-18446744073709551615",
    ] {
        talk.origin
            .will(reply(416).field("content-range", "bytes */10"));
        let answer = talk.get_with("/a", &[("range", range)]).await;
        assert!(
            !answer.cache.is_hit(),
            "{range}: {} {:?}",
            answer.status,
            answer.field("content-range")
        );
        talk.origin.forget_replies();
    }
}

/// Limits, C-28: "octets of one body", `CacheLayer::max_body`
#[tokio::test]
async fn parts_together_keep_within_the_limit_of_a_body() {
    let talk = Conversation::with(|layer| layer.max_body(100));
    let ask = |n: usize| {
        let range = format!("bytes={}-{}", n * 100, n * 100 + 99);
        talk.get_with("/a", &[("range", &range)])
    };
    let mut waiting = Vec::new();
    for n in 0..10 {
        let range = format!("bytes {}-{}/1000", n * 100, n * 100 + 99);
        let (gate, held) = reply(206)
            .control("max-age=60")
            .field("etag", TAG)
            .field("content-range", range)
            .body("x".repeat(100))
            .held();
        talk.origin.will(held);
        waiting.push((begun(ask(n)), gate));
    }
    let mut started = Vec::new();
    for (answer, gate) in waiting {
        gate.open();
        started.push(answer);
    }
    futures_util::future::join_all(started).await;
    talk.origin.will(reply(200));
    let whole = talk.get("/a").await;
    assert!(!whole.cache.is_hit(), "{} octets", whole.body.len());
}

/// 9110-8.7-1, C-01: in a shared cache these are two
#[tokio::test]
async fn content_of_another_literal_uri_is_not_of_the_target() {
    let talk = Conversation::shared();
    talk.origin.will(
        reply(200)
            .control("max-age=60")
            .field("content-location", "/%7Ea")
            .body("of the other"),
    );
    talk.send(request(Method::POST, "/~a", &[])).await;
    talk.origin.will(reply(200).body("of this"));
    assert_eq!(talk.get("/~a").await.text(), "of this");
}

/// 9110-15.3.7.1, 9111-5.2.2.4: `Content-Range` is of the answer, and not of what is stored
#[tokio::test]
async fn what_describes_the_part_is_not_withheld() {
    for listed in ["content-range", "content-type", "content-length"] {
        let talk = Conversation::default();
        let control = format!("max-age=60, no-cache=\"{listed}\"");
        talk.store(
            reply(200)
                .control(&control)
                .field("content-type", "text/plain")
                .body("0123456789"),
        )
        .await
        .assert_stored();
        let one = talk.get_with("/a", &[("range", "bytes=0-1")]).await;
        assert_eq!((one.status.as_u16(), one.text()), (206, "01"));
        assert_eq!(
            one.field("content-range").as_deref(),
            Some("bytes 0-1/10"),
            "{listed}"
        );
        let two = talk.get_with("/a", &[("range", "bytes=0-1, 4-5")]).await;
        assert!(two.field("content-type").is_some(), "{listed}");
    }
}

/// 9110-15.3.7.2-1: `Content-Range` in each part, and none in the head
#[tokio::test]
async fn a_multipart_answer_has_no_content_range_in_its_head() {
    let talk = Conversation::default();
    talk.store(
        reply(200)
            .control("max-age=60")
            .field("content-range", "bytes 0-9/10")
            .body("0123456789"),
    )
    .await
    .assert_stored();
    let two = talk.get_with("/a", &[("range", "bytes=0-1, 4-5")]).await;
    assert_eq!(two.status, 206);
    assert_eq!(two.field("content-range"), None);
}

/// RFC 9530 §2: `Content-Digest` is of the content of one message
#[tokio::test]
async fn the_digest_of_one_message_is_not_that_of_another() {
    let talk = Conversation::default();
    let digest = "sha-256=:V29sZQ==:";
    talk.store(
        reply(200)
            .control("max-age=60")
            .field("content-digest", digest)
            .body("0123456789"),
    )
    .await
    .assert_stored();
    let one = talk.get_with("/a", &[("range", "bytes=0-1")]).await;
    assert_eq!((one.status.as_u16(), one.text()), (206, "01"));
    assert_eq!(one.field("content-digest"), None, "of ten octets");
}

/// The same of parts that make a whole
#[tokio::test]
async fn the_digest_of_a_part_is_not_that_of_the_whole() {
    let talk = Conversation::default();
    for (first, last) in [(0, 4), (5, 9)] {
        let digest = format!("sha-256=:cGFydA{first}=:");
        talk.origin.will(
            part(first, last)
                .control("max-age=60")
                .field("content-digest", digest),
        );
        let range = format!("bytes={first}-{last}");
        talk.get_with("/a", &[("range", &range)])
            .await
            .assert_stored();
    }
    let whole = talk.get("/a").await;
    assert_eq!(whole.assert_hit().text(), "0123456789");
    assert_eq!(whole.field("content-digest"), None, "of five octets");
}

/// PRJ-5861-4: the same in the background, where it is slow
#[tokio::test]
async fn a_background_validation_that_breaks_off_leaves_what_is_whole() {
    let talk = Conversation::with(|layer| layer.keep_incomplete(true));
    let control = "max-age=10, stale-while-revalidate=600";
    talk.store(
        reply(200)
            .control(control)
            .field("etag", "\"old\"")
            .body("old"),
    )
    .await
    .assert_stored();
    talk.clock.advance(10);
    let (frames, cut) = reply(200)
        .control(control)
        .field("etag", "\"new\"")
        .field("accept-ranges", "bytes")
        .field("content-length", "10")
        .streamed();
    talk.origin.will(cut);
    talk.get("/a").await.assert_hit();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    frames.data("01234");
    frames.fail(OriginError("reset"));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    talk.origin.will(reply(200).body("asked in the foreground"));
    assert_eq!(talk.get("/a").await.text(), "old");
}

/// C-53, docs of `final_uri`: "nothing is stored, freshened or outdated by it"
#[tokio::test]
async fn what_comes_from_elsewhere_takes_nothing_out() {
    #[derive(Clone)]
    struct Elsewhere;
    let talk = Conversation::with(|layer| {
        layer.final_uri(|extensions| {
            let is_elsewhere = extensions.get::<Elsewhere>().is_some();
            is_elsewhere.then(|| http::Uri::from_static("http://o.test/b"))
        })
    });
    talk.store(
        reply(200)
            .control("max-age=10, stale-if-error=600")
            .field("etag", TAG)
            .body("one"),
    )
    .await
    .assert_stored();
    talk.clock.advance(10);
    talk.origin
        .will(reply(304).field("etag", TAG).extension(Elsewhere));
    talk.get("/a").await;
    assert_eq!(talk.handle.len(), 1);
}
