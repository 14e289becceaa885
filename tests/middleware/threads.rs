//! Promise 1 with real threads: the handle works from any thread while requests run.

use std::convert::Infallible;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use futures_executor::block_on;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Empty, Full};
use tower::{Layer, Service, service_fn};
use tower_client_cache::CacheLayer;

/// Promises 1 and 6: three clients, one thread that clears, and one that does everything else.
#[test]
fn no_thread_sees_what_was_asked_for_before_it_was_cleared() {
    const CAPACITY: usize = 64 * 1024;
    let layer = CacheLayer::without_background().capacity(CAPACITY);
    let handle = layer.handle();
    let (asked, cleared) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (hits, running) = (AtomicUsize::new(0), AtomicUsize::new(3));
    let uri = |n: usize| format!("http://o.test/{}", n % 7);
    // The answer is the number of the request.
    let client = layer.layer(service_fn(|_: Request<Empty<Bytes>>| {
        let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
        let body = Full::<Bytes>::from(number.to_string());
        let response = Response::builder().header("cache-control", "max-age=3600");
        std::future::ready(Ok::<_, Infallible>(
            response.body(body).expect("a response"),
        ))
    }));
    let is_running = || running.load(Ordering::SeqCst) > 0;
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let mut client = client.clone();
            let (cleared, hits, running) = (&cleared, &hits, &running);
            let handle = &handle;
            scope.spawn(move || {
                let _done = Done(running);
                for n in 0..5_000 {
                    let floor = cleared.load(Ordering::SeqCst);
                    let request = Request::get(uri(n)).body(Empty::new());
                    let response = block_on(client.call(request.expect("a request")));
                    let body = block_on(response.expect("an answer").into_body().collect());
                    let body = body.expect("a whole body").to_bytes();
                    let number: usize = std::str::from_utf8(&body)
                        .expect("a number")
                        .parse()
                        .expect("a number");
                    assert!(number > floor, "{number} was asked for before {floor}");
                    hits.fetch_add(1, Ordering::Relaxed);
                    assert!(handle.bytes() <= CAPACITY);
                }
            });
        }
        scope.spawn(|| {
            while is_running() {
                let before = asked.load(Ordering::SeqCst);
                handle.clear();
                cleared.store(before, Ordering::SeqCst);
            }
        });
        scope.spawn(|| {
            let uri = Uri::from_static("http://o.test/1");
            while is_running() {
                let off = handle.pause();
                handle.purge(&uri);
                handle.disable();
                assert!(!handle.is_enabled());
                drop(off);
                handle.enable();
                assert!(handle.is_enabled());
                handle.set_capacity(CAPACITY / 2);
                assert!(handle.bytes() <= CAPACITY / 2);
                handle.set_capacity(CAPACITY);
                assert_eq!(handle.capacity(), CAPACITY);
            }
        });
    });
    assert_eq!(hits.into_inner(), 15_000, "every request was answered");
    assert!(handle.is_enabled());
    assert_eq!(handle.clear().in_flight(), 0);
    assert_eq!((handle.bytes(), handle.stats().recording()), (0, 0));
}

/// Says that a thread has ended, however it has.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Promise 2: once `disable` has returned, nothing is stored or served, whatever runs beside it.
#[test]
fn no_thread_is_answered_from_the_store_after_it_was_disabled() {
    let layer = CacheLayer::without_background();
    let handle = layer.handle();
    let client = layer.layer(service_fn(|_: Request<Empty<Bytes>>| {
        let response = Response::builder().header("cache-control", "max-age=3600");
        let body = Full::<Bytes>::from("x");
        std::future::ready(Ok::<_, Infallible>(
            response.body(body).expect("a response"),
        ))
    }));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for n in 0..3 {
            let mut client = client.clone();
            let is_over = &is_over;
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    let request = Request::get(format!("http://o.test/{n}")).body(Empty::new());
                    let response = block_on(client.call(request.expect("a request")));
                    let body = block_on(response.expect("an answer").into_body().collect());
                    assert_eq!(body.expect("a whole body").to_bytes(), "x");
                }
            });
        }
        let _over = Over(&is_over);
        for _ in 0..2_000 {
            handle.disable_and_clear();
            let before = (handle.len(), handle.stats().stores());
            std::thread::yield_now();
            let after = (handle.len(), handle.stats().stores());
            assert_eq!(
                (before.0, after.0),
                (0, 0),
                "nothing is stored while it is off"
            );
            assert!(
                after.1 <= before.1 + 3,
                "what was stored just before is counted"
            );
            handle.enable();
        }
    });
}

/// Ends the threads, however the test ends.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Promise 1, C-18: what the origin is asked about was there when nothing had been cleared yet
#[test]
fn what_was_cleared_is_not_adopted() {
    let layer = CacheLayer::without_background().default_request_body();
    let handle = layer.handle();
    let asked = AtomicUsize::new(0);
    let client = layer.layer(service_fn(|request: Request<Empty<Bytes>>| {
        let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
        let language = &request.headers()["accept-language"];
        let listed = request.headers().get("if-none-match");
        let response = Response::builder()
            .header("cache-control", "max-age=3600")
            .header("vary", "accept-language");
        let response = if listed.is_some_and(|listed| listed.to_str().unwrap().contains("\"l31\""))
        {
            response
                .status(304)
                .header("etag", "\"l31\"")
                .body(Full::default())
        } else {
            let tag = format!("\"{}\"", language.to_str().unwrap());
            response
                .header("etag", tag)
                .body(Full::<Bytes>::from(number.to_string()))
        };
        std::future::ready(Ok::<_, Infallible>(response.expect("a response")))
    }));
    let ask = |language: &str| {
        let request = Request::get("http://o.test/a").header("accept-language", language);
        let response = block_on(client.clone().call(request.body(Empty::new()).unwrap())).unwrap();
        let body = block_on(response.into_body().collect()).unwrap().to_bytes();
        std::str::from_utf8(&body)
            .unwrap()
            .parse::<usize>()
            .unwrap()
    };
    let mut passed = 0;
    for round in 0..300 {
        handle.clear();
        for n in 0..32 {
            ask(&format!("l{n:02}"));
        }
        let before = asked.load(Ordering::SeqCst);
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                ask("new");
            });
            barrier.wait();
            for _ in 0..(round % 50) * 40 {
                std::hint::spin_loop();
            }
            handle.clear();
        });
        let number = ask("new");
        if number <= before {
            passed += 1;
        }
    }
    assert_eq!(passed, 0, "answers from before the clear");
}
