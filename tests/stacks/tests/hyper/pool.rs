//! The pools of hyper-util below the cache: `cache` for HTTP/1.1, `singleton` for HTTP/2, and a `map` of them.

use std::io;
use std::sync::{Arc, Mutex};

use http::{Response, Uri, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::pool::{cache, map, singleton::Singleton};
use stacks::{Closed, Site, get};
use support::{Answer, OriginError};
use tokio_stream::StreamExt;
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_client_cache::{CacheLayer, Event, Forward};

use crate::pooled::{Dialled, Error, http1, http2, over, send_over};
use crate::{Asked, ask};

type Pooled = BoxCloneSyncService<Asked, Response<Incoming>, Error>;

fn http1_pool(dialled: &Dialled) -> Pooled {
    Pooled::new(over(
        cache::builder().build(http1(HttpConnector::new(), dialled)),
    ))
}

fn http2_pool(dialled: &Dialled) -> Pooled {
    Pooled::new(over(Singleton::new(http2(HttpConnector::new(), dialled))))
}

type Make = fn(&Dialled) -> Pooled;

const POOLS: [(Make, Version); 2] = [
    (http1_pool, Version::HTTP_11),
    (http2_pool, Version::HTTP_2),
];

/// Promise 3, 9111-2-3: nothing is taken out of the pool, and nothing dialled, but to ask the origin.
#[tokio::test]
async fn a_hit_takes_nothing_out_of_the_pool() {
    for (pool, version) in POOLS {
        let (dialled, site) = (Dialled::default(), Site::of_pages().await);
        let client = CacheLayer::new().layer(pool(&dialled));
        let uri = site.uri("/a");
        let first = ask(&client, get(uri.clone())).await;
        first.assert_forwarded(Forward::UriMiss).assert_stored();
        assert_eq!(first.version, version);
        assert_eq!((dialled.count(), site.calls()), (1, 1));

        // Neither the connection nor the server is there any more.
        dialled.break_the_last().await;
        drop(site);
        let second = ask(&client, get(uri.clone())).await;
        assert_eq!(second.assert_hit().text(), "/a");
        assert_eq!((second.version, dialled.count()), (version, 1));
    }
}

/// PRJ-L-7: the caller sees the error of the pool.
#[tokio::test]
async fn an_error_of_the_pool_comes_out_as_it_is() {
    for (pool, _) in POOLS {
        let closed = Closed::port();
        let client = CacheLayer::new().layer(pool(&Dialled::default()));
        let refused: Result<_, Error> = client.oneshot(get(closed.uri())).await;
        let error = refused.expect_err("nothing listens");
        assert!(is_of::<io::Error>(&*error), "{error:?}");
    }
}

/// Whether this kind of error is behind it.
fn is_of<E: std::error::Error + 'static>(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<E>())
}

/// PRJ-L-4: forwards one after the other share a connection, and those at once have one each, or one for all.
#[tokio::test]
async fn forwards_share_the_connections_of_the_pool() {
    for ((pool, version), connections) in POOLS.into_iter().zip([3, 1]) {
        let (dialled, (held, site)) = (Dialled::default(), Site::holding().await);
        let client = CacheLayer::new().layer(pool(&dialled));
        let meanwhile = async {
            held.is_asked_for().await;
            held.is_asked_for().await;
            ask(&client, site.get("/a")).await.assert_stored();
            held.let_go();
            held.let_go();
        };
        let (one, other, ()) = tokio::join!(
            ask(&client, site.get("/held?1")),
            ask(&client, site.get("/held?2")),
            meanwhile,
        );
        one.assert_stored();
        other.assert_stored();
        ask(&client, site.get("/b")).await.assert_stored();
        assert_eq!(dialled.count(), connections, "{version:?}");
    }
}

/// The cache above the pool sees what the caller means, an absolute URI, over every version of HTTP.
#[tokio::test]
async fn what_comes_over_one_kind_of_pool_answers_for_the_other() {
    let (dialled, site) = (Dialled::default(), Site::of_pages().await);
    let layer = CacheLayer::new();
    let [old, new] = POOLS.map(|(pool, _)| layer.layer(pool(&dialled)));
    ask(&old, site.get("/a")).await.assert_stored();
    ask(&new, site.get("/a")).await.assert_hit();
    ask(&new, site.get("/b")).await.assert_stored();
    ask(&old, site.get("/b")).await.assert_hit();
    // Below the cache one is asked for the path, the other for the URI.
    let asked = site.seen();
    assert_eq!(asked[0].uri, "/a");
    assert_eq!(asked[1].uri, site.uri("/b"));
}

