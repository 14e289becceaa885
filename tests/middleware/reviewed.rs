//! What a review of selectors, modes, wishes and rules has found.

use http::Method;
use support::{Conversation, Reply, begun, reply, request};
use tower_client_cache::{NotStored, Rule, Selector};

fn part(range: &str, body: &'static str) -> Reply {
    reply(206)
        .control("max-age=600")
        .field("etag", "\"1\"")
        .field("content-range", range)
        .body(body)
}

/// Rules say of the answer to a HEAD what they say of its own status and fields, whatever else it has freshened.
#[tokio::test]
async fn a_rule_holds_for_the_answer_to_a_head_that_freshens() {
    let never = Rule::new()
        .responses(|status, fields| status == 200 && fields.contains_key("x-never"))
        .never_store();
    let talk = Conversation::with(|layer| layer.rules([never]));
    talk.origin.will(part("bytes 0-1/4", "ab"));
    talk.get_with("/a", &[("range", "bytes=0-1")])
        .await
        .assert_stored();
    talk.origin.will(
        reply(200)
            .control("max-age=600")
            .field("etag", "\"1\"")
            .field("x-never", "1"),
    );
    talk.send(request(Method::HEAD, "/a", &[]))
        .await
        .assert_not_stored(NotStored::Rule);
}

/// What is named by no tag is nothing, and is held against nobody for ever.
#[tokio::test]
async fn no_tags_mean_nothing() {
    let talk = Conversation::default();
    let (gate, held) = reply(200).control("max-age=60").body("x").held();
    talk.origin.will(held);
    let under_way = begun(talk.get("/a"));
    let none = || Selector::any_tag(Vec::<String>::new());
    assert_eq!(talk.handle.purge(none()).in_flight(), 0);
    assert_eq!(talk.handle.expire(none()).in_flight(), 0);
    gate.open();
    under_way.await.assert_stored();
    talk.get("/a").await.assert_hit();
}
