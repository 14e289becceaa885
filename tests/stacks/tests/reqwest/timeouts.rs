//! How long reqwest waits.

use std::time::Duration;

use stacks::Site;
use tower_client_cache::CacheLayer;
use tower_client_cache::reqwest::CachedClient;

use super::{cached, http, plain, read, url};

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(50);

/// A timeout of one request reaches the client, and the client's own does.
#[tokio::test]
async fn an_origin_that_does_not_answer_is_a_timeout_of_reqwest() {
    let (_held, site) = Site::holding().await;
    let client = cached();
    let request = http().get(url(&site, "/held")).timeout(SHORT);
    let error = client.send(request).await.expect_err("nobody answers");
    assert!(error.is_timeout() && error.is_request(), "{error:?}");

    let http = plain().timeout(SHORT).build().expect("a client");
    let client = CachedClient::new(http, CacheLayer::new());
    let error = client.get(url(&site, "/held")).await;
    let error = error.expect_err("nobody answers");
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(error.url().expect("of the request").path(), "/held");
}

/// The same in the midst of the body, which is not stored then.
#[tokio::test]
async fn a_body_that_stops_is_a_timeout_of_reqwest() {
    let (frames, site) = Site::streaming().await;
    let client = cached();
    let request = http().get(url(&site, "/a")).timeout(LONG);
    let mut response = client.send(request).await.expect("a head");
    assert!(frames.data("one"), "somebody reads");
    assert_eq!(
        response.chunk().await.expect("a chunk").expect("data"),
        "one"
    );

    tokio::time::pause();
    let error = response.chunk().await.expect_err("no more comes");
    assert!(error.is_timeout(), "{error:?}");
    drop(response);
    assert_eq!(client.handle().len(), 0);
}

/// Promise 3: what is stored is there, however long the client would have waited.
#[tokio::test]
async fn a_hit_knows_no_timeout() {
    let site = Site::of_pages().await;
    let client = cached();
    read(client.get(url(&site, "/a")).await.expect("a head")).await;
    let request = http().get(url(&site, "/a")).timeout(Duration::ZERO);
    let (status, content) = read(client.send(request).await.expect("a head")).await;
    assert_eq!((status.is_hit(), &*content), (true, "/a"));
}

/// Who waits for another's answer is not bounded by a timeout of reqwest, which begins when its own request does.
#[tokio::test]
async fn a_request_that_waits_for_another_is_not_timed_by_reqwest() {
    let (held, site) = Site::holding().await;
    let client = cached();
    let first = client.get(url(&site, "/held"));
    let request = http().get(url(&site, "/held")).timeout(Duration::ZERO);
    let second = client.send(request);
    let let_go = async {
        held.is_asked_for().await;
        held.let_go();
    };
    let first = async { read(first.await.expect("a head")).await };
    let second = async { read(second.await.expect("a head")).await };
    let (first, second, ()) = tokio::join!(first, second, let_go);
    assert!(!first.0.is_collapsed() && second.0.is_collapsed());
    assert_eq!(second.1, "/held");
    assert_eq!(site.calls(), 1);
}
