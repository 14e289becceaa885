//! What a hit and a stored response cost, counted. In a test of its own, for the sake of the allocator.
//!
//! `cargo test --test footprint -- --nocapture` prints the figures.

use std::convert::Infallible;

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use support::Loopback;
use tower::{Layer, Service, service_fn};
use tower_client_cache::{CacheLayer, CacheStatus, Selector, Tags};

const BODY: &[u8] = &[b'x'; 1024];

/// What a server of pages sends beside the four fields below: twelve in all, with `content-length` and
/// `date` of hyper's.
const FIELDS: [(&str, &str); 10] = [
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "public, max-age=3600"),
    ("etag", "\"5f3c-5e1d2a9b7c4d0\""),
    ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("vary", "accept-encoding"),
    ("server", "nginx/1.27.3 (Debian)"),
    ("x-request-id", "0193a9de-7d1c-7b52-9e0a-5f8c3d1b2a47"),
    ("x-content-type-options", "nosniff"),
    (
        "strict-transport-security",
        "max-age=31536000; includeSubDomains",
    ),
    ("x-frame-options", "SAMEORIGIN"),
];

fn page() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(BODY));
    for (name, value) in FIELDS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn request(uri: &str) -> Request<Empty<Bytes>> {
    Request::get(uri).body(Empty::new()).expect("a request")
}

fn allocations(info: &AllocationInfo) -> String {
    format!(
        "{} allocations, {} octets",
        info.count_total, info.bytes_total
    )
}

/// The head of the answer and the extension are copies that the caller may keep: they take five. The first
/// copy of a body makes it one that is shared, which is the sixth.
#[test]
fn a_hit_takes_five_allocations_and_six_at_rest() {
    let now = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let seconds = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let told = seconds.clone();
    let layer = CacheLayer::new().clock(move || {
        now + std::time::Duration::from_secs(told.load(std::sync::atomic::Ordering::Relaxed))
    });
    let mut client = layer.layer(service_fn(|_: Request<Empty<Bytes>>| async {
        Ok::<_, Infallible>(page())
    }));
    let mut ask = |request| {
        let response = client.call(request).now_or_never().expect("no waiting");
        response.expect("a response")
    };
    let first = ask(request("http://o.test/a")).into_body().collect();
    first.now_or_never().expect("no waiting").expect("a body");

    let mut hit = None;
    let mut measure_hit = |label: &str| {
        let request = request("http://o.test/a");
        let info = measure(|| hit = Some(ask(request)));
        println!("a hit {label}: {}", allocations(&info));
        info.count_total
    };
    let at_rest: Vec<_> = (1..=8)
        .map(|n| measure_hit(&format!("at rest, the {n}.")))
        .collect();
    let again = measure_hit("of what is hot");
    seconds.fetch_add(90, std::sync::atomic::Ordering::Relaxed);
    let aged = measure_hit("90 seconds later");

    let hit = hit.expect("a response");
    let status = *hit.extensions().get::<CacheStatus>().expect("a status");
    assert!(status.is_hit());
    let head = measure(|| drop(hit.headers().clone()));
    let extension = measure(|| {
        http::Extensions::new().insert(status);
    });
    let (map, body) = (head.count_total, extension.count_total);
    println!("of these, a copy of the head: {}", allocations(&head));
    println!("of these, one extension: {}", allocations(&extension));
    let (last, others) = at_rest.split_last().expect("there are some");
    assert!(others.iter().all(|count| *count <= 6), "{others:?}");
    assert!(*last > 6, "then it is hot, and a copy is made: {last}");
    assert_eq!(again, map + body, "nothing but the head and the extension");
    assert_eq!(aged, again, "nor for its age");
}

