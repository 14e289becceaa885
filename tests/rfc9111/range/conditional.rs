//! Ranges on condition: `If-Range`, and the preconditions that come before it.

use support::{Conversation, Reply};

use super::{OLD, TAG, assert_part, whole};

const RANGE: (&str, &str) = ("range", "bytes=2-3");

async fn with(reply: Reply) -> Conversation {
    let talk = Conversation::default();
    talk.store(reply).await.assert_stored();
    talk
}

/// 9110-13.1.5-2, 9110-8.8.2.2-1, PRJ-8.8.3-2: strong comparison of tags, and the very same date that is
/// strong
#[tokio::test]
async fn if_range_gets_a_part_of_what_has_the_same_strong_validator() {
    const RECENT: &str = "Sun, 06 Nov 1994 08:49:00 GMT";
    const LONG_AGO: &str = "Sun, 06 Nov 1994 08:48:37 GMT";
    let same_date = "Sunday, 30-Oct-94 08:49:37 GMT";
    let (tag, modified) = ("etag", "last-modified");
    for ((name, held), asked, is_part) in [
        ((tag, TAG), TAG, true),
        ((tag, TAG), " \"e\" ", true),
        ((tag, TAG), "\"f\"", false),
        ((tag, TAG), "W/\"e\"", false),
        ((tag, "W/\"e\""), "W/\"e\"", false),
        ((tag, "W/\"e\""), TAG, false),
        ((tag, "e"), "e", false),
        ((tag, TAG), OLD, false),
        ((modified, OLD), OLD, true),
        ((modified, OLD), same_date, false),
        ((modified, OLD), "Sun, 30 Oct 1994 08:49:38 GMT", false),
        ((modified, OLD), TAG, false),
        ((modified, LONG_AGO), LONG_AGO, true),
        ((modified, RECENT), RECENT, false),
    ] {
        let talk = with(whole().field(name, held)).await;
        let answer = talk.get_with("/a", &[RANGE, ("if-range", asked)]).await;
        let case = format!("{held} {asked}");
        assert_eq!(answer.assert_hit().status == 206, is_part, "{case}");
        if is_part {
            assert_part(&answer, "bytes 2-3/10", "23");
        } else {
            assert_eq!(answer.text(), "0123456789", "{case}");
        }
    }
}

/// 9110-13.1.5-2: two are no validator
#[tokio::test]
async fn two_lines_of_if_range_get_the_whole() {
    let talk = with(whole().field("etag", TAG)).await;
    let fields = [RANGE, ("if-range", TAG), ("if-range", TAG)];
    assert_eq!(talk.get_with("/a", &fields).await.assert_hit().status, 200);
}

/// 9110-13.1.5-1: it means nothing without `Range`
#[tokio::test]
async fn if_range_alone_gets_the_whole() {
    let talk = with(whole().field("etag", TAG)).await;
    let answer = talk.get_with("/a", &[("if-range", TAG)]).await;
    assert_eq!(
        (answer.assert_hit().status.as_u16(), answer.text()),
        (200, "0123456789")
    );
}

/// 9110-15.3.7-1: who asks so has the other fields already
#[tokio::test]
async fn a_part_that_if_range_was_asked_for_has_few_fields() {
    let stored = whole()
        .field("etag", TAG)
        .field("content-type", "text/plain");
    let stored = stored.field("last-modified", OLD).field("vary", "accept");
    let talk = with(stored.field("content-location", "/b")).await;
    talk.clock.advance(2);
    let part = talk.get_with("/a", &[RANGE, ("if-range", TAG)]).await;
    assert_part(part.assert_hit(), "bytes 2-3/10", "23");
    let mut names: Vec<_> = part.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    let expected = [
        "age",
        "cache-control",
        "content-length",
        "content-location",
        "content-range",
        "date",
        "etag",
        "vary",
    ];
    assert_eq!(names, expected);
}

/// 9110-13.2.2-1: `If-None-Match`, else `If-Modified-Since`, then `Range`
#[tokio::test]
async fn preconditions_come_before_ranges() {
    for (name, value, status) in [
        ("if-none-match", TAG, 304),
        ("if-none-match", "\"f\"", 206),
        ("if-modified-since", OLD, 304),
        ("if-modified-since", "Sat, 29 Oct 1994 08:49:37 GMT", 206),
    ] {
        let talk = with(whole().field("etag", TAG).field("last-modified", OLD)).await;
        for if_range in [TAG, "\"f\""] {
            let fields = [RANGE, ("if-range", if_range), (name, value)];
            let answer = talk.get_with("/a", &fields).await;
            let expected = if status == 206 && if_range != TAG {
                200
            } else {
                status
            };
            assert_eq!(answer.assert_hit().status, expected, "{name}: {value}");
        }
        // It lies beyond the end, and is not looked at.
        let fields = [("range", "bytes=20-"), (name, value)];
        let answer = talk.get_with("/a", &fields).await;
        let expected = if status == 206 { 416 } else { status };
        assert_eq!(answer.status, expected, "{name}: {value}");
    }
}
