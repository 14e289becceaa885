//! Requests with different credentials never share a stored response (RFC 9111 §3.5 as a private cache
//! has it; choices C-33 and C-34).

use http::{HeaderName, Request};
use support::{Clock, Conversation, Origin, get, reply};
use tower::{Layer, Service, service_fn};
use tower_client_cache::{CacheLayer, Forward, NotStored};

type Fields<'a> = &'a [(&'a str, &'a str)];

fn with_an_api_key() -> Conversation {
    Conversation::with(|layer| layer.credential(HeaderName::from_static("x-api-key")))
}

/// Whoever asks first has it stored; the other is not shown it, and then has one of their own.
async fn assert_kept_apart(one: (&str, Fields<'_>), other: (&str, Fields<'_>)) {
    let case = format!("{one:?} {other:?}");
    let talk = with_an_api_key();
    let page = |content: &'static str| {
        let page = reply(200).control("max-age=60").field("etag", "\"e\"");
        page.body(content)
    };
    talk.origin.will(page("of one"));
    talk.get_with(one.0, one.1).await.assert_stored();
    talk.origin.will(page("of the other"));
    let answer = talk.get_with(other.0, other.1).await;
    assert_eq!(answer.cache.forwarded(), Some(Forward::UriMiss), "{case}");
    assert_eq!(answer.text(), "of the other", "{case}");
    let asked = talk.origin.last().field("if-none-match");
    assert_eq!(asked, None, "{case}: their tags are not told");
    let again = talk.get_with(one.0, one.1).await;
    assert_eq!(again.assert_hit().text(), "of one", "{case}");
    let again = talk.get_with(other.0, other.1).await;
    assert_eq!(again.assert_hit().text(), "of the other", "{case}");
    assert_eq!(talk.handle.len(), 2, "{case}");
}

/// 9111-3.5-4, C-33, C-34, EDGE-20, 9111-2-2
#[tokio::test]
async fn requests_with_different_credentials_share_nothing() {
    let fields: &[(Fields<'_>, Fields<'_>)] = &[
        (
            &[("authorization", "Bearer a")],
            &[("authorization", "Bearer b")],
        ),
        (
            &[("authorization", "Bearer a")],
            &[("authorization", "bearer a")],
        ),
        (&[("authorization", "Bearer a")], &[]),
        (&[], &[("authorization", "Bearer a")]),
        (&[("cookie", "a=1")], &[("cookie", "a=2")]),
        (&[("cookie", "a=1")], &[]),
        (&[("cookie", "")], &[]),
        (
            &[("proxy-authorization", "Basic a")],
            &[("proxy-authorization", "Basic b")],
        ),
        (&[("x-api-key", "a")], &[("x-api-key", "b")]),
        (&[("x-api-key", "a")], &[]),
        (&[("authorization", "a")], &[("x-api-key", "a")]),
        (
            &[("authorization", "a"), ("cookie", "b")],
            &[("authorization", "b"), ("cookie", "a")],
        ),
        (
            &[("authorization", "a"), ("x-api-key", "b")],
            &[("authorization", "a"), ("x-api-key", "c")],
        ),
    ];
    for (one, other) in fields {
        assert_kept_apart(("/a", one), ("/a", other)).await;
    }
}

/// C-34, PRJ-4.1-8: two lines of `Cookie` are normal in HTTP/2, and every one of them counts
#[tokio::test]
async fn the_second_line_of_a_credential_counts() {
    for (one, other) in [
        (
            &[("cookie", "a=1"), ("cookie", "b=2")][..],
            &[("cookie", "a=1"), ("cookie", "b=3")][..],
        ),
        (
            &[("cookie", "a=1"), ("cookie", "b=2")],
            &[("cookie", "a=1")],
        ),
        (
            &[("cookie", "a=1"), ("cookie", "b=2")],
            &[("cookie", "a=1b=2")],
        ),
        (
            &[("x-api-key", "a"), ("x-api-key", "b")],
            &[("x-api-key", "a"), ("x-api-key", "c")],
        ),
    ] {
        assert_kept_apart(("/a", one), ("/a", other)).await;
    }
}

/// 9110-4.2.4-1, C-33
#[tokio::test]
async fn the_userinfo_of_the_uri_is_a_credential() {
    for (one, other) in [
        ("http://u:p@o.test/a", "http://u:q@o.test/a"),
        ("http://u:p@o.test/a", "http://v:p@o.test/a"),
        ("http://u:p@o.test/a", "http://o.test/a"),
        ("http://o.test/a", "http://u@o.test/a"),
    ] {
        assert_kept_apart((one, &[]), (other, &[])).await;
    }
}

/// 6265-3-1, C-34, EDGE-20: crumbs of a cookie are one cookie (RFC 9113 §8.2.3)
#[tokio::test]
async fn the_same_credentials_share_a_stored_response() {
    for (one, other) in [
        (&[("cookie", "a=1")][..], &[("cookie", "a=1")][..]),
        (
            &[("cookie", "a=1; b=2")],
            &[("cookie", "a=1"), ("cookie", "b=2")],
        ),
        (
            &[("authorization", "Bearer a")],
            &[("authorization", "Bearer a"), ("accept", "*/*")],
        ),
        (&[("x-api-key", "a")], &[("x-api-key", "a")]),
    ] {
        let talk = with_an_api_key();
        let page = reply(200).control("max-age=60").field("set-cookie", "c=1");
        talk.origin.will(page);
        talk.get_with("/a", one).await.assert_stored();
        let answer = talk.get_with("/a", other).await;
        assert!(answer.cache.is_hit(), "{one:?} {other:?}: {}", answer.cache);
    }
}

