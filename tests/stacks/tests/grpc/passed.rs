//! What no rule names goes through as it is.

use http::{HeaderValue, header};
use stacks::{Site, page};
use support::Answer;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tower::{Layer, ServiceExt};
use tower_client_cache::{CacheLayer, CacheService, Forward, NotStored};

use crate::practice::Practice;
use crate::{about, add, status};

/// GRPC-3, GRPC-7, 9111-4-7: each call reaches the server, whatever its answer says.
#[tokio::test]
async fn a_unary_call_goes_through_and_is_never_stored() {
    let practice = Practice::open().await;
    let layer = CacheLayer::new();
    let cached: CacheService<Channel> = layer.layer(practice.channel().await);
    let mut client = HealthClient::new(cached);
    for call in 1..=2 {
        let response = client.check(about("heart")).await.expect("a diagnosis");
        let cache = status(&response);
        assert_eq!(cache.forwarded(), Some(Forward::Method), "{cache}");
        assert_eq!(cache.not_stored(), Some(NotStored::Method), "{cache}");
        assert_eq!(response.get_ref().status(), ServingStatus::Serving);
        assert_eq!(practice.doctor.calls(), call);
        assert!(layer.handle().is_empty());
    }
}

/// GRPC-2, GRPC-9
#[tokio::test]
async fn the_status_of_a_unary_call_arrives() {
    let practice = Practice::open().await;
    let cached = CacheLayer::new().layer(practice.channel().await);
    let mut client = HealthClient::new(cached);
    let response = client.check(about("heart")).await.expect("a diagnosis");
    let trailers = response.metadata();
    assert_eq!(trailers.get("grpc-status").expect("trailers"), "0");

    let refused = client
        .check(about("liver"))
        .await
        .expect_err("no such service");
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(refused.message(), "there is no liver");
}

/// GRPC-2, GRPC-9: the failure of a stream is in its trailers, behind the messages.
#[tokio::test]
async fn a_stream_of_messages_ends_with_its_trailers() {
    let practice = Practice::open().await;
    let cached = CacheLayer::new().layer(practice.channel().await);
    let mut client = HealthClient::new(cached);
    let mut stream = client
        .watch(about("heart"))
        .await
        .expect("a stream")
        .into_inner();
    for expected in [ServingStatus::Serving, ServingStatus::NotServing] {
        let message = stream
            .message()
            .await
            .expect("no failure")
            .expect("a message");
        assert_eq!(message.status(), expected);
    }
    let gone = stream.message().await.expect_err("the doctor goes");
    assert_eq!(
        (gone.code(), gone.message()),
        (Code::Aborted, "the doctor is gone")
    );
    assert_eq!(
        gone.metadata().get("x-next-visit").expect("metadata"),
        "tomorrow"
    );
}

/// Promise 6: an interceptor above asks for a body with a default, one below for nothing.
#[tokio::test]
async fn interceptors_go_above_the_cache_and_below_it() {
    let practice = Practice::open().await;
    let below = InterceptedService::new(practice.channel().await, add("x-below"));
    let cached = CacheLayer::new().layer(below);
    let mut client = HealthClient::with_interceptor(cached, add("x-above"));
    for _ in 0..2 {
        let response = client.check(about("heart")).await.expect("a diagnosis");
        assert_eq!(status(&response).forwarded(), Some(Forward::Method));
        assert_eq!(
            response.metadata().get("grpc-status").expect("trailers"),
            "0"
        );
    }
    let asked = practice.doctor.asked.lock().expect("no panic");
    assert_eq!(asked.len(), 2);
    for metadata in asked.iter() {
        assert_eq!(metadata.get("x-above").expect("added"), "added");
        assert_eq!(metadata.get("x-below").expect("added"), "added");
    }
}

/// PRJ-L-7: what an interceptor refuses gets its status, from either side, and no call.
#[tokio::test]
async fn the_refusal_of_an_interceptor_arrives() {
    fn refuse(_: Request<()>) -> Result<Request<()>, Status> {
        Err(Status::permission_denied("not today"))
    }
    let practice = Practice::open().await;
    let channel = practice.channel().await;
    let layer = CacheLayer::new();
    let above = layer.layer(channel.clone());
    let above = HealthClient::with_interceptor(above, refuse)
        .check(about("heart"))
        .await;
    let below = layer.layer(InterceptedService::new(channel, refuse));
    let below = HealthClient::new(below).check(about("heart")).await;
    for refused in [above, below] {
        let refused = refused.expect_err("it is refused");
        assert_eq!(refused.code(), Code::PermissionDenied);
        assert_eq!(refused.message(), "not today");
    }
    assert_eq!(practice.doctor.calls(), 0);
}

/// GRPC-7: no method makes gRPC a thing to be stored.
#[tokio::test]
async fn a_get_with_a_message_on_either_side_is_never_stored() {
    const MESSAGE: HeaderValue = HeaderValue::from_static("application/grpc+proto");
    for (side, is_asked, is_answered) in [("request", true, false), ("response", false, true)] {
        let site = Site::serve(move |_| async move {
            let mut response = page("");
            if is_answered {
                response.headers_mut().insert(header::CONTENT_TYPE, MESSAGE);
            }
            response
        })
        .await;
        let endpoint = Endpoint::try_from(site.uri("/").to_string()).expect("a URI");
        let channel = endpoint.connect().await.expect("a connection");
        let layer = CacheLayer::new();
        let client = layer.layer(channel);
        for _ in 0..2 {
            let mut request: http::Request<tonic::body::Body> = site.get("/a.Service/Method");
            if is_asked {
                request.headers_mut().insert(header::CONTENT_TYPE, MESSAGE);
            }
            let response = client.clone().oneshot(request).await.expect("a head");
            Answer::read(response).await.expect("a whole body");
        }
        assert_eq!(layer.handle().len(), 0, "gRPC in the {side}");
        assert_eq!(site.calls(), 2, "gRPC in the {side}");
    }
}
