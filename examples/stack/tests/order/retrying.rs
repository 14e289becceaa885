//! Retry.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::Body;
use http_body_util::Full;
use stack::attempts::Attempts;
use stacks::{Site, answer, page};
use support::{Answer, Clock, begun};
use tokio::sync::Notify;
use tower::retry::RetryLayer;
use tower::{Service, ServiceBuilder};
use tower_client_cache::CacheLayer;

use crate::{Asked, ask, http_client};

fn retry() -> RetryLayer<Attempts> {
    RetryLayer::new(Attempts::default())
}

fn with_cache_control(
    response: Response<Full<Bytes>>,
    value: &'static str,
) -> Response<Full<Bytes>> {
    let (mut head, body) = response.into_parts();
    let value = HeaderValue::from_static(value);
    head.headers.insert(header::CACHE_CONTROL, value);
    Response::from_parts(head, body)
}

/// `stale-if-error` is for when attempts have failed: the retry above is content with the stale answer, and the origin is not
/// asked again.
#[tokio::test]
async fn retry_above_the_cache_is_given_a_stale_answer_before_a_second_attempt() {
    async fn site() -> Site {
        let calls = Arc::<AtomicUsize>::default();
        Site::serve(move |_| {
            let response = match calls.fetch_add(1, Ordering::Relaxed) {
                0 => page("old"),
                1 => answer(StatusCode::SERVICE_UNAVAILABLE, ""),
                _ => page("new"),
            };
            async { with_cache_control(response, "max-age=60, stale-if-error=3600") }
        })
        .await
    }
    let clock = Clock::default();

    let wrong_site = site().await;
    let wrong = ServiceBuilder::new()
        .layer(retry())
        .layer(CacheLayer::new().clock(clock.clone()))
        .service(http_client());
    ask(&wrong, wrong_site.get("/a")).await.assert_stored();

    let right_site = site().await;
    let right = ServiceBuilder::new()
        .layer(CacheLayer::new().clock(clock.clone()))
        .layer(retry())
        .service(http_client());
    ask(&right, right_site.get("/a")).await.assert_stored();

    clock.advance(100);
    assert_eq!(ask(&wrong, wrong_site.get("/a")).await.text(), "old");
    assert_eq!(wrong_site.calls(), 2);
    assert_eq!(ask(&right, right_site.get("/a")).await.text(), "new");
    assert_eq!(right_site.calls(), 3);
}

/// An origin may say for how long it is in trouble, and then that is stored: what is above the cache asks the cache again.
#[tokio::test]
async fn retry_above_the_cache_is_given_the_same_failure_from_the_store() {
    async fn site() -> Site {
        let calls = Arc::<AtomicUsize>::default();
        Site::serve(move |_| {
            let response = match calls.fetch_add(1, Ordering::Relaxed) {
                0 => answer(StatusCode::SERVICE_UNAVAILABLE, "in trouble"),
                _ => page("here again"),
            };
            async { response }
        })
        .await
    }

    let wrong_site = site().await;
    let wrong = ServiceBuilder::new()
        .layer(retry())
        .layer(CacheLayer::new())
        .service(http_client());
    let failed = ask(&wrong, wrong_site.get("/a")).await;
    assert_eq!(failed.assert_hit().text(), "in trouble");
    assert_eq!(wrong_site.calls(), 1);

    let right_site = site().await;
    let right = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .layer(retry())
        .service(http_client());
    assert_eq!(ask(&right, right_site.get("/a")).await.text(), "here again");
    assert_eq!(right_site.calls(), 2);
}

/// An origin that is in trouble once, and takes its time to say so.
#[derive(Default)]
struct Trouble {
    calls: AtomicUsize,
    asked: Notify,
    let_go: Notify,
}

impl Trouble {
    async fn site() -> (Arc<Self>, Site) {
        let trouble = Arc::<Self>::default();
        let told = trouble.clone();
        let site = Site::serve(move |_| {
            let trouble = told.clone();
            async move {
                if trouble.calls.fetch_add(1, Ordering::Relaxed) > 0 {
                    return page("here again");
                }
                trouble.asked.notify_one();
                trouble.let_go.notified().await;
                with_cache_control(answer(StatusCode::SERVICE_UNAVAILABLE, ""), "no-store")
            }
        });
        (trouble, site.await)
    }

    /// How often four callers at once have the origin asked.
    async fn calls_of_four<S, B>(client: S) -> usize
    where
        S: Service<Asked, Response = Response<B>, Error: Debug> + Clone,
        B: Body<Error: Debug>,
    {
        let (trouble, site) = Self::site().await;
        let mut first = begun(ask(&client, site.get("/a")));
        tokio::select! {
            answer = &mut first => panic!("it is held, and no {answer:?}"),
            () = trouble.asked.notified() => {}
        }
        let [second, third, fourth] = [(); 3].map(|()| begun(ask(&client, site.get("/a"))));
        trouble.let_go.notify_one();
        let answers = tokio::join!(first, second, third, fourth);
        for answer in <[Answer; 4]>::from(answers) {
            assert_eq!(answer.text(), "here again");
        }
        site.calls()
    }
}

/// C-49: where the one that is on its way fails, those that wait for it are let go, all at once. Below the cache a second
/// attempt comes before that.
#[tokio::test]
async fn retry_above_the_cache_sends_everybody_to_an_origin_in_trouble() {
    let wrong = ServiceBuilder::new()
        .layer(retry())
        .layer(CacheLayer::new())
        .service(http_client());
    let calls = Trouble::calls_of_four(wrong).await;
    assert!(calls > 2, "{calls} calls");

    let right = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .layer(retry())
        .service(http_client());
    assert_eq!(Trouble::calls_of_four(right).await, 2);
}
