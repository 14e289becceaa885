//! RFC 9111 §4.3.4: which stored response a 304 is about.

use super::{Fields, MODIFIED, TAG, stored, with_a_stale, with_fields};
use support::{Conversation, reply};
use tower_client_cache::{Forward, NotStored};

const LATER: &str = "Mon, 31 Oct 1994 08:49:37 GMT";

/// 9111-4.3.4-2, 9111-4.3.4-3, 9111-4.3.4-6, 9111-4.3.4-7, C-19, EDGE-31: it has the same strong
/// validator, or weak ones that correspond, or none and ours was the only question
#[tokio::test]
async fn a_304_freshens_the_response_that_its_validators_name() {
    let table: [(Fields<'_>, Fields<'_>); 10] = [
        (&[("etag", "\"e\"")], &[("etag", "\"e\"")]),
        (&[("etag", "W/\"e\"")], &[("etag", "W/\"e\"")]),
        (&[("etag", "\"e\"")], &[("etag", "W/\"e\"")]),
        (&[("etag", "abc")], &[("etag", "abc")]),
        (&[("etag", "\"e\"")], &[]),
        (&[("last-modified", MODIFIED)], &[]),
        (
            &[("last-modified", MODIFIED)],
            &[("last-modified", MODIFIED)],
        ),
        (
            &[("etag", "\"e\""), ("last-modified", MODIFIED)],
            &[("last-modified", MODIFIED)],
        ),
        (
            &[("etag", "\"e\""), ("last-modified", MODIFIED)],
            &[("etag", "\"e\"")],
        ),
        (
            &[("etag", "\"e\""), ("last-modified", MODIFIED)],
            &[("etag", "\"e\""), ("last-modified", LATER)],
        ),
    ];
    for (held, answered) in table {
        let talk = with_a_stale(with_fields(stored(), held)).await;
        talk.origin
            .will(with_fields(reply(304).field("x", "new"), answered));
        let answer = talk.get("/a").await;
        assert!(
            answer.cache.is_stored(),
            "{held:?} {answered:?}: {}",
            answer.cache
        );
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "hello"));
        let again = talk.get("/a").await;
        assert!(
            again.cache.is_hit(),
            "{held:?} {answered:?}: {}",
            again.cache
        );
        assert_eq!(again.field("x").as_deref(), Some("new"));
    }
}

/// 9111-4.3.4-2, 9111-4.3.4-6: a `Last-Modified` so much older than `Date` is a strong validator, and the
/// same in both; that the origin has begun to send tags changes nothing
#[tokio::test]
async fn a_304_with_the_same_last_modified_and_a_first_tag_freshens() {
    for tag in ["\"e\"", "W/\"e\""] {
        let talk = with_a_stale(stored().field("last-modified", MODIFIED)).await;
        let not_modified = reply(304).field("last-modified", MODIFIED);
        talk.origin.will(not_modified.field("etag", tag));
        let answer = talk.get("/a").await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "hello"));
        let again = talk.get("/a").await;
        assert_eq!(again.assert_hit().field("etag").as_deref(), Some(tag));
    }
}

/// 9111-4.3.4-2, 9111-4.3.4-1: all that the request selects and that have the same strong validator
#[tokio::test]
async fn a_304_freshens_every_selected_response_with_the_same_strong_tag() {
    let talk = Conversation::default();
    let (foo, bar) = (("foo", "1"), ("bar", "1"));
    for (vary, field) in [("Foo", foo), ("Bar", bar)] {
        talk.origin
            .will(stored().field("etag", TAG).field("vary", vary));
        talk.get_with("/a", &[field]).await.assert_stored();
    }
    talk.clock.advance(10);
    talk.origin.will(reply(304).field("etag", TAG));
    talk.get_with("/a", &[foo, bar]).await.assert_validated();
    for field in [foo, bar] {
        let answer = talk.get_with("/a", &[field]).await;
        assert!(answer.cache.is_hit(), "{field:?}: {}", answer.cache);
    }
}

/// 9111-4.3.4-2, 9110-8.8.2.2-1: a `Last-Modified` just before `Date` is a weak validator, and no reason to
/// take a strong tag for ours
#[tokio::test]
async fn a_304_with_the_same_recent_last_modified_and_a_first_tag_freshens_nothing() {
    let talk = Conversation::default();
    let recent = talk.clock.date(-30);
    talk.store(stored().field("last-modified", &recent)).await;
    talk.clock.advance(10);
    let not_modified = reply(304).field("last-modified", &recent);
    talk.origin.will(not_modified.field("etag", TAG));
    let answer = talk.get("/a").await;
    assert_eq!(answer.status, 504, "{}", answer.cache);
    answer.assert_not_stored(NotStored::NotSelected);
}

