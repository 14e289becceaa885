//! The handle and the layer: what is shared, and for how long.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_executor::block_on;
use futures_util::FutureExt;
use http::{HeaderName, Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{Empty, Full};
use support::{Answer, Clock, Conversation, Origin, begun, get, reply};
use tower::{Layer, Service, service_fn};
use tower_client_cache::{CacheHandle, CacheLayer, CacheService, CacheStatus, Forward};

use crate::text;

fn fresh(body: &'static str) -> support::Reply {
    reply(200).control("max-age=60").body(body)
}

async fn ask(client: &mut CacheService<Origin>, path: &str) -> Answer {
    let response = client.call(get(path, &[])).await.expect("an answer");
    Answer::read(response).await.expect("a whole body")
}

/// Promise 6: two services of one layer share a store, a new layer has one of its own.
#[tokio::test]
async fn services_of_one_layer_share_a_store() {
    let clock = Clock::default();
    let origin = Origin::new(clock.clone());
    let layer = CacheLayer::new().clock(clock.clone());
    let mut first = layer.layer(origin.clone());
    origin.will(fresh("shared"));
    ask(&mut first, "/a").await.assert_stored();
    for mut other in [
        first.clone(),
        layer.layer(origin.clone()),
        layer.clone().layer(origin.clone()),
    ] {
        let hit = ask(&mut other, "/a").await;
        assert_eq!(hit.assert_hit().text(), "shared");
    }
    let handles = [
        layer.handle(),
        layer.clone().handle(),
        layer.handle().clone(),
    ];
    for handle in &handles {
        assert_eq!(handle.len(), 1);
    }
    let unrelated = CacheLayer::new().clock(clock);
    origin.will(fresh("apart"));
    let mut apart = unrelated.layer(origin);
    ask(&mut apart, "/a")
        .await
        .assert_forwarded(Forward::UriMiss);
    handles[2].clear();
    assert!(handles[0].is_empty());
    assert_eq!(unrelated.handle().len(), 1);
    ask(&mut apart, "/a").await.assert_hit();
}

/// Promise 2: settings are of the store, and count for requests that start later.
#[tokio::test]
async fn settings_hold_for_services_that_were_made_before() {
    let clock = Clock::default();
    let origin = Origin::new(clock.clone());
    let layer = CacheLayer::new().clock(clock);
    let mut client = layer.layer(origin.clone());
    origin.will(fresh("four"));
    ask(&mut client, "/a").await.assert_stored();
    let layer = layer.max_body(3).max_responses(1);
    origin.will(fresh("four").field("content-length", "4"));
    let large = ask(&mut client, "/b").await;
    assert!(!large.cache.is_stored(), "{}", large.cache);
    ask(&mut client, "/a").await.assert_hit();
    origin.will(fresh("two"));
    ask(&mut client, "/c").await.assert_stored();
    assert_eq!(layer.handle().len(), 1);
}

/// A handle keeps the store, and the last of its holders gives it back.
#[tokio::test]
async fn the_store_lives_as_long_as_anybody_has_a_part_of_it() {
    let clock = Arc::new(Clock::default());
    let told = clock.clone();
    let origin = Origin::new(Clock::clone(&clock));
    let layer = CacheLayer::new().clock(move || told.now());
    let handle = layer.handle();
    let mut client = layer.layer(origin.clone());
    origin.will(fresh("stored"));
    ask(&mut client, "/a").await.assert_stored();
    let hit = client.call(get("/a", &[])).await.unwrap();
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    origin.will(streamed);
    let mut half = client.call(get("/b", &[])).await.unwrap().into_body();
    let (gate, held) = fresh("late").held();
    origin.will(held);
    let late = begun(client.call(get("/c", &[])));
    drop((client, layer));

    assert_eq!(handle.len(), 1);
    frames.data("half");
    assert_eq!(text(&mut half), "half");
    drop(frames);
    assert!(crate::frame(&mut half).is_none());
    assert_eq!(handle.len(), 2, "stored, though no service is left");
    drop(handle);
    gate.open();
    let late = Answer::read(late.await.unwrap()).await.unwrap();
    assert_eq!(late.text(), "late");
    drop(half);
    assert_eq!(Arc::strong_count(&clock), 1, "the cache is gone");
    assert_eq!(text(&mut hit.into_body()), "stored", "a body is its own");
}

/// Every method of a handle works with no runtime, and a handle goes to any thread.
#[test]
fn a_handle_goes_to_any_thread() {
    fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    let talk = Conversation::default();
    let handle = talk.handle.clone();
    is_shared(&handle);
    talk.origin.will(fresh("stored"));
    talk.get("/a").now_or_never().expect("no waiting");
    let purged = std::thread::spawn(move || {
        let off = handle.pause();
        assert!(!handle.is_enabled());
        drop(off);
        assert_eq!(handle.len(), 1);
        handle.clear()
    });
    assert_eq!(purged.join().unwrap().responses(), 1);
    assert!(talk.handle.is_empty());
}

/// C-33, C-34, 9111-7-1: credentials and content are printed nowhere.
#[tokio::test]
async fn nothing_that_is_printed_holds_a_secret() {
    const SECRET: &str = "hunter2";
    let layer = CacheLayer::new().credential(HeaderName::from_static("x-api-key"));
    let handle = layer.handle();
    let mut client = layer.layer(service_fn(|_: Request<Empty<Bytes>>| async {
        let response = Response::builder()
            .header("cache-control", "max-age=60")
            .header("vary", "x-user")
            .header("set-cookie", SECRET);
        Ok::<_, Infallible>(response.body(Full::<Bytes>::from(SECRET)).unwrap())
    }));
    let asked = || {
        let fields = ["authorization", "cookie", "x-api-key", "x-user"].map(|name| (name, SECRET));
        get("http://hunter2:hunter2@o.test/a?token=hunter2", &fields)
    };
    let mut printed = Vec::new();
    for _ in 0..2 {
        let future = client.call(asked());
        printed.push(format!("{future:#?}"));
        let mut response = future.await.unwrap();
        let cache = response.extensions().get::<CacheStatus>();
        printed.push(format!("{cache:#?} {}", cache.unwrap()));
        printed.push(format!("{:#?}", response.body()));
        assert_eq!(text(response.body_mut()), SECRET);
        printed.push(format!("{:#?}", response.body()));
    }
    assert_eq!(handle.stats().hits(), 1);
    let pause = handle.pause();
    printed.push(format!("{layer:#?} {handle:#?} {pause:#?}"));
    printed.push(format!("{:#?} {:#?}", handle.stats(), handle.clear()));
    for text in printed {
        assert!(!text.is_empty() && !text.contains(SECRET), "{text}");
    }
}

/// A handle that is printed says how the cache is.
#[tokio::test]
async fn a_handle_prints_what_it_holds() {
    let talk = Conversation::default();
    talk.store(fresh("stored")).await;
    let print = |handle: &CacheHandle| format!("{handle:?}");
    let bytes = talk.handle.bytes();
    assert_eq!(
        print(&talk.handle),
        format!("CacheHandle {{ mode: Normal, len: 1, bytes: {bytes} }}")
    );
    talk.handle.disable_and_clear();
    assert_eq!(
        print(&talk.handle),
        "CacheHandle { mode: Bypass, len: 0, bytes: 0 }"
    );
}

/// A body that uses the handle when it is dropped, and a clock and a service that do whenever asked.
struct Inside(CacheHandle, Full<Bytes>);

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.clear();
    }
}

