//! What a snapshot does not tell, and whom it is not for.

use http::{HeaderMap, HeaderName, HeaderValue};
use support::Conversation;

use super::{fresh, written};

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
