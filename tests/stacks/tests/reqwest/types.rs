//! Where a cached client goes.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::{HeaderMap, HeaderValue, header};
use stacks::Site;
use support::Loopback;
use tower::ServiceExt;
use tower_client_cache::CacheLayer;
use tower_client_cache::reqwest::{CachedClient, ClientFuture, RequestExt};

use super::{cached, http, plain, read, url};

/// Promise 6: it goes wherever the client goes.
#[test]
fn a_cached_client_is_send_and_sync_and_its_future_is_send() {
    fn goes_everywhere<T: Clone + Send + Sync + Unpin + 'static>() {}
    fn is_sent<T: Send + 'static>() {}
    goes_everywhere::<CachedClient>();
    is_sent::<ClientFuture>();
}

/// PRJ-L-5: in the state of an app, which asks through it while it answers.
#[tokio::test]
async fn a_cached_client_lives_in_the_state_of_an_app() {
    let site = Site::of_pages().await;
    let upstream = url(&site, "/a");
    let ask = async |State(client): State<CachedClient>| {
        let page = client.get(upstream).await.expect("a head");
        read(page).await.1
    };
    let app: Router = Router::new().route("/", get(ask)).with_state(cached());
    let app = Loopback::serve(move |request| {
        let answer = app.clone().oneshot(request.map(axum::body::Body::new));
        async { answer.await.expect("an answer") }
    })
    .await;
    for _ in 0..2 {
        let answer = http().get(app.uri("/").to_string()).send().await;
        let content = answer.expect("a head").text().await;
        assert_eq!(content.expect("a whole body"), "/a");
    }
    assert_eq!(site.calls(), 1);
}

/// Promise 8: nothing that reqwest was told in confidence is printed.
#[test]
fn what_is_secret_is_not_printed() {
    let fields = [(header::AUTHORIZATION, HeaderValue::from_static("secret"))];
    let http = plain().default_headers(HeaderMap::from_iter(fields));
    let client = CachedClient::new(http.build().expect("a client"), CacheLayer::new());
    let request = http_request().expect("a request");
    let future = client.execute(request);
    for printed in [format!("{client:?}"), format!("{future:?}")] {
        assert!(!printed.contains("secret"), "{printed}");
    }
}

fn http_request() -> Result<reqwest::Request, reqwest::Error> {
    let request = http().get("http://user:secret@127.0.0.1/a?secret");
    request.with_extension("secret")
}
