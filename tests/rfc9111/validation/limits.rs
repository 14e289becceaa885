//! What a 304 brings up to date has the status that is stored, and room for so much.

use support::{Conversation, Reply, reply};
use tower_client_cache::NotStored;

use super::{MODIFIED, TAG, stored, with_a_stale};

/// 9111-4.2.2-1, 9111-4.2.2-3, 9111-3.2-1: a lifetime is guessed anew for the status that is stored, not for
/// 304
#[tokio::test]
async fn a_lifetime_is_guessed_again_for_the_stored_status() {
    let talk = Conversation::default();
    let first = talk.store(reply(200).field("last-modified", MODIFIED).body("hello"));
    first.await.assert_stored();
    // A week old, it is fresh for a tenth of that.
    talk.clock.advance(86_400);
    talk.origin.will(reply(304));
    talk.get("/a").await.assert_validated();
    talk.clock.advance(60);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "hello");
}

fn with_lines(reply: Reply, name: &str, count: usize) -> Reply {
    (0..count).fold(reply, |reply, n| reply.field(name, n.to_string()))
}

/// EDGE-53, 9111-3.2-1: what is stored does not grow without end, one 304 after the other
#[tokio::test]
async fn so_many_lines_are_kept_and_no_more() {
    // `Age`, `Cache-Control`, `Date` and `ETag` are the other four.
    for (held, brought, refused) in [
        (500, 520, None),
        (500, 521, Some(NotStored::TooLarge)),
        (1000, 1000, Some(NotStored::TooLarge)),
        (5, 1022, Some(NotStored::TooLarge)),
        (5, 2000, Some(NotStored::TooLarge)),
    ] {
        let talk = with_a_stale(with_lines(stored().field("etag", TAG), "a", held)).await;
        talk.origin
            .will(with_lines(reply(304).field("etag", TAG), "b", brought));
        let answer = talk.get("/a").await;
        assert_eq!(answer.text(), "hello");
        let case = format!("{held} and {brought}: {}", answer.cache);
        assert_eq!(answer.cache.not_stored(), refused, "{case}");
        assert_eq!(talk.handle.len(), usize::from(refused.is_none()), "{case}");
    }
}
