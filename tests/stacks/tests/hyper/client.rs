//! hyper-util's client below the cache.

use std::pin::pin;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Version, header};
use http_body::Frame;
use http_body_util::{BodyExt, combinators::BoxBody};
use hyper_util::client::legacy::Error;
use hyper_util::client::legacy::connect::HttpInfo;
use stacks::{Closed, Site, get, hyper_client, page};
use support::{Answer, OriginBody, OriginError};
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_client_cache::{CacheLayer, Forward};

use crate::{ask, http2_client};

/// 9111-2-3, 9111-4-2
#[tokio::test]
async fn a_stored_response_is_reused_over_either_version_of_http() {
    let table = [
        (hyper_client(), Version::HTTP_11),
        (http2_client(), Version::HTTP_2),
    ];
    for (client, version) in table {
        let site = Site::of_pages().await;
        let client = CacheLayer::new().layer(client);
        let first = ask(&client, site.get("/a")).await;
        first.assert_forwarded(Forward::UriMiss).assert_stored();
        let second = ask(&client, site.get("/a")).await;
        second.assert_hit();
        assert_eq!(site.calls(), 1, "{version:?}");
        assert_eq!(site.seen()[0].version, version, "the origin is asked so");
        for answer in [first, second] {
            assert_eq!(answer.text(), "/a", "{version:?}");
            assert_eq!(answer.version, version, "the caller is told so");
        }
    }
}

/// 9111-4.4-1, 9110-4.2.3-1: the services of one layer share a store, and a URI is one in both versions.
#[tokio::test]
async fn an_unsafe_request_over_one_version_invalidates_what_came_over_the_other() {
    let site = Site::of_pages().await;
    let layer = CacheLayer::new();
    let (old, new) = (layer.layer(hyper_client()), layer.layer(http2_client()));
    ask(&old, site.get("/a")).await.assert_stored();
    ask(&new, site.get("/a")).await.assert_hit();

    let mut post = site.get("/a");
    *post.method_mut() = Method::POST;
    ask(&new, post).await.assert_forwarded(Forward::Method);

    let after = ask(&old, site.get("/a")).await;
    after.assert_forwarded(Forward::UriMiss);
    assert_eq!(site.calls(), 3);
}

/// Promise 6, PRJ-L-7: the caller sees the error as the client made it.
#[tokio::test]
async fn an_error_of_the_client_comes_out_as_it_is() {
    let closed = Closed::port();
    let layer = CacheLayer::new();
    let refused: Result<_, Error> = layer.layer(hyper_client()).oneshot(get(closed.uri())).await;
    let error = refused.expect_err("nothing listens");
    assert!(error.is_connect(), "{error:?}");
    assert_eq!(layer.handle().len(), 0);
}

/// PRJ-7-1, PRJ-5861-4
#[tokio::test]
async fn a_body_that_breaks_off_fails_with_the_error_of_hyper_and_is_not_stored() {
    for client in [hyper_client(), http2_client()] {
        let (frames, site) = Site::streaming().await;
        let layer = CacheLayer::new();
        let response = layer.layer(client).oneshot(site.get("/a")).await;
        let mut body = response.expect("a head").into_body();
        assert!(frames.data("the first half"), "somebody reads");
        let frame = body.frame().await.expect("a frame").expect("no error");
        assert_eq!(frame.into_data().expect("data"), "the first half");
        assert!(frames.fail(OriginError("the origin is gone")));
        let broken: Result<_, hyper::Error> = body.collect().await;
        assert!(broken.is_err());
        assert!(layer.handle().is_empty());
    }
}

/// Promise 4, PRJ-7-1: a forward streams, and its octets are stored when the last has come.
#[tokio::test]
async fn head_and_frames_arrive_while_the_origin_is_still_writing() {
    for client in [hyper_client(), http2_client()] {
        let (frames, site) = Site::streaming().await;
        let client = CacheLayer::new().layer(client);
        let response = client
            .clone()
            .oneshot(site.get("/a"))
            .await
            .expect("a head");
        let mut body = pin!(response.into_body());
        for part in ["one", "two", "three"] {
            assert!(frames.data(part), "somebody reads");
            let frame = body.frame().await.expect("a frame").expect("no error");
            assert_eq!(frame.into_data().expect("data"), part);
        }
        drop(frames);
        let rest = body.collect().await.expect("no error");
        assert_eq!(rest.to_bytes(), "", "HTTP/2 may end with an empty frame");

        let second = ask(&client, site.get("/a")).await;
        assert_eq!(second.assert_hit().text(), "onetwothree");
        assert_eq!(site.calls(), 1);
    }
}

