//! What one request wishes, by extensions of its own.

mod keys;

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Extensions, HeaderMap, Method, Request, Uri};
use http_body_util::Empty;
use support::{Conversation, OriginError, Reply, begun, get, reply, request};
use tower_client_cache::{
    CacheMode, Forward, IgnoreQuery, Invalidates, Key, MaxStale, MinFresh, Mode, NoCollapse,
    NotStored, Partition, Selector, StaleIfError, Tags,
};

type Asked = Request<Empty<Bytes>>;

/// What asks, what answers, and whether something is purged for it.
type Row = (Method, fn() -> Reply, bool);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn fresh(body: &'static str) -> Reply {
    reply(200)
        .control("max-age=60")
        .field("etag", "\"1\"")
        .body(body)
}

fn wishing<T: Clone + Send + Sync + 'static>(mut request: Asked, wish: T) -> Asked {
    request.extensions_mut().insert(wish);
    request
}

/// 9111-5.2.1.2-1: as `max-stale` of the request, which it takes the place of.
#[tokio::test]
async fn a_request_takes_what_is_as_stale_as_it_says() {
    for (limit, control, is_taken) in [
        (Some(seconds(10)), "x", true),
        (None, "max-stale=1", true),
        (None, "no-cache", false),
        (None, "max-age=5", false),
        (Some(seconds(9)), "max-stale", false),
    ] {
        let talk = Conversation::default();
        talk.store(fresh("x")).await;
        talk.clock.advance(70);
        talk.origin.will(reply(304));
        let asked = get("/a", &[("cache-control", control)]);
        let answer = talk.send(wishing(asked, MaxStale(limit))).await;
        assert_eq!(answer.cache.is_hit(), is_taken, "{limit:?} {control}");
    }
}

/// 9111-4.2.4-1, 9111-5.2.2.2-1: what a response forbids stays forbidden.
#[tokio::test]
async fn no_wish_lifts_what_a_response_forbids() {
    for control in ["max-age=60, must-revalidate", "max-age=600, no-cache"] {
        let talk = Conversation::default();
        talk.store(fresh("x").control(control)).await;
        talk.clock.advance(61);
        talk.origin.will(reply(304));
        let asked = wishing(get("/a", &[]), MaxStale(None));
        talk.send(wishing(asked, StaleIfError(seconds(60))))
            .await
            .assert_validated();
        talk.clock.advance(601);
        talk.origin.will(Reply::fails(OriginError("down")));
        let asked = wishing(get("/a", &[]), StaleIfError(seconds(6000)));
        assert!(talk.start(asked).await.is_err(), "{control}");
    }
}

/// 9111-5.2.1.3-1
#[tokio::test]
async fn a_request_takes_what_is_fresh_for_as_long_as_it_says() {
    let talk = Conversation::default();
    talk.store(fresh("x")).await;
    talk.clock.advance(30);
    let asked = || get("/a", &[("cache-control", "min-fresh=50")]);
    let wished = wishing(asked(), MinFresh(Duration::from_millis(30_000)));
    talk.send(wished).await.assert_hit();
    talk.origin.will(reply(304));
    let wished = wishing(asked(), MinFresh(Duration::from_millis(30_001)));
    talk.send(wished).await.assert_forwarded(Forward::Request);
}

/// 5861-4-1
#[tokio::test]
async fn a_request_takes_what_is_stale_where_the_origin_fails() {
    for shared in [false, true] {
        let talk = if shared {
            Conversation::shared()
        } else {
            Conversation::default()
        };
        talk.store(fresh("x")).await;
        talk.clock.advance(70);
        for failure in [|| reply(503), || Reply::fails(OriginError("down"))] {
            for (limit, is_taken) in [(9, false), (10, true), (0, false)] {
                talk.origin.will(failure());
                let asked = wishing(get("/a", &[]), StaleIfError(seconds(limit)));
                let answer = talk.start(wishing(asked, CacheMode::NoCache)).await;
                let is_stale = answer.is_ok_and(|answer| answer.status() == 200);
                assert_eq!(is_stale, is_taken, "{limit}, shared: {shared}");
            }
        }
    }
    let talk = Conversation::default();
    talk.store(fresh("x").control("max-age=60, stale-if-error=600"))
        .await;
    talk.clock.advance(70);
    talk.origin.will(reply(503));
    let asked = wishing(get("/a", &[]), StaleIfError(Duration::ZERO));
    assert_eq!(talk.send(asked).await.status, 503);
}