impl Body for Inside {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.purge(&Uri::from_static("http://o.test/none"));
        Pin::new(&mut self.1).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_enabled() && self.1.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let _ = self.0.stats();
        self.1.size_hint()
    }
}

/// Promises 1 and 2: nothing of the user's runs under a lock, or this would never end.
#[test]
fn a_handle_may_be_used_from_inside_of_what_the_cache_calls() {
    let cell = Arc::new(OnceLock::<CacheHandle>::new());
    let (told, clock) = (cell.clone(), Clock::default());
    let layer = CacheLayer::without_background().clock(move || {
        let _ = told.get().expect("it is set").stats();
        clock.now()
    });
    let handle = layer.handle();
    cell.set(handle.clone()).expect("it is not set");
    let inside = handle.clone();
    let mut client = layer.layer(service_fn(move |_: Request<Empty<Bytes>>| {
        drop(inside.pause());
        let body = Inside(inside.clone(), Full::from("x"));
        let response = Response::builder().header("cache-control", "max-age=60");
        std::future::ready(Ok::<_, Infallible>(response.body(body).unwrap()))
    }));
    let mut body = block_on(client.call(get("/a", &[]))).unwrap().into_body();
    assert_eq!(text(&mut body), "x");
    assert_eq!(handle.len(), 1, "its end was known");
    let hit = block_on(client.call(get("/a", &[]))).unwrap().into_body();
    assert_eq!(hit.size_hint().exact(), Some(1));
    drop(body);
    assert!(handle.is_empty(), "it was cleared from inside");
}
