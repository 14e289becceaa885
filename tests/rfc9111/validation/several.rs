//! RFC 9111 §4.3.1 and §4.3.2: the origin is asked about several responses at once, the cache's and the
//! caller's.

use support::{Conversation, Reply, reply};
use tower_client_cache::request_body::AsDefault;
use tower_client_cache::{CacheLayer, Forward};

use super::{MODIFIED, TAG, stored};

fn asking_twice() -> Conversation<AsDefault> {
    Conversation::through(CacheLayer::new().default_request_body())
}

/// One that has a response with the tag `"e"` stored, and stale.
async fn with_a_stale() -> Conversation<AsDefault> {
    let talk = asking_twice();
    talk.store(stored().field("etag", TAG))
        .await
        .assert_stored();
    talk.clock.advance(10);
    talk
}

const THEIRS: [(&str, &str); 1] = [("if-none-match", "\"x\", W/\"y\"")];

fn inm(talk: &Conversation<AsDefault>) -> Option<String> {
    talk.origin.last().field("if-none-match")
}

/// 9111-4.3.2-4, 9110-13.1.2-1, 9111-4.3.2-6: a 304 with our tag is a 200 to a caller that has others
#[tokio::test]
async fn our_tag_is_added_to_the_callers_list() {
    let talk = with_a_stale().await;
    talk.origin.will(reply(304).field("etag", TAG));
    let answer = talk.get_with("/a", &THEIRS).await;
    assert_eq!(inm(&talk).as_deref(), Some("\"x\", W/\"y\", \"e\""));
    answer.assert_validated();
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "hello"));
    talk.get("/a").await.assert_hit();
}

/// 9110-15.4.5-2, PRJ-4.3.2-7: a 304 with theirs is theirs
#[tokio::test]
async fn a_304_with_a_tag_of_the_callers_goes_to_the_caller() {
    for tag in ["\"x\"", "W/\"y\"", "\"y\""] {
        let talk = with_a_stale().await;
        talk.origin.will(reply(304).field("etag", tag));
        let answer = talk.get_with("/a", &THEIRS).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (304, ""), "{tag}");
        assert_eq!(answer.field("etag").as_deref(), Some(tag));
        assert_eq!(talk.handle.len(), 1, "{tag}");
        talk.origin.will(reply(304));
        talk.get("/a").await.assert_forwarded(Forward::Stale);
    }
}

/// PRJ-4.3.4-8, 9111-4.3.4-2: a 304 without a tag may be about any of them, so the caller's question is asked
/// alone
#[tokio::test]
async fn a_304_that_may_be_about_either_is_asked_again_with_the_callers_tags_alone() {
    let talk = with_a_stale().await;
    talk.origin.will(reply(304));
    talk.origin.will(reply(304));
    let answer = talk.get_with("/a", &THEIRS).await;
    assert_eq!(inm(&talk).as_deref(), Some("\"x\", W/\"y\""));
    assert_eq!((answer.status.as_u16(), talk.origin.calls()), (304, 3));
}

/// 9111-4.3.2-2: nothing is added to a question about anything at all
#[tokio::test]
async fn an_asterisk_is_left_as_it_is() {
    let talk = with_a_stale().await;
    talk.origin.will(reply(304));
    let answer = talk.get_with("/a", &[("if-none-match", "*")]).await;
    assert_eq!(inm(&talk).as_deref(), Some("*"));
    assert_eq!((answer.status.as_u16(), talk.origin.calls()), (304, 2));
}

/// A language of the resource, with a tag of its own.
fn variant(language: &str) -> Reply {
    stored()
        .field("vary", "Accept-Language")
        .field("etag", format!("\"{language}\""))
        .body(language.to_owned())
}

async fn ask(talk: &Conversation<AsDefault>, language: &str) -> support::Answer {
    talk.get_with("/a", &[("accept-language", language)]).await
}

async fn with_variants(languages: &[&str]) -> Conversation<AsDefault> {
    let talk = asking_twice();
    for language in languages {
        talk.origin.will(variant(language));
        ask(&talk, language).await.assert_stored();
        talk.clock.advance(1);
        talk.origin.forget_replies();
    }
    talk
}

/// 9111-4.1-7, 9111-4.3.1-2, 9110-13.1.2-1, C-18: the origin says which of them it is, and it is stored for
/// such requests too
#[tokio::test]
async fn the_origin_is_asked_about_variants_that_the_request_does_not_select() {
    let talk = with_variants(&["de", "fr"]).await;
    talk.origin
        .will(reply(304).control("max-age=10").field("etag", "\"fr\""));
    let swiss = ask(&talk, "fr-CH").await;
    assert_eq!(inm(&talk).as_deref(), Some("\"fr\", \"de\""));
    assert_eq!(talk.origin.last().field("if-modified-since"), None);
    swiss.assert_forwarded(Forward::VaryMiss).assert_stored();
    assert_eq!((swiss.status.as_u16(), swiss.text()), (200, "fr"));
    for (language, expected) in [("fr-CH", "fr"), ("fr", "fr"), ("de", "de")] {
        assert_eq!(ask(&talk, language).await.assert_hit().text(), expected);
    }
    assert_eq!((talk.origin.calls(), talk.handle.len()), (3, 3));
}