/// Promise 4, 9111-3.1-6: trailers are stored apart, and come after the content.
#[tokio::test]
async fn trailers_come_with_a_forward_and_with_a_hit() {
    for client in [hyper_client(), http2_client()] {
        let site = Site::serve(|_| async {
            let mut trailers = HeaderMap::new();
            trailers.insert("x-checksum", HeaderValue::from_static("5eb63bbb"));
            let content = Bytes::from_static(b"hello world");
            let frames = [Ok(Frame::data(content)), Ok(Frame::trailers(trailers))];
            let mut page = page("").map(|_| OriginBody::new(frames, false));
            // Over HTTP/1.1 hyper sends no trailers but those that are announced, to who asks for them.
            let announced = HeaderValue::from_static("x-checksum");
            page.headers_mut().insert(header::TRAILER, announced);
            page
        })
        .await;
        let client = CacheLayer::new().layer(client);
        for is_hit in [false, true] {
            let mut request = site.get("/a");
            let trailers = HeaderValue::from_static("trailers");
            request.headers_mut().insert(header::TE, trailers);
            let answer = ask(&client, request).await;
            assert_eq!(answer.cache.is_hit(), is_hit);
            assert_eq!(answer.text(), "hello world");
            let trailers = answer.trailers.expect("trailers");
            assert_eq!(trailers["x-checksum"], "5eb63bbb");
            assert!(!answer.headers.contains_key("x-checksum"));
        }
        assert_eq!(site.calls(), 1);
    }
}

/// What hyper says of the connection belongs to the answer that came over it, and to no other.
#[tokio::test]
async fn only_a_forward_says_over_which_connection_it_came() {
    let site = Site::of_pages().await;
    let client = CacheLayer::new().layer(hyper_client());
    let forwarded = ask(&client, site.get("/a")).await;
    let info = forwarded.extensions.get::<HttpInfo>().expect("a peer");
    assert_eq!(Some(info.remote_addr().port()), site.uri("/a").port_u16());
    let hit = ask(&client, site.get("/a")).await;
    assert!(hit.assert_hit().extensions.get::<HttpInfo>().is_none());
}

/// PRJ-L-4: a hyper client has one connection for all streams of HTTP/2, and none of them waits for another.
#[tokio::test]
async fn many_forwards_share_one_connection_over_http2() {
    let (held, site) = Site::holding().await;
    let client = CacheLayer::new().layer(http2_client());
    let slow = tokio::spawn({
        let (client, request) = (client.clone(), site.get("/held"));
        async move { ask(&client, request).await }
    });
    held.is_asked_for().await;
    for at in 0..32 {
        let path = format!("/{at}");
        let answer = ask(&client, site.get(&path)).await;
        assert_eq!(answer.assert_stored().text(), path);
    }
    held.let_go();
    slow.await.expect("no panic").assert_stored();
    assert_eq!(site.calls(), 33);
}

/// 9110-7.2-1: a `Host` that is not of the URI goes to the server as the caller wrote it, and neither is
/// looked up nor stored.
#[tokio::test]
async fn a_host_that_is_not_of_the_uri_is_passed_on() {
    let site = Site::of_pages().await;
    let layer = CacheLayer::new();
    let client = layer.layer(hyper_client());
    ask(&client, site.get("/a")).await.assert_stored();
    for calls in [2, 3] {
        let mut request = site.get("/a");
        let other = HeaderValue::from_static("other.test");
        request.headers_mut().insert(header::HOST, other);
        ask(&client, request)
            .await
            .assert_forwarded(Forward::Bypass);
        assert_eq!(site.calls(), calls);
        assert_eq!(site.seen()[calls - 1].headers[header::HOST], "other.test");
    }
    assert_eq!(layer.handle().len(), 1);
}

/// Promise 6: what a client of many types asks for, a box that is `Send` and `Sync`.
#[tokio::test]
async fn the_body_goes_into_a_box() {
    let site = Site::of_pages().await;
    let client = ServiceBuilder::new()
        .map_response(|response: http::Response<_>| response.map(BodyExt::boxed))
        .layer(CacheLayer::new())
        .service(hyper_client());
    for is_hit in [false, true] {
        let response: http::Response<BoxBody<Bytes, hyper::Error>> = client
            .clone()
            .oneshot(site.get("/a"))
            .await
            .expect("a head");
        let answer = Answer::read(response).await.expect("a whole body");
        assert_eq!(answer.cache.is_hit(), is_hit);
        assert_eq!(answer.text(), "/a");
    }
    assert_eq!(site.calls(), 1);
}
