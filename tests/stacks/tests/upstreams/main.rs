//! Servers that are broken, or wish us ill. Their answers are octets, over HTTP/1.1 and HTTP/2. What the caller sees is
//! what it would see without the cache, nothing false is stored, and no task is left.

use http::{StatusCode, header};
use stacks::{HyperClient, Outcome, Step, Upstream, Wire, Written, get};
use tower::Layer;
use tower_client_cache::{CacheHandle, CacheLayer, NotStored};

mod frames;
mod lies;
mod resets;
mod stalls;
mod storms;
mod storms_http2;

/// What the server sends when it is well again.
const WELL: Written<'_> = Written {
    status: 200,
    fields: &[("cache-control", "max-age=86400"), ("content-length", "4")],
    content: &["well"],
    trailers: &[],
};

/// What came of a request with the cache, which is the same as without it.
#[derive(Debug)]
struct Seen {
    outcome: Outcome,
    /// Why the head says that it is not stored.
    why_not: Option<NotStored>,
    /// How many responses were stored.
    stored: usize,
}

/// What is to become of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// There is no answer.
    Fails,
    /// The body breaks off.
    BreaksOff,
    /// It comes whole, and is not stored.
    Passes,
    /// It comes whole, and is stored.
    IsStored,
}

impl Seen {
    fn fate(&self) -> Fate {
        match (&self.outcome.head, &self.outcome.end, self.stored) {
            (Err(_), ..) => Fate::Fails,
            (Ok(_), Some(Err(_)), _) => Fate::BreaksOff,
            (Ok(_), _, 0) => Fate::Passes,
            (Ok(_), ..) => Fate::IsStored,
        }
    }
}

/// Sends a request without the cache and one with it, both answered with these steps, and compares. Then the server
/// is well, and is asked once more: if what came was stored that is the answer, and if not the server's is.
async fn compared(wire: Wire, client: HyperClient, steps: &[Step]) -> Seen {
    compared_with(wire, client, steps, CacheLayer::new()).await
}

/// The same with a cache of one's own.
async fn compared_with(wire: Wire, client: HyperClient, steps: &[Step], layer: CacheLayer) -> Seen {
    let upstream = Upstream::listen(wire).await;
    upstream.will(steps.to_vec());
    let (mut bare, _) = Outcome::of(&client, get(upstream.uri("/a"))).await;

    let handle = layer.handle();
    let cached = layer.layer(client);
    upstream.will(steps.to_vec());
    let (outcome, status) = Outcome::of(&cached, get(upstream.uri("/a"))).await;
    assert_eq!(outcome, bare, "with the cache, and without");
    let stored = handle.len();
    assert_held(&handle, &bare);

    upstream.will([Step::octets(wire.octets(WELL))]);
    let (mut again, again_status) = Outcome::of(&cached, get(upstream.uri("/a"))).await;
    if stored == 0 {
        assert_eq!(again.text(), "well", "the origin is asked, not the store");
        assert!(again.is_whole());
        assert_eq!(upstream.calls(), 3);
    } else {
        assert!(again_status.expect("an answer").is_hit());
        let (_, _, fields) = again.head.as_mut().expect("an answer");
        for added in [header::AGE, header::DATE] {
            fields.remove(added).expect("what a stored response has");
        }
        let (status, _, fields) = bare.head.as_mut().expect("an answer");
        let _of_the_connection = fields.remove(header::TRANSFER_ENCODING);
        let is_told = fields.remove(header::CONTENT_LENGTH).is_some();
        if is_told && *status != StatusCode::NO_CONTENT {
            // Once, however often it was said.
            fields.insert(header::CONTENT_LENGTH, bare.octets.into());
        }
        assert_eq!(again, bare, "what was stored is what came");
        assert_eq!(upstream.calls(), 2);
    }

    drop(cached);
    upstream.is_left_alone().await;
    Seen {
        outcome,
        why_not: status.and_then(|status| status.not_stored()),
        stored,
    }
}

/// What is stored came whole, and is octet for octet what came.
#[track_caller]
fn assert_held(handle: &CacheHandle, bare: &Outcome) {
    for held in handle.entries() {
        assert!(bare.is_whole(), "{held:?} is of {bare:?}");
        let (status, ..) = bare.head.as_ref().expect("an answer");
        assert_eq!(held.status(), *status);
        let body = held.body().expect("a body");
        assert_eq!(body[..], bare.body[..]);
    }
    assert_eq!(handle.len(), handle.entries().count());
    assert_eq!(handle.stats().recording(), 0, "nothing is being recorded");
    assert_eq!(handle.stats().in_flight(), 0, "nothing is on its way");
}
