//! Which tags a response has in the end.

use http::header::ACCEPT_LANGUAGE;
use http::{HeaderName, Request};
use http_body_util::{BodyExt, Empty};
use support::{Conversation, Reply, get, reply};
use tower_client_cache::{CacheLayer, Key, Rule, Selector, Tags};

use super::{fresh, tagging, tags};

type Asked = Request<Empty<bytes::Bytes>>;

fn field(layer: CacheLayer) -> CacheLayer {
    layer.tag_field(HeaderName::from_static("surrogate-key"))
}

fn tagged(mut asked: Asked, names: &[&str]) -> Asked {
    asked
        .extensions_mut()
        .insert(Tags::new(names.iter().copied()));
    asked
}

/// C-18: what is stored once more for others, with the same body, is purged with it, in a shared cache as well.
#[tokio::test]
async fn what_is_adopted_has_the_tags_of_what_it_was_made_of() {
    for layer in [CacheLayer::new(), CacheLayer::shared()] {
        let talk = Conversation::through(field(layer).default_request_body());
        let ask = |language| get("/a", &[(ACCEPT_LANGUAGE.as_str(), language)]);
        let of = |status| {
            reply(status)
                .control("max-age=60")
                .field("vary", "Accept-Language")
                .field("etag", "\"e\"")
        };
        talk.origin
            .will(of(200).field("surrogate-key", "said").body("old"));
        talk.send(tagged(ask("de"), &["given"]))
            .await
            .assert_stored();
        talk.origin.will(of(304));
        talk.send(ask("de-CH")).await.assert_stored();
        assert_eq!(tags(&talk.handle, &ask("de-CH")), ["given", "said"]);
        assert_eq!(talk.handle.purge(Selector::tag("said")).responses(), 2);
    }
}

/// 9111-3.1-1, 9111-5.2.2.7-2: a field that is not kept is not shown to others, and says what it says.
#[tokio::test]
async fn a_field_that_is_not_kept_counts() {
    let alone = "max-age=60, private=\"surrogate-key\"";
    for (control, connection) in [("max-age=60", "surrogate-key"), (alone, "close")] {
        let not_kept = |reply: Reply| {
            let reply = reply.control(control).field("connection", connection);
            reply.field("surrogate-key", "said").field("etag", "\"e\"")
        };
        let talk = Conversation::shared_with(field);
        talk.store(not_kept(reply(200)).body("x"))
            .await
            .assert_stored();
        let shown = talk.get("/a").await;
        assert_eq!(shown.assert_hit().field("surrogate-key"), None);
        assert_eq!(tags(&talk.handle, &get("/a", &[])), ["said"]);

        // A 304 that says so of what was kept until then takes no tag away either.
        let talk = Conversation::shared_with(field);
        let before = reply(200).field("surrogate-key", "before");
        let before = before.control("max-age=60").field("etag", "\"e\"");
        talk.store(before.body("x")).await.assert_stored();
        talk.clock.advance(60);
        talk.origin.will(not_kept(reply(304)));
        talk.get("/a").await.assert_validated();
        let tags = tags(&talk.handle, &get("/a", &[]));
        assert!(tags.contains(&"said".to_owned()), "{tags:?}");
    }
    let talk = Conversation::shared_with(field);
    talk.store(fresh().field("surrogate-key", "said")).await;
    talk.clock.advance(60);
    talk.origin.will(reply(304).control(alone));
    talk.get("/a").await.assert_validated();
    assert_eq!(tags(&talk.handle, &get("/a", &[])), ["said"]);
}

