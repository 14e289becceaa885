//! What is stored in part.

use http::Method;
use support::{Conversation, reply, request};
use tower_client_cache::{Forward, NotStored};

use super::{OLD, TAG, add_part, ask, assert_part, part, whole, with_a_part};

/// 9111-3.3-2, 9111-3.3-5, EDGE-25, 9110-15.1-2
#[tokio::test]
async fn a_part_answers_what_lies_wholly_inside_of_it() {
    let talk = Conversation::default();
    let first = add_part(&talk, 2, 6).await;
    first.assert_forwarded(Forward::UriMiss).assert_stored();
    assert_part_as_sent(&first);
    talk.clock.advance(3);
    for (range, enclosed, text) in [
        ("bytes=2-6", "bytes 2-6/10", "23456"),
        ("bytes=3-4", "bytes 3-4/10", "34"),
        ("bytes=6-6", "bytes 6-6/10", "6"),
    ] {
        let answer = ask(&talk, range).await;
        assert_part(answer.assert_hit(), enclosed, text);
        assert_eq!(answer.field("age").as_deref(), Some("3"));
        assert_eq!(answer.field("etag").as_deref(), Some(TAG));
    }
    let both = ask(&talk, "bytes=2-3, 5-6").await;
    assert_eq!(both.assert_hit().status, 206);
    assert!(both.text().contains("bytes 5-6/10\r\n\r\n56\r\n"));
    for range in [
        "bytes=1-3",
        "bytes=5-7",
        "bytes=2-",
        "bytes=-1",
        "bytes=20-",
    ] {
        talk.origin.will(reply(503));
        let answer = ask(&talk, range).await;
        answer.assert_forwarded(Forward::Partial);
        assert_eq!(answer.status, 503, "{range}");
        assert_eq!(talk.origin.last().field("range").as_deref(), Some(range));
    }
}

fn assert_part_as_sent(answer: &support::Answer) {
    assert_eq!(
        answer.field("content-range").as_deref(),
        Some("bytes 2-6/10")
    );
    assert_eq!((answer.text(), answer.field("age")), ("23456", None));
}

/// 9110-14.1.2-1: to the end, where it is known where that is
#[tokio::test]
async fn a_part_at_the_end_answers_for_the_end() {
    let talk = with_a_part(5, 9).await;
    for (range, enclosed) in [
        ("bytes=7-", "7-9"),
        ("bytes=-3", "7-9"),
        ("bytes=7-99", "7-9"),
    ] {
        let answer = ask(&talk, range).await;
        assert_part(answer.assert_hit(), &format!("bytes {enclosed}/10"), "789");
    }
}

/// 9111-3.3-5, 9111-3.3-6, 9211-2.2-1: neither the whole nor its head
#[tokio::test]
async fn a_part_answers_for_nothing_else() {
    let talk = with_a_part(0, 4).await;
    let answer = talk.store(reply(503)).await;
    answer.assert_forwarded(Forward::Partial);
    assert_eq!(answer.status, 503);
    let seen = talk.origin.last();
    assert_eq!(
        (seen.field("range"), seen.field("if-none-match")),
        (None, None)
    );

    talk.origin.will(reply(503));
    let head = talk.send(request(Method::HEAD, "/a", &[])).await;
    head.assert_forwarded(Forward::Miss);

    let only = [("cache-control", "only-if-cached")];
    assert_eq!(talk.get_with("/a", &only).await.status, 504);
    let only = [only[0], ("range", "bytes=1-2")];
    talk.get_with("/a", &only).await.assert_hit();
}

/// 9111-3.3-6: a stored head does not give way to what cannot answer for it
#[tokio::test]
async fn a_part_and_a_head_are_stored_side_by_side() {
    let talk = Conversation::default();
    let head = || request(Method::HEAD, "/a", &[]);
    talk.origin
        .will(reply(200).control("max-age=10").field("etag", TAG));
    talk.send(head()).await.assert_stored();
    add_part(&talk, 0, 4).await.assert_stored();
    talk.send(head()).await.assert_hit();
    assert_part(
        ask(&talk, "bytes=1-2").await.assert_hit(),
        "bytes 1-2/10",
        "12",
    );
    assert_eq!(talk.handle.len(), 2);
}

/// EDGE-27, 9110-15.3.7.3-3: it is the whole
#[tokio::test]
async fn a_part_that_is_all_there_is_is_stored_whole() {
    let talk = with_a_part(0, 9).await;
    let answer = talk.get("/a").await;
    assert_eq!(
        (answer.assert_hit().status.as_u16(), answer.text()),
        (200, "0123456789")
    );
    assert_eq!(answer.field("content-length").as_deref(), Some("10"));
    assert_eq!(answer.field("content-range"), None);
    talk.send(request(Method::HEAD, "/a", &[]))
        .await
        .assert_hit();
}