/// C-49
#[tokio::test]
async fn a_request_waits_for_no_other_where_it_says_so() {
    let talk = Conversation::default();
    let (gate, held) = fresh("first").held();
    talk.origin.will(held);
    let mut first = begun(talk.get("/a"));
    let mut second = begun(talk.get("/a"));
    talk.origin.will(fresh("alone"));
    let alone = talk.send(wishing(get("/a", &[]), NoCollapse)).await;
    assert_eq!(alone.text(), "alone");
    assert!(
        (&mut second).now_or_never().is_none(),
        "it waits for the first"
    );
    gate.open();
    assert_eq!((&mut first).await.text(), "first");
    (&mut second).await;
    assert_eq!(talk.origin.calls(), 2);
}

/// A name of one's own stands for many URIs of one origin, and is no URI.
#[tokio::test]
async fn a_request_can_be_looked_for_by_a_name() {
    let talk = Conversation::default();
    let named = |path: &str, name: &str| wishing(get(path, &[]), Key::new(name));
    talk.origin.will(fresh("file").field("vary", "accept"));
    talk.send(named("/file?signature=1", "file"))
        .await
        .assert_stored();
    talk.send(named("/other?signature=2", "file"))
        .await
        .assert_hit();
    let info = talk.handle.entries().next().expect("one is stored");
    assert_eq!(info.uri(), "http://o.test/ file");
    for (path, name) in [
        ("https://o.test/file", "file"),
        ("http://other.test/file", "file"),
        ("/file?signature=1", "File"),
        ("/file?signature=1", ""),
    ] {
        talk.origin.will(reply(200).control("no-store"));
        talk.send(named(path, name))
            .await
            .assert_forwarded(Forward::UriMiss);
    }
    for path in ["/file?signature=1", "/%20file", "/file"] {
        talk.origin.will(reply(200).control("no-store"));
        talk.get(path).await.assert_forwarded(Forward::UriMiss);
    }
    talk.origin.will(reply(200).control("no-store"));
    let other = wishing(
        get("/file", &[("authorization", "Bearer 1")]),
        Key::new("file"),
    );
    talk.send(other).await.assert_forwarded(Forward::UriMiss);
    // To look for a URI cannot be made to look for a name.
    talk.origin.will(fresh("uri"));
    talk.send(named("/a", "../b?c#d")).await.assert_stored();
    talk.origin.will(reply(200).control("no-store"));
    talk.get("/b?c").await.assert_forwarded(Forward::UriMiss);
}

/// 9111-4.4-1: an unsafe request invalidates its target, and what it has by its own key.
#[tokio::test]
async fn an_unsafe_request_invalidates_by_its_own_key_as_well() {
    let talk = Conversation::default();
    let keyed = |request| wishing(wishing(request, Key::new("file")), IgnoreQuery::new(["b"]));
    for asked in [keyed(get("/a?b", &[])), get("/a?b", &[])] {
        talk.origin.will(fresh("x"));
        talk.send(asked).await.assert_stored();
    }
    talk.origin.will(fresh("x"));
    talk.get("/a").await.assert_stored();
    talk.origin.will(reply(204));
    talk.send(keyed(request(Method::PUT, "/a?b", &[]))).await;
    let is_wrong = |asked: &Asked| {
        let stored = talk.handle.peek(asked).expect("it has a validator");
        stored.needs_validation()
    };
    assert!(is_wrong(&keyed(get("/c", &[]))) && is_wrong(&get("/a?b", &[])));
    assert!(
        !is_wrong(&get("/a", &[])),
        "where there is a name it counts"
    );
    talk.origin.will(reply(204));
    let put = wishing(request(Method::PUT, "/a?b", &[]), IgnoreQuery::new(["b"]));
    talk.send(put).await;
    assert!(is_wrong(&get("/a", &[])));
    let purged = talk.handle.purge(Selector::request(&keyed(get("/a", &[]))));
    assert_eq!(purged.responses(), 1);
}

