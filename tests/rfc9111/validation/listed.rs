//! How much the origin is asked about at once.

use support::{Conversation, Reply, get, reply};
use tower_client_cache::CacheLayer;

/// C-18, 9110-13.1.2-1: many tags, or long ones, make a field that is refused
#[tokio::test]
async fn so_many_octets_of_tags_are_listed_and_no_more() {
    for (length, expected) in [(1024, 1), (1025, 0), (512, 2), (513, 1), (256, 4), (3, 8)] {
        let talk = Conversation::through(CacheLayer::new().default_request_body());
        let ask = |n: usize| get("/a", &[("accept-language", &n.to_string())]);
        let variant = |n: usize| -> Reply {
            let tag = format!("\"{n:0width$}\"", width = length - 2);
            let reply = reply(200).control("max-age=60").field("etag", tag);
            reply.field("vary", "Accept-Language")
        };
        for n in 0..10 {
            talk.origin.will(variant(n));
            talk.send(ask(n)).await.assert_stored();
            talk.origin.forget_replies();
        }
        talk.origin.will(reply(200));
        talk.send(ask(99)).await;
        let listed = talk.origin.last().field("if-none-match");
        let listed = listed.map_or(0, |tags| tags.split(", ").count());
        assert_eq!(listed, expected, "of {length} octets");
    }
}
