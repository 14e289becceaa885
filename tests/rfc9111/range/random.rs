//! Whatever is asked for in whatever order, each octet is the origin's and stands in its place.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use proptest::prelude::*;
use support::{Clock, get};
use tower::{Layer, Service, service_fn};
use tower_client_cache::{CacheLayer, CacheStatus};

/// How the origin answers a request for a range.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Right,
    /// It takes no notice.
    Whole,
    /// One octet more or less, and says so.
    Shifted(usize),
    /// It does not look at `If-Range`.
    Blind,
    /// It does not say of how much.
    Unknown,
    /// The body is shorter than it says.
    Short,
}

#[derive(Debug, Clone)]
struct Step {
    range: Option<(usize, Option<usize>)>,
    manner: Manner,
    /// The representation is another from now on.
    changes: bool,
    /// So many frames of the answer are read.
    reads: usize,
    later: u64,
}

fn step() -> impl Strategy<Value = Step> {
    let manner = prop_oneof![
        6 => Just(Manner::Right),
        1 => Just(Manner::Whole),
        1 => (0..3usize).prop_map(Manner::Shifted),
        1 => Just(Manner::Blind),
        1 => Just(Manner::Unknown),
        1 => Just(Manner::Short),
    ];
    let last = prop::option::of(0..22usize);
    let range = prop::option::weighted(0.8, (0..22usize, last));
    let changes = prop::bool::weighted(0.05);
    let reads = prop_oneof![4 => Just(99usize), 1 => 0..4usize];
    (range, manner, changes, reads, 0..8u64).prop_map(|(range, manner, changes, reads, later)| {
        Step {
            range,
            manner,
            changes,
            reads,
            later,
        }
    })
}

const LENGTH: usize = 20;

fn octets(version: usize) -> Vec<u8> {
    let first = (version % 4 * LENGTH) as u8 + b' ';
    (first..first + LENGTH as u8).collect()
}

type Body =
    StreamBody<futures_util::stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>>>;

fn body(octets: &[u8]) -> Body {
    let frames: Vec<_> = octets
        .chunks(3)
        .map(|chunk| Ok(Frame::data(Bytes::copy_from_slice(chunk))))
        .collect();
    StreamBody::new(futures_util::stream::iter(frames))
}

/// First and last position of what `Range` asks for.
fn asked(request: &Request<Empty<Bytes>>) -> Option<(usize, usize)> {
    let range = request.headers().get("range")?.to_str().ok()?;
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let last = last.parse().unwrap_or(LENGTH - 1);
    Some((first.parse().ok()?, last.min(LENGTH - 1)))
}

fn answer(
    request: &Request<Empty<Bytes>>,
    version: usize,
    manner: Manner,
    date: &str,
) -> Response<Body> {
    let tag = format!("\"{version}\"");
    let all = octets(version);
    let build = |status: u16| {
        Response::builder()
            .status(status)
            .header("date", date)
            .header("etag", &tag)
            .header("accept-ranges", "bytes")
            .header("cache-control", "max-age=20")
    };
    if request
        .headers()
        .get("if-none-match")
        .is_some_and(|asked| *asked == *tag)
    {
        return build(304).body(body(&[])).expect("a response");
    }
    let is_same = request
        .headers()
        .get("if-range")
        .is_none_or(|asked| *asked == *tag || matches!(manner, Manner::Blind));
    let wanted = asked(request).filter(|_| is_same && !matches!(manner, Manner::Whole));
    let Some((first, last)) = wanted else {
        return build(200).body(body(&all)).expect("a response");
    };
    if first > last {
        let enclosed = format!("bytes */{LENGTH}");
        return build(416)
            .header("content-range", enclosed)
            .body(body(&[]))
            .expect("a response");
    }
    let (first, last) = match manner {
        Manner::Shifted(by) => (first.saturating_sub(by), (last + 1).min(LENGTH - 1)),
        _ => (first, last),
    };
    let complete = match manner {
        Manner::Unknown => "*".to_owned(),
        _ => LENGTH.to_string(),
    };
    let enclosed = format!("bytes {first}-{last}/{complete}");
    let sent = match manner {
        Manner::Short => &all[first..last],
        _ => &all[first..=last],
    };
    build(206)
        .header("content-range", enclosed)
        .body(body(sent))
        .expect("a response")
}

