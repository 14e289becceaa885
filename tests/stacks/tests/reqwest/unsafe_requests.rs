//! What an unsafe request makes wrong, where reqwest has followed a redirect for it.

use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use reqwest::{Body, Response};
use stacks::{Site, answer, get, page};
use tower_client_cache::CacheLayer;
use tower_client_cache::reqwest::CachedClient;

use super::redirects::following;
use super::{http, read, url};

/// Sends who posts to `/a` there. Its pages are its paths, but `/gone` is not there.
async fn leading(status: StatusCode, there: String) -> Site {
    Site::serve(move |request| {
        let there = there.clone();
        async move {
            let path = request.uri().path().to_owned();
            let is_moved = request.method() == Method::POST && path == "/a";
            request.into_body().collect().await.expect("content");
            match &*path {
                _ if is_moved => {
                    let mut response = answer(status, "");
                    let there = HeaderValue::from_str(&there).expect("a value");
                    response.headers_mut().insert(header::LOCATION, there);
                    response
                }
                "/gone" => answer(StatusCode::NOT_FOUND, ""),
                _ => page(path),
            }
        }
    })
    .await
}

async fn holding(uris: &[String]) -> CachedClient {
    let client = CachedClient::new(following(), CacheLayer::new());
    for uri in uris {
        read(client.get(uri).await.expect("a head")).await;
    }
    assert_eq!(client.handle().len(), uris.len());
    client
}

async fn post(client: &CachedClient, site: &Site) -> Response {
    let post = http().post(url(site, "/a")).body("new");
    client.send(post).await.expect("a head")
}

/// 9111-4.4-1: the redirect was an answer of the target, and no error; that of what it leads to says nothing of it.
#[tokio::test]
async fn a_post_that_leads_to_what_is_not_there_invalidates_its_target() {
    let site = leading(StatusCode::SEE_OTHER, "/gone".to_owned()).await;
    let client = holding(&["/a", "/b"].map(|path| url(&site, path))).await;
    let response = post(&client, &site).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let is_stored = |path| client.handle().contains(&get::<Body>(site.uri(path)));
    assert!(!is_stored("/a") && is_stored("/b"));
}

/// 9111-4.4-1: where the request was sent to as it was, that was its target as well.
#[tokio::test]
async fn a_post_that_is_sent_elsewhere_invalidates_what_is_there() {
    for status in [
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ] {
        let site = leading(status, "/b".to_owned()).await;
        let client = holding(&["/a", "/b", "/c"].map(|path| url(&site, path))).await;
        let response = post(&client, &site).await;
        assert_eq!(response.url().path(), "/b");
        let asked = site.seen().last().expect("it was asked").method.clone();
        assert_eq!(asked, Method::POST);
        let is_stored = |path| client.handle().contains(&get::<Body>(site.uri(path)));
        assert!(!is_stored("/a") && !is_stored("/b") && is_stored("/c"));
    }
}

/// 9111-4.4-4: one origin does not make another's responses wrong.
#[tokio::test]
async fn a_post_that_leads_to_another_origin_invalidates_nothing_there() {
    let other = Site::of_pages().await;
    let site = leading(StatusCode::SEE_OTHER, url(&other, "/b")).await;
    let client = holding(&[url(&site, "/a"), url(&other, "/b")]).await;
    let response = post(&client, &site).await;
    assert_eq!(response.url().as_str(), url(&other, "/b"));
    let is_stored = |uri| client.handle().contains(&get::<Body>(uri));
    assert!(!is_stored(site.uri("/a")) && is_stored(other.uri("/b")));
}
