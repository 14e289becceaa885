//! Redirects and decompression.

use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use stack::origin::gzip;
use stacks::{Site, page};
use tower::{ServiceBuilder, ServiceExt};
use tower_client_cache::{CacheLayer, CacheMode, Forward, Key, NotStored};
use tower_http::decompression::DecompressionLayer;
use tower_http::follow_redirect::policy::{FilterCredentials, Limited, PolicyExt};
use tower_http::follow_redirect::{FollowRedirectLayer, RequestUri};

use crate::{Asked, ask, http_client, moved, site_moved_to};

/// `/latest` moves on: to `/1` when it is asked first, then to `/2`.
async fn site_with_a_latest() -> Site {
    let editions = Arc::<AtomicUsize>::default();
    Site::serve(move |request| {
        let path = request.uri().path();
        let response = if path == "/latest" {
            let edition = editions.fetch_add(1, Ordering::Relaxed) + 1;
            let mut moved = moved(StatusCode::FOUND, &format!("/{edition}"));
            moved.headers_mut().remove(header::CACHE_CONTROL);
            moved
        } else {
            page(path.to_owned())
        };
        async { response }
    })
    .await
}

/// PRJ-L-2, EDGE-52
#[tokio::test]
async fn redirects_below_the_cache_store_the_last_answer_under_the_first_uri() {
    let site = site_with_a_latest().await;
    let cache = CacheLayer::new();
    let handle = cache.handle();
    let wrong = ServiceBuilder::new()
        .layer(cache)
        .layer(FollowRedirectLayer::new())
        .service(http_client());
    assert_eq!(ask(&wrong, site.get("/latest")).await.text(), "/1");
    handle.purge(&site.uri("/1"));
    let outdated = ask(&wrong, site.get("/latest")).await;
    assert_eq!(outdated.assert_hit().text(), "/1");

    let site = site_with_a_latest().await;
    let right = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(CacheLayer::new())
        .service(http_client());
    for (path, text) in [("/latest", "/1"), ("/latest", "/2")] {
        assert_eq!(ask(&right, site.get(path)).await.text(), text);
    }
    for path in ["/1", "/2"] {
        ask(&right, site.get(path)).await.assert_hit();
    }
}

/// C-53, EDGE-52: for a client whose redirects cannot be had above.
#[tokio::test]
async fn final_uri_keeps_what_a_redirect_below_has_led_to_out_of_the_store() {
    let site = site_with_a_latest().await;
    let cache = CacheLayer::new()
        .final_uri(|extensions| extensions.get::<RequestUri>().map(|uri| uri.0.clone()));
    let client = ServiceBuilder::new()
        .layer(cache)
        .layer(FollowRedirectLayer::new())
        .service(http_client());
    for text in ["/1", "/2"] {
        let answer = ask(&client, site.get("/latest")).await;
        assert_eq!(answer.assert_not_stored(NotStored::Redirected).text(), text);
    }
    ask(&client, site.get("/2")).await.assert_stored();
    ask(&client, site.get("/2")).await.assert_hit();
}

