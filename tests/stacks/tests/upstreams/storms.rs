//! Servers that send too much over HTTP/1.1: fields, names in `Vary`, trailers, interim responses.

use std::fmt::Write;
use std::pin::pin;

use http::HeaderValue;
use stacks::{HyperClient, Outcome, Step, Upstream, Wire, get};
use tower::Layer;
use tower_client_cache::{CacheLayer, NotStored};

use super::compared;

const STORABLE: &str = "HTTP/1.1 200 So\r\ncache-control: max-age=86400\r\n";
const CONTENT: &str = "content-length: 12\r\n\r\ntwelve bytes";

/// A client that takes heads much larger than usual.
fn patient() -> HyperClient {
    Wire::Http1
        .client_builder()
        .pool_max_idle_per_host(0)
        .http1_max_headers(200_000)
        .http1_max_buf_size(16 << 20)
        .build_http()
}

/// A response that has so many lines more, each made of its number.
fn with_lines(lines: usize, line: impl Fn(usize) -> String) -> [Step; 2] {
    let mut octets = STORABLE.to_owned();
    for n in 0..lines {
        write!(octets, "{}\r\n", line(n)).expect("a string takes all");
    }
    octets.push_str(CONTENT);
    [Step::octets(octets), Step::Close]
}

/// EDGE-53: hyper refuses so many; where it is told not to, they reach the caller and are not stored.
#[tokio::test]
async fn a_hundred_thousand_fields_are_seen_as_without_the_cache_and_not_stored() {
    let client = || Wire::Http1.client();
    let seen = compared(
        Wire::Http1,
        client(),
        &with_lines(100_000, |n| format!("x-{n}: a")),
    )
    .await;
    assert!(seen.outcome.head.is_err(), "{seen:?}");

    for lines in [1_022, 1_023, 20_000] {
        let seen = compared(
            Wire::Http1,
            patient(),
            &with_lines(lines, |n| format!("x-{n}: a")),
        )
        .await;
        assert!(seen.outcome.is_whole());
        let (_, _, fields) = seen.outcome.head.as_ref().expect("an answer");
        assert_eq!(fields.len(), lines + 2);
        let refused = (lines > 1_022).then_some(NotStored::TooLarge);
        assert_eq!(seen.why_not, refused, "{lines}");
        assert_eq!(seen.stored, usize::from(refused.is_none()));
    }
}

/// EDGE-53: names in `Vary`, in one line or in many; beyond 32 nobody compares them.
#[tokio::test]
async fn an_endless_vary_is_seen_as_without_the_cache_and_not_stored() {
    let names = |names: usize| {
        let names: Vec<_> = (0..names).map(|n| format!("x-{n}")).collect();
        with_lines(1, move |_| format!("vary: {}", names.join(", ")))
    };
    let lines = |lines: usize| with_lines(lines, |n| format!("vary: x-{n}"));
    let table = [
        (names(32), true),
        (names(33), false),
        (names(100_000), false),
        (lines(32), true),
        (lines(33), false),
        (lines(20_000), false),
        (with_lines(1, |_| "vary: *".to_owned()), false),
    ];
    for (steps, is_stored) in table {
        let seen = compared(Wire::Http1, patient(), &steps).await;
        assert!(seen.outcome.is_whole());
        assert_eq!(seen.stored, usize::from(is_stored));
        if !is_stored {
            assert!(matches!(
                seen.why_not,
                Some(NotStored::Vary | NotStored::TooLarge)
            ));
        }
    }
}