/// C-33: what the layer has not been told of is a field like any other
#[tokio::test]
async fn a_field_is_a_credential_only_where_the_layer_was_told() {
    let talk = Conversation::default();
    talk.origin.will(reply(200).control("max-age=60"));
    talk.get_with("/a", &[("x-api-key", "a")]).await;
    talk.get_with("/a", &[("x-api-key", "b")])
        .await
        .assert_hit();
}

/// C-33, C-34, EDGE-20: the off-switch
#[tokio::test]
async fn credentials_do_not_count_for_a_single_user() {
    let asked: [(&str, Fields<'_>); 6] = [
        ("/a", &[]),
        ("/a", &[("authorization", "Bearer a")]),
        ("/a", &[("authorization", "Bearer b")]),
        ("/a", &[("cookie", "a=1"), ("cookie", "b=2")]),
        ("/a", &[("x-api-key", "a")]),
        ("http://u:p@o.test/a", &[]),
    ];
    let talk = Conversation::with(|layer| {
        let layer = layer.credential(HeaderName::from_static("x-api-key"));
        layer.single_user()
    });
    talk.origin
        .will(reply(200).control("max-age=60").body("mine"));
    talk.get_with("/a", &[("authorization", "Bearer first")])
        .await
        .assert_stored();
    for (path, fields) in asked {
        let answer = talk.get_with(path, fields).await;
        assert!(answer.cache.is_hit(), "{path} {fields:?}: {}", answer.cache);
    }
    assert_eq!((talk.handle.len(), talk.origin.calls()), (1, 1));
}

/// 9111-3.5-4, 9111-5.2.1.7-1: nor can one find out what another has been sent
#[tokio::test]
async fn only_if_cached_finds_nothing_of_anybody_else() {
    let talk = Conversation::default();
    talk.origin.will(reply(200).control("max-age=60"));
    talk.get_with("/a", &[("authorization", "Bearer a")])
        .await
        .assert_stored();
    let only = ("cache-control", "only-if-cached");
    let other = talk
        .get_with("/a", &[("authorization", "Bearer b"), only])
        .await;
    assert_eq!(other.status, 504);
    talk.get_with("/a", &[("authorization", "Bearer a"), only])
        .await
        .assert_hit();
}

/// PRJ-4.1-9: the bound on variants is one for each
#[tokio::test]
async fn many_users_of_a_uri_do_not_evict_each_other() {
    let talk = Conversation::default();
    let users: Vec<_> = (0..300).map(|n| format!("Bearer {n}")).collect();
    for user in &users {
        talk.origin.will(reply(200).control("max-age=60"));
        let answer = talk.get_with("/a", &[("authorization", user)]).await;
        answer.assert_forwarded(Forward::UriMiss).assert_stored();
    }
    for user in &users {
        let answer = talk.get_with("/a", &[("authorization", user)]).await;
        answer.assert_hit();
    }
    assert_eq!(talk.handle.len(), users.len());
}

/// PRJ-15-2, C-60: it would be served to those who may
#[tokio::test]
async fn a_401_or_407_is_never_stored() {
    for status in [401, 407] {
        for user in [&[][..], &[("authorization", "Bearer a")]] {
            let talk = Conversation::default();
            for _ in 0..2 {
                talk.origin
                    .will(reply(status).control("public, max-age=60"));
                let answer = talk.get_with("/a", user).await;
                answer.assert_forwarded(Forward::UriMiss);
                answer.assert_not_stored(NotStored::Status);
            }
            talk.origin.will(reply(200).control("max-age=60"));
            assert_eq!(talk.get_with("/a", user).await.status, 200);
            talk.get_with("/a", user).await.assert_hit();
        }
    }
}

/// C-33: nothing that says who asked is printed, of what is stored, under way or answered
#[tokio::test]
async fn credentials_are_nowhere_in_what_is_printed() {
    const SECRETS: [&str; 5] = [
        "bearer-4711",
        "crumb-4711",
        "key-4711",
        "word-4711",
        "token-4711",
    ];
    let clock = Clock::default();
    let origin = Origin::new(clock.clone());
    let layer = CacheLayer::new()
        .clock(clock)
        .credential(HeaderName::from_static("x-api-key"));
    let handle = layer.handle();
    // What the origin remembers is not the cache's to hide.
    let inner = origin.clone();
    let mut client = layer.layer(service_fn(move |asked: Request<_>| {
        inner.clone().call(asked)
    }));
    let asked = || {
        get(
            "http://user:word-4711@o.test/a?token=token-4711",
            &[
                ("authorization", "Bearer bearer-4711"),
                ("cookie", "sid=crumb-4711"),
                ("x-api-key", "key-4711"),
            ],
        )
    };
    let vary = "Authorization, Cookie, X-Api-Key";
    origin.will(reply(200).control("max-age=60").field("vary", vary));
    let mut printed = Vec::new();
    for _ in 0..2 {
        let started = client.call(asked());
        printed.push(format!("{started:?}"));
        let answer = support::Answer::read(started.await.unwrap()).await.unwrap();
        printed.push(format!("{answer:?} {:?} {}", answer.cache, answer.cache));
        printed.push(format!(
            "{layer:?} {handle:?} {client:?} {:?}",
            handle.stats()
        ));
        printed.push(format!("{layer:#?} {handle:#?} {client:#?}"));
    }
    assert_eq!((origin.calls(), handle.stats().hits()), (1, 1));
    printed.push(format!("{:?}", handle.clear()));
    for secret in SECRETS {
        assert!(!printed.concat().contains(secret), "{secret}: {printed:?}");
    }
}
