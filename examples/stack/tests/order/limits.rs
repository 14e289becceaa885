//! Limits and load shedding.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Request, Response, StatusCode};
use stacks::{Site, answer, page};
use support::begun;
use tokio::sync::Notify;
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::{LoadShedLayer, error::Overloaded};
use tower::retry::{Policy, RetryLayer};
use tower::{ServiceBuilder, ServiceExt};
use tower_client_cache::CacheLayer;

use crate::{ask, http_client};

/// PRJ-L-4, promise 3
#[tokio::test]
async fn a_limit_above_the_cache_makes_hits_wait_for_a_permit() {
    let limit = ConcurrencyLimitLayer::new(1);

    let (held, site) = Site::holding().await;
    let wrong = ServiceBuilder::new()
        .layer(limit.clone())
        .layer(CacheLayer::new())
        .service(http_client());
    ask(&wrong, site.get("/a")).await.assert_stored();
    let forward = tokio::spawn(wrong.clone().oneshot(site.get("/held")));
    held.is_asked_for().await;
    let hit = begun(ask(&wrong, site.get("/a")));
    held.let_go();
    hit.await.assert_hit();
    forward.await.unwrap().unwrap();

    let (held, site) = Site::holding().await;
    let right = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .layer(limit)
        .service(http_client());
    ask(&right, site.get("/a")).await.assert_stored();
    let forward = tokio::spawn(right.clone().oneshot(site.get("/held")));
    held.is_asked_for().await;
    ask(&right, site.get("/a")).await.assert_hit();
    assert!(!forward.is_finished());
    held.let_go();
    forward.await.unwrap().unwrap();
}

/// PRJ-L-4, promise 3
#[tokio::test]
async fn load_shedding_above_the_cache_refuses_hits() {
    let shed = LoadShedLayer::new();
    let limit = ConcurrencyLimitLayer::new(1);

    let (held, site) = Site::holding().await;
    let wrong = ServiceBuilder::new()
        .layer(shed.clone())
        .layer(limit.clone())
        .layer(CacheLayer::new())
        .service(http_client());
    ask(&wrong, site.get("/a")).await.assert_stored();
    let forward = tokio::spawn(wrong.clone().oneshot(site.get("/held")));
    held.is_asked_for().await;
    let refused = wrong.oneshot(site.get("/a")).await.unwrap_err();
    assert!(refused.is::<Overloaded>(), "{refused}");
    held.let_go();
    forward.await.unwrap().unwrap();

    let (held, site) = Site::holding().await;
    let right = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .layer(shed)
        .layer(limit)
        .service(http_client());
    ask(&right, site.get("/a")).await.assert_stored();
    let forward = tokio::spawn(right.clone().oneshot(site.get("/held")));
    held.is_asked_for().await;
    ask(&right, site.get("/a")).await.assert_hit();
    let refused = right.oneshot(site.get("/b")).await.unwrap_err();
    assert!(refused.is::<Overloaded>(), "{refused}");
    held.let_go();
    forward.await.unwrap().unwrap();
}

/// It is the limit that is not ready; what is below it always is.
#[tokio::test]
async fn load_shedding_below_a_limit_sheds_nothing() {
    let shed = LoadShedLayer::new();
    let limit = ConcurrencyLimitLayer::new(1);

    let (held, site) = Site::holding().await;
    let wrong = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .layer(limit.clone())
        .layer(shed.clone())
        .service(http_client());
    let forward = tokio::spawn(wrong.clone().oneshot(site.get("/held")));
    held.is_asked_for().await;
    let waits = begun(ask(&wrong, site.get("/a")));
    held.let_go();
    waits.await.assert_stored();
    forward.await.unwrap().unwrap();

    let (held, site) = Site::holding().await;
    let right = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .layer(shed)
        .layer(limit)
        .service(http_client());
    let forward = tokio::spawn(right.clone().oneshot(site.get("/held")));
    held.is_asked_for().await;
    let refused = right.oneshot(site.get("/a")).await.unwrap_err();
    assert!(refused.is::<Overloaded>(), "{refused}");
    held.let_go();
    forward.await.unwrap().unwrap();
}

/// A second attempt after a rest that the test ends.
#[derive(Debug, Clone, Default)]
struct Rests {
    began: Arc<Notify>,
    ends: Arc<Notify>,
}

impl<Q: Clone, R, E> Policy<Request<Q>, Response<R>, E> for Rests {
    type Future = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn retry(
        &mut self,
        _: &mut Request<Q>,
        result: &mut Result<Response<R>, E>,
    ) -> Option<Self::Future> {
        if result.as_ref().ok()?.status() != StatusCode::SERVICE_UNAVAILABLE {
            return None;
        }
        self.began.notify_one();
        let ends = self.ends.clone();
        Some(Box::pin(async move { ends.notified().await }))
    }

    fn clone_request(&mut self, request: &Request<Q>) -> Option<Request<Q>> {
        Some(request.clone())
    }
}

/// Answers `/shaky` with 503 once.
async fn shaky_site() -> Site {
    let was_asked = Arc::<AtomicBool>::default();
    Site::serve(move |request| {
        let path = request.uri().path().to_owned();
        let is_first = path == "/shaky" && !was_asked.swap(true, Ordering::Relaxed);
        async move {
            if is_first {
                return answer(StatusCode::SERVICE_UNAVAILABLE, "");
            }
            page(path)
        }
    })
    .await
}

#[tokio::test]
async fn a_limit_above_retry_is_held_while_a_request_rests() {
    let limit = ConcurrencyLimitLayer::new(1);

    let (rests, site) = (Rests::default(), shaky_site().await);
    let wrong = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .layer(limit.clone())
        .layer(RetryLayer::new(rests.clone()))
        .service(http_client());
    let resting = tokio::spawn(wrong.clone().oneshot(site.get("/shaky")));
    rests.began.notified().await;
    let other = begun(ask(&wrong, site.get("/a")));
    rests.ends.notify_one();
    assert_eq!(other.await.text(), "/a");
    assert_eq!(resting.await.unwrap().unwrap().status(), StatusCode::OK);

    let (rests, site) = (Rests::default(), shaky_site().await);
    let right = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .layer(RetryLayer::new(rests.clone()))
        .layer(limit)
        .service(http_client());
    let resting = tokio::spawn(right.clone().oneshot(site.get("/shaky")));
    rests.began.notified().await;
    assert_eq!(ask(&right, site.get("/a")).await.text(), "/a");
    assert!(!resting.is_finished());
    rests.ends.notify_one();
    assert_eq!(resting.await.unwrap().unwrap().status(), StatusCode::OK);
}
