//! The cache with a runtime, without one, and with one of the caller's own.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use bytes::Bytes;
use futures_executor::block_on;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use support::{Answer, Clock, Conversation, Origin, begun, get, reply};
use tower::{Layer, Service, service_fn};
use tower_client_cache::{CacheLayer, Forward};

use crate::in_flight;
use crate::tasks::Tasks;

const CONTROL: &str = "max-age=60, stale-while-revalidate=60";

/// 5861-3-2: outside of a runtime nothing panics, and the caller's own request validates.
#[test]
fn outside_of_a_runtime_a_stale_response_is_validated_first() {
    let talk = Conversation::default();
    let stored = reply(200).control(CONTROL).field("etag", "\"1\"");
    block_on(talk.store(stored.body("one"))).assert_stored();
    talk.clock.advance(61);
    talk.origin.will(reply(304));
    let validated = block_on(talk.get("/a"));
    validated.assert_forwarded(Forward::Stale);
    assert_eq!(validated.assert_validated().text(), "one");
    assert_eq!(talk.origin.calls(), 2);
    block_on(talk.get("/a")).assert_hit();
}

/// The same cache inside of a runtime: it is asked when a request starts.
#[test]
fn whether_there_is_a_runtime_is_asked_of_each_request() {
    let talk = Conversation::default();
    let stored = reply(200).control(CONTROL).field("etag", "\"1\"");
    block_on(talk.store(stored.body("one")));
    talk.clock.advance(61);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        talk.origin.will(reply(304));
        talk.get("/a").await.assert_hit();
        crate::until(|| talk.handle.stats().validated() == 1).await;
    });
    drop(runtime);
    talk.clock.advance(61);
    talk.origin.will(reply(304));
    block_on(talk.get("/a")).assert_validated();
}

/// A runtime that is shut down takes its background work with it, and nothing else.
#[test]
fn background_work_that_is_dropped_with_its_runtime_leaves_nothing_behind() {
    let talk = Conversation::default();
    let stored = reply(200).control(CONTROL).field("etag", "\"1\"");
    block_on(talk.store(stored.body("one")));
    talk.clock.advance(61);
    for n in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let (_gate, held) = reply(304).held();
        talk.origin.will(held);
        runtime.block_on(async {
            let stale = talk.get("/a").now_or_never();
            stale.expect("no waiting").assert_hit();
            crate::until(|| talk.origin.calls() == n + 2).await;
        });
        assert_eq!(in_flight(&talk.handle), 1);
        drop(runtime);
        assert_eq!(in_flight(&talk.handle), 0);
        // What was given up counts as failed, and is followed by a rest.
        talk.clock.advance(1);
    }
}

/// Promise 5, C-49: a runtime without a timer is as good as none; its callers are answered.
#[test]
fn where_the_runtime_has_no_timer_nobody_waits() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(async {
        let talk = Conversation::default();
        let (_gate, held) = reply(200).control(CONTROL).held();
        talk.origin.will(held);
        let _first = begun(talk.get("/a"));
        talk.origin.will(reply(200).control(CONTROL).body("own"));
        let second = talk.get("/a").now_or_never().expect("no waiting");
        assert_eq!(second.assert_stored().text(), "own");
    });
}

/// A body that stays on the thread it was made on.
fn here_only<B: Body>(body: B) -> impl Body<Data = B::Data, Error = B::Error> {
    let here = Rc::new(());
    body.map_frame(move |frame| {
        let _ = &here;
        frame
    })
}

/// Promise 5: no runtime, and nothing that is `Send`.
#[test]
fn without_background_it_needs_no_runtime_and_nothing_that_is_send() {
    let asked = Rc::new(RefCell::new(0));
    let counted = asked.clone();
    let clock = Clock::default();
    let layer = CacheLayer::without_background().clock(clock.clone());
    let mut client = layer.layer(service_fn(move |request: Request<_>| {
        let counted = counted.clone();
        async move {
            *counted.borrow_mut() += 1;
            let is_asked = request.headers().contains_key("if-none-match");
            let response = Response::builder()
                .status(if is_asked { 304 } else { 200 })
                .header("cache-control", CONTROL)
                .header("etag", "\"1\"");
            let body = here_only(Full::<Bytes>::from("one"));
            Ok::<_, Infallible>(response.body(body).unwrap())
        }
    }));
    let mut ask = || {
        let request = get("/a", &[]).map(here_only);
        let response = block_on(client.call(request)).unwrap();
        block_on(Answer::read(response)).unwrap()
    };
    ask().assert_stored();
    assert_eq!(ask().assert_hit().text(), "one");
    clock.advance(61);
    let validated = ask();
    validated.assert_forwarded(Forward::Stale);
    assert_eq!(validated.assert_validated().text(), "one");
    ask().assert_hit();
    assert_eq!(*asked.borrow(), 2);
}

