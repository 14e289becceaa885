//! What a snapshot does not tell, and whom it is not for.

use http::{HeaderMap, HeaderName, HeaderValue};
use support::{Conversation, reply};
use tower_client_cache::{CacheLayer, Forward, RestoreError};

use super::{another, fresh, restored, written};

/// C-33: a trailer is a field.
#[tokio::test]
async fn a_sensitive_trailer_stays_out() {
    for name in ["x-key", "set-cookie"] {
        let talk = Conversation::default();
        let mut value = HeaderValue::from_static("hidden=1");
        value.set_sensitive(name == "x-key");
        let mut trailers = HeaderMap::new();
        trailers.insert(HeaderName::from_static(name), value);
        let (frames, streamed) = fresh("").streamed();
        frames.data("some");
        frames.trailers(trailers);
        drop(frames);
        talk.origin.will(streamed);
        talk.get("/a").await.assert_stored();
        let octets = written(&talk.handle);
        let is_there = octets.windows(6).any(|part| part == b"hidden");
        assert!(!is_there, "{name}");
    }
}

/// Promise 8, C-33: what was stored without regard to a field that says who asks is not for a cache that has regard
/// to it.
#[tokio::test]
async fn what_was_not_kept_apart_by_a_credential_is_not_for_who_keeps_apart_by_it() {
    let key = HeaderName::from_static("x-api-key");
    let keyed = |layer: CacheLayer| layer.credential(key.clone());
    let secret = |layer: CacheLayer| layer.secret(&[7; 32]);
    let plain: fn(CacheLayer) -> CacheLayer = |layer| layer;
    for has_secret in [false, true] {
        let base = |layer| {
            if has_secret {
                secret(layer)
            } else {
                plain(layer)
            }
        };
        let talk = Conversation::with(base);
        for (path, fields) in [
            ("/a", &[("x-api-key", "alice")][..]),
            (
                "/b",
                &[("x-api-key", "alice"), ("authorization", "Basic x")],
            ),
        ] {
            talk.origin.will(fresh("of alice"));
            talk.get_with(path, fields).await.assert_stored();
        }
        let octets = written(&talk.handle);
        let other = another(&talk, |layer| keyed(base(layer)));
        let error = other.handle.restore(&*octets).expect_err("refused");
        assert!(matches!(error, RestoreError::OtherKind), "{error}");
        other.origin.will(reply(200).control("no-store"));
        other.get("/a").await.assert_forwarded(Forward::UriMiss);
        other.origin.will(fresh("for all"));
        other.get("/c").await.assert_stored();
        let octets = written(&other.handle);
        let same = another(&talk, |layer| keyed(base(layer)));
        assert_eq!(restored(&same, &octets).responses(), 1);
    }
}
