//! Choices C-32 and C-34: cookies, in both directions.

use http::HeaderName;
use http::header::COOKIE;
use support::{Conversation, Reply, reply};
use tower_client_cache::{CacheLayer, Forward, NotStored, SetCookie};

fn whole(control: &str) -> Reply {
    let reply = reply(200).control(control).field("etag", "\"e\"");
    reply.field("content-length", "5").body("hello")
}

/// EDGE-19, C-32, 9111-7.3-1
#[tokio::test]
async fn what_sets_cookies_is_stored_as_it_is_set() {
    type Set = fn(CacheLayer) -> CacheLayer;
    const STORE: Set = |layer| layer.set_cookie(SetCookie::Store);
    const REFUSE: Set = |layer| layer.set_cookie(SetCookie::Refuse);
    const STRIP: Set = |layer| layer.set_cookie(SetCookie::Strip);
    const DEFAULT: Set = |layer| layer;
    let (private, shared) = (CacheLayer::new, CacheLayer::shared);
    let both = Some("a=1, b=2");
    /// The cookies of a hit, or none; or no hit.
    type Row<'a> = (fn() -> CacheLayer, Set, &'a str, Option<Option<&'a str>>);
    // Who stores, what is said, and the cookies of a hit; `None` where there is no hit.
    let table: [Row<'_>; 14] = [
        (private, DEFAULT, "max-age=60", Some(both)),
        (private, REFUSE, "max-age=60", None),
        (private, REFUSE, "max-age=60, public", Some(both)),
        (private, STRIP, "max-age=60", Some(None)),
        (shared, DEFAULT, "max-age=60", None),
        (shared, DEFAULT, "max-age=60, must-revalidate", None),
        (shared, DEFAULT, "max-age=60, private=\"x\"", None),
        (shared, DEFAULT, "max-age=60, public", Some(both)),
        (shared, DEFAULT, "s-maxage=60", Some(both)),
        (
            shared,
            DEFAULT,
            "max-age=60, private=\"Set-Cookie\"",
            Some(None),
        ),
        (shared, REFUSE, "max-age=60", None),
        (shared, STORE, "max-age=60", Some(both)),
        (shared, STRIP, "max-age=60", Some(None)),
        (shared, STRIP, "max-age=60, public", Some(None)),
    ];
    for (number, (layer, set, control, expected)) in table.into_iter().enumerate() {
        let talk = Conversation::through(set(layer()));
        let setting = whole(control).field("set-cookie", "a=1");
        let first = talk.store(setting.field("set-cookie", "b=2")).await;
        assert_eq!(first.field("set-cookie").as_deref(), both, "{number}");
        let Some(cookies) = expected else {
            let refused = first.cache.not_stored();
            assert_eq!(refused, Some(NotStored::SetCookie), "{number}");
            continue;
        };
        let again = talk.get("/a").await;
        assert!(again.cache.is_hit(), "{number}: {}", again.cache);
        assert_eq!(again.field("set-cookie").as_deref(), cookies, "{number}");
    }
}

/// C-32, EDGE-32, PRJ-3.2-12: a 304 is no way in for a cookie
#[tokio::test]
async fn a_304_that_sets_a_cookie_is_refused_or_stripped_as_well() {
    for (choice, is_left, kept) in [
        (SetCookie::Store, true, Some("a=1")),
        (SetCookie::Refuse, false, None),
        (SetCookie::Strip, true, None),
    ] {
        let talk = Conversation::shared_with(|layer| layer.set_cookie(choice));
        talk.store(whole("max-age=60")).await.assert_stored();
        talk.clock.advance(60);
        talk.origin.will(reply(304).field("set-cookie", "a=1"));
        let validated = talk.get("/a").await;
        assert_eq!(validated.assert_validated().text(), "hello");
        assert_eq!(talk.handle.len(), usize::from(is_left), "{choice:?}");
        if is_left {
            let again = talk.get("/a").await;
            let cookie = again.assert_hit().field("set-cookie");
            assert_eq!(cookie.as_deref(), kept, "{choice:?}");
        }
    }
}

const ONE: (&str, &str) = ("cookie", "user=1");
const TWO: (&str, &str) = ("cookie", "user=2");

/// EDGE-20, C-34, 6265-3-1
#[tokio::test]
async fn a_cookie_of_the_request_parts_a_private_cache_and_no_shared_one() {
    for (layer, is_shared_by_all) in [
        (CacheLayer::new(), false),
        (CacheLayer::new().single_user(), true),
        (CacheLayer::shared(), true),
        (CacheLayer::shared().credential(COOKIE), false),
    ] {
        let talk = Conversation::through(layer);
        talk.origin.will(whole("max-age=60"));
        talk.get_with("/a", &[ONE]).await.assert_stored();
        talk.get_with("/a", &[ONE]).await.assert_hit();
        talk.origin.will(whole("max-age=60"));
        let other = talk.get_with("/a", &[TWO]).await;
        let reason = (!is_shared_by_all).then_some(Forward::UriMiss);
        assert_eq!(other.cache.forwarded(), reason);
    }
}

/// C-34: `Vary` still counts
#[tokio::test]
async fn a_cookie_that_vary_names_selects_in_a_shared_cache() {
    let talk = Conversation::shared();
    talk.origin
        .will(whole("max-age=60").field("vary", "Cookie"));
    talk.get_with("/a", &[ONE]).await.assert_stored();
    talk.origin.will(whole("max-age=60"));
    let other = talk.get_with("/a", &[TWO]).await;
    other.assert_forwarded(Forward::VaryMiss);
}

/// C-34
#[tokio::test]
async fn requests_with_a_field_can_be_left_alone() {
    for layer in [CacheLayer::new(), CacheLayer::shared()] {
        let user = HeaderName::from_static("x-user");
        let talk = Conversation::through(layer.bypass(COOKIE).bypass(user));
        talk.store(whole("max-age=60")).await.assert_stored();
        for field in [ONE, ("x-user", "")] {
            talk.origin.will(whole("max-age=60"));
            let asked = talk.get_with("/a", &[field]).await;
            asked.assert_forwarded(Forward::Bypass);
            asked.assert_not_stored(NotStored::Bypass);
            let only = [field, ("cache-control", "only-if-cached")];
            assert_eq!(talk.get_with("/a", &only).await.status, 504);
        }
        talk.get("/a").await.assert_hit();
        assert_eq!(talk.handle.len(), 1);
    }
}
