//! RFC 9110 §4.3.1: what an origin is.

use http::Method;
use support::{Conversation, reply, request};

use super::tagged;

/// 9110-4.3.1-1, 9111-4.4-4, 9111-4.4-3: scheme, host whatever its case, and port, said or not
#[tokio::test]
async fn an_origin_is_scheme_host_and_port() {
    for (target, named, is_same) in [
        ("http://o.test/a", "http://o.test/b", true),
        ("http://o.test/a", "HTTP://O.TEST/b", true),
        ("http://o.test/a", "http://o.test:80/b", true),
        ("http://o.test/a", "http://o.test:080/b", true),
        ("http://o.test/a", "http://o.test:/b", true),
        ("https://o.test/a", "https://o.test:443/b", true),
        ("http://o.test:443/a", "http://o.test:443/b", true),
        ("http://o.test/a", "https://o.test/b", false),
        ("http://o.test:443/a", "https://o.test/b", false),
        ("http://o.test/a", "http://o.test:81/b", false),
        ("http://o.test/a", "http://o.test./b", false),
        ("http://o.test/a", "http://www.o.test/b", false),
        ("http://o.test/a", "http://o.test.evil/b", false),
        ("http://o.test/a", "http://o.test@evil/b", false),
    ] {
        let talk = Conversation::default();
        talk.origin.will(tagged("hello"));
        talk.get(named).await.assert_stored();
        talk.origin.will(reply(201).field("location", named));
        talk.send(request(Method::POST, target, &[])).await;
        talk.origin.will(reply(304));
        let next = talk.get(named).await;
        assert_eq!(next.cache.is_hit(), !is_same, "{target} {named}");
    }
}
