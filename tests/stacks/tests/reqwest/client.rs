//! What a user writes.

use http::{Method, StatusCode, Version, header};
use reqwest::Request;
use serde_json::{Value, json};
use stacks::{Site, page};
use tower_client_cache::reqwest::{CachedClient, RequestExt};
use tower_client_cache::{CacheLayer, CacheMode, Forward, Outcome};

use super::{cached, http, plain, read, status, url};

/// 9111-2-3, PRJ-L-5: the request and the response are reqwest's own.
#[tokio::test]
async fn a_request_of_reqwest_gets_a_response_of_reqwest_from_the_store() {
    let site = Site::serve(async |_| page(r#"{"news": [1, 2]}"#)).await;
    let client = cached();
    for is_hit in [false, true] {
        let request = http().get(url(&site, "/a?b")).build().expect("a request");
        let response = client.execute(request).await.expect("a head");
        assert_eq!(status(&response).is_hit(), is_hit);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.url().as_str(), url(&site, "/a?b"));
        assert_eq!(response.content_length(), Some(16));
        let read: Value = response.json().await.expect("a whole body");
        assert_eq!(read, json!({ "news": [1, 2] }));
    }
    assert_eq!(site.calls(), 1);
}

/// PRJ-L-5
#[tokio::test]
async fn a_response_that_came_by_http_2_says_so_from_the_store_as_well() {
    let site = Site::of_pages().await;
    let http = plain().http2_prior_knowledge().build().expect("a client");
    let client = CachedClient::new(http, CacheLayer::new());
    for is_hit in [false, true] {
        let response = client.get(url(&site, "/a")).await.expect("a head");
        assert_eq!(response.version(), Version::HTTP_2);
        let (status, content) = read(response).await;
        assert_eq!((status.is_hit(), &*content), (is_hit, "/a"));
    }
    assert_eq!(site.calls(), 1);
    assert_eq!(site.seen()[0].version, Version::HTTP_2);
}

/// Promise 1
#[tokio::test]
async fn what_was_cleared_is_asked_for_again() {
    let site = Site::of_pages().await;
    let client = cached();
    let get = async || read(client.get(url(&site, "/a")).await.expect("a head")).await;
    get().await;
    assert!(get().await.0.is_hit());
    client.handle().clear();
    assert_eq!(get().await.0.forwarded(), Some(Forward::UriMiss));
    assert_eq!(site.calls(), 2);
}

/// Of whoever made the builder nothing is asked: the request goes through the cache, by the client inside.
#[tokio::test]
async fn a_builder_is_sent_through_the_cache() {
    let site = Site::of_pages().await;
    let client = cached();
    let other = plain().user_agent("other").build().expect("a client");
    for is_hit in [false, true] {
        let request = other.get(url(&site, "/a")).bearer_auth("a");
        let (status, _) = read(client.send(request).await.expect("a head")).await;
        assert_eq!(status.is_hit(), is_hit);
    }
    let request = other.get(url(&site, "/a")).bearer_auth("b");
    let (status, _) = read(client.send(request).await.expect("a head")).await;
    assert!(!status.is_hit(), "it is another user");
    let [first, _] = &*site.seen() else {
        panic!("two were asked for");
    };
    assert_eq!(first.headers[header::AUTHORIZATION], "Bearer a");
    assert_eq!(first.headers.get(header::USER_AGENT), None);
}

/// Promise 7
#[tokio::test]
async fn a_request_says_by_extensions_what_it_wishes() {
    let site = Site::of_pages().await;
    let client = cached();
    let wishing = async |mode| {
        let request = http().get(url(&site, "/a")).with_extension(mode);
        read(
            client
                .execute(request.expect("a request"))
                .await
                .expect("a head"),
        )
        .await
    };
    let (status, _) = wishing(CacheMode::OnlyIfCached).await;
    assert_eq!(status.outcome(), Outcome::Unsatisfiable);
    wishing(CacheMode::Default).await;
    let (status, content) = wishing(CacheMode::OnlyIfCached).await;
    assert_eq!((status.is_hit(), &*content), (true, "/a"));
    let (status, _) = wishing(CacheMode::Reload).await;
    assert_eq!(status.forwarded(), Some(Forward::Request));
    assert_eq!(site.calls(), 2);
}

/// What reqwest makes of a URL is what is asked for, what is stored, and what the response says.
#[tokio::test]
async fn a_response_says_the_url_that_it_says_without_the_cache() {
    let site = Site::of_pages().await;
    let client = cached();
    for path in ["/a", "/a#part", "/x/../a", "/%61?b=c d"] {
        let asked = format!("http://{}{path}", site.uri("/").authority().expect("one"));
        let without = http().get(&asked).send().await.expect("a head");
        for _ in 0..2 {
            let response = client.get(&asked).await.expect("a head");
            assert_eq!(response.url(), without.url(), "{path}");
            let (_, content) = read(response).await;
            assert_eq!(content, without.url().path());
        }
    }
    let uris = client.handle().entries().count();
    assert_eq!(uris, 2, "with and without the query");
}

/// The answer says what reqwest's own answers say, and a hit nothing of a connection that it did not use.
#[tokio::test]
async fn a_hit_has_no_remote_address() {
    let site = Site::of_pages().await;
    let client = cached();
    for is_forwarded in [true, false] {
        let response = client.get(url(&site, "/a")).await.expect("a head");
        assert_eq!(response.remote_addr().is_some(), is_forwarded);
        read(response).await;
    }
}

/// 9111-4.3.5-1: the answer to HEAD comes out of what a GET has stored.
#[tokio::test]
async fn a_head_is_answered_without_content() {
    let site = Site::of_pages().await;
    let client = cached();
    read(client.get(url(&site, "/a")).await.expect("a head")).await;
    let request = Request::new(Method::HEAD, url(&site, "/a").parse().expect("a URL"));
    let response = client.execute(request).await.expect("a head");
    assert_eq!(response.headers()[header::CONTENT_LENGTH], "2");
    let (status, content) = read(response).await;
    assert_eq!((status.is_hit(), &*content), (true, ""));
}

/// What the cache answers for itself is a response of reqwest's like any other.
#[tokio::test]
async fn a_status_becomes_an_error_with_the_url() {
    let site = Site::of_pages().await;
    let client = cached();
    let request = http().get(url(&site, "/a"));
    let request = request.with_extension(CacheMode::OnlyIfCached);
    let response = client.execute(request.expect("a request")).await;
    let error = response.expect("a head").error_for_status();
    let error = error.expect_err("nothing is stored");
    assert_eq!(error.status(), Some(StatusCode::GATEWAY_TIMEOUT));
    assert_eq!(error.url().expect("of the request").path(), "/a");
}
