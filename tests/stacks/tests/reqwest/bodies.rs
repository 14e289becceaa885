//! What passes through.

use http::{HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use reqwest::Body;
use stacks::{Site, answer, page};
use support::OriginBody;
use tower_client_cache::reqwest::CachedClient;
use tower_client_cache::{CacheLayer, Forward, Rule};

use super::redirects::following;
use super::{cached, http, read, status, url};

/// 9111-4-7, 9111-4.4-1
#[tokio::test]
async fn content_goes_to_the_origin_and_invalidates() {
    let site = Site::serve(async |request| {
        let content = request.into_body().collect().await.expect("content");
        page(content.to_bytes())
    })
    .await;
    let client = cached();
    read(client.get(url(&site, "/a")).await.expect("a head")).await;
    assert_eq!(client.handle().len(), 1);

    let put = http().put(url(&site, "/a")).body("new");
    let (status, content) = read(client.send(put).await.expect("a head")).await;
    assert_eq!(status.forwarded(), Some(Forward::Method));
    assert_eq!(content, "new");
    assert_eq!(client.handle().len(), 0);
}

/// Promise 4: content that comes piece by piece goes on as it comes.
#[tokio::test]
async fn content_of_a_request_streams() {
    let site = Site::serve(async |request| page("").map(|_| request.into_body())).await;
    let client = cached();
    let (frames, body) = OriginBody::channel();
    let post = http().post(url(&site, "/a")).body(Body::wrap(body));
    let mut response = client.send(post).await.expect("a head before any content");
    for part in ["one", "two"] {
        assert!(frames.data(part), "somebody reads");
        let chunk = response.chunk().await.expect("no error");
        assert_eq!(chunk.expect("a chunk"), part);
    }
    drop(frames);
    assert_eq!(response.chunk().await.expect("no error"), None);
    assert_eq!(site.seen()[0].headers[header::TRANSFER_ENCODING], "chunked");
}

/// Promise 4, promise 6: the octets pass through the bodies of reqwest as they come.
#[tokio::test]
async fn chunks_arrive_while_the_origin_is_still_writing() {
    let (frames, site) = Site::streaming().await;
    let client = cached();
    let mut response = client.get(url(&site, "/a")).await.expect("a head");
    for part in ["one", "two"] {
        assert!(frames.data(part), "somebody reads");
        let chunk = response.chunk().await.expect("no error");
        assert_eq!(chunk.expect("a chunk"), part);
    }
    drop(frames);
    assert_eq!(response.chunk().await.expect("no error"), None);

    let second = client.get(url(&site, "/a")).await.expect("a head");
    assert!(status(&second).is_hit());
    assert_eq!(second.text().await.expect("a whole body"), "onetwo");
    assert_eq!(site.calls(), 1);
}

/// PRJ-L-5: what the cache has read of a request reqwest can send more than once all the same, and its length is said.
#[tokio::test]
async fn content_that_was_read_follows_a_redirect() {
    let site = Site::serve(async |request| {
        if request.uri().path() == "/a" {
            let mut response = answer(StatusCode::TEMPORARY_REDIRECT, "");
            let there = HeaderValue::from_static("/b");
            response.headers_mut().insert(header::LOCATION, there);
            return response;
        }
        let length = request.headers()[header::CONTENT_LENGTH].clone();
        let content = request.into_body().collect().await.expect("content");
        assert_eq!(length, content.to_bytes().len().to_string());
        page("found")
    })
    .await;
    let rule = Rule::new().safe_post();
    let client = CachedClient::new(following(), CacheLayer::new().rules([rule]));
    let search = http().post(url(&site, "/a")).json(&["news"]);
    let response = client.send(search).await.expect("a head");
    assert_eq!(response.url().path(), "/b");
    let (status, content) = read(response).await;
    assert_eq!(status.forwarded(), Some(Forward::UriMiss), "it was read");
    assert_eq!(content, "found");
}