/// EDGE-27: nobody knows of how much
#[tokio::test]
async fn a_part_of_unknown_length_answers_what_lies_inside_of_it() {
    let talk = Conversation::default();
    let unknown = reply(206).control("max-age=10").field("etag", TAG);
    let unknown = unknown.field("content-range", "bytes 0-4/*").body("01234");
    talk.origin.will(unknown);
    ask(&talk, "bytes=0-4").await.assert_stored();
    let answer = ask(&talk, "bytes=1-3").await;
    assert_part(answer.assert_hit(), "bytes 1-3/*", "123");
    for range in ["bytes=1-", "bytes=-1", "bytes=1-9"] {
        talk.origin.will(reply(503));
        ask(&talk, range).await.assert_forwarded(Forward::Partial);
    }
}

/// 9110-15.3.7-2: what is enclosed is what it says, and not what was asked for
#[tokio::test]
async fn a_part_is_stored_as_what_it_says_it_is() {
    let talk = Conversation::default();
    talk.origin.will(part(2, 6));
    ask(&talk, "bytes=0-9").await.assert_stored();
    let answer = ask(&talk, "bytes=3-4").await;
    assert_part(answer.assert_hit(), "bytes 3-4/10", "34");
}

/// 9110-13.1.5-2, 9111-3.3-5: `If-Range` is about what is stored, and the whole is not
#[tokio::test]
async fn a_part_answers_if_range_where_it_is_true() {
    let talk = with_a_part(0, 4).await;
    let with = |tag| [("range", "bytes=1-2"), ("if-range", tag)];
    let answer = talk.get_with("/a", &with(TAG)).await;
    assert_part(answer.assert_hit(), "bytes 1-2/10", "12");
    talk.origin.will(whole().field("etag", "\"f\""));
    let answer = talk.get_with("/a", &with("\"f\"")).await;
    answer.assert_forwarded(Forward::Partial);
    assert_eq!(answer.text(), "0123456789");
}

/// 9111-4.3.2-5, 9111-4.3.1-3: a stale part is asked about where it has all that is asked for
#[tokio::test]
async fn a_stale_part_is_validated() {
    let talk = with_a_part(0, 4).await;
    talk.clock.advance(10);
    talk.origin
        .will(reply(304).field("etag", TAG).field("x", "new"));
    let answer = ask(&talk, "bytes=1-2").await;
    answer.assert_forwarded(Forward::Stale).assert_validated();
    assert_part(&answer, "bytes 1-2/10", "12");
    let seen = talk.origin.last();
    assert_eq!(seen.field("if-none-match").as_deref(), Some(TAG));
    assert_eq!(seen.field("range").as_deref(), Some("bytes=1-2"));
    let answer = ask(&talk, "bytes=1-2").await;
    assert_eq!(answer.assert_hit().field("x").as_deref(), Some("new"));

    talk.clock.advance(10);
    talk.origin.will(part(3, 7));
    ask(&talk, "bytes=3-7")
        .await
        .assert_forwarded(Forward::Partial);
    assert_eq!(talk.origin.last().field("if-none-match"), None);
}

/// 5861-3-1, 9111-4.3.2-5: in the background it is asked about with the range that it has
#[tokio::test]
async fn a_stale_part_may_be_validated_in_the_background() {
    let talk = Conversation::default();
    let stored = reply(206).field("etag", TAG);
    let stored = stored.control("max-age=10, stale-while-revalidate=10");
    let stored = stored.field("content-range", "bytes 0-4/10").body("01234");
    talk.origin.will(stored);
    ask(&talk, "bytes=0-4").await.assert_stored();
    talk.clock.advance(15);
    talk.origin.will(reply(304).field("etag", TAG));
    let answer = ask(&talk, "bytes=1-2").await;
    assert_part(answer.assert_hit(), "bytes 1-2/10", "12");
    while talk.handle.stats().validated() == 0 {
        tokio::task::yield_now().await;
    }
    let seen = talk.origin.last();
    assert_eq!(seen.field("range").as_deref(), Some("bytes=1-2"));
    assert_eq!(seen.field("if-none-match").as_deref(), Some(TAG));
    assert_eq!(
        ask(&talk, "bytes=1-2").await.assert_hit().field("age"),
        Some("0".into())
    );
}

