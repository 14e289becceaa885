//! Settings that decide who may be answered with what.

use http::HeaderName;
use http::uri::Scheme;
use support::{Conversation, get, reply};
use tower::Layer;
use tower_client_cache::{CacheLayer, Forward};

/// C-33: what was stored without regard to a credential is served to nobody afterwards
#[tokio::test]
async fn a_credential_named_later_removes_what_was_stored_without_it() {
    let talk = Conversation::default();
    let layer = CacheLayer::new().clock(talk.clock.clone());
    let handle = layer.handle();
    let talk = Conversation {
        client: layer.layer(talk.origin.clone()),
        handle: handle.clone(),
        ..talk
    };
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin.will(streamed);
    let on_its_way = talk
        .start(get("/b", &[("x-api-key", "alice")]))
        .await
        .unwrap();
    talk.origin
        .will(reply(200).control("max-age=60").body("alice's"));
    talk.get_with("/a", &[("x-api-key", "alice")])
        .await
        .assert_stored();

    let _layer = layer.credential(HeaderName::from_static("x-api-key"));
    assert!(handle.is_empty());
    drop(frames);
    support::Answer::read(on_its_way)
        .await
        .expect("its caller has it");
    for uri in ["/a", "/b"] {
        talk.origin
            .will(reply(200).control("max-age=60").body("nobody's"));
        let other = talk.get(uri).await;
        assert_eq!(other.assert_forwarded(Forward::UriMiss).text(), "nobody's");
    }
    talk.origin
        .will(reply(200).control("max-age=60").body("alice's"));
    talk.get_with("/a", &[("x-api-key", "alice")])
        .await
        .assert_stored();
    assert_eq!(talk.get("/a").await.assert_hit().text(), "nobody's");
}

/// EDGE-37: a request without an authority is known by its `Host`, and by the scheme that was set
#[tokio::test]
async fn a_request_in_origin_form_has_the_scheme_that_was_set() {
    for (scheme, uri) in [
        (None, "http://o.test/a"),
        (Some(Scheme::HTTPS), "https://o.test/a"),
    ] {
        let talk = Conversation::with(|layer| match scheme {
            Some(scheme) => layer.origin_form_scheme(scheme),
            None => layer,
        });
        let mut request = get("/a", &[("host", "o.test")]);
        *request.uri_mut() = "/a".parse().unwrap();
        talk.origin
            .will(reply(200).control("max-age=60").body("hello"));
        talk.send(request).await.assert_stored();
        talk.get(uri).await.assert_hit();
        assert_eq!(
            talk.handle.purge(&uri.parse().unwrap()).responses(),
            1,
            "{uri}"
        );
    }
}

/// Promise 6: a limit that is set while the cache is in use holds from then on.
#[tokio::test]
async fn limits_are_set_while_requests_run() {
    let talk = Conversation::default();
    for uri in ["/a", "/b", "/c"] {
        talk.origin
            .will(reply(200).control("max-age=60").body("hello"));
        talk.get(uri).await.assert_stored();
    }
    talk.handle.set_max_responses(1);
    assert_eq!((talk.handle.len(), talk.handle.stats().evictions()), (1, 2));
    talk.get("/c").await.assert_hit();
    talk.handle.set_max_body(4);
    talk.get("/c").await.assert_hit();
    talk.origin
        .will(reply(200).control("max-age=60").body("hello"));
    talk.get("/a").await;
    talk.origin
        .will(reply(200).control("max-age=60").body("hell"));
    talk.get("/a").await.assert_forwarded(Forward::UriMiss);
    talk.get("/a").await.assert_hit();
}
