//! Errors are reqwest's, and say what they say without the cache.

use reqwest::{Client, Error};
use stacks::{Closed, Site};
use support::OriginError;
use tower_client_cache::CacheLayer;
use tower_client_cache::reqwest::{CachedClient, RequestExt};

use super::{cached, http, plain, url};

/// All that can be asked of an error of reqwest's without its text.
fn said(error: &Error) -> (Option<&str>, [bool; 8]) {
    let kinds = [
        error.is_builder(),
        error.is_redirect(),
        error.is_status(),
        error.is_timeout(),
        error.is_request(),
        error.is_connect(),
        error.is_body(),
        error.is_decode(),
    ];
    (error.url().map(reqwest::Url::as_str), kinds)
}

async fn both(http: Client, asked: &str) -> [Error; 2] {
    let client = CachedClient::new(http.clone(), CacheLayer::new());
    let with = client.get(asked).await.expect_err("it cannot be sent");
    let without = http.get(asked).send().await;
    [with, without.expect_err("it cannot be sent")]
}

/// Promise 6, PRJ-L-7: the caller sees the error as the client made it.
#[tokio::test]
async fn an_error_of_the_client_comes_out_as_it_is() {
    let closed = Closed::port();
    let [with, without] = both(http(), &closed.uri().to_string()).await;
    assert!(with.is_connect(), "{with:?}");
    assert_eq!(said(&with), said(&without));
    assert_eq!(format!("{with:?}"), format!("{without:?}"));
}

/// Promise 6: what is no request for reqwest is none with the cache.
#[tokio::test]
async fn what_cannot_be_sent_is_refused_as_without_the_cache() {
    let https_only = plain().https_only(true).build().expect("a client");
    for (http, asked) in [
        (http(), "no URL"),
        (http(), "ftp://127.0.0.1/a"),
        (http(), "http://{{host}}/a"),
        (https_only, "http://127.0.0.1/a"),
    ] {
        let [with, without] = both(http, asked).await;
        assert!(with.is_builder(), "{with:?}");
        assert_eq!(said(&with), said(&without), "{asked}");
    }
}

/// Promise 6
#[tokio::test]
async fn what_is_no_uri_gets_no_extension() {
    let request = http().get("http://{{host}}/a").with_extension(());
    let error = request.expect_err("it is no URI");
    assert!(error.is_builder());
    assert_eq!(
        error.url().expect("of the request").as_str(),
        "http://{{host}}/a"
    );
}

/// Promise 6, PRJ-L-7: a body that breaks off fails as without the cache, and is not stored.
#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_of_reqwest() {
    let client = cached();
    let mut told = Vec::new();
    for is_cached in [true, false] {
        let (frames, site) = Site::streaming().await;
        let asked = url(&site, "/a");
        let response = if is_cached {
            client.get(asked).await
        } else {
            http().get(asked).send().await
        };
        let mut response = response.expect("a head");
        assert!(frames.data("one"), "somebody reads");
        assert_eq!(
            response.chunk().await.expect("a chunk").expect("data"),
            "one"
        );
        assert!(frames.fail(OriginError("gone")), "somebody reads");
        let error = response.bytes().await.expect_err("it broke off");
        assert!(error.is_decode(), "{error:?}");
        told.push(said(&error.without_url()).1);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(client.handle().len(), 0);
}
