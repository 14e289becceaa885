//! RFC 9111 §7.2: what else stored responses are kept apart by.

use bytes::Bytes;
use http::Method;
use support::{Conversation, get, reply, request};
use tower_client_cache::{CacheLayer, Forward, NotStored};

/// FETCH-12, 9111-7.2-1, 9111-2-2
#[tokio::test]
async fn requests_are_kept_apart_by_a_partition() {
    #[derive(Clone)]
    struct Site(&'static str);

    for layer in [CacheLayer::new(), CacheLayer::shared()] {
        let layer = layer.partition(|_, _, extensions| {
            let site = extensions.get::<Site>()?;
            Some(Bytes::from_static(site.0.as_bytes()))
        });
        let talk = Conversation::through(layer);
        let of = |site| {
            let mut request = get("/a", &[]);
            request.extensions_mut().insert(Site(site));
            request
        };
        for site in ["one", "two", ""] {
            talk.origin.will(
                reply(200)
                    .control("max-age=60")
                    .field("etag", "\"e\"")
                    .field("content-length", "0"),
            );
            let first = talk.send(of(site)).await;
            first.assert_forwarded(Forward::UriMiss).assert_stored();
            talk.send(of(site)).await.assert_hit();
        }
        // Nobody knows whose this would be.
        for _ in 0..2 {
            talk.origin.will(
                reply(200)
                    .control("max-age=60")
                    .field("etag", "\"e\"")
                    .field("content-length", "0"),
            );
            let unknown = talk.get("/a").await;
            unknown.assert_forwarded(Forward::Bypass);
            unknown.assert_not_stored(NotStored::Bypass);
        }
        assert_eq!(talk.handle.len(), 3);
        // An unsafe request reaches them all.
        talk.origin.will(reply(204));
        talk.send(request(Method::POST, "/a", &[])).await;
        for site in ["one", "two", ""] {
            talk.origin.will(reply(304));
            talk.send(of(site)).await.assert_validated();
        }
    }
}