/// 9111-4.3.4-2, EDGE-31, C-20: it is about something else, and there is no body to answer with
#[tokio::test]
async fn a_304_with_other_validators_freshens_nothing() {
    let table: [(Fields<'_>, Fields<'_>); 5] = [
        (&[("etag", "\"a\"")], &[("etag", "\"b\"")]),
        (&[("etag", "W/\"a\"")], &[("etag", "W/\"b\"")]),
        (&[("etag", "\"a\"")], &[("etag", "W/\"b\"")]),
        (&[("last-modified", MODIFIED)], &[("last-modified", LATER)]),
        (&[("last-modified", MODIFIED)], &[("etag", "\"b\"")]),
    ];
    for (held, answered) in table {
        let case = format!("{held:?} {answered:?}");
        let talk = with_a_stale(with_fields(stored(), held)).await;
        let not_modified = reply(304).control("max-age=60").field("x", "new");
        talk.origin.will(with_fields(not_modified, answered));
        let answer = talk.get("/a").await;
        assert_eq!(answer.status, 504, "{case}: {}", answer.cache);
        answer.assert_not_stored(NotStored::NotSelected);

        // What was stored is no longer good for anybody, and the origin is not asked about it again.
        let permissive = [("cache-control", "max-stale")];
        talk.origin
            .will(reply(200).control("max-age=60").body("new"));
        let next = talk.get_with("/a", &permissive).await;
        assert_eq!(
            next.assert_forwarded(Forward::UriMiss).text(),
            "new",
            "{case}"
        );
        let asked = talk.origin.last();
        assert_eq!(asked.field("if-none-match"), None, "{case}");
        assert_eq!(asked.field("if-modified-since"), None, "{case}");
        assert_eq!(talk.get("/a").await.assert_hit().text(), "new", "{case}");
        assert_eq!(talk.handle.len(), 1, "{case}");
    }
}

/// C-26, 9111-4.3.2-6, 9110-15.4.5-2: the caller's own tags and ours. A 304 to the caller's is the
/// caller's, and freshens nothing that has another tag
#[tokio::test]
async fn a_304_to_the_callers_tags_does_not_freshen_a_response_with_another() {
    for (listed, answered) in [
        ("\"v2\"", None),
        ("\"v2\"", Some("\"v2\"")),
        ("W/\"v2\"", Some("\"v2\"")),
        ("\"v2\", \"v3\"", Some("\"v3\"")),
        ("\"v1\", \"v2\"", Some("\"v2\"")),
        ("\"v1\", \"v2\"", None),
        ("*", Some("\"v2\"")),
    ] {
        let talk = with_a_stale(stored().field("etag", "\"v1\"")).await;
        let tag = answered.map(|tag| ("etag", tag));
        let not_modified = reply(304).control("max-age=60").field("x", "new");
        talk.origin.will(with_fields(not_modified, tag.as_slice()));
        let answer = talk.get_with("/a", &[("if-none-match", listed)]).await;
        let case = format!("{listed} {answered:?}: {}", answer.cache);
        assert_eq!((answer.status.as_u16(), answer.text()), (304, ""), "{case}");
        let seen = talk.origin.last();
        assert_eq!(seen.field("if-none-match").as_deref(), Some(listed));

        talk.origin.will(reply(304).field("etag", "\"v1\""));
        let next = talk.get("/a").await;
        assert_eq!(
            next.assert_forwarded(Forward::Stale).text(),
            "hello",
            "{case}"
        );
        let asked = talk.origin.last().field("if-none-match");
        assert_eq!(asked.as_deref(), Some("\"v1\""), "{case}");
        assert_eq!(next.field("x"), None, "{case}");
    }
}

/// 9111-4.3.2-6: a tag that the caller has not listed is no answer to the caller
#[tokio::test]
async fn a_304_with_our_tag_is_answered_with_the_stored_response() {
    for listed in ["\"x\"", "\"x\", \"z\""] {
        let talk = with_a_stale(stored().field("etag", "\"y\"")).await;
        talk.origin
            .will(reply(304).field("etag", "\"y\"").field("a", "new"));
        let answer = talk.get_with("/a", &[("if-none-match", listed)]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text()),
            (200, "hello"),
            "{listed}"
        );
        assert_eq!(answer.field("a").as_deref(), Some("new"), "{listed}");
    }
}

