//! RFC 9111 §3.5: answers to POST with `Authorization`, in a shared cache.

use http::Method;
use support::{Conversation, reply, request};
use tower_client_cache::NotStored;

/// 9111-3.5-1, 9111-3.5-2, 9110-9.3.3-1: as for a GET
#[tokio::test]
async fn an_answer_to_somebodys_post_is_stored_only_where_it_is_for_all() {
    for (control, refused) in [
        ("max-age=60", Some(NotStored::Authorization)),
        (
            "max-age=60, proxy-revalidate",
            Some(NotStored::Authorization),
        ),
        ("max-age=60, public", None),
        ("max-age=60, must-revalidate", None),
        ("s-maxage=60", None),
    ] {
        let talk = Conversation::shared();
        let located = reply(200).control(control).field("content-location", "/a");
        talk.origin.will(located.body("posted"));
        let post = request(Method::POST, "/a", &[("authorization", "Basic eDp5")]);
        let posted = talk.send(post).await;
        assert_eq!(posted.cache.not_stored(), refused, "{control}");
        assert_eq!(
            talk.handle.len(),
            usize::from(refused.is_none()),
            "{control}"
        );
    }
}