/// Ten thousand responses of 1 KiB with twelve fields, as they come off hyper's sockets.
#[test]
fn a_stored_response_takes_one_and_eight_tenths_of_its_raw_octets_at_most() {
    const STORED: usize = 10_000;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let layer = CacheLayer::new();
    let handle = layer.handle();
    // Everything happens on this thread, the server too, and what is left of it is what is stored.
    let mut raw = 0;
    let held = measure(|| {
        runtime.block_on(async {
            let server = Loopback::serve(|_| async { page() }).await;
            let client: Client<_, Empty<Bytes>> =
                Client::builder(TokioExecutor::new()).build_http();
            let mut client = layer.layer(client);
            for n in 0..STORED {
                let uri = server.uri(&format!("/page/{n}")).to_string();
                let response = client.call(request(&uri)).await.expect("a response");
                assert_eq!(response.headers().len(), 12);
                raw += response
                    .headers()
                    .iter()
                    .map(|(name, value)| name.as_str().len() + value.len() + 4)
                    .sum::<usize>();
                raw += "HTTP/1.1 200 OK\r\n\r\n".len();
                raw += response
                    .into_body()
                    .collect()
                    .await
                    .expect("a body")
                    .to_bytes()
                    .len();
            }
        });
        // Connections and server are gone when their tasks have seen it.
        runtime.block_on(tokio::task::yield_now());
    });
    assert_eq!(handle.len(), STORED);
    drop(runtime);
    let bytes = usize::try_from(held.bytes_current).expect("something is held");
    let ratio = bytes as f64 / raw as f64;
    println!("raw {} octets a response", raw / STORED);
    println!(
        "held {} octets a response: {ratio:.2} times raw",
        bytes / STORED
    );
    let counted = handle.bytes() as f64 / bytes as f64;
    println!(
        "counted {} octets a response: {counted:.2} of what is held",
        handle.bytes() / STORED
    );
    assert!(ratio <= 1.8, "{ratio:.2}");
    assert!((0.95..1.05).contains(&counted), "{counted:.2}");
}

/// Promise 6: what is counted is what is held, whatever is stored and however it is found. A table has room for
/// more than is in it, so that a few in a hundred are open.
#[test]
fn what_is_counted_is_what_is_held() {
    struct Shape {
        name: &'static str,
        stored: usize,
        /// How many are asked for where there is room for so many.
        asked: usize,
        octets: usize,
        /// How many variants, or users, each URI has.
        variants: usize,
        field: Option<&'static str>,
    }
    let shape = |name, (stored, asked), octets, variants, field| Shape {
        name,
        stored,
        asked,
        octets,
        variants,
        field,
    };
    for shape in [
        shape("1 KiB", (20_000, 20_000), 1024, 1, None),
        shape(
            "1 KiB, with as many that have given way",
            (20_000, 40_000),
            1024,
            1,
            None,
        ),
        shape("without a body", (5_000, 5_000), 0, 1, None),
        shape(
            "of a user of its own each",
            (5_000, 5_000),
            1024,
            1,
            Some("authorization"),
        ),
        shape(
            "of 50 users for each URI",
            (5_000, 5_000),
            1024,
            50,
            Some("authorization"),
        ),
        shape(
            "of two variants",
            (5_000, 5_000),
            1024,
            2,
            Some("accept-encoding"),
        ),
        shape(
            "of 50 variants",
            (5_000, 5_000),
            1024,
            50,
            Some("accept-encoding"),
        ),
    ] {
        let layer = CacheLayer::without_background().max_responses(shape.stored);
        let handle = layer.handle();
        let body = Bytes::from(vec![b'x'; shape.octets]);
        let mut client = layer.layer(service_fn(move |_: Request<Empty<Bytes>>| {
            let response = page().map(|_| Full::new(body.clone()));
            std::future::ready(Ok::<_, Infallible>(response))
        }));
        let held = measure(|| {
            for n in 0..shape.asked {
                let mut request = request(&format!("http://o.test/page/{}", n / shape.variants));
                if let Some(name) = shape.field {
                    let value = format!("v{}", n % shape.variants);
                    let value = value.parse().expect("a value");
                    request.headers_mut().insert(name, value);
                }
                let response = client.call(request).now_or_never().expect("no waiting");
                let body = response.expect("a response").into_body().collect();
                body.now_or_never().expect("no waiting").expect("a body");
            }
        });
        assert_eq!(handle.len(), shape.stored);
        let bytes = usize::try_from(held.bytes_current).expect("something is held");
        let counted = handle.bytes() as f64 / bytes as f64;
        println!(
            "{}: held {} octets, counted {}: {counted:.3}",
            shape.name,
            bytes / shape.stored,
            handle.bytes() / shape.stored
        );
        assert!(
            (0.95..1.05).contains(&counted),
            "{}: {counted:.3}",
            shape.name
        );
    }
}

