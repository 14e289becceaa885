//! RFC 9111 §3 and §3.5 in a shared cache: what is for one user is not for all.

use bytes::Bytes;
use http::Version;
use http_body::Frame;
use support::{Conversation, OriginError, Reply, reply};
use tower_client_cache::{CacheLayer, Forward, NotStored};

use super::TEN_DAYS_AGO;

const SOMEBODY: (&str, &str) = ("authorization", "Basic c29tZWJvZHk=");

/// A reply whose end can be seen, with this `Cache-Control`.
fn whole(control: &str) -> Reply {
    let reply = reply(200).control(control).field("etag", "\"e\"");
    reply.field("content-length", "5").body("hello")
}

/// 9111-3-5, 9111-5.2.2.7-1, 9111-4.2.1-3, EDGE-10
#[tokio::test]
async fn a_private_response_is_stored_by_a_private_cache_alone() {
    for control in [
        "private, max-age=60",
        "max-age=60, PRIVATE",
        "public, private, max-age=60",
        "s-maxage=60, private",
        "max-age=60, private=\"\"",
        "max-age=60, private=\"set-cookie\", private",
        "max-age=60, private=\"not a name\"",
    ] {
        let talk = Conversation::shared();
        let first = talk.store(whole(control)).await;
        let refused = first.cache.not_stored();
        assert_eq!(refused, Some(NotStored::Private), "{control}");
        talk.store(whole(control)).await;
        assert_eq!(talk.origin.calls(), 2, "{control}");
        assert!(talk.handle.is_empty(), "{control}");

        let talk = Conversation::default();
        let first = talk.store(whole(control)).await;
        assert!(first.cache.is_stored(), "{control}: {}", first.cache);
    }
}

/// 9111-5.2.2.7-1, 9111-3-7: to a private cache it says that the response may be stored
#[tokio::test]
async fn a_private_response_of_any_status_may_be_given_a_lifetime() {
    let modified = || {
        let reply = reply(299).control("private");
        reply
            .field("last-modified", TEN_DAYS_AGO)
            .field("content-length", "0")
    };
    let talk = Conversation::default();
    talk.store(modified()).await.assert_stored();
    talk.clock.advance(3600);
    talk.get("/a").await.assert_hit();
    let talk = Conversation::shared();
    talk.store(modified())
        .await
        .assert_not_stored(NotStored::Private);
}

/// 9111-3-5, 9111-5.2.2.7-2, C-13
#[tokio::test]
async fn fields_that_private_lists_are_not_stored_by_a_shared_cache() {
    let control = "max-age=60, private=\"X-User, set-cookie\", private=x-more";
    for (talk, kept) in [
        (Conversation::shared(), [false, false, false]),
        (Conversation::default(), [true; 3]),
    ] {
        let named = whole(control)
            .field("x-user", "1")
            .field("set-cookie", "a=1")
            .field("x-more", "2");
        let first = talk.store(named.field("x-other", "3")).await;
        assert!(first.assert_stored().headers.contains_key("x-user"));
        let again = talk.get("/a").await;
        again.assert_hit();
        let has = ["x-user", "set-cookie", "x-more"].map(|name| again.headers.contains_key(name));
        assert_eq!(has, kept, "{:?}", talk.client);
        assert_eq!(again.field("x-other").as_deref(), Some("3"));
    }
}

/// 9111-5.2.2.7-2: nor when a 304 brings them
#[tokio::test]
async fn fields_that_private_lists_are_not_freshened_by_a_shared_cache() {
    let talk = Conversation::shared();
    talk.store(whole("max-age=60")).await.assert_stored();
    talk.clock.advance(60);
    let listing = reply(304).control("max-age=60, private=x-user");
    talk.origin
        .will(listing.field("x-user", "1").field("x-other", "2"));
    talk.get("/a").await.assert_validated();
    let again = talk.get("/a").await;
    assert_eq!(again.assert_hit().field("x-user"), None);
    assert_eq!(again.field("x-other").as_deref(), Some("2"));
}

/// EDGE-32, PRJ-3.2-12, 9111-3-5: it is used this once and removed
#[tokio::test]
async fn a_304_that_says_private_removes_the_response_from_a_shared_cache() {
    for (talk, is_left) in [
        (Conversation::shared(), false),
        (Conversation::default(), true),
    ] {
        talk.store(whole("max-age=60")).await.assert_stored();
        talk.clock.advance(60);
        talk.origin.will(reply(304).control("private, max-age=60"));
        assert_eq!(talk.get("/a").await.assert_validated().text(), "hello");
        assert_eq!(talk.handle.len(), usize::from(is_left));
    }
}

