//! What is not worth it, or takes too long, or may not be stored, is given up.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use support::{Conversation, OriginError, get, reply};
use tokio::task::yield_now;
use tower_client_cache::Forward;

use super::{TEN, abandon, half_read, minute, settled};
use crate::{in_flight, text, until};

/// Promise 6: a body known to have more left is not read on, and the origin's is dropped at once.
#[tokio::test]
async fn what_has_more_left_than_the_limit_is_given_up() {
    for (limit, is_read_on) in [(0, false), (4, false), (5, true)] {
        let talk = Conversation::with(|layer| layer.finish_abandoned(limit));
        let frames = half_read(&talk, minute().field("content-length", "10")).await;
        assert_eq!(frames.data(&TEN[5..]), is_read_on, "{limit}");
        drop(frames);
        settled(&talk).await;
        assert_eq!(talk.handle.len(), usize::from(is_read_on), "{limit}");
    }
}

/// Promise 6: where nobody knows how much is left, as much as the limit is read.
#[tokio::test]
async fn what_turns_out_to_have_more_left_than_the_limit_is_given_up() {
    let talk = Conversation::with(|layer| layer.finish_abandoned(5));
    let frames = half_read(&talk, minute()).await;
    assert!(frames.data(&TEN[5..9]));
    yield_now().await;
    assert!(frames.data(&TEN[8..]), "so far it is within the limit");
    until(|| in_flight(&talk.handle) == 0).await;
    assert!(!frames.data("more"), "nobody reads it");
    assert!(talk.handle.is_empty());
    let whole = Conversation::with(|layer| layer.finish_abandoned(5));
    let frames = half_read(&whole, minute()).await;
    assert!(frames.data(&TEN[5..]));
    drop(frames);
    settled(&whole).await;
    assert_eq!(whole.get("/a").await.assert_hit().text(), TEN);
}

/// EDGE-44: what will not be stored is not read on.
#[tokio::test]
async fn what_may_not_be_stored_is_not_read_on() {
    let talk = Conversation::default();
    let frames = half_read(&talk, reply(200).control("no-store")).await;
    assert!(!frames.data("more"));
    let talk = Conversation::with(|layer| layer.max_body(7));
    let (frames, will) = minute().streamed();
    frames.data(TEN);
    abandon(&talk, "/a", Some(TEN), will).await;
    assert!(!frames.data("more"), "it is too large");
}

/// Promise 1, EDGE-45: and what has been fenced off is not read to its end.
#[tokio::test]
async fn what_is_cleared_while_it_is_read_on_is_not_stored() {
    for is_clear in [true, false] {
        let talk = Conversation::default();
        let frames = half_read(&talk, minute()).await;
        yield_now().await;
        let purged = if is_clear {
            talk.handle.clear()
        } else {
            talk.handle.purge(get("/a", &[]).uri())
        };
        assert_eq!(purged.in_flight(), 1);
        assert!(frames.data(&TEN[5..7]));
        settled(&talk).await;
        assert!(!frames.data(&TEN[7..]), "nobody reads it");
        assert!(talk.handle.is_empty());
        talk.store(minute().body("new"))
            .await
            .assert_forwarded(Forward::UriMiss);
    }
}

/// Promise 1: what was fenced off before it was dropped is not read at all.
#[tokio::test]
async fn what_was_cleared_before_it_was_abandoned_is_not_read_on() {
    let talk = Conversation::default();
    let (frames, will) = minute().streamed();
    frames.data("half");
    talk.origin.will(will);
    let mut body = talk
        .start(get("/a", &[]))
        .await
        .expect("a head")
        .into_body();
    assert_eq!(text(&mut body), "half");
    talk.handle.clear();
    drop(body);
    settled(&talk).await;
    assert!(!frames.data("more"));
}

/// Promise 2
#[tokio::test]
async fn where_the_cache_is_switched_off_nothing_is_read_on() {
    let talk = Conversation::default();
    let frames = half_read(&talk, minute()).await;
    yield_now().await;
    talk.handle.disable();
    assert!(frames.data(&TEN[5..7]));
    settled(&talk).await;
    assert!(!frames.data(&TEN[7..]));
    talk.handle.enable();
    assert!(talk.handle.is_empty());
}

/// Promise 6: what sends nothing is given up after ten seconds.
#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_given_up() {
    let talk = Conversation::default();
    let frames = half_read(&talk, minute()).await;
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert_eq!(in_flight(&talk.handle), 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(in_flight(&talk.handle), 0);
    assert!(!frames.data("more") && talk.handle.is_empty());
}

/// 9111-3.3-1: nobody is there to be told of the error.
#[tokio::test]
async fn what_fails_while_it_is_read_on_is_not_stored() {
    let talk = Conversation::default();
    let frames = half_read(&talk, minute()).await;
    assert!(frames.fail(OriginError("gone")));
    settled(&talk).await;
    assert!(talk.handle.is_empty());
    let short = half_read(&talk, minute().field("content-length", "10")).await;
    assert!(short.data("678"));
    drop(short);
    settled(&talk).await;
    assert!(talk.handle.is_empty(), "it is shorter than it said");
}

/// C-30: what came before it was given up is stored as part, where that is set.
#[tokio::test(start_paused = true)]
async fn what_is_given_up_is_kept_in_part_where_that_is_set() {
    let talk = Conversation::with(|layer| layer.keep_incomplete(true));
    let will = minute()
        .field("content-length", "10")
        .field("etag", "\"1\"")
        .field("accept-ranges", "bytes");
    let frames = half_read(&talk, will).await;
    assert!(frames.data(&TEN[5..8]));
    tokio::time::sleep(Duration::from_secs(11)).await;
    settled(&talk).await;
    let part = talk.get_with("/a", &[("range", "bytes=2-7")]).await;
    assert_eq!(part.assert_hit().text(), &TEN[2..8]);
}

/// Promise 6: a body that was dropped because its caller panics may be what has panicked.
#[tokio::test]
async fn a_body_that_is_dropped_by_a_panic_is_given_up() {
    let talk = Conversation::default();
    let (frames, will) = minute().streamed();
    talk.origin.will(will);
    let response = talk.start(get("/a", &[])).await.expect("a head");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _body = response.into_body();
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    assert!(!frames.data("more"));
    assert_eq!(in_flight(&talk.handle), 0);
}
