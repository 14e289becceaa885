//! What is purged for a tag, and by what.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Empty;
use support::{Conversation, OriginError, Reply, begun, get, reply, request};
use tower_client_cache::{Invalidates, Selector, Tags};

use super::{fresh, tagging};

/// 9875-2-1: the name of a cache group is a tag, of whatever origin; and the group is of one origin all the same.
#[tokio::test]
async fn a_cache_group_is_a_tag() {
    let talk = Conversation::with(|layer| layer.cache_groups(true));
    for path in ["http://o.test/a", "http://p.test/a"] {
        talk.origin
            .will(fresh().field("cache-groups", "\"g\", \"h\""));
        talk.send(request(Method::GET, path, &[]))
            .await
            .assert_stored();
    }
    talk.origin
        .will(reply(204).field("cache-group-invalidation", "\"h\""));
    talk.send(request(Method::POST, "/b", &[])).await;
    let other = request(Method::GET, "http://p.test/a", &[]);
    talk.send(other).await.assert_hit();
    assert_eq!(talk.handle.purge(Selector::tag("G")).responses(), 0);
    assert_eq!(talk.handle.purge(Selector::tag("g")).responses(), 2);
}

/// What the two have in common is removed once, and letter case makes another.
#[tokio::test]
async fn several_tags_mean_what_has_one_of_them() {
    let talk = tagging();
    for (path, said) in [("/a", "a both"), ("/b", "b both"), ("/c", "A"), ("/d", "")] {
        talk.origin.will(fresh().field("surrogate-key", said));
        talk.get(path).await.assert_stored();
    }
    let purged = talk.handle.purge(Selector::any_tag(["a", "both", "c"]));
    assert_eq!((purged.responses(), talk.handle.len()), (2, 2));
    assert!(purged.bytes() > 0);
    talk.get("/c").await.assert_hit();
    talk.get("/d").await.assert_hit();
}

/// Promise 1: a tag that nobody knew when the purge was made.
#[tokio::test]
async fn what_turns_out_to_have_a_tag_is_not_stored_after_the_purge() {
    for (said, is_stored) in [("users", false), ("pages", true)] {
        let talk = tagging();
        let (gate, held) = fresh().field("surrogate-key", said).held();
        talk.origin.will(held);
        let under_way = begun(talk.get("/a"));
        assert_eq!(talk.handle.purge(Selector::tag("users")).in_flight(), 1);
        gate.open();
        assert_eq!(under_way.await.cache.is_stored(), is_stored, "{said}");
        assert_eq!(talk.handle.len(), usize::from(is_stored), "{said}");
        talk.origin.will(fresh().field("surrogate-key", "users"));
        talk.get("/b").await.assert_stored();
    }
}

type Asked = Request<Empty<Bytes>>;

fn wishing<T: Clone + Send + Sync + 'static>(mut asked: Asked, wish: T) -> Asked {
    asked.extensions_mut().insert(wish);
    asked
}

fn invalidating(path: &str) -> Asked {
    let asked = request(Method::POST, path, &[]);
    wishing(asked, Invalidates(Selector::tag("users")))
}

async fn with_users() -> Conversation {
    let talk = Conversation::default();
    talk.origin.will(fresh());
    let asked = wishing(get("/users/7", &[]), Tags::new(["users"]));
    talk.send(asked).await.assert_stored();
    talk
}

/// C-59: nobody knows what has become of a request that was given up after it was sent; what was never sent has changed
/// nothing.
#[tokio::test]
async fn an_unsafe_request_that_is_given_up_purges_what_it_says() {
    let talk = with_users().await;
    drop(talk.start(invalidating("/b")));
    assert_eq!(talk.handle.len(), 1, "it was not sent");
    let (_gate, held) = reply(204).held();
    talk.origin.will(held);
    let sent = begun(talk.start(invalidating("/b")));
    assert_eq!(talk.handle.len(), 1, "nothing has come of it yet");
    drop(sent);
    assert_eq!(talk.handle.len(), 0);
}

/// 9110-7.1-1: whatever comes below may know the target.
#[tokio::test]
async fn an_unsafe_request_without_a_target_purges_what_it_says() {
    let table: [(fn() -> Reply, bool); 3] = [
        (|| reply(204), true),
        (|| Reply::fails(OriginError("reset")), true),
        (|| reply(409), false),
    ];
    for (will, is_purged) in table {
        let talk = with_users().await;
        let mut asked = invalidating("/b");
        *asked.uri_mut() = "/b".parse().unwrap();
        talk.origin.will(will());
        let _ = talk.start(asked).await;
        assert_eq!(talk.handle.is_empty(), is_purged);
    }
}

/// 9110-9.3.3-1: the answer that comes after the change is what the change has made; what others have under way is not.
#[tokio::test]
async fn the_answer_that_purges_its_own_tag_is_stored() {
    for selector in [
        Selector::tag("users"),
        Selector::tag("users").or(Selector::filter(|_| true)),
        Selector::all(),
    ] {
        let talk = with_users().await;
        let (gate, held) = fresh().held();
        talk.origin.will(held);
        let other = wishing(get("/users/8", &[]), Tags::new(["users"]));
        let other = begun(talk.send(other));
        let posted = request(Method::POST, "/users/9", &[]);
        let posted = wishing(posted, Tags::new(["users"]));
        let posted = wishing(posted, Invalidates(selector.clone()));
        talk.origin
            .will(fresh().field("content-location", "/users/9"));
        talk.send(posted).await.assert_stored();
        gate.open();
        other.await;
        talk.get("/users/9").await.assert_hit();
        assert_eq!(talk.handle.len(), 1, "{selector:?}");
    }
}
