//! Promises 1, 2 and 6 with real threads, where all ask for a few resources that are hot.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_executor::block_on;
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Empty, Full};
use tower::{Layer, Service, service_fn};
use tower_client_cache::{CacheLayer, Selector};

const PATHS: usize = 4;
const ROUNDS: usize = 20_000;

fn request(method: Method, n: usize) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = method;
    *request.uri_mut() = uri(n);
    request
}

fn uri(n: usize) -> Uri {
    let uri = format!("http://o.test/{}", n % PATHS);
    uri.parse().expect("a URI")
}

/// Counts down when it is dropped, whatever the reason.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Three clients hit the same few resources, one thread takes them away in every way there is. It lets them become
/// hot in between.
fn hits_beside(capacity: usize) {
    let layer = CacheLayer::without_background().capacity(capacity);
    let handle = layer.handle();
    let asked = AtomicUsize::new(0);
    // For each path what was asked for last before it was taken away.
    let floors: [AtomicUsize; PATHS] = Default::default();
    let (served, running) = (AtomicUsize::new(0), AtomicUsize::new(3));
    let client = layer.layer(service_fn(|request: Request<Empty<Bytes>>| {
        let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
        let response = if request.method() == Method::GET {
            Response::builder().header("etag", format!("\"{number}\""))
        } else {
            Response::builder().status(200)
        };
        let body = Full::<Bytes>::from(number.to_string());
        let response = response.header("cache-control", "max-age=3600");
        let response = response.body(body).expect("a response");
        std::future::ready(Ok::<_, Infallible>(response))
    }));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let (floors, served, running) = (&floors, &served, &running);
            let (mut client, handle) = (client.clone(), &handle);
            scope.spawn(move || {
                let _done = Done(running);
                for n in 0..ROUNDS {
                    let floor = floors[n % PATHS].load(Ordering::SeqCst);
                    let response = block_on(client.call(request(Method::GET, n)));
                    let body = block_on(response.expect("an answer").into_body().collect());
                    let body = body.expect("a whole body").to_bytes();
                    let number = std::str::from_utf8(&body).expect("text");
                    let number: usize = number.parse().expect("a number");
                    assert!(number > floor, "{number} was asked for before {floor}");
                    served.fetch_add(1, Ordering::SeqCst);
                    assert!(handle.bytes() <= capacity);
                }
            });
        }
        let (mut client, floors, served) = (client.clone(), &floors, &served);
        let (handle, asked, running) = (&handle, &asked, &running);
        scope.spawn(move || {
            for n in 0.. {
                // Time to become hot.
                let before = served.load(Ordering::SeqCst);
                while served.load(Ordering::SeqCst) < before + n % 400 {
                    if running.load(Ordering::SeqCst) == 0 {
                        return;
                    }
                    std::thread::yield_now();
                }
                if running.load(Ordering::SeqCst) == 0 {
                    return;
                }
                let floor = asked.load(Ordering::SeqCst);
                let meant = match n % 6 {
                    0 => {
                        handle.clear();
                        0..PATHS
                    }
                    1 => {
                        handle.purge(&uri(n));
                        n % PATHS..n % PATHS + 1
                    }
                    2 => {
                        handle.purge(Selector::origin(&uri(0)));
                        0..PATHS
                    }
                    3 => {
                        block_on(client.call(request(Method::PUT, n))).expect("an answer");
                        n % PATHS..n % PATHS + 1
                    }
                    4 => {
                        handle.disable_and_clear();
                        handle.enable();
                        0..PATHS
                    }
                    _ => {
                        // What is on its way may be stored when there is room again.
                        handle.set_capacity(0);
                        handle.set_capacity(capacity);
                        0..0
                    }
                };
                for path in meant {
                    floors[path].fetch_max(floor, Ordering::SeqCst);
                }
            }
        });
    });
    assert_eq!(served.into_inner(), 3 * ROUNDS);
    handle.clear();
    while handle.stats().releasing() > 0 {
        std::thread::yield_now();
    }
    let stats = handle.stats();
    assert_eq!(
        (handle.bytes(), stats.copies(), stats.recording()),
        (0, 0, 0)
    );
    assert!(stats.hits() > 0);
}

/// Promises 1, 2 and 6: whatever takes away what is hot takes away the copies of every thread.
#[test]
fn what_is_hot_is_taken_away_from_every_thread() {
    hits_beside(1024 * 1024);
}

/// Promises 1 and 6: where there is hardly room for copies.
#[test]
fn what_is_hot_is_taken_away_from_every_thread_of_a_small_cache() {
    hits_beside(32 * 1024);
}