/// 9111-3-7: `s-maxage` is a reason to store for a shared cache and none for a private one
#[tokio::test]
async fn s_maxage_makes_a_response_storable_in_a_shared_cache() {
    let redirect = || {
        let reply = reply(302).control("s-maxage=60");
        reply.field("content-length", "0").field("location", "/b")
    };
    let talk = Conversation::shared();
    talk.store(redirect()).await.assert_stored();
    talk.clock.advance(59);
    talk.get("/a").await.assert_hit();
    let talk = Conversation::default();
    talk.store(redirect())
        .await
        .assert_not_stored(NotStored::NotCacheable);
}

/// 9111-3-6, 9111-3.5-1, 9111-3.5-2, 9111-5.2.2.2-3, 9111-5.2.2.9-1, 9111-5.2.2.10-3
#[tokio::test]
async fn an_answer_to_authorization_is_for_all_only_where_it_says_so() {
    for (control, is_for_all) in [
        ("max-age=60, public", true),
        ("s-maxage=60", true),
        ("max-age=60, must-revalidate", true),
        ("max-age=60", false),
        ("max-age=60, proxy-revalidate", false),
        ("max-age=60, immutable", false),
        ("max-age=60, no-cache", false),
        ("max-age=60, stale-while-revalidate=60", false),
        ("max-age=60, must-understand", false),
        ("max-age=60, private=\"x\"", false),
    ] {
        let talk = Conversation::shared();
        talk.origin.will(whole(control));
        let first = talk.get_with("/a", &[SOMEBODY]).await;
        if is_for_all {
            assert!(first.cache.is_stored(), "{control}: {}", first.cache);
            for asking in [&[][..], &[SOMEBODY], &[("authorization", "Bearer other")]] {
                let next = talk.get_with("/a", asking).await;
                assert!(next.cache.is_hit(), "{control} {asking:?}: {}", next.cache);
            }
        } else {
            let refused = first.cache.not_stored();
            assert_eq!(refused, Some(NotStored::Authorization), "{control}");
            talk.origin.will(whole("no-store"));
            let next = talk.get_with("/a", &[SOMEBODY]).await;
            let forwarded = next.cache.forwarded();
            assert_eq!(forwarded, Some(Forward::UriMiss), "{control}");
        }
    }
}

/// 9111-3.5-2: nor does `Expires` say so
#[tokio::test]
async fn an_answer_to_authorization_is_not_for_all_because_it_expires_later() {
    let talk = Conversation::shared();
    let expires = talk.clock.date(60);
    let lasting = reply(200)
        .field("expires", expires)
        .field("content-length", "0");
    talk.origin.will(lasting);
    let first = talk.get_with("/a", &[SOMEBODY]).await;
    first.assert_not_stored(NotStored::Authorization);
}

/// 9111-3.5-1, 9110-4.2.4-1: userinfo is `Authorization` that was not made yet
#[tokio::test]
async fn an_answer_to_userinfo_is_for_nobody_else() {
    let talk = Conversation::shared();
    talk.origin.will(whole("max-age=60"));
    let first = talk.get("http://user:secret@o.test/a").await;
    first.assert_not_stored(NotStored::Authorization);
}

/// 9111-3.5-1: what is stored for all is for those who have credentials as well
#[tokio::test]
async fn a_request_with_authorization_is_answered_with_what_is_for_all() {
    let talk = Conversation::shared();
    talk.store(whole("max-age=60")).await.assert_stored();
    talk.get_with("/a", &[SOMEBODY]).await.assert_hit();
}

