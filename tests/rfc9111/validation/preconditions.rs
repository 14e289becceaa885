//! RFC 9111 §4.3.2: preconditions that the caller has set itself.

use std::collections::BTreeMap;

use super::{Fields, MODIFIED, TAG, stored, with_a_stale, with_fields};
use http::Method;
use support::{Conversation, reply, request};
use tower_client_cache::{Forward, NotStored};

const NONE_MATCH: &str = "if-none-match";
const SINCE: &str = "if-modified-since";
const TAGGED: Fields<'_> = &[("etag", TAG), ("last-modified", MODIFIED)];
const WEAK: Fields<'_> = &[("etag", "W/\"e\"")];
const ODD: Fields<'_> = &[("etag", "abc")];
/// Its `Date` is 08:49:37 on 6 November 1994.
const BARE: Fields<'_> = &[];

/// 9111-4.3.2-1, 9110-13.1.2-2, 9110-13.1.3-1, 9110-13.1.3-2, 9110-13.1.3-3, 9111-4.3.2-3, EDGE-46
#[tokio::test]
async fn the_callers_preconditions_are_answered_from_a_fresh_response() {
    let table: [(Fields<'_>, Fields<'_>, u16); 30] = [
        (TAGGED, &[], 200),
        (TAGGED, &[(NONE_MATCH, "\"e\"")], 304),
        (TAGGED, &[(NONE_MATCH, "W/\"e\"")], 304),
        (WEAK, &[(NONE_MATCH, "\"e\"")], 304),
        (WEAK, &[(NONE_MATCH, "W/\"e\"")], 304),
        (ODD, &[(NONE_MATCH, "abc")], 304),
        (TAGGED, &[(NONE_MATCH, "*")], 304),
        (BARE, &[(NONE_MATCH, "*")], 304),
        (TAGGED, &[(NONE_MATCH, "\"x\"")], 200),
        (TAGGED, &[(NONE_MATCH, "\"E\"")], 200),
        (TAGGED, &[(NONE_MATCH, "w/\"e\"")], 200),
        (TAGGED, &[(NONE_MATCH, "e")], 200),
        (TAGGED, &[(NONE_MATCH, "")], 200),
        (BARE, &[(NONE_MATCH, "\"e\"")], 200),
        (TAGGED, &[(NONE_MATCH, "\"x\",,W/\"y\" ,\"e\"")], 304),
        (TAGGED, &[(NONE_MATCH, "\"x\""), (NONE_MATCH, "\"e\"")], 304),
        (TAGGED, &[(NONE_MATCH, "\"x, e\"")], 200),
        (TAGGED, &[(NONE_MATCH, "\"x\""), (SINCE, MODIFIED)], 200),
        (TAGGED, &[(NONE_MATCH, "\"e\""), (SINCE, "rubbish")], 304),
        (TAGGED, &[(SINCE, MODIFIED)], 304),
        (TAGGED, &[(SINCE, "Sunday, 30-Oct-94 08:49:37 GMT")], 304),
        (TAGGED, &[(SINCE, "Sun Oct 30 08:49:37 1994")], 304),
        (TAGGED, &[(SINCE, "Sun, 30 Oct 1994 08:49:38 GMT")], 304),
        (TAGGED, &[(SINCE, "Sun, 30 Oct 1994 08:49:36 GMT")], 200),
        (TAGGED, &[(SINCE, "Fri, 31 Dec 2094 23:59:59 GMT")], 304),
        (TAGGED, &[(SINCE, "rubbish")], 200),
        (
            TAGGED,
            &[(SINCE, MODIFIED), (SINCE, "Mon, 31 Oct 1994 08:49:37 GMT")],
            200,
        ),
        (BARE, &[(SINCE, "Sun, 06 Nov 1994 08:49:37 GMT")], 304),
        (BARE, &[(SINCE, "Sun, 06 Nov 1994 08:49:36 GMT")], 200),
        (BARE, &[(SINCE, "Sun, 06 Nov 1994 08:49:40 GMT")], 304),
    ];
    for (held, caller, status) in table {
        for method in [Method::GET, Method::HEAD] {
            let talk = Conversation::default();
            talk.store(with_fields(stored(), held))
                .await
                .assert_stored();
            talk.clock.advance(5);
            let answer = talk.send(request(method.clone(), "/a", caller)).await;
            let case = format!("{method} {held:?} {caller:?}");
            assert!(answer.cache.is_hit(), "{case}: {}", answer.cache);
            assert_eq!(answer.status, status, "{case}");
            let is_whole = status == 200 && method == Method::GET;
            assert_eq!(answer.text(), if is_whole { "hello" } else { "" }, "{case}");
            assert_eq!(answer.field("age").as_deref(), Some("5"), "{case}");
        }
    }
}

/// 9110-13.2.1-1
#[tokio::test]
async fn a_precondition_counts_only_where_the_answer_would_be_a_success() {
    for (status, expected) in [(404, 404), (301, 301), (410, 410), (203, 304)] {
        let talk = Conversation::default();
        let first = reply(status).control("max-age=60").field("etag", TAG);
        talk.store(first.body("hello")).await.assert_stored();
        let answer = talk.get_with("/a", &[(NONE_MATCH, TAG)]).await;
        assert_eq!(answer.assert_hit().status, expected);
    }
}

