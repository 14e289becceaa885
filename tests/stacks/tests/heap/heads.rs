//! Heads, trailers and interim responses without end.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body::Body;
use http_body_util::Empty;
use stacks::{HyperClient, Outcome, Step, Upstream, Wire, get};
use tower::Service;

use super::Asks;

const STORABLE: &str = "HTTP/1.1 200 So\r\ncache-control: max-age=86400\r\n";

/// What the answer to the request of this number is made of.
type Steps<'a> = &'a dyn Fn(u32) -> Vec<Step>;

/// Answers to requests that differ in a field.
struct Answers<'a> {
    /// Whether heads may be larger than usual.
    are_large: bool,
    /// How often it is asked.
    requests: u32,
    /// The answer to each request.
    steps: Steps<'a>,
}

impl Asks for Answers<'_> {
    fn client(&self) -> HyperClient {
        if !self.are_large {
            return Wire::Http1.client();
        }
        Wire::Http1
            .client_builder()
            .pool_max_idle_per_host(0)
            .http1_max_headers(200_000)
            .http1_max_buf_size(16 << 20)
            .build_http()
    }

    async fn ask<S, B>(&self, upstream: &Upstream, client: S)
    where
        S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error: Error> + Clone,
        B: Body<Data = Bytes, Error: Error> + Unpin,
    {
        for n in 0..self.requests {
            upstream.will((self.steps)(n));
            let mut request = get(upstream.uri(&format!("/{}", n % 10)));
            request.headers_mut().insert("x-n", HeaderValue::from(n));
            let (outcome, _) = Outcome::of(&client, request).await;
            assert!(outcome.octets <= 12, "{outcome:?}");
        }
    }
}

/// EDGE-53: all that comes here would be many times the capacity.
#[test]
fn heads_and_what_varies_without_end_are_held_within_the_capacity() {
    let fields: String = (0..90)
        .map(|n| format!("x-{n}: {}\r\n", "a".repeat(1_000)))
        .collect();
    let lines: String = (0..20_000).map(|n| format!("x-{n}: a\r\n")).collect();
    let hints = "HTTP/1.1 103 So\r\nlink: </a.css>; rel=preload\r\n\r\n".repeat(100);
    let content = "content-length: 12\r\n\r\ntwelve bytes";
    let of = |fields: String| {
        vec![
            Step::octets(format!("{STORABLE}{fields}{content}")),
            Step::Close,
        ]
    };
    let chunked = "transfer-encoding: chunked\r\n\r\nc\r\ntwelve bytes\r\n0\r\n";
    let table: [(&str, u32, Steps<'_>, bool); 5] = [
        (
            "300 variants of 90 KiB",
            300,
            &|_| of(format!("vary: x-n\r\n{fields}")),
            true,
        ),
        (
            "300 that vary by other fields",
            300,
            &|n| of(format!("vary: x-n, y-{n}\r\n{fields}")),
            true,
        ),
        ("20,000 fields", 10, &|_| of(lines.clone()), false),
        (
            "trailers without end",
            10,
            &|_| {
                vec![
                    Step::octets(format!("{STORABLE}{chunked}")),
                    Step::Endless("x: aaaa\r\n".repeat(1_000).into()),
                ]
            },
            false,
        ),
        (
            "100,000 interim responses",
            1,
            &|_| {
                let mut steps = of(String::new());
                steps.insert(0, Step::Repeated(hints.clone().into(), 1_000));
                steps
            },
            true,
        ),
    ];
    for (what, requests, steps, are_stored) in table {
        let answers = Answers {
            are_large: what == "20,000 fields",
            requests,
            steps,
        };
        let stored = answers.is_bounded(what);
        assert_eq!(stored > 0, are_stored, "{what}");
    }
}
