//! RFC 9111 §3.1: fields of every kind, one at a time, each with a value of its own.

use support::{Conversation, reply};

/// What reaches every recipient. The names are those of the public test suite, and a few more.
const END_TO_END: [(&str, &str); 28] = [
    ("test-header", "one"),
    ("x-test-header", "two"),
    ("content-foo", "three"),
    ("x-content-foo", "four"),
    ("cache-control", "max-age=3600, four"),
    ("content-disposition", "inline"),
    ("content-encoding", "five"),
    ("content-language", "mi, en"),
    ("content-length", "5"),
    ("content-location", "/foo"),
    ("content-md5", "rL0Y20zC+Fzt72VPzMSk2A=="),
    ("content-range", "six"),
    ("content-security-policy", "default-src 'self'"),
    ("content-type", "text/plain;charset=utf-8"),
    ("clear-site-data", "\"cookies\""),
    ("etag", "\"ghijkl\""),
    ("expires", "Mon, 11 Jan 2038 11:11:11 GMT"),
    ("last-modified", "Sun, 30 Oct 1994 08:49:37 GMT"),
    ("link", "</style>; rel=preload"),
    ("location", "/bar"),
    ("public-key-pins", "seven"),
    ("server-timing", "cache;desc=\"eight\""),
    ("set-cookie", "a=c"),
    ("set-cookie2", "a=c"),
    ("warning", "199 - \"nine\""),
    ("www-authenticate", "Basic realm=\"ten\""),
    ("x-frame-options", "sameorigin"),
    ("x-xss-protection", "1; mode=block"),
];

/// What is for the next hop alone, whether or not `Connection` names it, and what is about a proxy.
const FOR_ONE_HOP: [(&str, &str); 9] = [
    ("connection", "eleven"),
    ("keep-alive", "timeout=12"),
    ("proxy-authenticate", "Basic realm=\"thirteen\""),
    ("proxy-authentication-info", "nextnonce=\"14\""),
    ("proxy-authorization", "Basic fifteen"),
    ("proxy-connection", "keep-alive"),
    ("te", "trailers"),
    ("transfer-encoding", "chunked"),
    ("upgrade", "h2c"),
];

/// The lines of a field in the answer of the origin and in the hit after it.
async fn seen_twice(
    talk: &Conversation,
    name: &str,
    value: &str,
) -> (Option<String>, Option<String>) {
    let stored = reply(200).field(name, value).field("x-beside", "kept");
    let stored = match name {
        "cache-control" => stored.field("content-length", "5"),
        "content-length" | "transfer-encoding" => stored.control("max-age=3600, public"),
        _ => stored
            .control("max-age=3600, public")
            .field("content-length", "5"),
    };
    let first = talk.store(stored.body("hello")).await;
    first.assert_stored();
    talk.clock.advance(1);
    let again = talk.get("/a").await;
    assert_eq!(again.assert_hit().text(), "hello", "{name}");
    let beside = again.field("x-beside");
    assert_eq!(beside.as_deref(), Some("kept"), "{name}");
    (first.field(name), again.field(name))
}

/// 9111-3.1-1, 9111-3.2-6, 9111-7.3-1
#[tokio::test]
async fn a_field_of_any_kind_is_stored() {
    for (name, value) in END_TO_END {
        for talk in [Conversation::default(), Conversation::shared()] {
            let seen = seen_twice(&talk, name, value).await;
            let value = Some(value.to_owned());
            assert_eq!(seen, (value.clone(), value), "{name}");
        }
    }
}

/// 9111-3.1-2, 9111-3.1-3, 9111-3.1-4
#[tokio::test]
async fn a_field_for_one_hop_is_passed_on_once_and_not_stored() {
    for (name, value) in FOR_ONE_HOP {
        for talk in [Conversation::default(), Conversation::shared()] {
            let seen = seen_twice(&talk, name, value).await;
            assert_eq!(seen, (Some(value.to_owned()), None), "{name}");
        }
    }
}

/// 9111-3.1-2: any field is for one hop when `Connection` says so
#[tokio::test]
async fn a_field_that_connection_names_is_not_stored() {
    for (name, value) in END_TO_END {
        // These decide whether there is a hit to look at.
        if ["cache-control", "expires", "content-length"].contains(&name) {
            continue;
        }
        let talk = Conversation::default();
        let named = reply(200)
            .control("max-age=3600")
            .field("connection", format!("x-else, {}", name.to_uppercase()))
            .field(name, value);
        talk.store(named.body("hello")).await.assert_stored();
        let again = talk.get("/a").await;
        assert_eq!(again.assert_hit().field(name), None, "{name}");
    }
}
