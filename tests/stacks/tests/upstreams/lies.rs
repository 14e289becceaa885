//! Heads that say something else of the content than is true, and octets that are no HTTP.

use stacks::{Outcome, Step, Upstream, Wire, get};
use tower::Layer;
use tower_client_cache::CacheLayer;

use super::{Fate, compared};

const STORABLE: &str = "HTTP/1.1 200 So\r\ncache-control: max-age=86400\r\n";

/// Each is written behind the beginning of a head that may be stored, and then the connection is closed.
const LIES: [(&str, &str, Fate); 30] = [
    (
        "longer",
        "content-length: 13\r\n\r\ntwelve bytes",
        Fate::BreaksOff,
    ),
    (
        "endless",
        "content-length: 18446744073709551613\r\n\r\ntwelve bytes",
        Fate::BreaksOff,
    ),
    (
        "more than hyper counts to",
        "content-length: 18446744073709551614\r\n\r\ntwelve bytes",
        Fate::Fails,
    ),
    (
        "shorter",
        "content-length: 6\r\n\r\ntwelve bytes",
        Fate::IsStored,
    ),
    (
        "nothing",
        "content-length: 0\r\n\r\ntwelve bytes",
        Fate::IsStored,
    ),
    (
        "twice",
        "content-length: 12\r\ncontent-length: 12\r\n\r\ntwelve bytes",
        Fate::IsStored,
    ),
    (
        "two",
        "content-length: 6\r\ncontent-length: 12\r\n\r\ntwelve bytes",
        Fate::Fails,
    ),
    (
        "two, longer first",
        "content-length: 12\r\ncontent-length: 6\r\n\r\ntwelve bytes",
        Fate::Fails,
    ),
    (
        "a list",
        "content-length: 6, 12\r\n\r\ntwelve bytes",
        Fate::Fails,
    ),
    (
        "a list of the same",
        "content-length: 12, 12\r\n\r\ntwelve bytes",
        Fate::IsStored,
    ),
    (
        "negative",
        "content-length: -1\r\n\r\ntwelve bytes",
        Fate::Fails,
    ),
    (
        "signed",
        "content-length: +12\r\n\r\ntwelve bytes",
        Fate::Fails,
    ),
    (
        "in hexadecimal",
        "content-length: 0xc\r\n\r\ntwelve bytes",
        Fate::Fails,
    ),
    (
        "too much for 64 bits",
        "content-length: 18446744073709551628\r\n\r\ntwelve bytes",
        Fate::Fails,
    ),
    ("empty", "content-length:\r\n\r\ntwelve bytes", Fate::Fails),
    (
        "both framings",
        "content-length: 3\r\ntransfer-encoding: chunked\r\n\r\nc\r\ntwelve bytes\r\n0\r\n\r\n",
        Fate::Passes,
    ),
    (
        "a coding behind chunked",
        "transfer-encoding: chunked, gzip\r\n\r\nc\r\ntwelve bytes\r\n0\r\n\r\n",
        Fate::Passes,
    ),
    (
        "two codings",
        "transfer-encoding: gzip, chunked\r\n\r\nc\r\ntwelve bytes\r\n0\r\n\r\n",
        Fate::Passes,
    ),
    (
        "a coding that nobody undoes",
        "transfer-encoding: gzip\r\n\r\ntwelve bytes",
        Fate::Passes,
    ),
    (
        "a coding of no registry",
        "transfer-encoding: cow\r\n\r\ntwelve bytes",
        Fate::IsStored,
    ),
    (
        "a chunk without size",
        "transfer-encoding: chunked\r\n\r\n\r\ntwelve bytes\r\n0\r\n\r\n",
        Fate::BreaksOff,
    ),
    (
        "a chunk too long",
        "transfer-encoding: chunked\r\n\r\nd\r\ntwelve bytes\r\n0\r\n\r\n",
        Fate::BreaksOff,
    ),
    (
        "a chunk too short",
        "transfer-encoding: chunked\r\n\r\nb\r\ntwelve bytes\r\n0\r\n\r\n",
        Fate::BreaksOff,
    ),
    (
        "a chunk of 2^64 octets",
        "transfer-encoding: chunked\r\n\r\n10000000000000000\r\ntwelve bytes",
        Fate::BreaksOff,
    ),
    (
        "no last chunk",
        "transfer-encoding: chunked\r\n\r\nc\r\ntwelve bytes\r\n",
        Fate::BreaksOff,
    ),
    (
        "a field in a trailer",
        "transfer-encoding: chunked\r\n\r\nc\r\ntwelve bytes\r\n0\r\ncontent-length: 3\r\n\r\n",
        Fate::IsStored,
    ),
    (
        "a trailer that is none",
        "transfer-encoding: chunked\r\n\r\nc\r\ntwelve bytes\r\n0\r\nno field\r\n\r\n",
        Fate::BreaksOff,
    ),
    (
        "a space before the colon",
        "content-length : 12\r\n\r\ntwelve bytes",
        Fate::Fails,
    ),
    (
        "a control character",
        "x: a\u{0}b\r\ncontent-length: 12\r\n\r\ntwelve bytes",
        Fate::Fails,
    ),
    (
        "a part nobody asked for",
        "content-range: bytes 0-11/12\r\ncontent-length: 12\r\n\r\ntwelve bytes",
        Fate::IsStored,
    ),
];

