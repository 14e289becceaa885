//! reqwest's client below the cache, and its types on both sides of it.

use http::{Request, Response};
use reqwest::{Body, Client, Error, redirect};
use stacks::{Closed, Site, get, page};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_client_cache::{CacheBody, CacheLayer, CacheStatus, Forward};

fn client() -> Client {
    Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client")
}

/// reqwest's client as a service of the `http` crate's types: all it takes to put the cache around it.
fn service(
    client: Client,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Error, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    service_fn(move |request: Request<Body>| {
        let client = client.clone();
        async move { Ok(client.oneshot(request.try_into()?).await?.into()) }
    })
}

fn of_reqwest(response: Response<CacheBody<Body>>) -> reqwest::Response {
    response.map(Body::wrap).into()
}

fn status(response: &reqwest::Response) -> CacheStatus {
    *response
        .extensions()
        .get::<CacheStatus>()
        .expect("every response says what the cache did")
}

/// 9111-2-3, PRJ-L-5: the request and the response are reqwest's own.
#[tokio::test]
async fn a_request_of_reqwest_gets_a_response_of_reqwest_from_the_store() {
    let site = Site::of_pages().await;
    let client = client();
    let cached = CacheLayer::new().layer(service(client.clone()));
    for is_hit in [false, true] {
        let request = client
            .get(site.uri("/a").to_string())
            .build()
            .expect("a request");
        let request = request.try_into().expect("a request");
        let response = of_reqwest(cached.clone().oneshot(request).await.expect("a head"));
        assert_eq!(status(&response).is_hit(), is_hit);
        assert_eq!(response.status(), 200);
        assert_eq!(response.text().await.expect("a whole body"), "/a");
    }
    assert_eq!(site.calls(), 1);
}

/// 9111-4-7, 9111-4.4-1
#[tokio::test]
async fn content_goes_to_the_origin_and_invalidates() {
    let site = Site::serve(async |request| {
        let content = http_body_util::BodyExt::collect(request.into_body()).await;
        page(content.expect("content").to_bytes())
    })
    .await;
    let layer = CacheLayer::new();
    let cached = layer.layer(service(client()));
    let send = |request| {
        let cached = cached.clone();
        async { of_reqwest(cached.oneshot(request).await.expect("a head")) }
    };
    send(site.get("/a"))
        .await
        .bytes()
        .await
        .expect("a whole body");
    assert_eq!(layer.handle().len(), 1);

    let put = Request::put(site.uri("/a"))
        .body(Body::from("new"))
        .expect("a request");
    let response = send(put).await;
    assert_eq!(status(&response).forwarded(), Some(Forward::Method));
    assert_eq!(response.text().await.expect("a whole body"), "new");
    assert_eq!(layer.handle().len(), 0);
}

/// Promise 6, PRJ-L-7: the caller sees the error as the client made it.
#[tokio::test]
async fn an_error_of_the_client_comes_out_as_it_is() {
    let closed = Closed::port();
    let cached = CacheLayer::new().layer(service(client()));
    let refused: Result<_, Error> = cached.oneshot(get(closed.uri())).await;
    let error = refused.expect_err("nothing listens");
    assert!(error.is_connect(), "{error:?}");
}

/// Promise 4, promise 6: the octets pass through two bodies of reqwest as they come.
#[tokio::test]
async fn chunks_arrive_while_the_origin_is_still_writing() {
    let (frames, site) = Site::streaming().await;
    let cached = CacheLayer::new().layer(service(client()));
    let response = cached
        .clone()
        .oneshot(site.get("/a"))
        .await
        .expect("a head");
    let mut response = of_reqwest(response);
    for part in ["one", "two"] {
        assert!(frames.data(part), "somebody reads");
        let chunk = response.chunk().await.expect("no error");
        assert_eq!(chunk.expect("a chunk"), part);
    }
    drop(frames);
    assert_eq!(response.chunk().await.expect("no error"), None);

    let second = of_reqwest(cached.oneshot(site.get("/a")).await.expect("a head"));
    assert!(status(&second).is_hit());
    assert_eq!(second.text().await.expect("a whole body"), "onetwo");
    assert_eq!(site.calls(), 1);
}
