//! RFC 9211: what the cache did, in a field of the response.

use http::Method;
use sfv::{BareItem, List, ListEntry, Parser};
use support::{Answer, Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::{CacheLayer, CacheStatus};

/// A cache that says in `Cache-Status` what it did.
fn telling() -> Conversation {
    Conversation::with(|layer| layer.cache_status("Ours"))
}

fn fresh() -> Reply {
    reply(200)
        .control("max-age=60")
        .field("etag", "\"e\"")
        .body("hello")
}

fn told(answer: &Answer) -> Option<String> {
    answer.field("cache-status")
}

/// 9211-2-5, 9211-6-1, C-36: whoever reads it learns what others have asked for
#[tokio::test]
async fn by_default_nothing_is_told() {
    for talk in [Conversation::default(), Conversation::shared()] {
        assert_eq!(told(&talk.store(fresh()).await), None);
        let hit = talk.get("/a").await;
        assert_eq!(told(hit.assert_hit()), None);
        assert!(hit.extensions.get::<CacheStatus>().is_some());
    }
}

/// 9211-2.1-1, 9211-2.2-1, 9211-2.3-1, 9211-2.4-1, 9211-2.5-1
#[tokio::test]
async fn what_was_done_is_told_in_the_words_of_the_standard() {
    let talk = telling();
    let first = talk.store(fresh()).await;
    let expected = "\"Ours\"; fwd=uri-miss; fwd-status=200; stored; ttl=60";
    assert_eq!(told(&first).as_deref(), Some(expected));
    talk.clock.advance(20);
    let hit = talk.get("/a").await;
    assert_eq!(told(&hit).as_deref(), Some("\"Ours\"; hit; ttl=40"));
    let conditional = [("if-none-match", "\"e\"")];
    let not_modified = talk.get_with("/a", &conditional).await;
    assert_eq!(not_modified.status, 304);
    assert_eq!(
        told(&not_modified).as_deref(),
        Some("\"Ours\"; hit; ttl=40")
    );
    talk.clock.advance(45);
    let tolerant = [("cache-control", "max-stale")];
    let stale = talk.get_with("/a", &tolerant).await;
    assert_eq!(told(&stale).as_deref(), Some("\"Ours\"; hit; ttl=-5"));
    talk.origin.will(reply(304));
    let validated = talk.get("/a").await;
    let expected = "\"Ours\"; fwd=stale; fwd-status=304; stored; ttl=60";
    assert_eq!(told(&validated).as_deref(), Some(expected));
    talk.origin.will(reply(200).control("no-store"));
    let posted = talk.send(request(Method::POST, "/a", &[])).await;
    let expected = "\"Ours\"; fwd=method; fwd-status=200; detail=method";
    assert_eq!(told(&posted).as_deref(), Some(expected));
}

/// 9211-2-1, 9211-2-2, PRJ-3.1-8: the last member is ours, once, and what others have said stays
#[tokio::test]
async fn ours_comes_after_those_of_the_caches_on_the_way() {
    let talk = telling();
    talk.store(fresh().field("cache-status", "CDN; hit; ttl=9, \"Edge\"; fwd=miss"))
        .await
        .assert_stored();
    for _ in 0..2 {
        let hit = talk.get("/a").await;
        let told = told(hit.assert_hit()).unwrap();
        assert_eq!(
            told,
            "CDN; hit; ttl=9, \"Edge\"; fwd=miss, \"Ours\"; hit; ttl=60"
        );
    }
}

/// 9211-2-4: a response that was made for want of any says nothing
#[tokio::test]
async fn a_response_that_the_cache_has_made_says_nothing() {
    let talk = telling();
    let only = talk
        .get_with("/a", &[("cache-control", "only-if-cached")])
        .await;
    assert_eq!((only.status.as_u16(), told(&only)), (504, None));

    let talk = Conversation::with(|layer| layer.cache_status("Ours").gateway_timeout(true));
    talk.store(fresh()).await;
    talk.clock.advance(60);
    talk.origin.will(Reply::fails(OriginError("refused")));
    let failed = talk.get("/a").await;
    assert_eq!((failed.status.as_u16(), told(&failed)), (504, None));
}

/// 9211-2.1-1, 9211-2.2-1: a stale response that was reused because the origin failed was forwarded all the same
#[tokio::test]
async fn a_stale_response_after_a_failure_says_both() {
    let talk = telling();
    talk.store(fresh().control("stale-if-error=60")).await;
    talk.clock.advance(65);
    talk.origin.will(reply(503));
    let stale = talk.get("/a").await;
    let expected = "\"Ours\"; fwd=stale; fwd-status=503; detail=server-error; ttl=-5";
    assert_eq!(told(&stale).as_deref(), Some(expected));
    talk.origin.will(Reply::fails(OriginError("refused")));
    let stale = talk.get("/a").await;
    let expected = "\"Ours\"; fwd=stale; detail=failed; ttl=-5";
    assert_eq!(told(&stale).as_deref(), Some(expected));
}

/// 9211-2-3, 9651-4.1-1, 9211-2.1-2, 9211-2.7-1: it can be read back; a name may be any text of ASCII; the key is
/// never in it
#[tokio::test]
async fn it_is_a_list_whose_members_never_say_hit_and_forward_at_once() {
    for name in ["Ours", "My Cache", "a \"b\" \\c", ""] {
        let talk = Conversation::with(|layer| layer.cache_status(name));
        talk.origin.will(fresh());
        for _ in 0..2 {
            let answer = talk.send(get("/a?secret", &[])).await;
            let text = told(&answer).unwrap();
            assert!(!text.contains("secret"), "{text}");
            let list: List = Parser::new(&text).parse().unwrap();
            let [ListEntry::Item(member)] = &list[..] else {
                panic!("one member: {text}");
            };
            let BareItem::String(said) = &member.bare_item else {
                panic!("a string: {text}");
            };
            assert_eq!(said.as_str(), name);
            let has = |key: &str| member.params.keys().any(|held| held.as_str() == key);
            assert!(has("hit") != has("fwd"), "{text}");
            assert!(!has("key") && has("ttl"), "{text}");
        }
    }
}

/// 9651-4.1-1: what cannot be written is refused when it is set
#[test]
#[should_panic(expected = "printable ASCII")]
fn a_name_that_cannot_be_written_is_refused() {
    let _ = CacheLayer::new().cache_status("Käse");
}

/// 9211-2-4
#[tokio::test]
async fn a_504_for_want_of_anything_has_no_member() {
    let talk = Conversation::with(|layer| layer.cache_status("Ours"));
    talk.store(
        reply(200)
            .control("max-age=10")
            .field("etag", "\"e\"")
            .body("one"),
    )
    .await
    .assert_stored();
    talk.clock.advance(10);
    talk.origin.will(reply(304).field("etag", "\"other\""));
    let answer = talk.get("/a").await;
    assert_eq!(answer.status, 504);
    assert_eq!(answer.field("cache-status"), None);
}

/// 9211-2-1, 9211-2-2
#[tokio::test]
async fn an_upstream_member_stays_in_a_304() {
    let talk = Conversation::with(|layer| layer.cache_status("Ours"));
    talk.store(
        reply(200)
            .control("max-age=60")
            .field("etag", "\"e\"")
            .field("cache-status", "Theirs; hit")
            .body("one"),
    )
    .await;
    let answer = talk.get_with("/a", &[("if-none-match", "\"e\"")]).await;
    assert_eq!(answer.status, 304);
    assert!(answer.field("cache-status").unwrap().starts_with("Theirs"));
}