/// A page of 100,000 octets, compressed for whoever takes gzip.
async fn site_that_compresses() -> Site {
    Site::serve(async |request| {
        let accepts = request.headers().get(header::ACCEPT_ENCODING);
        let accepts = accepts.is_some_and(|accepts| accepts == "gzip");
        let text = "a".repeat(LENGTH);
        let mut response = if accepts {
            page(gzip(&text))
        } else {
            page(text)
        };
        let fields = response.headers_mut();
        fields.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if accepts {
            fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    })
    .await
}

const LENGTH: usize = 100_000;

/// PRJ-L-3, EDGE-52
#[tokio::test]
async fn decompression_below_the_cache_stores_what_is_decoded() {
    let site = site_that_compresses().await;
    let (decoded, encoded) = (CacheLayer::new(), CacheLayer::new());
    let (decoded_held, encoded_held) = (decoded.handle(), encoded.handle());
    let wrong = ServiceBuilder::new()
        .layer(decoded)
        .layer(DecompressionLayer::new())
        .service(http_client());
    let right = ServiceBuilder::new()
        .layer(DecompressionLayer::new())
        .layer(encoded)
        .service(http_client());
    for is_hit in [false, true] {
        for answer in [
            ask(&wrong, site.get("/a")).await,
            ask(&right, site.get("/a")).await,
        ] {
            assert_eq!(answer.cache.is_hit(), is_hit);
            assert_eq!(answer.body.len(), LENGTH);
        }
    }
    let (decoded, encoded) = (decoded_held.bytes(), encoded_held.bytes());
    assert!(decoded > LENGTH, "{decoded} octets");
    assert!(encoded < LENGTH / 10, "{encoded} octets");
}

/// PRJ-L-1, EDGE-52: the cache sees no `Accept-Encoding`, and the origin was sent one: gzip is stored as what those get who
/// ask for none, and whoever asks for gzip is another variant.
#[tokio::test]
async fn decompression_below_the_cache_makes_vary_name_a_field_that_it_did_not_see() {
    let site = site_that_compresses().await;
    let asks_for_gzip = || {
        let mut request: Asked = site.get("/a");
        let gzip = HeaderValue::from_static("gzip");
        request.headers_mut().insert(header::ACCEPT_ENCODING, gzip);
        request
    };

    let wrong = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .layer(DecompressionLayer::new())
        .service(http_client());
    ask(&wrong, site.get("/a")).await.assert_stored();
    let same = ask(&wrong, asks_for_gzip()).await;
    same.assert_forwarded(Forward::VaryMiss);
    let [first, second] = &site.seen()[..] else {
        panic!("two calls");
    };
    assert_eq!(first.headers, second.headers);

    let right = ServiceBuilder::new()
        .layer(DecompressionLayer::new())
        .layer(CacheLayer::new())
        .service(http_client());
    ask(&right, site.get("/a")).await.assert_stored();
    ask(&right, asks_for_gzip()).await.assert_hit();
}

/// A part is one of the octets that are stored, and in the midst of gzip there is nothing to decode. What asks for a part asks
/// for no coding, as Fetch has it; what has no content is not decoded.
#[tokio::test]
async fn what_asks_for_a_range_says_that_it_takes_no_coding() {
    let site = site_that_compresses().await;
    let client = ServiceBuilder::new()
        .layer(DecompressionLayer::new())
        .layer(CacheLayer::new())
        .service(http_client());
    ask(&client, site.get("/a")).await.assert_stored();
    let asking = |fields: &[(HeaderName, &'static str)]| {
        let mut request: Asked = site.get("/a");
        for (name, value) in fields {
            let value = HeaderValue::from_static(value);
            request.headers_mut().insert(name, value);
        }
        request
    };
    let range = (header::RANGE, "bytes=20-29");

    let wrong = client
        .clone()
        .oneshot(asking(slice::from_ref(&range)))
        .await;
    let wrong = wrong.expect("a head");
    assert_eq!(wrong.status(), StatusCode::PARTIAL_CONTENT);
    assert!(wrong.into_body().collect().await.is_err());

    let none = (header::ACCEPT_ENCODING, "identity");
    ask(&client, asking(slice::from_ref(&none)))
        .await
        .assert_forwarded(Forward::VaryMiss);
    let right = ask(&client, asking(&[range, none])).await;
    assert_eq!(right.assert_hit().text(), "a".repeat(10));

    let mut head: Asked = site.get("/a");
    *head.method_mut() = Method::HEAD;
    assert_eq!(ask(&client, head).await.assert_hit().text(), "");
}

/// They neither wait nor choose: each hop is decompressed, or the last one is.
#[tokio::test]
async fn redirects_and_decompression_may_change_places() {
    let compressed = site_that_compresses().await;
    let site = site_moved_to(compressed.uri("/a")).await;
    let one = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(DecompressionLayer::new())
        .layer(CacheLayer::new())
        .service(http_client());
    let other = ServiceBuilder::new()
        .layer(DecompressionLayer::new())
        .layer(FollowRedirectLayer::new())
        .layer(CacheLayer::new())
        .service(http_client());
    for is_hit in [false, true] {
        for answer in [
            ask(&one, site.get("/")).await,
            ask(&other, site.get("/")).await,
        ] {
            assert_eq!(answer.cache.is_hit(), is_hit);
            assert_eq!(answer.body.len(), LENGTH);
            assert_eq!(answer.field("content-encoding"), None);
        }
    }
}

/// tower-http's default policy drops the extensions of a request together with its credentials, where the origin changes.
#[tokio::test]
async fn what_a_request_wishes_of_the_cache_has_to_be_let_through_to_another_origin() {
    let elsewhere = Site::of_pages().await;
    let site = site_moved_to(elsewhere.uri("/a")).await;
    let no_store = || {
        let mut request: Asked = site.get("/");
        request.extensions_mut().insert(CacheMode::NoStore);
        request
    };

    let wrong = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(CacheLayer::new())
        .service(http_client());
    ask(&wrong, no_store()).await.assert_stored();

    let kept = FilterCredentials::new().allow_extension::<CacheMode>();
    let policy = Limited::default().and::<_, Asked, ()>(kept);
    let right = ServiceBuilder::new()
        .layer(FollowRedirectLayer::with_policy(policy))
        .layer(CacheLayer::new())
        .service(http_client());
    let answer = ask(&right, no_store()).await;
    answer.assert_not_stored(NotStored::Bypass);
}

/// A key of the caller's own goes along within an origin, and both hops have the same: the redirect is what is found for its
/// own target, until the layer has followed it often enough.
#[tokio::test]
async fn a_key_of_the_callers_own_goes_below_redirects() {
    let site = Site::serve(async |request| {
        if request.uri().path() == "/a" {
            return page("the page");
        }
        moved(StatusCode::MOVED_PERMANENTLY, "/a")
    })
    .await;

    let wrong = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(CacheLayer::new())
        .service(http_client());
    let mut request: Asked = site.get("/moved");
    request.extensions_mut().insert(Key::new("one"));
    let answer = ask(&wrong, request).await;
    assert_eq!(answer.status, StatusCode::MOVED_PERMANENTLY);
    answer.assert_hit();

    let key_of_its_path = |mut request: Asked| {
        let key = Key::new(request.uri().path());
        request.extensions_mut().insert(key);
        request
    };
    let right = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .map_request(key_of_its_path)
        .layer(CacheLayer::new())
        .service(http_client());
    for is_hit in [false, true] {
        let answer = ask(&right, site.get("/moved")).await;
        assert_eq!((answer.text(), answer.cache.is_hit()), ("the page", is_hit));
    }
}
