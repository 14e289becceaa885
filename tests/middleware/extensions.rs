//! Promise 4: extensions describe a connection. They pass on a forward and are never stored.

use http::{Extensions, Method, Version};
use support::{Conversation, get, reply, request};
use tower_client_cache::CacheStatus;

/// What a transport tells of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Connection(u32);

fn connection(extensions: &Extensions) -> Option<&Connection> {
    extensions.get()
}

/// Promise 4
#[tokio::test]
async fn extensions_pass_on_a_forward_and_a_hit_has_only_ours() {
    let talk = Conversation::default();
    let fresh = reply(200).control("max-age=60").field("etag", "\"1\"");
    let first = talk.store(fresh.body("x").extension(Connection(1))).await;
    assert_eq!(connection(&first.extensions), Some(&Connection(1)));
    for hit in [
        talk.get("/a").await,
        talk.send(request(Method::HEAD, "/a", &[])).await,
        talk.get_with("/a", &[("if-none-match", "\"1\"")]).await,
        talk.get_with("/b", &[("cache-control", "only-if-cached")])
            .await,
    ] {
        assert_eq!(connection(&hit.extensions), None, "{}", hit.cache);
        assert!(hit.extensions.get::<CacheStatus>().is_some());
        assert_eq!(hit.extensions.len(), 1, "{}", hit.cache);
    }
}

/// Promise 4: where nothing is stored too.
#[tokio::test]
async fn extensions_pass_where_nothing_is_stored() {
    for (method, control) in [
        (Method::GET, "no-store"),
        (Method::POST, ""),
        (Method::HEAD, "max-age=60"),
    ] {
        let talk = Conversation::default();
        let answer = reply(200).control(control).extension(Connection(1));
        talk.origin.will(answer);
        let answer = talk.send(request(method, "/a", &[])).await;
        assert_eq!(connection(&answer.extensions), Some(&Connection(1)));
        assert_eq!(answer.extensions.len(), 2, "{}", answer.cache);
    }
}

/// Promise 4: a 304 makes a new stored response, and its extensions are no part of that.
#[tokio::test]
async fn the_extensions_of_a_304_are_not_stored() {
    let talk = Conversation::default();
    let fresh = reply(200).control("max-age=60").field("etag", "\"1\"");
    talk.store(fresh.body("x").extension(Connection(1))).await;
    talk.clock.advance(61);
    talk.origin.will(reply(304).extension(Connection(2)));
    let validated = talk.get("/a").await;
    validated.assert_validated();
    assert_ne!(connection(&validated.extensions), Some(&Connection(1)));
    let hit = talk.get("/a").await;
    assert_eq!(connection(&hit.assert_hit().extensions), None);
}

/// Promise 4: the extensions of a request reach the origin, and steer nothing.
#[tokio::test]
async fn a_status_in_the_request_is_not_taken_for_the_answers() {
    let talk = Conversation::default();
    talk.store(reply(200).control("max-age=60").body("x")).await;
    let hit = talk.get("/a").await.cache;
    talk.origin
        .will(reply(200).control("no-store").extension(hit));
    let mut asked = get("/b", &[]);
    asked.extensions_mut().insert(hit);
    let answer = talk.send(asked).await;
    assert!(!answer.cache.is_hit(), "an inner cache's status gives way");
}

/// Promise 4: what is not a field is kept as well.
#[tokio::test]
async fn a_hit_has_the_status_and_the_version_of_what_was_stored() {
    for (status, version) in [
        (200, Version::HTTP_2),
        (404, Version::HTTP_10),
        (299, Version::HTTP_3),
    ] {
        let talk = Conversation::default();
        let fresh = reply(status).control("max-age=60").version(version);
        talk.store(fresh.body("x")).await.assert_stored();
        let hit = talk.get("/a").await;
        assert_eq!(hit.assert_hit().version, version);
        assert_eq!(hit.status, status);
    }
}