/// 9110-15.4.5-2, PRJ-4.3.2-8: a caller who lists our tag asks our question too
#[tokio::test]
async fn a_304_to_a_caller_who_has_the_stored_response_freshens_it() {
    for (listed, answered) in [
        (TAG, None),
        (TAG, Some(TAG)),
        ("W/\"e\"", Some(TAG)),
        ("\"x\", \"e\"", Some(TAG)),
    ] {
        let talk = with_a_stale(stored().field("etag", TAG)).await;
        let tag = answered.map(|tag| ("etag", tag));
        talk.origin.will(with_fields(reply(304), tag.as_slice()));
        let answer = talk.get_with("/a", &[("if-none-match", listed)]).await;
        let case = format!("{listed} {answered:?}: {}", answer.cache);
        assert_eq!((answer.status.as_u16(), answer.text()), (304, ""), "{case}");
        let again = talk.get("/a").await;
        assert!(again.cache.is_hit(), "{case}");
        assert_eq!(again.text(), "hello", "{case}");
    }
}

/// 9111-4.3.4-4: neither has a validator, and there is one response it can be about; but nothing is said
/// of it where the caller's copy is the newer one
#[tokio::test]
async fn a_304_to_the_callers_date_freshens_a_response_without_validators_that_is_no_older() {
    for (seconds, is_freshened) in [(-20, true), (-10, true), (-9, false), (0, false)] {
        let talk = with_a_stale(stored()).await;
        let date = talk.clock.date(seconds);
        talk.origin.will(reply(304).control("max-age=60"));
        let answer = talk.get_with("/a", &[("if-modified-since", &date)]).await;
        assert_eq!(answer.status, 304, "{seconds}: {}", answer.cache);
        if !is_freshened {
            talk.origin.will(reply(200).body("new"));
        }
        let next = talk.get("/a").await;
        let content = if is_freshened { "hello" } else { "new" };
        assert_eq!(next.cache.is_hit(), is_freshened, "{seconds}");
        assert_eq!(next.text(), content, "{seconds}");
    }
}

/// 9111-4.3.4-2, 9111-4.3.4-3, 9111-4.3.4-6: a validator that the stored response does not have is not its own,
/// strong or weak; without any it would be (C-19)
#[tokio::test]
async fn a_304_with_a_date_that_the_stored_response_does_not_have_is_not_about_it() {
    for modified in [-10 * 24 * 3600, -5] {
        let talk = with_a_stale(stored().field("etag", TAG)).await;
        let date = talk.clock.date(modified);
        talk.origin.will(reply(304).field("last-modified", date));
        let answer = talk.get("/a").await;
        answer.assert_not_stored(NotStored::NotSelected);
        assert_eq!(answer.status, 504);
    }
}

/// 9111-4.3.4-2, 9110-13.1.2-2: what was asked about by its weak tag is confirmed by the strong one, as by an origin
/// that compresses what it sends; it is the answer, and is not updated
#[tokio::test]
async fn a_weak_tag_that_is_confirmed_as_a_strong_one_is_answered_with_and_not_freshened() {
    let talk = with_a_stale(stored().field("etag", "W/\"a\"").field("x", "old")).await;
    for _ in 0..2 {
        let strong = reply(304).control("max-age=60").field("etag", "\"a\"");
        talk.origin.will(strong.field("x", "new"));
        let answer = talk.get("/a").await;
        answer.assert_forwarded(Forward::Stale);
        answer.assert_not_stored(NotStored::NotSelected);
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "hello"));
        assert_eq!(answer.field("x").as_deref(), Some("old"));
        assert_eq!(answer.field("etag").as_deref(), Some("W/\"a\""));
    }
}

/// 9110-15.4.5-2, PRJ-4.3.4-8: nothing was added to the caller's question, so the answer is the caller's
#[tokio::test]
async fn a_304_that_answers_the_callers_own_tag_is_passed_on() {
    for own in ["\"e\"", "W/\"e\""] {
        let talk = with_a_stale(stored().field("etag", TAG)).await;
        let date = talk.clock.date(-864_000);
        talk.origin.will(reply(304).field("last-modified", date));
        let answer = talk.get_with("/a", &[("if-none-match", own)]).await;
        assert_eq!(answer.status, 304, "{own}: {}", answer.cache);
    }
}

/// 9110-15.4.5-2: nor was anything else asked than what the caller's own date asks
#[tokio::test]
async fn a_304_that_answers_the_callers_own_date_is_passed_on() {
    for (theirs, expected) in [
        (MODIFIED, 304),
        ("Mon, 31 Oct 1994 08:49:37 GMT", 304),
        ("Sat, 29 Oct 1994 08:49:37 GMT", 504),
    ] {
        let talk = with_a_stale(stored().field("last-modified", MODIFIED)).await;
        talk.origin.will(reply(304).field("etag", "\"new\""));
        let answer = talk.get_with("/a", &[("if-modified-since", theirs)]).await;
        assert_eq!(answer.status, expected, "{theirs}: {}", answer.cache);
    }
}