/// 9111-3.5-3, 9111-4.2.4-1
#[tokio::test]
async fn what_was_stored_for_all_by_must_revalidate_is_validated_when_it_is_stale() {
    for control in [
        "max-age=1, must-revalidate, stale-while-revalidate=60, stale-if-error=60",
        "s-maxage=1, stale-while-revalidate=60, stale-if-error=60",
    ] {
        let talk = Conversation::shared();
        talk.origin.will(whole(control));
        talk.get_with("/a", &[SOMEBODY]).await.assert_stored();
        talk.clock.advance(2);
        talk.origin.will(reply(304));
        let lenient = ("cache-control", "max-stale");
        let next = talk.get_with("/a", &[SOMEBODY, lenient]).await;
        next.assert_validated().assert_forwarded(Forward::Stale);
        talk.clock.advance(2);
        talk.origin.will(reply(503));
        let next = talk.get_with("/a", &[SOMEBODY, lenient]).await;
        assert_eq!(next.status, 503, "{control}");
    }
}

/// 9111-3.5-4, C-33: a private cache keeps it for who asked
#[tokio::test]
async fn an_answer_to_authorization_is_stored_by_a_private_cache_for_its_user() {
    let talk = Conversation::default();
    talk.origin.will(whole("max-age=60"));
    talk.get_with("/a", &[SOMEBODY]).await.assert_stored();
    talk.get_with("/a", &[SOMEBODY]).await.assert_hit();
    talk.origin.will(whole("max-age=60"));
    let other = talk.get_with("/a", &[("authorization", "other")]).await;
    other.assert_forwarded(Forward::UriMiss);
}

/// 9112-9.8-1, C-54: what was cut off on the way would be the whole for everybody
#[tokio::test]
async fn a_body_that_ends_with_its_connection_is_not_stored_by_a_shared_cache() {
    type Set = fn(Reply) -> Reply;
    let table: [(&str, &str, Set, bool); 5] = [
        ("nothing says", "http://o.test/a", |reply| reply, false),
        ("TLS says", "https://o.test/a", |reply| reply, true),
        (
            "its length says",
            "http://o.test/a",
            |reply| reply.field("content-length", "5"),
            true,
        ),
        (
            "its last chunk says",
            "http://o.test/a",
            |reply| reply.field("transfer-encoding", "chunked"),
            true,
        ),
        (
            "its last frame says",
            "http://o.test/a",
            |reply| reply.version(Version::HTTP_2),
            true,
        ),
    ];
    let hello = || [Ok(Frame::data(Bytes::from_static(b"hello")))];
    for (case, uri, set, is_stored) in table {
        let talk = Conversation::shared();
        let ended = reply(200).control("max-age=60").frames(hello());
        talk.origin.will(set(ended));
        let first = talk.get(uri).await;
        let refused = (!is_stored).then_some(NotStored::Undelimited);
        assert_eq!(first.cache.not_stored(), refused, "{case}");
        assert_eq!(first.text(), "hello", "{case}");
        assert_eq!(talk.handle.len(), usize::from(is_stored), "{case}");

        let talk = Conversation::default();
        let ended = reply(200).control("max-age=60").frames(hello());
        talk.origin.will(set(ended));
        let first = talk.get(uri).await;
        assert!(first.cache.is_stored(), "{case}: in a private cache");
    }
}

/// C-54: where nothing is cut off on the way, as in one process, and where a private cache is to be as strict
#[tokio::test]
async fn whether_a_body_that_ends_with_its_connection_is_stored_is_a_setting() {
    for layer in [CacheLayer::shared, CacheLayer::new] {
        for is_stored in [true, false] {
            let talk = Conversation::through(layer().store_undelimited(is_stored));
            let hello = [Ok(Frame::data(Bytes::from_static(b"hello")))];
            talk.origin
                .will(reply(200).control("max-age=60").frames(hello));
            let first = talk.get("http://o.test/a").await;
            assert_eq!(first.cache.is_stored(), is_stored);
            assert_eq!(first.text(), "hello");
            assert_eq!(talk.handle.len(), usize::from(is_stored));
        }
    }
}

/// 9112-9.8-1, 9112-8-2: TLS without its closing alert is an error of the body
#[tokio::test]
async fn a_body_whose_end_is_an_error_is_not_stored() {
    for talk in [Conversation::shared(), Conversation::default()] {
        let cut = [
            Ok(Frame::data(Bytes::from_static(b"hello"))),
            Err(OriginError("closed without an alert")),
        ];
        let ended = reply(200).control("max-age=60").frames(cut);
        talk.origin.will(ended);
        let uri = "https://o.test/a";
        let response = talk.start(support::get(uri, &[])).await.unwrap();
        assert!(support::Answer::read(response).await.is_err());
        assert!(talk.handle.is_empty());
    }
}
