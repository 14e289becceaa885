//! The servers that are not well. What they send may be right as well.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use fastrand::Rng;
use http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use stacks::Step;

use crate::content::Content;
use crate::origin::{Pages, answer, page};
use crate::pages::{self, Versions};

/// Chooses what goes wrong next, for all connections.
#[derive(Debug, Clone)]
struct Chance(Arc<Mutex<Rng>>);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Rng::with_seed(seed))))
    }

    fn below(&self, end: usize) -> usize {
        self.0.lock().expect("no panic").usize(..end)
    }
}

/// Octets over HTTP/1.1, written as they are.
pub(crate) fn octets(
    seed: u64,
    versions: Arc<Versions>,
    first: usize,
) -> impl Fn(&str) -> Vec<Step> + Send + Sync + 'static {
    let chance = Chance::new(seed);
    move |head: &str| {
        let mut words = head.split(' ');
        let is_head = words.next() == Some("HEAD");
        let page = page(first, words.next().expect("a path"));
        let version = versions.next();
        let length = pages::length(page);
        let content = Content::of(page, "", "", version).octets(0, length);
        let storable = |framing: &str| {
            format!(
                "HTTP/1.1 200 So\r\ncache-control: max-age=60\r\netag: \"{version}\"\r\n{framing}\r\n\r\n"
            )
        };
        let right = storable(&format!("content-length: {length}"));
        let whole = |head: String| {
            let mut octets = head.into_bytes();
            if !is_head {
                octets.extend(&content);
            }
            octets
        };
        let end = [Step::Close, Step::Reset, Step::Stall][chance.below(3)].clone();
        let octets = match chance.below(8) {
            0 | 1 => return vec![Step::octets(whole(right)), Step::Close],
            2 | 3 => {
                let mut cut = whole(right);
                cut.truncate(chance.below(cut.len()));
                cut
            }
            4 => whole(storable(&format!("content-length: {}", length + 1))),
            5 => whole(storable(&format!(
                "content-length: {length}\r\ncontent-length: {}",
                length + 1
            ))),
            6 => {
                // The chunk never comes to its end.
                let size = length + 1 + chance.below(100);
                let mut octets = storable("transfer-encoding: chunked");
                octets.push_str(&format!("{size:x}\r\n"));
                whole(octets)
            }
            _ => {
                let hints = "HTTP/1.1 103 So\r\nlink: </a.css>\r\n\r\n".repeat(1_000);
                whole(hints + &right)
            }
        };
        vec![Step::octets(octets), end]
    }
}

/// Frames over HTTP/2, of bodies that break off and heads that never come.
pub(crate) fn frames(
    seed: u64,
    versions: Arc<Versions>,
    first: usize,
) -> impl Fn(Request<Incoming>) -> Pin<Box<dyn Future<Output = Response<Pages>> + Send>>
+ Clone
+ Send
+ 'static {
    let chance = Chance::new(seed);
    move |request| {
        let mut response = answer(&versions, first, &request);
        let length = pages::length(page(first, request.uri().path()));
        match chance.below(8) {
            0 | 1 => {}
            2 => return Box::pin(std::future::pending()),
            3 | 4 => response.body_mut().breaks_at = Some((chance.below(length), false)),
            5 => {
                let longer = HeaderValue::from(length + 1);
                response
                    .headers_mut()
                    .insert(header::CONTENT_LENGTH, longer);
            }
            _ => response.body_mut().breaks_at = Some((chance.below(length), true)),
        }
        Box::pin(async { response })
    }
}
