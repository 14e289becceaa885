//! Invariants over random exchanges, with fields of any octets.

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Method};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{Answer, Conversation, OriginError, reply, request};

/// Fields that a cache reads, and one that it does not.
const RESPONSE: [&str; 16] = [
    "cache-control",
    "expires",
    "date",
    "age",
    "etag",
    "last-modified",
    "vary",
    "connection",
    "content-length",
    "transfer-encoding",
    "pragma",
    "location",
    "content-location",
    "set-cookie",
    "content-encoding",
    "x-other",
];
const REQUEST: [&str; 12] = [
    "cache-control",
    "pragma",
    "if-none-match",
    "if-modified-since",
    "authorization",
    "cookie",
    "accept",
    "accept-encoding",
    "connection",
    "host",
    "range",
    "x-other",
];
const STATUSES: [u16; 12] = [200, 200, 200, 204, 206, 301, 304, 304, 404, 429, 500, 599];
const METHODS: [Method; 5] = [
    Method::GET,
    Method::GET,
    Method::GET,
    Method::HEAD,
    Method::POST,
];

type Fields = Vec<(&'static str, Vec<u8>)>;

/// A value with the words that mean something in it, or of any octets.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let words = prop_oneof![
        "(max-age|no-store|no-cache|private|must-revalidate|max-stale|min-fresh|only-if-cached|stale-while-revalidate|accept|x-other|\\*|gzip|close|chunked)?",
        "[=,; \t\"\\\\]{0,2}",
        "[0-9]{0,21}",
        "(\"[ab]?\"|W/\"[ab]?\"|\\*)?",
        "(Sun, 06 Nov 1994 08:4[0-9]:[0-6][0-9] GMT)?",
    ];
    prop_oneof![
        3 => vec(words, 0..6).prop_map(|words| words.concat().into_bytes()),
        1 => vec(any::<u8>(), 0..24),
    ]
}

fn fields(names: &'static [&'static str]) -> impl Strategy<Value = Fields> {
    let field = (prop::sample::select(names), value());
    vec(field, 0..6).prop_map(|fields| {
        fields
            .into_iter()
            .filter(|(_, value)| HeaderValue::from_bytes(value).is_ok())
            .collect()
    })
}

#[derive(Debug, Clone)]
struct Exchange {
    method: Method,
    asked: Fields,
    status: u16,
    answered: Fields,
    body: Vec<u8>,
    later: u64,
}

fn exchange() -> impl Strategy<Value = Exchange> {
    (
        prop::sample::select(&METHODS[..]),
        fields(&REQUEST),
        prop::sample::select(&STATUSES[..]),
        fields(&RESPONSE),
        vec(any::<u8>(), 0..9),
        0..40u64,
    )
        .prop_map(|(method, asked, status, answered, body, later)| Exchange {
            method,
            asked,
            status,
            answered,
            body,
            later,
        })
}

/// Sends a request; the answer and whether the origin was asked for it.
fn send(talk: &Conversation, exchange: &Exchange) -> (Answer, bool) {
    let mut scripted = reply(exchange.status);
    for (name, value) in &exchange.answered {
        scripted = scripted.field(name, value);
    }
    let mut request = request(exchange.method.clone(), "/a", &[]);
    for (name, value) in &exchange.asked {
        let value = HeaderValue::from_bytes(value).expect("checked before");
        request
            .headers_mut()
            .append(HeaderName::from_static(name), value);
    }
    let calls = talk.origin.calls();
    talk.origin.forget_replies();
    talk.origin
        .will(scripted.body(Bytes::from(exchange.body.clone())));
    let response = talk
        .start(request)
        .now_or_never()
        .expect("nothing to wait for");
    let response = response.expect("the origin does not fail");
    let answer: Result<_, OriginError> = Answer::read(response)
        .now_or_never()
        .expect("nothing to wait for");
    (
        answer.expect("the body does not fail"),
        talk.origin.calls() > calls,
    )
}

proptest! {
    /// INV-1 to INV-4, INV-7: for what is built.
    #[test]
    fn whatever_the_fields_say(exchanges in vec(exchange(), 1..12)) {
        // Without a runtime there is no background, so that every request is one exchange.
        let talk = Conversation::default();
        let mut bodies: Vec<Vec<u8>> = Vec::new();
        for exchange in &exchanges {
            let (answer, was_asked) = send(&talk, exchange);
            if was_asked {
                bodies.push(exchange.body.clone());
            }
            prop_assert!(answer.cache.is_hit() != was_asked || answer.status == 504);
            if answer.cache.is_hit() {
                prop_assert_eq!(exchange.method == Method::POST, false);
                prop_assert_eq!(answer.headers.get_all("age").iter().count(), 1);
                let is_head = exchange.method == Method::HEAD || answer.status == 304;
                let is_known = bodies.iter().any(|body| body[..] == answer.body[..]);
                prop_assert!(is_head && answer.body.is_empty() || !is_head && is_known);
                let length = answer.headers.get("content-length");
                if let (Some(length), false) = (length, is_head) {
                    let octets = answer.body.len().to_string();
                    prop_assert_eq!(length.to_str().ok(), Some(&*octets));
                }
            } else if was_asked && answer.cache.forward_status().is_some_and(|s| s != 304) {
                prop_assert_eq!(answer.status.as_u16(), exchange.status);
                prop_assert_eq!(&answer.body[..], &exchange.body[..]);
            }
            let stored: usize = talk.handle.bytes();
            prop_assert!(stored <= talk.handle.capacity());
            prop_assert_eq!(talk.handle.is_empty(), stored == 0);
            prop_assert_eq!(talk.handle.stats().recording(), 0);
            talk.clock.advance(exchange.later);
        }
        talk.handle.clear();
        prop_assert_eq!((talk.handle.len(), talk.handle.bytes()), (0, 0));
        let again = exchanges.last().expect("one at least");
        let (answer, _) = send(&talk, again);
        prop_assert!(!answer.cache.is_hit(), "nothing is left after a clear");
    }
}