/// C-18, 9111-4.3.4-1: the other stays as it was
#[tokio::test]
async fn what_is_stored_for_other_requests_is_not_freshened() {
    let talk = with_variants(&["de"]).await;
    talk.clock.advance(20);
    talk.origin
        .will(reply(304).control("max-age=10").field("etag", "\"de\""));
    ask(&talk, "de-AT").await.assert_stored();
    talk.origin.will(reply(304).field("etag", "\"de\""));
    ask(&talk, "de").await.assert_forwarded(Forward::Stale);
    ask(&talk, "de-AT").await.assert_hit();
}

/// C-18: a 304 without a tag, or with one that nobody has, says nothing
#[tokio::test]
async fn a_304_that_names_none_of_them_is_followed_by_the_callers_own_request() {
    for not_modified in [reply(304), reply(304).field("etag", "\"other\"")] {
        let talk = with_variants(&["de", "fr"]).await;
        talk.origin.will(not_modified);
        talk.origin.will(variant("it"));
        let answer = ask(&talk, "it").await;
        assert_eq!(inm(&talk), None);
        assert_eq!(answer.assert_stored().text(), "it");
        assert_eq!(talk.handle.len(), 3);
    }
}

/// C-18, EDGE-47: eight at most; strong ones, that mean one body each
#[tokio::test]
async fn only_strong_tags_of_one_body_are_listed_and_not_many() {
    let languages: Vec<_> = (0..12).map(|n| format!("l{n:02}")).collect();
    let names: Vec<_> = languages.iter().map(String::as_str).collect();
    let talk = with_variants(&names).await;
    talk.origin.will(variant("x"));
    ask(&talk, "x").await;
    let listed = inm(&talk).unwrap();
    assert_eq!(listed.split(", ").count(), 8, "{listed}");
    assert!(listed.starts_with("\"l11\""), "the newest: {listed}");

    let talk = asking_twice();
    for (tag, language) in [("W/\"weak\"", "a"), ("\"same\"", "b"), ("\"same\"", "c")] {
        let held = stored().field("vary", "Accept-Language").field("etag", tag);
        talk.origin.will(held);
        ask(&talk, language).await.assert_stored();
        talk.origin.forget_replies();
    }
    talk.origin.will(variant("x"));
    ask(&talk, "x").await;
    assert_eq!(inm(&talk), None);
}

/// C-18: without a second body a 304 about none of them could not be answered
#[tokio::test]
async fn nothing_is_asked_about_where_it_could_not_be_asked_again() {
    let talk = Conversation::default();
    talk.origin.will(variant("de"));
    talk.get_with("/a", &[("accept-language", "de")])
        .await
        .assert_stored();
    talk.origin
        .will(variant("fr").field("last-modified", MODIFIED));
    talk.get_with("/a", &[("accept-language", "fr")])
        .await
        .assert_stored();
    assert_eq!(talk.origin.last().field("if-none-match"), None);
}

/// 9110-13.1.2-1
#[tokio::test]
async fn no_empty_member_is_sent() {
    let talk = Conversation::through(CacheLayer::new().default_request_body());
    talk.store(
        reply(200)
            .control("max-age=10")
            .field("etag", "\"e\"")
            .body("one"),
    )
    .await;
    talk.clock.advance(10);
    talk.origin.will(reply(304).field("etag", "\"e\""));
    talk.get_with("/a", &[("if-none-match", "")]).await;
    assert_eq!(
        talk.origin.last().field("if-none-match").as_deref(),
        Some("\"e\"")
    );
}

/// PRJ-4.3.3-4, 9111-4.3.2-4: it was asked about as well, and is another
#[tokio::test]
async fn a_304_with_the_callers_tag_shows_that_ours_is_outdated() {
    // a fresh stored response, the caller's own 304 names another tag
    let talk = Conversation::through(CacheLayer::new().default_request_body());
    talk.store(
        reply(200)
            .control("max-age=60")
            .field("etag", "\"old\"")
            .body("old"),
    )
    .await;
    talk.origin.will(reply(304).field("etag", "\"new\""));
    let fields = [("if-none-match", "\"new\""), ("cache-control", "no-cache")];
    assert_eq!(talk.get_with("/a", &fields).await.status, 304);
    talk.origin
        .will(reply(200).field("etag", "\"new\"").body("new"));
    assert_eq!(talk.get("/a").await.text(), "new");
}

/// PRJ-4.3.4-8: what nothing was added to is not asked twice
#[tokio::test]
async fn a_question_of_the_callers_own_is_not_asked_twice() {
    let talk = with_a_stale().await;
    talk.origin.will(reply(304));
    let own = [("if-none-match", "\"e\", \"x\"")];
    let answer = talk.get_with("/a", &own).await;
    assert_eq!((answer.status.as_u16(), talk.origin.calls()), (304, 2));
}
