//! Interceptors and other layers, above the cache and below it.

use tonic::service::interceptor::InterceptedService;
use tonic::{Code, Request, Status};
use tonic_health::pb::health_client::HealthClient;
use tower::limit::ConcurrencyLimitLayer;
use tower::timeout::TimeoutLayer;
use tower::{Layer, ServiceBuilder};

use crate::practice::Practice;
use crate::{MINUTE, about, add, assert_hit, layer, safe};

/// Promise 6: what one adds above is asked for each call, what one adds below for those that reach the server.
#[tokio::test]
async fn interceptors_go_above_a_cache_of_calls_and_below_it() {
    let practice = Practice::open().await;
    let below = InterceptedService::new(practice.channel().await, add("x-below"));
    let cached = layer(safe()).layer(below);
    let mut client = HealthClient::with_interceptor(cached, add("x-above"));
    for is_hit in [false, true] {
        let response = client.check(about("heart")).await.expect("a diagnosis");
        assert_hit(&response, is_hit);
    }
    assert_eq!(practice.doctor.calls(), 1);
    for name in ["x-above", "x-below"] {
        assert_eq!(practice.doctor.last().get(name).expect("added"), "added");
    }
}

/// PRJ-L-7: what an interceptor refuses below the cache is asked again, and what one refuses above never reaches it.
#[tokio::test]
async fn a_refusal_is_not_stored() {
    let refuse = |_: Request<()>| -> Result<Request<()>, Status> {
        Err(Status::permission_denied("not today"))
    };
    let practice = Practice::open().await;
    let layer = layer(safe());
    let below = InterceptedService::new(practice.channel().await, refuse);
    let mut below = HealthClient::new(layer.layer(below));
    let cached = layer.layer(practice.channel().await);
    let mut above = HealthClient::with_interceptor(cached.clone(), refuse);
    for _ in 0..2 {
        for client in [
            below.check(about("heart")).await,
            above.check(about("heart")).await,
        ] {
            let refused = client.expect_err("it is refused");
            assert_eq!(refused.code(), Code::PermissionDenied);
            assert_eq!(refused.message(), "not today");
        }
    }
    assert_eq!(layer.handle().len(), 0);
    // Where it is refused below, what is stored already still answers.
    let mut plain = HealthClient::new(cached);
    plain.check(about("heart")).await.expect("a diagnosis");
    let response = below.check(about("heart")).await.expect("a diagnosis");
    assert_hit(&response, true);
    above
        .check(about("heart"))
        .await
        .expect_err("it is refused");
}

/// Promise 3: a hit takes no permit of what is below.
#[tokio::test]
async fn layers_of_tower_go_around_it() {
    let practice = Practice::open().await;
    let stack = ServiceBuilder::new()
        .layer(TimeoutLayer::new(MINUTE))
        .layer(layer(safe()))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(practice.channel().await);
    let mut client = HealthClient::new(stack);
    client.check(about("heart")).await.expect("a diagnosis");
    let mut busy = client.clone();
    let lungs = tokio::spawn(async move { busy.check(about("lungs")).await });
    practice.doctor.is_asked.notified().await;
    let response = client.check(about("heart")).await.expect("a diagnosis");
    assert!(
        response.metadata().contains_key("age"),
        "it is from the store"
    );
    practice.doctor.let_go();
    lungs.await.expect("no panic").expect("a diagnosis");
}
