//! tonic: the cache around a channel, below a generated client.

use std::time::Duration;

use http::Uri;
use http::uri::Authority;
use tonic::body::Body;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::Layer;
use tower_client_cache::background::Tokio;
use tower_client_cache::request_body::{Replay, With};
use tower_client_cache::{CacheHandle, CacheLayer, CacheService, CacheStatus, Rule};

mod deadlines;
mod layers;
mod passed;
mod practice;
mod stored;
mod streams;

use practice::Practice;

const MINUTE: Duration = Duration::from_secs(60);

/// What a user writes: one of these is all that tonic needs.
type MakeBody = fn(Replay<Body>) -> Body;
type Layered = CacheLayer<Tokio, With<MakeBody>>;
type Cached<S = Channel> = CacheService<S, Tokio, With<MakeBody>>;

/// All methods of this service are safe, and such answers fresh that say so.
fn safe() -> Rule {
    let service = Uri::from_static("http://practice.test/grpc.health.v1.Health");
    Rule::new().prefix(&service).safe_grpc()
}

/// A layer with this rule, for clients that do not know whom their channel is connected to.
fn layer(rule: Rule) -> Layered {
    CacheLayer::new()
        .rules([rule])
        .origin_form_authority(Authority::from_static("practice.test"))
        .request_body(Body::new as MakeBody)
}

/// A client of a practice, through a cache with that rule.
async fn cached(practice: &Practice) -> (HealthClient<Cached>, CacheHandle) {
    let layer = layer(safe());
    let client = HealthClient::new(layer.layer(practice.channel().await));
    (client, layer.handle())
}

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

fn status<T>(response: &Response<T>) -> CacheStatus {
    *response
        .extensions()
        .get::<CacheStatus>()
        .expect("every response says what the cache did")
}

#[track_caller]
fn assert_hit<T>(response: &Response<T>, is_hit: bool) {
    let status = status(response);
    assert_eq!(status.is_hit(), is_hit, "{status}");
}

fn add(name: &'static str) -> impl FnMut(Request<()>) -> Result<Request<()>, Status> + Clone {
    move |mut request| {
        let value = "added".parse().expect("a value");
        request.metadata_mut().insert(name, value);
        Ok(request)
    }
}
