//! The moment at which a response becomes stale.

use support::{Conversation, get, reply};
use tower_client_cache::{CacheMode, Forward};

/// FETCH-5, 9111-4.2.4-1: a mode that takes any age takes what is fresh, whatever it says of the time after
#[tokio::test]
async fn any_age_will_do_until_a_directive_forbids_it() {
    let talk = Conversation::default();
    let stored = reply(200).control("max-age=60, must-revalidate");
    talk.store(stored.field("etag", "\"e\"").body("hello"))
        .await
        .assert_stored();
    let any_age = || {
        let mut request = get("/a", &[]);
        request.extensions_mut().insert(CacheMode::ForceCache);
        request
    };
    talk.send(any_age()).await.assert_hit();
    talk.clock.advance(59);
    talk.send(any_age()).await.assert_hit();
    talk.clock.advance(1);
    talk.origin.will(reply(304));
    let answer = talk.send(any_age()).await;
    answer.assert_forwarded(Forward::Stale).assert_validated();
}

/// 8246-2-2, 9111-5.2.1.1-1, C-11: and not because it would be accepted stale
#[tokio::test]
async fn what_never_changes_is_asked_about_from_the_moment_that_it_is_stale() {
    let talk = Conversation::default();
    let uri = "https://o.test/a";
    let stored = reply(200).control("max-age=60, immutable");
    talk.origin
        .will(stored.field("etag", "\"e\"").body("hello"));
    talk.get(uri).await.assert_stored();
    let reload = [("cache-control", "max-age=0, max-stale")];
    talk.clock.advance(59);
    talk.get_with(uri, &reload).await.assert_hit();
    talk.clock.advance(1);
    talk.origin.will(reply(304));
    let answer = talk.get_with(uri, &reload).await;
    answer.assert_forwarded(Forward::Stale).assert_validated();
}
