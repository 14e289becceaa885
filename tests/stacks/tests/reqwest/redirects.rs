//! Who follows redirects, and what is stored of them.

use std::sync::{Arc, Mutex};

use http::{HeaderValue, Request, StatusCode, header};
use reqwest::{Body, Client, Error, Response, ResponseBuilderExt};
use stacks::{Site, answer, get, page};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use tower_client_cache::reqwest::{self as adapter, AsHttp, AsReqwest, CachedClient, FinalUrl};
use tower_client_cache::{CacheLayer, CacheStatus, NotStored};
use tower_http::follow_redirect::{FollowRedirectLayer, RequestUri};

use super::{cached, http, read, status, url};

/// A client as it comes: it follows redirects.
pub(crate) fn following() -> Client {
    Client::builder().no_proxy().build().expect("a client")
}

/// `/moved` is moved to `/a`, for as long as the answer is fresh.
async fn moved() -> Site {
    Site::serve(async |request| match request.uri().path() {
        "/moved" => {
            let mut response = answer(StatusCode::MOVED_PERMANENTLY, "");
            let target = HeaderValue::from_static("/a");
            response.headers_mut().insert(header::LOCATION, target);
            response
        }
        path => page(path.to_owned()),
    })
    .await
}

/// EDGE-52: below the cache reqwest follows, and nothing is stored under the first URI.
#[tokio::test]
async fn the_answer_to_a_redirect_that_reqwest_followed_is_not_stored() {
    let site = moved().await;
    let client = CachedClient::new(following(), CacheLayer::new());
    for _ in 0..2 {
        let response = client.get(url(&site, "/moved")).await.expect("a head");
        assert_eq!(response.url().as_str(), url(&site, "/a"));
        let (status, content) = read(response).await;
        assert_eq!(status.not_stored(), Some(NotStored::Redirected));
        assert_eq!(content, "/a");
    }
    assert_eq!((site.calls(), client.handle().len()), (4, 0));

    for is_hit in [false, true] {
        let response = client.get(url(&site, "/a")).await.expect("a head");
        assert_eq!(read(response).await.0.is_hit(), is_hit, "by its own URI");
    }
}

/// EDGE-52: the same where only the half below is the adapter's.
#[tokio::test]
async fn a_service_of_the_http_crates_types_tells_where_a_response_came_from() {
    let site = moved().await;
    let layer = CacheLayer::new().final_uri(adapter::final_uri);
    let handle = layer.handle();
    let client = ServiceBuilder::new()
        .layer(layer)
        .layer_fn(AsHttp::new)
        .service(following());
    for path in ["/moved", "/x/../a"] {
        let request: Request<Body> = site.get(path);
        let response = client.clone().oneshot(request).await.expect("a head");
        let url = response
            .extensions()
            .get::<FinalUrl>()
            .expect("reqwest says");
        assert_eq!(url.url().path(), "/a");
        let status = response.extensions().get::<CacheStatus>();
        let refused = status.and_then(CacheStatus::not_stored);
        assert_eq!(refused, Some(NotStored::Redirected), "{path}");
    }
    assert_eq!(handle.len(), 0);
}

/// A redirect that nobody follows is a response like any other.
#[tokio::test]
async fn a_redirect_that_reqwest_does_not_follow_is_stored() {
    let site = moved().await;
    let client = cached();
    for is_hit in [false, true] {
        let response = client.get(url(&site, "/moved")).await.expect("a head");
        assert_eq!(response.status(), StatusCode::MOVED_PERMANENTLY);
        assert_eq!(response.url().as_str(), url(&site, "/moved"));
        assert_eq!(read(response).await.0.is_hit(), is_hit);
    }
}

/// The cache of this layer, with redirects followed above it.
pub(crate) fn following_above(
    layer: CacheLayer,
    http: Client,
) -> impl Service<reqwest::Request, Response = Response, Error = Error> + Clone {
    ServiceBuilder::new()
        .layer_fn(|inner| {
            AsReqwest::new(inner).final_uri(|said| said.get().map(|RequestUri(uri)| uri.clone()))
        })
        .layer(FollowRedirectLayer::new())
        .layer(layer.final_uri(adapter::final_uri))
        .layer_fn(AsHttp::new)
        .service(http)
}

