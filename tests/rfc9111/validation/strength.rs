//! RFC 9110 §8.8.1: what weak validators are good for, and what not.

use support::{Conversation, reply};
use tower_client_cache::{CacheLayer, NotStored};

use super::{MODIFIED, TAG, stored, with_a_stale};

const WEAK: &str = "W/\"e\"";

/// 9110-8.8.1-1, 9110-8.8.3.2-1: a weak one says that the whole will do, and nothing of its octets
#[tokio::test]
async fn a_weak_validator_validates_the_whole_and_no_part() {
    for (tag, is_strong) in [(TAG, true), (WEAK, false)] {
        let talk = with_a_stale(stored().field("etag", tag)).await;
        talk.origin.will(reply(304).field("etag", tag));
        talk.get("/a").await.assert_validated();
        let mine = talk.get_with("/a", &[("if-none-match", tag)]).await;
        assert_eq!(mine.assert_hit().status, 304, "{tag}");

        // A range of what is stored, and a part to be stored.
        let range = [("range", "bytes=0-1"), ("if-range", tag)];
        let asked = talk.get_with("/a", &range).await;
        let (status, content) = if is_strong {
            (206, "he")
        } else {
            (200, "hello")
        };
        let got = (asked.assert_hit().status.as_u16(), asked.text());
        assert_eq!(got, (status, content), "{tag}");

        let talk = Conversation::default();
        let part = reply(206).control("max-age=60").field("etag", tag);
        let part = part.field("content-range", "bytes 0-1/5").body("he");
        talk.origin.will(part);
        let range = [("range", "bytes=0-1")];
        let first = talk.get_with("/a", &range).await;
        assert_eq!(first.cache.is_stored(), is_strong, "{tag}");
        assert_eq!(talk.handle.len(), usize::from(is_strong), "{tag}");
    }
}

/// 9110-8.8.1-1, 9110-8.8.2.2-1: a date is weak while what it dates may still have changed in that second
#[tokio::test]
async fn a_date_close_to_the_response_is_weak() {
    for (age, is_strong) in [(0, false), (59, false), (60, true), (6000, true)] {
        let talk = Conversation::default();
        let modified = talk.clock.date(-age);
        let part = reply(206).control("max-age=60");
        let part = part.field("last-modified", modified);
        let part = part.field("content-range", "bytes 0-1/5").body("he");
        talk.origin.will(part);
        let first = talk.get_with("/a", &[("range", "bytes=0-1")]).await;
        assert_eq!(first.cache.is_stored(), is_strong, "{age} s");
    }
    let talk = Conversation::default();
    let part = reply(206).control("max-age=60").field("etag", WEAK);
    let part = part.field("last-modified", MODIFIED);
    talk.origin
        .will(part.field("content-range", "bytes 0-1/5").body("he"));
    let first = talk.get_with("/a", &[("range", "bytes=0-1")]).await;
    assert_ne!(
        first.cache.not_stored(),
        None,
        "the tag goes before the date"
    );
    assert_ne!(first.cache.not_stored(), Some(NotStored::Bypass));
}

/// 9111-4.3.1-5, 9110-13.1.5-1: where there is no tag, the rest of a response is asked for with its date
#[tokio::test]
async fn a_strong_date_asks_for_the_rest() {
    let talk = Conversation::through(CacheLayer::new().default_request_body());
    let held = |octets: &str| {
        let part = reply(206).control("max-age=60");
        let part = part.field("last-modified", MODIFIED);
        part.field("content-range", format!("bytes {octets}/5"))
    };
    talk.origin.will(held("0-1").body("he"));
    let first = talk.get_with("/a", &[("range", "bytes=0-1")]).await;
    first.assert_stored();
    talk.origin.will(held("2-4").body("llo"));
    let whole = talk.get("/a").await;
    assert_eq!((whole.status.as_u16(), whole.text()), (200, "hello"));
    let seen = talk.origin.last();
    assert_eq!(seen.field("range").as_deref(), Some("bytes=2-"));
    assert_eq!(seen.field("if-range").as_deref(), Some(MODIFIED));
    assert_eq!(seen.field("if-none-match"), None);
}
