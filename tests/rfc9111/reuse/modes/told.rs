//! What a mode makes the request say to other caches on the way.

use http::HeaderMap;
use support::{Conversation, reply};
use tower_client_cache::CacheMode;

use super::{MODES, TAG, asking, other, whole, with_a_response};

/// What the cache wrote itself: the fields of the last request, but for the tag.
fn written(talk: &Conversation) -> (Option<String>, Option<String>) {
    let seen = talk.origin.last();
    (seen.field("cache-control"), seen.field("pragma"))
}

/// FETCH-2 to FETCH-6, 9111-5.2-5: what other caches on the way are told, unquoted
#[tokio::test]
async fn each_mode_tells_other_caches_what_it_wants() {
    let no_cache = (Some("no-cache"), Some("no-cache"));
    for (mode, told) in [
        (CacheMode::Default, (None, None)),
        (CacheMode::NoStore, no_cache),
        (CacheMode::Reload, no_cache),
        (CacheMode::NoCache, (Some("max-age=0"), None)),
        (CacheMode::ForceCache, (None, None)),
    ] {
        for is_stored in [false, true] {
            let talk = Conversation::default();
            if is_stored {
                talk.store(whole("no-cache")).await.assert_stored();
            }
            talk.origin.will(other("max-age=60"));
            talk.send(asking(mode, &[])).await;
            let told = (told.0.map(str::to_owned), told.1.map(str::to_owned));
            assert_eq!(written(&talk), told, "{mode:?}");
        }
    }
}

/// FETCH-2, FETCH-4: what the caller says itself stands
#[tokio::test]
async fn a_mode_adds_no_second_line_to_what_the_caller_says() {
    let fields = [("cache-control", "no-transform"), ("pragma", "x")];
    for mode in [CacheMode::NoStore, CacheMode::Reload, CacheMode::NoCache] {
        let talk = Conversation::default();
        talk.origin.will(other("max-age=60"));
        talk.send(asking(mode, &fields)).await;
        let said = (Some("no-transform".to_owned()), Some("x".to_owned()));
        assert_eq!(written(&talk), said, "{mode:?}");
    }
}

/// FETCH-1 to FETCH-6, FETCH-15: nothing else is written
#[tokio::test]
async fn a_mode_adds_no_other_field() {
    for mode in MODES {
        let talk = with_a_response("max-age=60, must-revalidate", 90).await;
        talk.origin.will(other("max-age=60"));
        let asked = asking(mode, &[("accept", "a/b"), ("range", "bytes=0-1")]);
        if mode == CacheMode::OnlyIfCached {
            continue;
        }
        talk.send(asked).await;
        let mut seen: HeaderMap = talk.origin.last().headers;
        for ours in [
            "accept",
            "range",
            "cache-control",
            "pragma",
            "if-none-match",
        ] {
            seen.remove(ours);
        }
        assert!(seen.is_empty(), "{mode:?}: {seen:?}");
    }
}

/// FETCH-13, PRJ-5861-2: the mode is the caller's, and the caller has been answered
#[tokio::test]
async fn a_validation_in_the_background_says_nothing_to_other_caches() {
    let talk = with_a_response("max-age=60, stale-while-revalidate=60", 90).await;
    talk.origin.will(reply(304));
    talk.send(asking(CacheMode::Default, &[]))
        .await
        .assert_hit();
    while talk.origin.calls() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(written(&talk), (None, None));
    assert_eq!(
        talk.origin.last().field("if-none-match").as_deref(),
        Some(TAG)
    );
}
