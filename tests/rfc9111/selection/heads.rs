//! Which of a stored GET and a stored HEAD answers a HEAD.

use http::Method;
use support::{Conversation, reply, request};

/// 9111-4-2, 9111-4-9: the newer by its `Date`, and of two with the same the one that has a body
#[tokio::test]
async fn of_a_get_and_a_head_of_the_same_moment_the_get_answers() {
    for (later, expected) in [(0, Some("got")), (1, None)] {
        let talk = Conversation::default();
        let got = reply(200).control("max-age=60").field("etag", "\"e\"");
        let got = got.field("x", "got");
        talk.store(got.body("hello")).await.assert_stored();
        talk.clock.advance(later);
        // It does not say what it is the head of.
        talk.origin.will(reply(200).control("max-age=60"));
        let reload = [("cache-control", "no-cache")];
        let head = talk.send(request(Method::HEAD, "/a", &reload)).await;
        head.assert_stored();
        let head = talk.send(request(Method::HEAD, "/a", &[])).await;
        let found = head.assert_hit().field("x");
        assert_eq!(found.as_deref(), expected, "{later} s later");
        assert_eq!(talk.get("/a").await.assert_hit().text(), "hello");
    }
}