proptest! {
    /// 9111-3.3-5, 9111-3.3-6, 9111-3.4-1, 9110-15.3.7.3-3: with an origin that changes its mind, its manners
    /// and what it has, and callers that go away
    #[test]
    fn every_octet_stands_where_the_origin_has_it(steps in prop::collection::vec(step(), 1..30), keeps: bool) {
        let clock = Clock::default();
        let layer = CacheLayer::new().default_request_body();
        let layer = layer.clock(clock.clone()).keep_incomplete(keeps);
        let handle = layer.handle();
        let (version, manner) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Manner::Right)));
        let (now, how, time) = (version.clone(), manner.clone(), clock.clone());
        let was_short = Arc::new(AtomicUsize::new(0));
        let short = was_short.clone();
        let mut client = layer.layer(service_fn(move |request: Request<Empty<Bytes>>| {
            let manner = *how.lock().unwrap();
            short.fetch_add(usize::from(matches!(manner, Manner::Short)), Ordering::SeqCst);
            let answer = answer(&request, now.load(Ordering::SeqCst), manner, &time.date(0));
            std::future::ready(Ok::<_, Infallible>(answer))
        }));
        for step in &steps {
            clock.advance(step.later);
            if step.changes {
                version.fetch_add(1, Ordering::SeqCst);
            }
            *manner.lock().unwrap() = step.manner;
            was_short.store(0, Ordering::SeqCst);
            let range = step.range.map(|(first, last)| {
                let last = last.map_or_else(String::new, |last| last.max(first).to_string());
                format!("bytes={first}-{last}")
            });
            let fields: Vec<_> = range.iter().map(|range| ("range", &**range)).collect();
            let response = client.call(get("/a", &fields)).now_or_never().expect("no waiting").unwrap();
            let (head, mut body) = response.into_parts();
            let mut read = Vec::new();
            let mut is_whole = false;
            for _ in 0..step.reads {
                match body.frame().now_or_never().expect("no waiting") {
                    Some(frame) => read.extend_from_slice(&frame.unwrap().into_data().unwrap()),
                    None => {
                        is_whole = true;
                        break;
                    }
                }
            }
            drop(body);
            let tag = head.headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned());
            let of = tag.and_then(|tag| tag.trim_matches('"').parse::<usize>().ok());
            let status = head.extensions.get::<CacheStatus>().unwrap();
            let was_cut_off = !is_whole || was_short.load(Ordering::SeqCst) > 0;
            let (first, last) = match head.status.as_u16() {
                200 => (0, LENGTH - 1),
                206 => {
                    let enclosed = head.headers["content-range"].to_str().unwrap();
                    let enclosed = enclosed.strip_prefix("bytes ").unwrap().split('/').next().unwrap();
                    let (first, last) = enclosed.split_once('-').unwrap();
                    (first.parse().unwrap(), last.parse().unwrap())
                }
                other => {
                    prop_assert_eq!(other, 416);
                    continue;
                }
            };
            let all = octets(of.expect("a tag"));
            let expected = &all[first..=last];
            prop_assert!(expected.starts_with(&read), "{}: {:?} of {:?}", status, read, expected);
            prop_assert!(was_cut_off || read.len() == expected.len(), "{}: {:?}", status, head);
            prop_assert!(!status.is_hit() || !is_whole || read.len() == expected.len());
            prop_assert!(step.range.is_some() || head.status == 200);
            prop_assert_eq!(handle.stats().recording(), 0);
        }
        handle.clear();
        prop_assert_eq!(handle.bytes(), 0);
    }
}