#[tokio::test]
async fn parameters_that_make_no_difference_can_be_left_out() {
    let talk = Conversation::default();
    let without = |path: &str| wishing(get(path, &[]), IgnoreQuery::new(["utm_source", "t"]));
    talk.origin.will(fresh("x"));
    talk.send(without("/a?utm_source=letter&b=1&t=9"))
        .await
        .assert_stored();
    assert_eq!(
        talk.origin.last().uri.query(),
        Some("utm_source=letter&b=1&t=9")
    );
    talk.get("/a?b=1").await.assert_hit();
    talk.send(without("/a?t=1&b=1")).await.assert_hit();
    talk.origin.will(reply(200).control("no-store"));
    talk.get("/a?t=1&b=1")
        .await
        .assert_forwarded(Forward::UriMiss);
    talk.clock.advance(60);
    talk.origin.will(reply(304).control("max-age=60"));
    talk.send(without("/a?t=2&b=1")).await.assert_validated();
    talk.get("/a?b=1").await.assert_hit();
}

/// C-53: where the inner service follows redirects it is still known where a response came from.
#[tokio::test]
async fn a_redirect_is_one_whatever_the_key() {
    let talk = Conversation::with(|layer| {
        layer.final_uri(|extensions: &Extensions| extensions.get::<Uri>().cloned())
    });
    let asked = || {
        let asked = wishing(get("/a?t=1", &[]), IgnoreQuery::new(["t"]));
        [asked.clone(), wishing(asked, Key::new("a"))]
    };
    for asked in asked() {
        talk.origin
            .will(fresh("login").extension(Uri::from_static("http://o.test/login")));
        talk.send(asked)
            .await
            .assert_not_stored(NotStored::Redirected);
    }
    for asked in asked() {
        talk.origin
            .will(fresh("a").extension(Uri::from_static("http://o.test/a?t=1")));
        talk.send(asked).await.assert_stored();
    }
}

/// C-33, 9111-7.2-1
#[tokio::test]
async fn a_request_can_be_kept_apart_by_a_name() {
    let talk = Conversation::with(|layer| {
        layer.partition(|_: &Uri, fields: &HeaderMap, _: &Extensions| {
            let tenant = fields.get("x-tenant")?;
            Some(Bytes::copy_from_slice(tenant.as_bytes()))
        })
    });
    let of = |tenant: &str, name: Option<&'static str>| {
        let asked = get("/a", &[("x-tenant", tenant)]);
        match name {
            Some(name) => wishing(asked, Partition(Bytes::from_static(name.as_bytes()))),
            None => asked,
        }
    };
    let all = [
        ("1", None),
        ("1", Some("")),
        ("1", Some("2")),
        ("2", Some("1")),
        ("2", None),
    ];
    for (tenant, name) in all {
        talk.origin.will(fresh("x"));
        talk.send(of(tenant, name))
            .await
            .assert_forwarded(Forward::UriMiss);
        talk.send(of(tenant, name)).await.assert_hit();
    }
    assert_eq!(talk.handle.purge(Selector::partition("1")).responses(), 4);
    assert_eq!(talk.handle.len(), 1);
    talk.send(of("2", None)).await.assert_hit();
}

/// 9111-4.4-1: beside its target an unsafe request can have others purged, when it has succeeded or nobody knows.
#[tokio::test]
async fn an_unsafe_request_purges_what_it_says() {
    let table: [Row; 5] = [
        (Method::POST, || reply(200), true),
        (Method::POST, || reply(303), true),
        (Method::POST, || Reply::fails(OriginError("reset")), true),
        (Method::POST, || reply(404), false),
        (Method::GET, || reply(200).control("no-store"), false),
    ];
    for (method, will, is_purged) in table {
        for mode in [Mode::Normal, Mode::ReadOnly, Mode::Bypass] {
            let talk = Conversation::default();
            talk.origin.will(fresh("x"));
            talk.send(wishing(get("/users/7", &[]), Tags::new(["users"])))
                .await;
            let (gate, held) = fresh("on its way").held();
            talk.origin.will(held);
            let asked = wishing(get("/users/8", &[]), Tags::new(["users"]));
            let mut under_way = begun(talk.send(asked));
            talk.handle.set_mode(mode);
            talk.origin.will(will());
            let asked = request(method.clone(), "/b", &[]);
            let asked = wishing(asked, Invalidates(Selector::tag("users")));
            let _ = talk.start(asked).await;
            talk.handle.set_mode(Mode::Normal);
            gate.open();
            (&mut under_way).await;
            let held = if is_purged { 0 } else { 2 };
            assert_eq!(talk.handle.len(), held, "{method} {mode:?}");
        }
    }
}
