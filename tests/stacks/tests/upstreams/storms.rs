//! Servers that send too much: fields, names in `Vary`, trailers, interim responses.

use std::fmt::Write;

use hyper_util::rt::TokioExecutor;
use hyper_util::client::legacy::Client;
use http::Request;
use stacks::{HyperClient, Outcome, Step, Upstream, Wire, get};
use tower::Layer;
use tower_client_cache::{CacheLayer, NotStored};

use super::compared;

const STORABLE: &str = "HTTP/1.1 200 So\r\ncache-control: max-age=86400\r\n";
const CONTENT: &str = "content-length: 12\r\n\r\ntwelve bytes";

/// A client that takes heads much larger than usual.
fn patient() -> HyperClient {
    Client::builder(TokioExecutor::new())
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
    let seen = compared(Wire::Http1, client(), &with_lines(100_000, |n| format!("x-{n}: a"))).await;
    assert!(seen.outcome.head.is_err(), "{seen:?}");

    for lines in [1_022, 1_023, 20_000] {
        let seen = compared(Wire::Http1, patient(), &with_lines(lines, |n| format!("x-{n}: a"))).await;
        assert!(seen.outcome.is_whole());
        let (_, _, fields) = seen.outcome.head.as_ref().expect("an answer");
        assert_eq!(fields.len(), lines + 2);
        let refused = (lines > 1_022).then_some(NotStored::TooLarge);
        assert_eq!(seen.why_not, refused, "{lines}");
        assert_eq!(seen.stored, usize::from(refused.is_none()));
    }
}
