//! What of a stored head is for everybody, where a 304 makes it one for somebody else (C-18).

use support::{Conversation, get, reply};
use tower_client_cache::CacheLayer;

/// C-18, 9111-4.1-1: what describes the body goes with it, and so does what says how long it is good; what else
/// was said, was said to others
#[tokio::test]
async fn what_describes_the_body_goes_with_it() {
    let talk = Conversation::through(CacheLayer::shared().default_request_body());
    let ask = |language| get("/a", &[("accept-language", language)]);
    let tomorrow = talk.clock.date(86_400);
    let kept = [
        ("content-type", "text/plain"),
        ("content-language", "de"),
        ("content-length", "5"),
        ("content-foo", "1"),
        ("accept-ranges", "bytes"),
        ("cache-control", "public, max-age=60"),
        ("etag", "\"de\""),
        ("expires", &*tomorrow),
        ("last-modified", "Sun, 30 Oct 1994 08:49:37 GMT"),
        ("vary", "Accept-Language"),
    ];
    let left = [
        ("link", "</b>"),
        ("set-cookie", "a=b"),
        ("x-content-a", "1"),
    ];
    let stored = kept
        .iter()
        .chain(&left)
        .fold(reply(200), |reply, (name, value)| reply.field(name, value));
    talk.origin.will(stored.body("hello"));
    talk.send(ask("de")).await.assert_stored();
    talk.clock.advance(5);
    talk.origin.will(reply(304).field("etag", "\"de\""));
    let validated = talk.send(ask("de-CH")).await;
    validated.assert_validated().assert_stored();
    talk.clock.advance(5);
    let hit = talk.send(ask("de-CH")).await;
    for answer in [&validated, hit.assert_hit()] {
        assert_eq!(answer.text(), "hello");
        for (name, value) in kept {
            assert_eq!(answer.field(name).as_deref(), Some(value), "{name}");
        }
        for (name, _) in left {
            assert_eq!(answer.field(name), None, "{name}");
        }
    }
    assert_eq!(hit.field("date"), Some(talk.clock.date(-5)));
    let first = talk.send(ask("de")).await;
    assert_eq!(first.assert_hit().field("link").as_deref(), Some("</b>"));
}