/// 9112-6.3-3, 9112-6.3-2, 9112-8-2, PRJ-7-1
#[tokio::test]
async fn a_lie_about_the_length_is_seen_as_without_the_cache_and_not_stored() {
    for (lie, octets, fate) in LIES {
        let steps = [Step::octets(format!("{STORABLE}{octets}")), Step::Close];
        let seen = compared(Wire::Http1, Wire::Http1.client(), &steps).await;
        assert_eq!(seen.fate(), fate, "{lie}: {seen:?}");
    }
}

/// What is no response at all, or none to what was asked.
const NONSENSE: [(&str, &str, Fate); 12] = [
    ("nothing", "", Fate::Fails),
    ("no HTTP", "220 ready\r\n\r\n", Fate::Fails),
    (
        "another version",
        "HTTP/3.0 200 So\r\ncontent-length: 0\r\n\r\n",
        Fate::Fails,
    ),
    (
        "no status",
        "HTTP/1.1 So\r\ncontent-length: 0\r\n\r\n",
        Fate::Fails,
    ),
    (
        "a status of four digits",
        "HTTP/1.1 2000 So\r\ncontent-length: 0\r\n\r\n",
        Fate::Fails,
    ),
    (
        "a status of no class",
        "HTTP/1.1 799 So\r\ncache-control: max-age=60\r\ncontent-length: 0\r\n\r\n",
        Fate::Passes,
    ),
    (
        "an upgrade that nobody asked for",
        "HTTP/1.1 101 So\r\nupgrade: cow\r\nconnection: upgrade\r\n\r\nmoo",
        Fate::Passes,
    ),
    (
        "a 304 that nobody asked for",
        "HTTP/1.1 304 So\r\ncache-control: max-age=60\r\netag: \"1\"\r\n\r\n",
        Fate::Passes,
    ),
    (
        "a 206 that nobody asked for",
        "HTTP/1.1 206 So\r\ncache-control: max-age=60\r\ncontent-length: 6\r\n\r\ntwelve",
        Fate::Passes,
    ),
    (
        "a part of less than there is",
        "HTTP/1.1 206 So\r\ncache-control: max-age=60\r\netag: \"1\"\r\ncontent-range: bytes 0-5/3\r\ncontent-length: 6\r\n\r\ntwelve",
        Fate::Passes,
    ),
    (
        "a 204 with content",
        "HTTP/1.1 204 So\r\ncache-control: max-age=60\r\ncontent-length: 12\r\n\r\ntwelve bytes",
        Fate::IsStored,
    ),
    (
        "a request",
        "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
        Fate::Fails,
    ),
];

/// 9110-15-1, 9112-6.3-1, EDGE-43
#[tokio::test]
async fn what_is_no_answer_to_what_was_asked_is_seen_as_without_the_cache() {
    for (what, octets, fate) in NONSENSE {
        let steps = [Step::octets(octets), Step::Close];
        let seen = compared(Wire::Http1, Wire::Http1.client(), &steps).await;
        assert_eq!(seen.fate(), fate, "{what}: {seen:?}");
    }
}

/// 9112-6.3-4: what follows a response on its connection is no answer to the next request.
#[tokio::test]
async fn octets_behind_a_response_answer_nobody() {
    let page = |content: &str| {
        let length = content.len();
        format!("{STORABLE}content-length: {length}\r\n\r\n{content}")
    };
    let upstream = Upstream::listen(Wire::Http1).await;
    let layer = CacheLayer::new();
    let handle = layer.handle();
    // Its connections are kept for other requests.
    let client = layer.layer(Wire::Http1.client_builder().build_http());
    let smuggled = Step::octets(page("asked") + &page("smuggled"));
    upstream.will([smuggled, Step::Stall]);
    let (first, _) = Outcome::of(&client, get(upstream.uri("/a"))).await;
    assert_eq!(first.text(), "asked");
    for path in ["/b", "/c"] {
        upstream.will([Step::octets(page("right"))]);
        let (other, _) = Outcome::of(&client, get(upstream.uri(path))).await;
        assert_eq!(other.text(), "right", "{path}");
    }
    let bodies: Vec<_> = handle
        .entries()
        .filter_map(|held| held.body().cloned())
        .collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|body| body != "smuggled"), "{bodies:?}");
    drop(client);
    upstream.is_left_alone().await;
}