/// 9110-15.4.5-1
#[tokio::test]
async fn a_304_made_here_has_the_fields_that_a_cache_further_on_needs() {
    let all: Fields<'_> = &[
        ("age", "3"),
        ("content-length", "5"),
        ("content-location", "/b"),
        ("content-type", "text/plain"),
        ("content-language", "en"),
        ("expires", "Sun, 06 Nov 1994 09:49:37 GMT"),
        ("last-modified", MODIFIED),
        ("set-cookie", "a=1"),
        ("vary", "X"),
        ("x-other", "1"),
    ];
    let common: Fields<'_> = &[
        ("age", "7"),
        ("cache-control", "max-age=10"),
        ("content-location", "/b"),
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("expires", "Sun, 06 Nov 1994 09:49:37 GMT"),
        ("vary", "X"),
    ];
    // `Last-Modified` is of use where there is no tag.
    let tagged = (
        stored().field("etag", TAG),
        (NONE_MATCH, TAG),
        ("etag", TAG),
    );
    let bare = (stored(), (SINCE, MODIFIED), ("last-modified", MODIFIED));
    for (first, caller, validator) in [tagged, bare] {
        let talk = Conversation::default();
        talk.store(with_fields(first, all)).await.assert_stored();
        talk.clock.advance(4);
        let answer = talk.get_with("/a", &[caller]).await;
        assert_eq!(answer.assert_hit().status, 304);
        assert_eq!(answer.text(), "");
        let found: BTreeMap<_, _> = answer
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(found, BTreeMap::from_iter([common, &[validator]].concat()));
    }
}

/// 9111-4.3.2-2, PRJ-4.3.2-7: with nothing stored they are the origin's
#[tokio::test]
async fn preconditions_are_left_to_the_origin_where_nothing_is_stored() {
    let caller = [
        (NONE_MATCH, "\"x\", W/\"y\""),
        (NONE_MATCH, "\"z\""),
        (SINCE, "Sunday, 30-Oct-94 08:49:37 GMT"),
    ];
    let talk = Conversation::default();
    let asked = request(Method::GET, "/a", &caller);
    let sent = asked.headers().clone();
    talk.origin.will(reply(304).field("etag", "\"z\""));
    let answer = talk.send(asked).await;
    answer.assert_forwarded(Forward::UriMiss);
    answer.assert_not_stored(NotStored::Status);
    assert_eq!(answer.status, 304);
    assert_eq!(talk.origin.last().headers, sent);
    assert!(talk.handle.is_empty());

    talk.origin.will(stored().field("etag", TAG));
    let answer = talk.get_with("/a", &caller).await;
    answer.assert_forwarded(Forward::UriMiss).assert_stored();
    assert_eq!(talk.get("/a").await.assert_hit().text(), "hello");
}

/// 9111-4.3.2-2: a request that what is stored cannot answer
#[tokio::test]
async fn preconditions_are_left_to_the_origin_where_another_variant_is_stored() {
    let talk = Conversation::default();
    let first = stored().field("etag", TAG).field("vary", "Foo");
    talk.store(first).await.assert_stored();
    talk.origin.will(reply(304).field("etag", TAG));
    let caller = [("foo", "1"), (NONE_MATCH, TAG)];
    let answer = talk.get_with("/a", &caller).await;
    answer.assert_forwarded(Forward::VaryMiss);
    assert_eq!((answer.status.as_u16(), talk.handle.len()), (304, 1));
}

/// PRJ-4.3.2-8, 9111-4.3.1-4: the origin is asked with our validators; the caller's date is answered from
/// what comes of it
#[tokio::test]
async fn the_callers_date_is_answered_after_validation() {
    for (since, status) in [
        (MODIFIED, 304),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 304),
        ("Sat, 29 Oct 1994 08:49:37 GMT", 200),
        ("rubbish", 200),
    ] {
        let first = stored().field("etag", TAG).field("last-modified", MODIFIED);
        let talk = with_a_stale(first).await;
        talk.origin.will(reply(304).field("etag", TAG));
        let answer = talk.get_with("/a", &[(SINCE, since)]).await;
        answer.assert_validated().assert_stored();
        assert_eq!(answer.status, status, "{since}");
        let content = if status == 200 { "hello" } else { "" };
        assert_eq!(answer.text(), content, "{since}");
        let seen = talk.origin.last();
        assert_eq!(seen.field(SINCE).as_deref(), Some(MODIFIED), "{since}");
        assert_eq!(seen.field(NONE_MATCH).as_deref(), Some(TAG), "{since}");
        talk.get("/a").await.assert_hit();
    }
}

/// 9111-4.3.3-2: what the caller has is outdated as well
#[tokio::test]
async fn a_full_answer_to_the_callers_tags_replaces_what_is_stored() {
    for listed in [TAG, "\"x\"", "\"x\", \"e\""] {
        let talk = with_a_stale(stored().field("etag", TAG)).await;
        let new = reply(200).control("max-age=60").field("etag", "\"new\"");
        talk.origin.will(new.body("new"));
        let answer = talk.get_with("/a", &[(NONE_MATCH, listed)]).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "new"));
        answer.assert_stored();
        assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
    }
}