/// 5861-4-1: what is reused because the origin fails has all that is asked for
#[tokio::test]
async fn a_stale_part_is_reused_where_the_origin_fails() {
    let talk = Conversation::default();
    let stored = reply(206).field("etag", TAG);
    let stored = stored.control("max-age=10, stale-if-error=10");
    let stored = stored.field("content-range", "bytes 0-4/10").body("01234");
    talk.origin.will(stored);
    ask(&talk, "bytes=0-4").await.assert_stored();
    talk.clock.advance(15);
    talk.origin.will(reply(503));
    assert_part(&ask(&talk, "bytes=1-2").await, "bytes 1-2/10", "12");
    talk.origin.will(reply(503));
    assert_eq!(ask(&talk, "bytes=3-7").await.status, 503);
    talk.origin.will(reply(503));
    assert_eq!(talk.get("/a").await.status, 503);
}

/// 9110-8.8.2.2-1, C-29: a date is as good as a tag where it is strong
#[tokio::test]
async fn a_part_with_a_strong_date_is_stored() {
    let talk = Conversation::default();
    let part = reply(206).control("max-age=10").field("last-modified", OLD);
    talk.origin
        .will(part.field("content-range", "bytes 0-4/10").body("01234"));
    ask(&talk, "bytes=0-4").await.assert_stored();
    ask(&talk, "bytes=1-2").await.assert_hit();
}

/// 9111-3.3-1, PRJ-7-1: it is stored when it was read, and not before
#[tokio::test]
async fn a_part_that_is_not_read_to_its_end_is_not_stored() {
    let talk = Conversation::with(|layer| layer.finish_abandoned(0));
    let (frames, streamed) = reply(206)
        .control("max-age=10")
        .field("etag", TAG)
        .field("content-range", "bytes 0-4/10")
        .streamed();
    talk.origin.will(streamed);
    let response = talk.start(support::get("/a", &[("range", "bytes=0-4")]));
    let mut body = response.await.unwrap().into_body();
    frames.data("01");
    let frame = http_body_util::BodyExt::frame(&mut body).await;
    assert_eq!(frame.unwrap().unwrap().into_data().unwrap(), "01");
    drop(body);
    assert!(talk.handle.is_empty());
    assert_eq!(talk.handle.stats().recording(), 0);
}

/// PRJ-4.3.3-5, EDGE-29: 416 says that the representation has changed
#[tokio::test]
async fn a_part_is_asked_about_again_after_a_416() {
    let talk = with_a_part(0, 4).await;
    let gone = reply(416).control("max-age=10");
    talk.origin.will(gone.field("content-range", "bytes */3"));
    let answer = ask(&talk, "bytes=3-7").await;
    assert_eq!(answer.status, 416);
    answer.assert_not_stored(NotStored::Status);
    talk.origin.will(reply(304).field("etag", TAG));
    ask(&talk, "bytes=1-2")
        .await
        .assert_forwarded(Forward::Stale);
}

/// 9111-4.4-1: an unsafe request makes parts wrong as well
#[tokio::test]
async fn a_part_that_was_made_wrong_is_validated() {
    let talk = with_a_part(0, 4).await;
    talk.origin.will(reply(204));
    talk.send(request(Method::PUT, "/a", &[])).await;
    talk.origin.will(reply(304).field("etag", TAG));
    ask(&talk, "bytes=1-2")
        .await
        .assert_forwarded(Forward::Stale);
    ask(&talk, "bytes=1-2").await.assert_hit();
}

/// 9111-4.1-1: parts are of what `Vary` selects
#[tokio::test]
async fn parts_of_variants_are_kept_apart() {
    let talk = Conversation::default();
    for (language, tag) in [("en", "\"en\""), ("de", "\"de\"")] {
        let part = reply(206).control("max-age=10").field("etag", tag);
        let part = part.field("vary", "accept-language");
        talk.origin
            .will(part.field("content-range", "bytes 0-1/2").body(language));
        let fields = [("range", "bytes=0-1"), ("accept-language", language)];
        talk.get_with("/a", &fields).await.assert_stored();
    }
    for language in ["en", "de"] {
        let fields = [("range", "bytes=0-1"), ("accept-language", language)];
        let answer = talk.get_with("/a", &fields).await;
        assert_part(answer.assert_hit(), "bytes 0-1/2", language);
    }
}

/// 9111-4.3.5-1: what a HEAD says of what is held in part
#[tokio::test]
async fn a_head_freshens_a_part_or_shows_that_it_is_outdated() {
    for (tag, is_same) in [(TAG, true), ("\"f\"", false)] {
        let talk = with_a_part(0, 4).await;
        talk.clock.advance(5);
        let head = reply(200).control("max-age=10").field("etag", tag);
        talk.origin.will(head.field("content-length", "10"));
        talk.send(request(Method::HEAD, "/a", &[])).await;
        talk.origin.will(reply(304).field("etag", TAG));
        let answer = ask(&talk, "bytes=1-2").await;
        assert_eq!(answer.cache.is_hit(), is_same, "{tag}");
        assert_eq!(answer.field("age").as_deref(), is_same.then_some("0"));
    }
}