/// A connection that has died in the pool costs the caller nothing, and the cache neither.
#[tokio::test]
async fn a_connection_that_has_died_is_made_anew() {
    for (pool, version) in POOLS {
        let (dialled, site) = (Dialled::default(), Site::of_pages().await);
        let client = CacheLayer::new().layer(pool(&dialled));
        ask(&client, site.get("/a")).await.assert_stored();
        dialled.break_the_last().await;
        let after = ask(&client, site.get("/b")).await;
        assert_eq!(after.assert_stored().text(), "/b");
        assert_eq!(dialled.count(), 2, "{version:?}");
    }
}

/// A pool finds out by `poll_ready` that a connection has died. The cache is always ready: between a pool and
/// its connections it would hide that. This is why it goes above.
#[tokio::test]
async fn a_cache_inside_a_pool_hides_that_the_connection_has_died() {
    let (dialled, site) = (Dialled::default(), Site::of_pages().await);
    let layer = CacheLayer::new();
    let inside = {
        let layer = layer.clone();
        http2(HttpConnector::new(), &dialled)
            .map_response(move |connection| layer.layer(connection))
    };
    let pool = Singleton::new(inside);
    let send = |path: &str| {
        let (pool, request) = (pool.clone(), site.get(path));
        async move {
            let mut connection = pool.oneshot(request.uri().clone()).await?;
            connection.ready().await?.call(request).await
        }
    };
    let response = send("/a").await.expect("a head");
    let answer = Answer::read(response).await.expect("a whole body");
    answer.assert_stored();

    dialled.break_the_last().await;
    for _ in 0..3 {
        assert!(send("/b").await.is_err(), "the dead connection is kept");
    }
    assert_eq!(dialled.count(), 1);
}

/// PRJ-7-1: the body that breaks off is hyper's, with hyper's error.
#[tokio::test]
async fn a_body_that_breaks_off_is_not_stored() {
    for (pool, _) in POOLS {
        let (dialled, (frames, site)) = (Dialled::default(), Site::streaming().await);
        let layer = CacheLayer::new();
        let client = layer.layer(pool(&dialled));
        let response = client.oneshot(site.get("/a")).await.expect("a head");
        assert!(frames.data("the first half"));
        let mut body = response.into_body();
        let frame = body.frame().await.expect("a frame").expect("no error");
        assert_eq!(frame.into_data().expect("data"), "the first half");
        assert!(frames.fail(OriginError("the origin is gone")));
        let broken: Result<_, hyper::Error> = body.collect().await;
        assert!(broken.is_err());
        assert!(layer.handle().is_empty());
    }
}

/// A body that its caller leaves is read on, so the connection goes back to the pool.
#[tokio::test]
async fn a_body_left_unread_gives_its_connection_back() {
    let (dialled, site) = (Dialled::default(), Site::of_pages().await);
    let layer = CacheLayer::new();
    let client = layer.layer(http1_pool(&dialled));
    let events = layer.handle().subscribe();
    let left = client.clone().oneshot(site.get("/a")).await;
    drop(left.expect("a head"));
    let mut recorded =
        events.filter(|event| matches!(event, Event::Stored { .. } | Event::Refused { .. }));
    let event = recorded
        .next()
        .await
        .expect("the body is read, or given up");
    assert!(matches!(event, Event::Stored { .. }), "{event:?}");
    ask(&client, site.get("/b")).await.assert_stored();
    ask(&client, site.get("/a")).await.assert_hit();
    assert_eq!((dialled.count(), site.calls()), (1, 2));
}

/// 9111-2-1: a map has a pool for each origin, and one cache is above them all.
#[tokio::test]
async fn a_map_of_pools_has_one_cache() {
    let (dialled, sites) = (
        Dialled::default(),
        [Site::of_pages().await, Site::of_pages().await],
    );
    let connect = http1(HttpConnector::new(), &dialled);
    let pools = map::Map::builder::<Uri>()
        .keys(|uri| (uri.scheme().cloned(), uri.authority().cloned()))
        .values(move |_| cache::builder().build(connect.clone()))
        .build();
    let pools = Arc::new(Mutex::new(pools));
    let client = service_fn(move |request: Asked| {
        let pool = pools.lock().unwrap().service(request.uri()).clone();
        send_over(pool, request.uri().clone(), request)
    });

    let layer = CacheLayer::new();
    let client = layer.layer(client);
    for site in &sites {
        ask(&client, site.get("/a")).await.assert_stored();
        ask(&client, site.get("/a")).await.assert_hit();
    }
    assert_eq!((layer.handle().len(), dialled.count()), (2, 2));
}