/// Promise 6: what tags take is counted, in the lists of the store as well. A tag that nothing else has takes the
/// most; for one that many have as much is counted.
#[test]
fn what_tags_take_is_counted() {
    const STORED: usize = 5_000;
    type Named = fn(usize, usize) -> String;
    let alone: Named = |n, tag| format!("page-{n}-{tag}");
    let shared: Named = |_, tag| format!("of-many-{tag}");
    for (name, count, named, is_said) in [
        ("one tag of its own each", 1, alone, false),
        ("eight of its own each, in a field", 8, alone, true),
        ("128 of its own each", 128, alone, false),
        ("eight that all have", 8, shared, false),
        ("eight that all have, in a field", 8, shared, true),
    ] {
        let field = http::HeaderName::from_static("cache-tag");
        let layer = CacheLayer::without_background()
            .capacity(1 << 30)
            .tag_field(field.clone());
        let handle = layer.handle();
        let mut client = layer.layer(service_fn(move |request: Request<Empty<Bytes>>| {
            let mut response = page().map(|_| Full::new(Bytes::new()));
            if let Some(said) = request.headers().get(&field) {
                response.headers_mut().insert(&field, said.clone());
            }
            std::future::ready(Ok::<_, Infallible>(response))
        }));
        let held = measure(|| {
            for n in 0..STORED {
                let mut request = request(&format!("http://o.test/page/{n}"));
                let tags = (0..count).map(|tag| named(n, tag));
                if is_said {
                    let said = tags.collect::<Vec<_>>().join(",");
                    let said = said.parse().expect("a value");
                    request.headers_mut().insert("cache-tag", said);
                } else {
                    request.extensions_mut().insert(Tags::new(tags));
                }
                let response = client.call(request).now_or_never().expect("no waiting");
                let body = response.expect("a response").into_body().collect();
                body.now_or_never().expect("no waiting").expect("a body");
            }
        });
        assert_eq!(handle.len(), STORED);
        let bytes = usize::try_from(held.bytes_current).expect("something is held");
        let counted = handle.bytes() as f64 / bytes as f64;
        println!(
            "{name}: held {} octets, counted {}: {counted:.3}",
            bytes / STORED,
            handle.bytes() / STORED
        );
        assert!(counted >= 0.95, "{name}: {counted:.3}");
        let have_it = if named(0, 0) == named(1, 0) {
            STORED
        } else {
            1
        };
        let purged = handle.purge(Selector::tag(&named(1, 0)));
        assert_eq!(purged.responses(), have_it, "{name}");
    }
}

/// What is being replaced is not held on to for the sake of what replaces it.
#[test]
fn a_clear_frees_what_a_body_half_read_would_replace() {
    const LARGE: usize = 1_000_000;
    let talk = support::Conversation::default();
    let read = |frames: &support::Frames, body: &mut _| {
        frames.data("half");
        BodyExt::frame(body)
            .now_or_never()
            .expect("a frame is there");
    };
    let old = support::reply(200)
        .control("max-age=60")
        .body(vec![b'x'; LARGE]);
    talk.store(old)
        .now_or_never()
        .expect("no waiting")
        .assert_stored();
    let (frames, new) = support::reply(200).control("max-age=60").streamed();
    talk.origin.will(new);
    let reload = support::get("/a", &[("cache-control", "no-cache")]);
    let response = talk.start(reload).now_or_never().expect("no waiting");
    let mut body = response.expect("a head").into_body();
    read(&frames, &mut body);
    let cleared = measure(|| {
        talk.handle.clear();
    });
    assert!(
        cleared.bytes_current < -(LARGE as i64),
        "{}",
        cleared.bytes_current
    );
}
