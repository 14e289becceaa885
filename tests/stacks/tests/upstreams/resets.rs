//! Connections that end too early, at every octet.

use bytes::Bytes;
use stacks::{Step, Wire, Written};

use super::compared;

/// One whose head says how long it is, one in chunks with trailers, and one without content.
const RESPONSES: [Written<'_>; 3] = [
    Written {
        status: 200,
        fields: &[
            ("cache-control", "max-age=86400"),
            ("etag", "\"1\""),
            ("content-length", "12"),
        ],
        content: &["twelve ", "bytes"],
        trailers: &[],
    },
    Written {
        status: 200,
        fields: &[("cache-control", "max-age=86400")],
        content: &["twelve ", "bytes"],
        trailers: &[("x-sum", "12")],
    },
    Written {
        status: 404,
        fields: &[("cache-control", "max-age=86400"), ("content-length", "0")],
        content: &[],
        trailers: &[],
    },
];

const HINTS: Written<'_> = Written {
    status: 103,
    fields: &[("link", "</a.css>; rel=preload")],
    content: &[],
    trailers: &[],
};

/// PRJ-7-1, 9112-8-1, promise 6: the connection is closed or reset before, in and after each octet of a response.
#[tokio::test]
async fn what_ends_at_any_octet_is_seen_as_without_the_cache_and_only_the_whole_is_stored() {
    for wire in Wire::ALL {
        for response in RESPONSES {
            let octets = Bytes::from(wire.octets(response));
            for end in [Step::Close, Step::Reset] {
                for cut in 0..=octets.len() {
                    let told = format!("{wire:?} {end:?} after {cut} of {octets:?}");
                    let steps = [Step::Octets(octets.slice(..cut)), end.clone()];
                    let seen = compared(wire, wire.client(), &steps).await;
                    let is_whole = cut == octets.len();
                    assert_eq!(seen.outcome.is_whole(), is_whole, "{told}: {seen:?}");
                    assert_eq!(seen.stored, usize::from(is_whole), "{told}: {seen:?}");
                }
            }
        }
    }
}

/// PRJ-7-1: what came before the final response is no part of it.
#[tokio::test]
async fn what_ends_at_any_octet_of_an_interim_response_is_no_answer() {
    for wire in Wire::ALL {
        let octets = Bytes::from(wire.octets(HINTS));
        for end in [Step::Close, Step::Reset] {
            for cut in 0..=octets.len() {
                let steps = [Step::Octets(octets.slice(..cut)), end.clone()];
                let seen = compared(wire, wire.client(), &steps).await;
                assert!(seen.outcome.head.is_err(), "{cut}: {seen:?}");
                assert_eq!(seen.stored, 0);
            }
        }
    }
}

/// 9112-8-2: where nothing says how long a response is, its connection's end does: closed it is whole, and reset it is
/// not.
#[tokio::test]
async fn what_ends_with_its_connection_is_whole_where_that_was_closed_and_not_where_it_was_reset() {
    let head = "HTTP/1.1 200 So\r\ncache-control: max-age=86400\r\n\r\n";
    let octets = Bytes::from(format!("{head}twelve bytes"));
    for (end, is_whole) in [(Step::Close, true), (Step::Reset, false)] {
        for cut in 0..=octets.len() {
            let steps = [Step::Octets(octets.slice(..cut)), end.clone()];
            let seen = compared(Wire::Http1, Wire::Http1.client(), &steps).await;
            let is_whole = is_whole && cut >= head.len();
            assert_eq!(seen.outcome.is_whole(), is_whole, "{end:?} {cut}: {seen:?}");
            assert_eq!(
                seen.stored,
                usize::from(is_whole),
                "{end:?} {cut}: {seen:?}"
            );
        }
    }
}