/// PRJ-L-2: above the cache each hop is stored under its own URI, and a response from the store says the last one.
#[tokio::test]
async fn redirects_that_are_followed_above_the_cache_are_stored_hop_by_hop() {
    let site = moved().await;
    let layer = CacheLayer::new();
    let handle = layer.handle();
    let client = following_above(layer, http());
    for is_hit in [false, true] {
        let request = http().get(url(&site, "/moved")).build().expect("a request");
        let response = client.clone().oneshot(request).await.expect("a head");
        assert_eq!(status(&response).is_hit(), is_hit);
        assert_eq!(response.url().as_str(), url(&site, "/a"));
        assert_eq!(read(response).await.1, "/a");
    }
    assert_eq!((site.calls(), handle.len()), (2, 2));
}

/// C-53: where reqwest follows all the same it knows better than the layer above where the response came from.
#[tokio::test]
async fn a_response_says_the_url_that_reqwest_has_followed_to() {
    let site = moved().await;
    let client = following_above(CacheLayer::new(), following());
    let request = http().get(url(&site, "/moved")).build().expect("a request");
    let response = client.oneshot(request).await.expect("a head");
    assert_eq!(response.url().as_str(), url(&site, "/a"));
}

/// 9111-4.3.4-2, C-53: a 304 of another URI says nothing of what is stored, and the caller, who has not asked for
/// one, gets none: the request is sent again as it was.
#[tokio::test]
async fn a_validation_that_reqwest_redirects_is_repeated_without_conditions() {
    let is_moved = Arc::new(Mutex::new(false));
    let moves = is_moved.clone();
    let site = Site::serve(move |request| {
        let is_moved = *moves.lock().expect("no panic");
        async move {
            let mut response = match request.uri().path() {
                "/a" if is_moved => answer(StatusCode::FOUND, ""),
                _ if request.headers().contains_key(header::IF_NONE_MATCH) => {
                    answer(StatusCode::NOT_MODIFIED, "")
                }
                path => page(path.to_owned()),
            };
            let fields = response.headers_mut();
            fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=0"));
            fields.insert(header::ETAG, HeaderValue::from_static("\"1\""));
            fields.insert(header::LOCATION, HeaderValue::from_static("/b"));
            response
        }
    })
    .await;
    let client = CachedClient::new(following(), CacheLayer::new());
    let get = async || client.get(url(&site, "/a")).await.expect("a head");
    assert_eq!(read(get().await).await.1, "/a");
    assert_eq!(
        read(get().await).await.0.forward_status(),
        Some(StatusCode::NOT_MODIFIED)
    );

    *is_moved.lock().expect("no panic") = true;
    let response = get().await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.url().path(), "/b");
    assert_eq!(read(response).await.1, "/b");
}

/// 9111-4.4-1: what an unsafe request has changed is not served, wherever its answer came from.
#[tokio::test]
async fn a_post_whose_answer_came_from_elsewhere_invalidates_its_target() {
    let site = Site::serve(async |request| {
        if request.method() == http::Method::POST {
            let mut response = answer(StatusCode::SEE_OTHER, "");
            let target = HeaderValue::from_static("/done");
            response.headers_mut().insert(header::LOCATION, target);
            return response;
        }
        page(request.uri().path().to_owned())
    })
    .await;
    let client = CachedClient::new(following(), CacheLayer::new());
    for path in ["/a", "/b"] {
        read(client.get(url(&site, path)).await.expect("a head")).await;
    }
    let post = http().post(url(&site, "/a")).body("new");
    let response = client.send(post).await.expect("a head");
    assert_eq!(response.url().path(), "/done");
    read(response).await;
    let is_stored = |path| client.handle().contains(&get::<Body>(site.uri(path)));
    assert!(!is_stored("/a") && is_stored("/b"));
}

/// C-53: who makes a response by hand says where it is from, or it is not stored.
#[tokio::test]
async fn a_response_without_a_url_is_not_stored() {
    for has_url in [true, false] {
        let made = service_fn(move |request: reqwest::Request| async move {
            let mut made = http::Response::builder().header(header::CACHE_CONTROL, "max-age=60");
            if has_url {
                made = made.url(request.url().clone());
            }
            Ok::<_, Error>(Response::from(made.body("made").expect("a response")))
        });
        let client = CachedClient::new(made, CacheLayer::new());
        let request = http().get("http://127.0.0.1/a").build().expect("a request");
        let response = client.execute(request).await.expect("a head");
        assert_eq!(read(response).await.1, "made");
        assert_eq!(client.handle().len(), usize::from(has_url));
    }
}