/// 9111-3.4-1: what was put together is purged for either of the two, whichever came first.
#[tokio::test]
async fn parts_that_come_at_the_same_time_have_the_tags_of_both() {
    for swapped in [false, true] {
        let talk = tagging();
        let mut bodies = Vec::new();
        for (first, last, said, given) in [(0, 4, "one", "mine"), (5, 9, "other", "yours")] {
            let part = reply(206).control("max-age=10").field("etag", "\"e\"");
            let part = part.field("content-range", format!("bytes {first}-{last}/10"));
            let (frames, part) = part.field("surrogate-key", said).streamed();
            talk.origin.will(part);
            let range = format!("bytes={first}-{last}");
            let asked = tagged(get("/a", &[("range", &range)]), &[given]);
            let response = talk.start(asked).await.unwrap();
            bodies.push((frames, response.into_body()));
            talk.clock.advance(1);
        }
        if swapped {
            bodies.reverse();
        }
        for (frames, body) in bodies {
            frames.data("01234");
            drop(frames);
            body.collect().await.unwrap();
        }
        talk.get("/a").await.assert_hit();
        assert_eq!(
            tags(&talk.handle, &get("/a", &[])),
            ["mine", "one", "other", "yours"],
            "swapped: {swapped}"
        );
    }
}

/// A 304 goes by the rules as they are then; what a request gave stays.
#[tokio::test]
async fn what_a_rule_no_longer_says_goes_with_the_next_304() {
    let talk = Conversation::with(|layer| layer.rules([Rule::new().tags(["old", "both"])]));
    talk.origin.will(fresh());
    let asked = tagged(get("/a", &[]), &["mine", "both"]);
    talk.send(asked).await.assert_stored();
    let held = || tags(&talk.handle, &get("/a", &[]));
    assert_eq!(held(), ["both", "mine", "old"]);
    talk.handle.set_rules([Rule::new().tags(["new"])]);
    talk.get("/a").await.assert_hit();
    assert_eq!(held(), ["both", "mine", "old"], "as it was stored");
    talk.clock.advance(60);
    talk.origin.will(reply(304).control("max-age=60"));
    talk.get("/a").await.assert_validated();
    assert_eq!(held(), ["both", "mine", "new"]);
    assert_eq!(talk.handle.purge(Selector::tag("old")).responses(), 0);
    assert_eq!(talk.handle.purge(Selector::tag("new")).responses(), 1);
}

/// What comes by another way into the store has its tags as well.
#[tokio::test]
async fn tags_are_given_whichever_way_a_response_is_stored() {
    let of = |path: &str| tagged(get(path, &[]), &["t"]);
    let talk = Conversation::with(|layer| layer.rules([Rule::new().tags(["ruled"])]));
    let by_hand = http::Response::builder().header("cache-control", "max-age=60");
    let by_hand = by_hand.body(bytes::Bytes::new()).unwrap();
    talk.handle.insert(&of("/by-hand"), by_hand).unwrap();
    let mut by_name = of("/by-name");
    by_name.extensions_mut().insert(Key::new("name"));
    let mut posted = of("/posted");
    *posted.method_mut() = http::Method::POST;
    let mut head = of("/head");
    *head.method_mut() = http::Method::HEAD;
    for (asked, answer) in [
        (by_name.clone(), fresh()),
        (posted, fresh().field("content-location", "/posted")),
        (head.clone(), reply(200).control("max-age=60")),
    ] {
        talk.origin.will(answer);
        talk.send(asked).await.assert_stored();
    }
    for asked in [of("/by-hand"), by_name, of("/posted"), head] {
        assert_eq!(tags(&talk.handle, &asked), ["ruled", "t"], "{asked:?}");
    }
    assert_eq!(talk.handle.purge(Selector::tag("t")).responses(), 4);
    assert!(talk.handle.is_empty());
}

/// 5861-3-1: what is validated in the background has the tags of the request that had it validated; a request that is
/// answered from the store alone gives none.
#[tokio::test]
async fn a_validation_in_the_background_gives_the_tags_of_its_request() {
    let talk = Conversation::default();
    let window = "max-age=60, stale-while-revalidate=60";
    let stored = reply(200).control(window).field("etag", "\"e\"");
    talk.origin.will(stored.body("x"));
    talk.send(tagged(get("/a", &[]), &["first"]))
        .await
        .assert_stored();
    talk.send(tagged(get("/a", &[]), &["hit"]))
        .await
        .assert_hit();
    talk.clock.advance(60);
    talk.origin.will(reply(304).control(window));
    let stale = talk.send(tagged(get("/a", &[]), &["stale"])).await;
    stale.assert_hit();
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    assert_eq!(talk.handle.stats().validated(), 1);
    assert_eq!(tags(&talk.handle, &get("/a", &[])), ["first", "stale"]);
}
