//! Timeouts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use stacks::{Site, page};
use support::{Answer, Clock, begun};
use tokio::sync::Notify;
use tower::{ServiceBuilder, ServiceExt};
use tower_client_cache::{CacheLayer, CacheStatus, Forward};
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::timeout::TimeoutLayer;

use crate::{ask, http_client, moved};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn timeout(limit: Duration) -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limit)
}

/// Lets time pass for timers, all at once.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Holds answers back while it is told to.
#[derive(Debug, Default)]
struct Hold {
    is_on: AtomicBool,
    asked: Notify,
    let_go: Notify,
}

impl Hold {
    /// `/first` moves to `/second`; everything else is a page that may be stale for an hour where the origin fails.
    async fn site() -> (Arc<Self>, Site) {
        let hold = Arc::<Self>::default();
        let held = hold.clone();
        let site = Site::serve(move |request| {
            let hold = held.clone();
            async move {
                if hold.is_on.load(Ordering::Relaxed) {
                    hold.asked.notify_one();
                    hold.let_go.notified().await;
                }
                if request.uri().path() == "/first" {
                    return moved(StatusCode::FOUND, "/second");
                }
                let mut page = page("page");
                let value = HeaderValue::from_static("max-age=60, stale-if-error=3600");
                page.headers_mut().insert(header::CACHE_CONTROL, value);
                page
            }
        });
        (hold, site.await)
    }

    fn set(&self, is_on: bool) {
        self.is_on.store(is_on, Ordering::Relaxed);
    }
}

/// PRJ-L-2, C-49: what waits for another's answer waits in the cache, and asks for nothing below it that could be late.
#[tokio::test]
async fn a_timeout_below_the_cache_does_not_bound_the_wait_for_another() {
    let cache = || {
        CacheLayer::new()
            .collapse_limit(HOUR)
            .collapse_head_limit(HOUR)
    };

    let (frames, site) = Site::streaming().await;
    let wrong = ServiceBuilder::new()
        .layer(cache())
        .timeout(MINUTE)
        .service(http_client());
    let first = wrong.clone().oneshot(site.get("/a")).await.unwrap();
    let second = begun(ask(&wrong, site.get("/a")));
    pass(2 * MINUTE).await;
    let second = begun(second);
    assert!(frames.data("at last"));
    drop(frames);
    let first = Answer::read(first).await.unwrap();
    let second = second.await;
    assert_eq!((first.text(), second.text()), ("at last", "at last"));
    assert!(second.cache.is_collapsed());

    let (_frames, site) = Site::streaming().await;
    let right = ServiceBuilder::new()
        .layer(timeout(MINUTE))
        .layer(cache())
        .service(http_client());
    let _first = right.clone().oneshot(site.get("/a")).await.unwrap();
    let second = begun(right.clone().oneshot(site.get("/a")));
    pass(2 * MINUTE).await;
    let second = second.await.unwrap();
    assert_eq!(second.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(site.calls(), 1);
}

/// PRJ-L-2
#[tokio::test]
async fn a_timeout_below_redirects_begins_anew_with_each_hop() {
    let hop = MINUTE * 2 / 3;

    let (hold, site) = Hold::site().await;
    hold.set(true);
    let wrong = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(timeout(MINUTE))
        .layer(CacheLayer::new())
        .service(http_client());
    let answer = tokio::spawn(wrong.oneshot(site.get("/first")));
    for _ in 0..2 {
        hold.asked.notified().await;
        pass(hop).await;
        hold.let_go.notify_one();
    }
    assert_eq!(answer.await.unwrap().unwrap().status(), StatusCode::OK);

    let (hold, site) = Hold::site().await;
    hold.set(true);
    let right = ServiceBuilder::new()
        .layer(timeout(MINUTE))
        .layer(FollowRedirectLayer::new())
        .layer(CacheLayer::new())
        .service(http_client());
    let answer = tokio::spawn(right.oneshot(site.get("/first")));
    hold.asked.notified().await;
    pass(hop).await;
    hold.let_go.notify_one();
    hold.asked.notified().await;
    pass(hop).await;
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
}

/// The one above is the caller's patience, and when it is at its end there is nobody to take a stale answer. A second and
/// shorter one below tells the cache in time that the origin fails.
#[tokio::test]
async fn a_second_timeout_below_the_cache_lets_a_stale_response_answer() {
    let clock = Clock::default();
    let cache = || CacheLayer::new().clock(clock.clone());

    let (hold, site) = Hold::site().await;
    let one = ServiceBuilder::new()
        .layer(timeout(MINUTE))
        .layer(cache())
        .service(http_client());
    let two = ServiceBuilder::new()
        .layer(timeout(MINUTE))
        .layer(cache())
        .timeout(MINUTE / 6)
        .service(http_client());
    ask(&one, site.get("/a")).await.assert_stored();
    ask(&two, site.get("/a")).await.assert_stored();
    clock.advance(100);
    hold.set(true);

    let late = tokio::spawn(one.oneshot(site.get("/a")));
    hold.asked.notified().await;
    pass(MINUTE).await;
    let late = late.await.unwrap().unwrap();
    assert_eq!(late.status(), StatusCode::GATEWAY_TIMEOUT);

    let stale = tokio::spawn(async move { two.oneshot(site.get("/a")).await });
    hold.asked.notified().await;
    pass(MINUTE / 6).await;
    let stale = stale.await.unwrap().unwrap();
    assert_eq!(stale.status(), StatusCode::OK);
    let status = stale.extensions().get::<CacheStatus>().unwrap();
    assert_eq!(status.forwarded(), Some(Forward::Stale), "{status}");
    assert_eq!(status.forward_status(), None, "{status}");
}
