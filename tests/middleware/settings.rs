//! Settings that decide who may be answered with what.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use http::uri::{Authority, Scheme};
use http::{HeaderName, Method};
use support::{Conversation, get, reply, request};
use tower::Layer;
use tower_client_cache::{CacheLayer, Clock, Forward, NotStored};

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

/// A clock that names a credential when it is asked for the first time, which is while a request starts.
#[derive(Clone)]
struct Naming(support::Clock, Arc<Mutex<Option<CacheLayer>>>);

impl Clock for Naming {
    fn now(&self) -> SystemTime {
        let layer = self.1.lock().expect("nobody panics").take();
        if let Some(layer) = layer {
            let _ = layer.credential(HeaderName::from_static("x-api-key"));
        }
        self.0.now()
    }
}

/// C-33: what is begun without regard to a credential that is named meanwhile is not stored
#[tokio::test]
async fn a_credential_named_while_a_request_starts_counts_for_it() {
    let talk = Conversation::default();
    let naming = Naming(talk.clock.clone(), Arc::default());
    let layer = CacheLayer::new().clock(naming.clone());
    let talk = Conversation {
        client: layer.layer(talk.origin.clone()),
        handle: layer.handle(),
        ..talk
    };
    *naming.1.lock().unwrap() = Some(layer);
    talk.origin
        .will(reply(200).control("max-age=60").body("alice's"));
    let alices = talk.get_with("/a", &[("x-api-key", "alice")]).await;
    alices.assert_not_stored(NotStored::Purged);
    assert!(naming.1.lock().unwrap().is_none(), "it was named meanwhile");
    talk.origin
        .will(reply(200).control("max-age=60").body("nobody's"));
    assert_eq!(talk.get("/a").await.text(), "nobody's");
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

/// EDGE-37: a request without an authority and without `Host` is known by the authority that was set, or not at all
#[tokio::test]
async fn a_request_without_host_has_the_authority_that_was_set() {
    let here = || {
        let mut request = get("/a", &[]);
        *request.uri_mut() = "/a".parse().unwrap();
        request
    };
    let talk = Conversation::default();
    talk.origin.answers(|_| reply(200).control("max-age=60"));
    let answer = talk.send(here()).await;
    answer.assert_forwarded(Forward::Bypass);
    let authority = Authority::from_static("o.test");
    let talk = Conversation::with(|layer| layer.origin_form_authority(authority));
    talk.origin.answers(|_| reply(200).control("max-age=60"));
    talk.send(here()).await.assert_stored();
    talk.send(here()).await.assert_hit();
    talk.get("http://o.test/a").await.assert_hit();
    talk.send(request(Method::DELETE, "/a", &[])).await;
    talk.send(here()).await.assert_forwarded(Forward::UriMiss);
    // Its URI is where it was sent from, and nobody's.
    let uri = talk.origin.last().uri;
    assert_eq!(uri, "/a");
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
