//! Servers that stop in the middle of a response, and callers that give up then.

use std::error::Error;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use stacks::{Outcome, Step, Upstream, Wire, Written, get};
use tokio::sync::Notify;
use tower::{Layer, Service, ServiceExt};
use tower_client_cache::background::{Background, Timer};
use tower_client_cache::{CacheHandle, CacheLayer};

use super::WELL;

const RESPONSE: Written<'_> = Written {
    status: 200,
    fields: &[("cache-control", "max-age=86400"), ("content-length", "12")],
    content: &["twelve ", "bytes"],
    trailers: &[],
};

/// Background work whose time is over when the test says so.
#[derive(Debug, Clone, Default)]
struct Patience(Arc<Notify>);

impl Patience {
    /// All that is being done is given up.
    fn ends(&self) {
        self.0.notify_waiters();
    }
}

impl Timer for Patience {
    type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn sleep(&self, _: Duration) -> Option<Self::Sleep> {
        let over = self.0.clone().notified_owned();
        Some(Box::pin(over))
    }
}

impl<F: Future<Output = ()> + Send + 'static> Background<F> for Patience {
    fn is_available(&self) -> bool {
        true
    }

    fn spawn(&self, task: F, _: Duration) {
        let over = self.0.clone().notified_owned();
        tokio::spawn(async move {
            tokio::select! {
                () = task => {}
                () = over => {}
            }
        });
    }
}

/// How a stall ends for a caller that has given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The server writes the rest after all.
    Rest,
    /// It resets the connection.
    Reset,
    /// Nothing comes, and the time is over.
    Never,
}

/// PRJ-7-1, promise 6: the server stops before, in and after each octet. The caller sees what it would see without
/// the cache, and gives up when nothing more comes.
#[tokio::test]
async fn a_response_that_stalls_at_any_octet_is_seen_up_to_there_and_stored_if_the_rest_comes() {
    for wire in Wire::ALL {
        let octets = Bytes::from(wire.octets(RESPONSE));
        for end in [End::Rest, End::Reset, End::Never] {
            for cut in 0..octets.len() {
                stalled_at(wire, &octets, cut, end).await;
            }
        }
    }
}

async fn stalled_at(wire: Wire, octets: &Bytes, cut: usize, end: End) {
    let told = format!("{wire:?} {end:?} after {cut} of {octets:?}");
    let upstream = Upstream::listen(wire).await;
    let written = Step::Octets(octets.slice(..cut));
    let client = wire.client();

    // How much is to be seen before the server stops.
    upstream.will([written.clone(), Step::Close]);
    let (there, _) = Outcome::of(&client, get(upstream.uri("/a"))).await;
    let there = there.head.is_ok().then_some(there.octets);

    upstream.will([written.clone(), Step::Stall]);
    let bare = given_up(&client, &upstream, there).await;
    upstream.is_left_alone().await;

    let mut steps = vec![written, Step::Stall];
    match end {
        End::Rest => steps.push(Step::Octets(octets.slice(cut..))),
        End::Reset | End::Never => steps.push(Step::Reset),
    }
    upstream.will(steps);
    let patience = Patience::default();
    let layer = CacheLayer::background(patience.clone());
    let handle = layer.handle();
    let cached = layer.layer(client);
    let seen = given_up(&cached, &upstream, there).await;
    assert_eq!(seen, bare, "{told}");
    assert!(handle.is_empty(), "{told}");

    // Without a head there is nothing to wait for; a body is read on.
    match end {
        End::Rest | End::Reset => upstream.go_on(),
        End::Never => patience.ends(),
    }
    upstream.is_left_alone().await;
    let is_stored = end == End::Rest && bare.is_some();
    assert_eq!(handle.len(), usize::from(is_stored), "{told}");
    assert_idle(&handle);

    upstream.will([Step::octets(wire.octets(WELL))]);
    let (after, status) = Outcome::of(&cached, get(upstream.uri("/a"))).await;
    let expected = if is_stored { "twelve bytes" } else { "well" };
    assert_eq!(after.text(), expected, "{told}");
    assert_eq!(status.expect("an answer").is_hit(), is_stored, "{told}");
    drop(cached);
    upstream.is_left_alone().await;
}

/// Reads so many octets, where there is a head to come, and gives up when nothing more is there.
async fn given_up<S, B>(client: &S, upstream: &Upstream, there: Option<u64>) -> Option<Outcome>
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error: Error> + Clone,
    B: Body<Error: Error> + Unpin,
{
    let mut response = pin!(client.clone().oneshot(get(upstream.uri("/a"))));
    let Some(octets) = there else {
        tokio::select! {
            biased;
            _ = &mut response => panic!("there is no whole head"),
            () = upstream.is_stalled() => {}
        }
        return None;
    };
    let (mut outcome, _, mut body) = Outcome::begun(response.await.expect("a head"));
    outcome.read(&mut body, octets).await;
    assert!(!outcome.is_whole());
    tokio::select! {
        biased;
        _ = body.frame() => panic!("nothing more was written"),
        () = async {} => {}
    }
    Some(outcome)
}

/// The one that waits for the answer to another does not wait for longer than its own patience lasts.
#[tokio::test]
async fn a_caller_that_waits_for_what_stalls_goes_to_the_origin_when_its_time_is_over() {
    for wire in Wire::ALL {
        let upstream = Upstream::listen(wire).await;
        let patience = Patience::default();
        let layer = CacheLayer::background(patience.clone());
        let handle = layer.handle();
        let cached = layer.layer(wire.client());

        upstream.will([Step::Stall]);
        let mut first = Box::pin(cached.clone().oneshot(get(upstream.uri("/a"))));
        tokio::select! {
            biased;
            _ = &mut first => panic!("nothing was written"),
            () = upstream.is_stalled() => {}
        }
        let mut second = Box::pin(Outcome::of(&cached, get(upstream.uri("/a"))));
        tokio::select! {
            biased;
            _ = &mut second => panic!("it waits for the first"),
            () = async {} => {}
        }
        assert_eq!(upstream.calls(), 1);
        upstream.will([Step::octets(wire.octets(WELL))]);
        patience.ends();
        let (second, _) = second.await;
        assert_eq!(second.text(), "well");
        assert_eq!(upstream.calls(), 2);
        assert_eq!(handle.len(), 1, "it is stored");

        assert_eq!(handle.stats().in_flight(), 1, "the first");
        drop(first);
        assert_idle(&handle);
        drop(cached);
        upstream.is_left_alone().await;
    }
}

#[track_caller]
fn assert_idle(handle: &CacheHandle) {
    assert_eq!(handle.stats().recording(), 0, "nothing is being recorded");
    assert_eq!(handle.stats().in_flight(), 0, "nothing is on its way");
}
