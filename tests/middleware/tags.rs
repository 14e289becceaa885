//! Tags: names that stored responses are given, by their fields or by the request.

mod kept;
mod purged;

use http::{HeaderName, Request};
use support::{Conversation, Reply, get, reply};
use tower_client_cache::{CacheHandle, NotStored, Tags};

fn fresh() -> Reply {
    reply(200)
        .control("max-age=60")
        .field("etag", "\"1\"")
        .body("x")
}

fn tagging() -> Conversation {
    Conversation::with(|layer| {
        let layer = layer.tag_field(HeaderName::from_static("surrogate-key"));
        layer.tag_field(HeaderName::from_static("cache-tag"))
    })
}

fn tags<B>(handle: &CacheHandle, request: &Request<B>) -> Vec<String> {
    let stored = handle.peek(request).expect("it is stored");
    let mut tags: Vec<_> = stored.tags().map(str::to_owned).collect();
    tags.sort();
    tags
}

#[tokio::test]
async fn a_response_has_the_tags_that_it_says_and_those_of_its_request() {
    let talk = tagging();
    talk.origin.will(
        fresh()
            .field("surrogate-key", "users user-7")
            .field("cache-tag", "pages,users"),
    );
    let mut asked = get("/a", &[]);
    asked.extensions_mut().insert(Tags::new(["mine", "users"]));
    talk.send(asked.clone()).await.assert_stored();
    assert_eq!(
        tags(&talk.handle, &asked),
        ["mine", "pages", "user-7", "users"]
    );
    talk.clock.advance(60);
    talk.origin
        .will(reply(304).control("max-age=60").field("cache-tag", "other"));
    let mut again = get("/a", &[]);
    again.extensions_mut().insert(Tags::new(["too"]));
    talk.send(again).await.assert_validated();
    assert_eq!(
        tags(&talk.handle, &asked),
        ["mine", "other", "too", "user-7", "users"],
        "one field is another, and what was given stays"
    );
    let size = talk.handle.bytes();
    talk.origin.will(fresh());
    talk.send(get("/b", &[])).await;
    assert!(talk.handle.bytes() - size < size, "a tag takes room");
}

#[tokio::test]
async fn a_field_that_is_not_set_says_nothing() {
    let talk = Conversation::default();
    talk.store(fresh().field("surrogate-key", "users")).await;
    assert!(tags(&talk.handle, &get("/a", &[])).is_empty());
}

/// What a purge by tag would not find is not stored.
#[tokio::test]
async fn what_has_too_many_tags_is_not_stored() {
    let talk = tagging();
    let many: Vec<_> = (0..129).map(|n| n.to_string()).collect();
    let answer = talk.store(fresh().field("cache-tag", many.join(","))).await;
    answer.assert_not_stored(NotStored::Tags);
    let few = many[..128].join(",");
    talk.store(fresh().field("cache-tag", &few))
        .await
        .assert_stored();
    talk.clock.advance(60);
    talk.origin.will(
        reply(304)
            .control("max-age=60")
            .field("surrogate-key", "one-more"),
    );
    let validated = talk.get("/a").await;
    validated.assert_not_stored(NotStored::Tags);
    assert_eq!(validated.text(), "x");
}

/// What was written down has its tags.
#[tokio::test]
async fn tags_are_in_a_snapshot() {
    let talk = tagging();
    talk.origin.will(fresh().field("cache-tag", "said"));
    let mut asked = get("/a", &[]);
    asked.extensions_mut().insert(Tags::new(["given"]));
    talk.send(asked.clone()).await.assert_stored();
    let mut octets = Vec::new();
    talk.handle
        .snapshot(&mut octets)
        .expect("it can be written");
    talk.handle.clear();
    talk.handle.restore(&*octets).expect("it is a snapshot");
    assert_eq!(tags(&talk.handle, &asked), ["given", "said"]);
}
