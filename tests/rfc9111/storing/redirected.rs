//! An inner service that follows redirects: whose response is it?

use http::Uri;
use support::{Conversation, Reply, reply};
use tower_client_cache::{CacheLayer, Forward, NotStored};

/// Where a response came from, in its extensions.
#[derive(Clone)]
struct CameFrom(&'static str);

/// A cache around a client that follows redirects, and says so.
fn following() -> Conversation {
    Conversation::with(|layer| {
        layer.final_uri(|extensions| {
            let CameFrom(uri) = extensions.get()?;
            Some(Uri::from_static(uri))
        })
    })
}

fn from(uri: &'static str) -> Reply {
    reply(200)
        .control("max-age=60")
        .field("etag", "\"e\"")
        .extension(CameFrom(uri))
}

/// C-53, EDGE-52, PRJ-L-2
#[tokio::test]
async fn the_response_of_another_uri_is_passed_on_and_not_stored() {
    for uri in [
        "http://o.test/b",
        "https://o.test/a",
        "http://o.test/a?x",
        "/a",
    ] {
        let talk = following();
        let answer = talk.store(from(uri).body("elsewhere")).await;
        assert_eq!(answer.text(), "elsewhere");
        answer.assert_not_stored(NotStored::Redirected);
        assert_eq!(talk.handle.len(), 0, "{uri}");
    }
}

/// C-53: the same URI in another form is the same, and one that is not said is the request's
#[tokio::test]
async fn the_response_of_its_own_uri_is_stored() {
    for reply in [
        from("http://O.test:80/%61#x"),
        reply(200).control("max-age=60"),
    ] {
        let talk = following();
        talk.store(reply.body("here")).await.assert_stored();
        assert_eq!(talk.get("/a").await.assert_hit().text(), "here");
    }
}

/// C-53: nor does it say anything about what is stored
#[tokio::test]
async fn the_response_of_another_uri_neither_freshens_nor_outdates() {
    let talk = following();
    talk.store(from("http://o.test/a").body("here")).await;
    talk.clock.advance(60);
    talk.origin.will(from("http://o.test/b").body("elsewhere"));
    let answer = talk.get("/a").await;
    assert_eq!(answer.assert_forwarded(Forward::Stale).text(), "elsewhere");
    let tolerant = [("cache-control", "max-stale")];
    assert_eq!(
        talk.get_with("/a", &tolerant).await.assert_hit().text(),
        "here"
    );
}

/// PRJ-4.3.4-8, C-53
#[tokio::test]
async fn a_304_from_elsewhere_is_not_for_a_caller_who_did_not_ask() {
    #[derive(Clone)]
    struct Elsewhere;
    let talk = Conversation::through(
        CacheLayer::new()
            .final_uri(|extensions| {
                extensions
                    .get::<Elsewhere>()
                    .map(|_| Uri::from_static("http://o.test/b"))
            })
            .default_request_body(),
    );
    talk.store(
        reply(200)
            .control("max-age=10")
            .field("etag", "\"e\"")
            .body("one"),
    )
    .await
    .assert_stored();
    talk.clock.advance(10);
    talk.origin
        .will(reply(304).field("etag", "\"e\"").extension(Elsewhere));
    talk.origin
        .will(reply(200).body("elsewhere").extension(Elsewhere));
    let answer = talk.get("/a").await;
    assert_ne!(answer.status, 304, "nobody asked for it: {}", answer.cache);
}