/// Promise 5: a service, a body and an error may borrow.
#[test]
fn without_background_the_inner_service_may_borrow() {
    let page = String::from("borrowed");
    let asked = RefCell::new(Vec::new());
    let layer = CacheLayer::without_background();
    {
        let mut client = layer.layer(service_fn(|request: Request<Full<&[u8]>>| {
            asked.borrow_mut().push(request.uri().to_string());
            let response = Response::builder().header("cache-control", "max-age=60");
            let response = response.body(Full::new(page.as_bytes())).unwrap();
            std::future::ready(Ok::<_, &str>(response))
        }));
        for is_hit in [false, true] {
            let request = Request::get("http://o.test/a").body(Full::default());
            let response = block_on(client.call(request.unwrap())).unwrap();
            let answer = block_on(Answer::read(response)).unwrap();
            assert_eq!((answer.cache.is_hit(), answer.text()), (is_hit, "borrowed"));
        }
    }
    drop(page);
    assert_eq!(asked.into_inner(), ["http://o.test/a"]);
    assert_eq!(layer.handle().len(), 1, "what is stored is the cache's own");
}

/// 5861-3-2, PRJ-5861-2: background work on something else than tokio.
#[test]
fn background_work_runs_on_what_the_layer_was_given() {
    let (clock, later) = (Clock::default(), Tasks::default());
    let origin = Origin::new(clock.clone());
    let layer = CacheLayer::background(later.clone()).clock(clock.clone());
    let mut client = layer.layer(origin.clone());
    let mut ask = || {
        let response = block_on(client.call(get("/a", &[]))).unwrap();
        block_on(Answer::read(response)).unwrap()
    };
    origin.will(reply(200).control(CONTROL).body("one"));
    ask().assert_stored();
    clock.advance(61);
    for _ in 0..3 {
        assert_eq!(ask().assert_hit().text(), "one");
    }
    let mut tasks = later.take();
    assert_eq!(tasks.len(), 1, "one validation at a time");
    assert_eq!(origin.calls(), 1, "nothing runs until it is run");
    origin.will(reply(200).control(CONTROL).body("two"));
    block_on(tasks.remove(0));
    assert_eq!(ask().assert_hit().text(), "two");
    clock.advance(61);
    ask().assert_hit();
    // A task that is dropped before it is run harms nothing.
    drop(later.take());
    assert_eq!(in_flight(&layer.handle()), 0);
    ask().assert_hit();
    assert_eq!(
        later.take().len(),
        0,
        "what was given up is followed by a rest"
    );
    clock.advance(1);
    ask().assert_hit();
    assert_eq!(later.take().len(), 1);
}

/// PRJ-5861-2: there is a limit to how many run at once; whoever comes after it is answered all the same.
#[test]
fn background_work_is_bounded() {
    let (clock, later) = (Clock::default(), Tasks::default());
    let origin = Origin::new(clock.clone());
    let layer = CacheLayer::background(later.clone()).clock(clock.clone());
    let mut client = layer.layer(origin.clone());
    let mut ask = |n: usize| {
        let response = block_on(client.call(get(&format!("/{n}"), &[]))).unwrap();
        block_on(Answer::read(response)).unwrap()
    };
    for n in 0..200 {
        origin.will(reply(200).control(CONTROL).body("x"));
        ask(n).assert_stored();
    }
    clock.advance(61);
    for n in 0..200 {
        ask(n).assert_hit();
    }
    let mut tasks = later.take();
    assert_eq!(tasks.len(), 64);
    for n in 0..200 {
        ask(n).assert_hit();
    }
    assert_eq!(later.take().len(), 0, "all places are taken");
    drop(tasks.pop());
    ask(199).assert_hit();
    assert_eq!(later.take().len(), 1, "one was free");
    drop(tasks);
    assert_eq!(in_flight(&layer.handle()), 0);
}
