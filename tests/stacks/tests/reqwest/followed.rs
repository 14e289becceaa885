//! What goes along where redirects are followed above the cache.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, StatusCode, header};
use http_body_util::BodyExt;
use reqwest::{Body, Error, Request, Response, ResponseBuilderExt};
use stacks::{Site, answer, page};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use tower_client_cache::reqwest::{self as adapter, AsHttp, AsReqwest};
use tower_client_cache::{CacheLayer, Forward};
use tower_http::follow_redirect::policy::{
    FilterCredentials, Limited, Policy, PolicyExt, Standard, clone_body_fn,
};
use tower_http::follow_redirect::{FollowRedirectLayer, RequestUri};

use super::{http, read, url};

/// reqwest's client, or what stands for it, with the cache around it, and redirects followed above that.
fn following<P, S>(
    policy: P,
    http: S,
) -> impl Service<Request, Response = Response, Error = Error> + Clone
where
    P: Policy<Body, Error> + Clone,
    S: Service<Request, Response = Response, Error = Error, Future: Send> + Clone + Send + 'static,
{
    ServiceBuilder::new()
        .layer_fn(|inner| {
            AsReqwest::new(inner).final_uri(|said| said.get().map(|RequestUri(uri)| uri.clone()))
        })
        .layer(FollowRedirectLayer::with_policy(policy))
        .layer(CacheLayer::new().final_uri(adapter::final_uri))
        .layer_fn(AsHttp::new)
        .service(http)
}

/// As the documentation has it.
fn recommended() -> impl Policy<Body, Error> + Clone {
    let bytes = |body: &Body| Some(Body::from(body.as_bytes()?.to_vec()));
    Limited::default()
        .and::<_, Body, Error>(FilterCredentials::new().keep_all_extensions())
        .and::<_, Body, Error>(clone_body_fn(bytes))
}

/// The timeouts of the requests for `http://a.test/`, which leads there, and for `http://b.test/`.
async fn timeouts(policy: impl Policy<Body, Error> + Clone) -> Vec<Option<Duration>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let http = service_fn(move |request: Request| {
        let timeout = request.timeout().copied();
        noted.lock().expect("no panic").push(timeout);
        let mut response = http::Response::builder().url(request.url().clone());
        if request.url().domain() == Some("a.test") {
            let there = (header::LOCATION, "http://b.test/");
            response = response.status(StatusCode::FOUND).header(there.0, there.1);
        }
        async { Ok(Response::from(response.body("").expect("a response"))) }
    });
    let request = super::http().get("http://a.test/").timeout(Duration::MAX);
    let request = request.build().expect("a request");
    let response = following(policy, http).oneshot(request).await;
    assert_eq!(response.expect("a head").url().domain(), Some("b.test"));
    Arc::into_inner(seen)
        .expect("nobody else has it")
        .into_inner()
        .expect("no panic")
}

/// A timeout of one request is in its extensions, which tower-http drops on the way to another origin.
#[tokio::test]
async fn a_timeout_goes_along_to_another_origin_where_extensions_do() {
    let limit = Some(Duration::MAX);
    assert_eq!(timeouts(Standard::default()).await, [limit, None]);
    assert_eq!(timeouts(recommended()).await, [limit, limit]);
}

/// tower-http sends content again where it is told how to make it again.
#[tokio::test]
async fn content_goes_along_where_it_can_be_made_again() {
    let site = Site::serve(async |request| {
        let is_moved = request.uri().path() == "/a";
        let content = request.into_body().collect().await.expect("content");
        if is_moved {
            let mut response = answer(StatusCode::TEMPORARY_REDIRECT, "");
            let there = "/b".parse().expect("a value");
            response.headers_mut().insert(header::LOCATION, there);
            return response;
        }
        page(content.to_bytes())
    })
    .await;
    let post = || {
        let post = http().post(url(&site, "/a")).body("new");
        post.build().expect("a request")
    };
    let wrong = following(Standard::default(), http()).oneshot(post()).await;
    let status = wrong.expect("a head").status();
    assert_eq!(status, StatusCode::TEMPORARY_REDIRECT);

    let right = following(recommended(), http()).oneshot(post()).await;
    let right = right.expect("a head");
    assert_eq!(right.url().path(), "/b");
    let (status, content) = read(right).await;
    assert_eq!(status.forwarded(), Some(Forward::Method));
    assert_eq!(content, "new");
    assert_eq!(site.seen()[2].method, Method::POST);
}
