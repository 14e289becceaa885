//! Servers that send too much over HTTP/2.

use stacks::{HyperClient, Step, Wire, frame, literal};
use tower_client_cache::NotStored;

use super::compared;

/// The frames of HTTP/2 (RFC 9113 §6), and their flags.
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A head of HTTP/2 in as many frames as it takes, with so many lines more, each made of its number.
fn frames_with_lines(lines: usize, line: impl Fn(usize) -> Vec<u8>) -> [Step; 2] {
    let mut block = literal(":status", "200");
    block.extend(literal("cache-control", "max-age=86400"));
    block.extend((0..lines).flat_map(line));
    let mut octets = frame(SETTINGS, 0, 0, &[]);
    let pieces: Vec<_> = block.chunks(16 << 10).collect();
    for (n, piece) in pieces.iter().enumerate() {
        let kind = if n == 0 { HEADERS } else { CONTINUATION };
        let is_last = n + 1 == pieces.len();
        let flags = if is_last { END_HEADERS } else { 0 };
        octets.extend(frame(kind, flags, 1, piece));
    }
    octets.extend(frame(0, END_STREAM, 1, b"twelve bytes"));
    [Step::octets(octets), Step::Close]
}

/// A client for HTTP/2 that takes heads much larger than usual.
fn patient_http2() -> HyperClient {
    Wire::Http2
        .client_builder()
        .pool_max_idle_per_host(0)
        .http2_max_header_list_size(16 << 20)
        .build_http()
}

/// EDGE-53
#[tokio::test]
async fn a_hundred_thousand_fields_over_http2_are_seen_as_without_the_cache_and_not_stored() {
    let fields = |lines| frames_with_lines(lines, |n| literal(&format!("x-{n}"), "a"));
    for client in [Wire::Http2.client(), patient_http2()] {
        let seen = compared(Wire::Http2, client, &fields(100_000)).await;
        assert!(seen.outcome.head.is_err(), "{seen:?}");
    }
    for lines in [1_023, 1_024, 20_000] {
        let seen = compared(Wire::Http2, patient_http2(), &fields(lines)).await;
        assert!(seen.outcome.is_whole(), "{lines}: {:?}", seen.outcome.head);
        let refused = (lines > 1_023).then_some(NotStored::TooLarge);
        assert_eq!(seen.why_not, refused, "{lines}");
        assert_eq!(seen.stored, usize::from(refused.is_none()));
    }
    for (names, is_stored) in [(32, true), (33, false), (1_000, false)] {
        let steps = frames_with_lines(names, |n| literal("vary", &format!("x-{n}")));
        let seen = compared(Wire::Http2, patient_http2(), &steps).await;
        assert!(seen.outcome.is_whole());
        assert_eq!(seen.stored, usize::from(is_stored), "{names}");
    }
}

/// 9110-15.2-1: over HTTP/2; and trailers without end are none.
#[tokio::test]
async fn a_storm_over_http2_ends_in_the_answer_behind_it_or_in_an_error() {
    let hints = frame(HEADERS, END_HEADERS, 1, &literal(":status", "103"));
    let page = |end| {
        let mut block = literal(":status", "200");
        block.extend(literal("cache-control", "max-age=86400"));
        let head = frame(HEADERS, END_HEADERS, 1, &block);
        Step::octets([head, frame(0, end, 1, b"twelve bytes")].concat())
    };
    let settings = || Step::octets(frame(SETTINGS, 0, 0, &[]));
    let steps = [
        settings(),
        Step::Repeated(hints.repeat(100).into(), 1_000),
        page(END_STREAM),
        Step::Close,
    ];
    let seen = compared(Wire::Http2, Wire::Http2.client(), &steps).await;
    assert_eq!(seen.outcome.text(), "twelve bytes");
    assert_eq!(seen.stored, 1);

    let trailers = literal("x", "a").repeat(1_000);
    let steps = [
        settings(),
        page(0),
        Step::octets(frame(HEADERS, END_STREAM, 1, &trailers)),
        Step::Endless(frame(CONTINUATION, 0, 1, &trailers).into()),
    ];
    let seen = compared(Wire::Http2, Wire::Http2.client(), &steps).await;
    assert!(matches!(seen.outcome.end, Some(Err(_))), "{seen:?}");
    assert_eq!(seen.stored, 0);
}