/// PRJ-4.1-9, EDGE-53: a server that varies without end has no more than 64 places for one URI.
#[tokio::test]
async fn variants_without_end_take_the_places_of_each_other() {
    let upstream = Upstream::listen(Wire::Http1).await;
    let layer = CacheLayer::new();
    let handle = layer.handle();
    let client = layer.layer(Wire::Http1.client_builder().build_http());
    for n in 0..1_000_u32 {
        upstream.will(with_vary(&format!("x-one, x-{n}"), n));
        let mut request = get(upstream.uri("/a"));
        request.headers_mut().insert("x-one", HeaderValue::from(n));
        let (outcome, _) = Outcome::of(&client, request).await;
        assert_eq!(outcome.text(), n.to_string());
        assert!(handle.len() <= 64, "{}", handle.len());
    }
    assert_eq!(handle.len(), 64);
    for n in [936, 999_u32] {
        let mut request = get(upstream.uri("/a"));
        request.headers_mut().insert("x-one", HeaderValue::from(n));
        let (outcome, status) = Outcome::of(&client, request).await;
        assert_eq!(outcome.text(), n.to_string());
        assert!(status.expect("an answer").is_hit(), "{n}");
    }
    drop(client);
    upstream.is_left_alone().await;
}

fn with_vary(vary: &str, content: u32) -> [Step; 1] {
    let content = content.to_string();
    let length = content.len();
    [Step::octets(format!(
        "{STORABLE}vary: {vary}\r\ncontent-length: {length}\r\n\r\n{content}"
    ))]
}

/// 9112-8-2, PRJ-7-1: what comes with and behind the chunks, without end.
#[tokio::test]
async fn endless_trailers_and_chunk_extensions_break_the_body_off_as_without_the_cache() {
    let chunked = format!("{STORABLE}transfer-encoding: chunked\r\n\r\n");
    let table = [
        ("trailers", "c\r\ntwelve bytes\r\n0\r\n", "x: a\r\n"),
        (
            "a trailer",
            "c\r\ntwelve bytes\r\n0\r\nx: ",
            "aaaaaaaaaaaaaaaa",
        ),
        ("an extension", "c;", "a=b;"),
        ("extensions", "", "1;a=b;c=d\r\na\r\n"),
    ];
    for (what, beginning, rest) in table {
        let rest = rest.repeat(1_000).into();
        let steps = [
            Step::octets(format!("{chunked}{beginning}")),
            Step::Endless(rest),
        ];
        let seen = compared(Wire::Http1, Wire::Http1.client(), &steps).await;
        let is_broken = matches!(seen.outcome.end, Some(Err(_)));
        assert!(is_broken, "{what}: {:?}", seen.outcome.end);
        assert_eq!(seen.stored, 0, "{what}");
    }
}

const HINTS: &str =
    "HTTP/1.1 103 So\r\nlink: </a.css>; rel=preload\r\ncache-control: max-age=1\r\n\r\n";

/// 9110-15.2-1: interim responses are no answers, however many there are, and what comes behind them is stored.
#[tokio::test]
async fn a_storm_of_interim_responses_ends_in_the_answer_behind_it() {
    let hints = HINTS.repeat(100);
    let steps = [
        Step::Repeated(hints.into(), 1_000),
        Step::octets(format!("{STORABLE}{CONTENT}")),
        Step::Close,
    ];
    let seen = compared(Wire::Http1, Wire::Http1.client(), &steps).await;
    assert_eq!(seen.outcome.text(), "twelve bytes");
    assert_eq!(seen.stored, 1);
}

/// PRJ-7-1: a caller that gives up leaves nothing behind.
#[tokio::test]
async fn nothing_is_left_of_a_storm_whose_caller_gives_up() {
    let upstream = Upstream::listen(Wire::Http1).await;
    let layer = CacheLayer::new();
    let handle = layer.handle();
    let client = layer.layer(Wire::Http1.client());
    upstream.will([
        Step::Repeated(HINTS.repeat(100).into(), 1_000),
        Step::Stall,
        Step::Endless(HINTS.into()),
    ]);
    {
        let mut answer = pin!(Outcome::of(&client, get(upstream.uri("/a"))));
        tokio::select! {
            biased;
            (outcome, _) = &mut answer => panic!("{outcome:?}"),
            () = upstream.is_stalled() => {}
        }
    }
    upstream.is_left_alone().await;
    assert_eq!(handle.stats().in_flight(), 0);
    assert!(handle.is_empty());
}
