//! Unary methods that a rule says are safe.

use std::time::Duration;

use http::{HeaderName, Uri};
use support::Clock;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tower::Layer;
use tower_client_cache::{CacheLayer, CacheMode, Forward, Rule};

use crate::practice::Practice;
use crate::{MakeBody, about, add, assert_hit, cached, layer, safe, status};

/// GRPC-8, GRPC-2: with its trailers, and an age among its metadata.
#[tokio::test]
async fn a_unary_call_is_answered_from_the_store() {
    let practice = Practice::open().await;
    let (mut client, handle) = cached(&practice).await;
    for is_hit in [false, true, true] {
        let response = client.check(about("heart")).await.expect("a diagnosis");
        assert_hit(&response, is_hit);
        let metadata = response.metadata();
        assert_eq!(metadata.get("grpc-status").expect("trailers"), "0");
        assert_eq!(metadata.contains_key("age"), is_hit);
        assert_eq!(response.get_ref().status(), ServingStatus::Serving);
    }
    let response = client.check(about("spleen")).await.expect("a diagnosis");
    assert_hit(&response, false);
    assert_eq!(response.get_ref().status(), ServingStatus::NotServing);
    assert_eq!(practice.doctor.calls(), 2);
    assert_eq!(handle.len(), 2);
}

/// GRPC-8: the server is asked as it would be without the cache.
#[tokio::test]
async fn a_call_that_is_forwarded_is_the_one_that_was_made() {
    let practice = Practice::open().await;
    let (mut cached, _) = cached(&practice).await;
    cached.check(about("heart")).await.expect("a diagnosis");
    let seen = practice.doctor.last().into_headers();
    let mut plain = HealthClient::new(practice.channel().await);
    plain.check(about("heart")).await.expect("a diagnosis");
    assert_eq!(seen, practice.doctor.last().into_headers());
}

/// GRPC-8: one client knows whom it asks, another does not; for the same they ask once.
#[tokio::test]
async fn a_client_may_say_whom_it_asks() {
    let practice = Practice::open().await;
    let layer = layer(safe());
    let cached = layer.layer(practice.channel().await);
    let origin = Uri::from_static("http://practice.test");
    let mut knowing = HealthClient::with_origin(cached.clone(), origin);
    let response = knowing.check(about("heart")).await.expect("a diagnosis");
    assert_hit(&response, false);
    let response = HealthClient::new(cached).check(about("heart")).await;
    assert_hit(&response.expect("a diagnosis"), true);
    assert_eq!(practice.doctor.calls(), 1);
}

/// C-48, EDGE-37: who does not say whom the channel is connected to, gets nothing out of it.
#[tokio::test]
async fn a_client_of_nobody_known_is_forwarded() {
    let practice = Practice::open().await;
    let layer = CacheLayer::new().rules([Rule::new().safe_grpc()]);
    let layer = layer.request_body(tonic::body::Body::new as MakeBody);
    let mut client = HealthClient::new(layer.layer(practice.channel().await));
    for _ in 0..2 {
        let response = client.check(about("heart")).await.expect("a diagnosis");
        assert_eq!(status(&response).forwarded(), Some(Forward::Method));
    }
    assert_eq!(practice.doctor.calls(), 2);
}

/// GRPC-2, GRPC-8: code, message, details and metadata are those of a call without the cache, and none is stored.
#[tokio::test]
async fn a_failure_is_what_it_would_be_without_the_cache() {
    let practice = Practice::open().await;
    let (mut cached, handle) = cached(&practice).await;
    let mut plain = HealthClient::new(practice.channel().await);
    for name in ["mind", "soul"] {
        for _ in 0..2 {
            let one = cached.check(about(name)).await.expect_err("a failure");
            let other = plain.check(about(name)).await.expect_err("a failure");
            assert_eq!(one.code(), other.code());
            assert_eq!(one.message(), other.message());
            assert_eq!(one.details(), other.details());
            let metadata = |status: tonic::Status| {
                let mut metadata = status.metadata().clone();
                // It says when that was.
                metadata.remove("date").expect("a date");
                metadata.into_headers()
            };
            assert_eq!(metadata(one), metadata(other));
        }
    }
    assert_eq!(practice.doctor.calls(), 8);
    assert_eq!(handle.len(), 0);
}

/// GRPC-8: by `cache-control` in the initial metadata, else by the rule, else not at all.
#[tokio::test]
async fn the_server_says_how_long_or_the_rule_does() {
    let practice = Practice::open().await;
    let clock = Clock::default();
    let layer = layer(safe()).clock(clock.clone());
    let mut client = HealthClient::new(layer.layer(practice.channel().await));
    let mut assert_calls = async |expected: &[bool]| {
        for is_hit in expected {
            let response = client.check(about("heart")).await.expect("a diagnosis");
            assert_hit(&response, *is_hit);
        }
    };
    practice.doctor.says(None);
    assert_calls(&[false, false]).await;
    let minute = Duration::from_secs(60);
    layer.handle().set_rules([safe().default_lifetime(minute)]);
    assert_calls(&[false, true]).await;
    clock.advance(61);
    practice.doctor.says(Some("max-age=600"));
    assert_calls(&[false, true]).await;
    clock.advance(599);
    assert_calls(&[true]).await;
    clock.advance(2);
    practice.doctor.says(Some("no-store"));
    assert_calls(&[false, false]).await;
}

/// GRPC-8: what the rule names is part of the key, and what it does not is not.
#[tokio::test]
async fn chosen_metadata_is_part_of_the_key() {
    let practice = Practice::open().await;
    let rule = safe().grpc_metadata([HeaderName::from_static("x-language")]);
    let layer = layer(rule);
    let mut client = HealthClient::new(layer.layer(practice.channel().await));
    let asking = |language: &str, trace: &str| {
        let mut request = Request::new(about("heart"));
        let metadata = request.metadata_mut();
        metadata.insert("x-language", language.parse().expect("a value"));
        metadata.insert("x-trace", trace.parse().expect("a value"));
        request
    };
    for (language, trace, is_hit) in [
        ("en", "1", false),
        ("en", "2", true),
        ("fr", "3", false),
        ("fr", "4", true),
    ] {
        let response = client.check(asking(language, trace)).await;
        assert_hit(&response.expect("a diagnosis"), is_hit);
    }
    assert_eq!(practice.doctor.calls(), 2);
}

/// Promise 1: what the server was asked before is served to no call that starts later.
#[tokio::test]
async fn a_clear_is_a_clear() {
    let practice = Practice::open().await;
    let (mut client, handle) = cached(&practice).await;
    client.check(about("heart")).await.expect("a diagnosis");
    handle.clear();
    let response = client.check(about("heart")).await.expect("a diagnosis");
    assert_hit(&response, false);
    let method = Uri::from_static("http://practice.test/grpc.health.v1.Health/Check");
    assert_eq!(handle.purge(&method).responses(), 1);
    let response = client.check(about("heart")).await.expect("a diagnosis");
    assert_hit(&response, false);
}

/// GRPC-8: compressed or not, on either side, each gets what it can read.
#[tokio::test]
async fn compression_goes_through_the_store() {
    const GZIP: CompressionEncoding = CompressionEncoding::Gzip;
    let practice = Practice::open().await;
    let layer = layer(safe());
    let cached = layer.layer(practice.channel().await);
    let clients = [
        HealthClient::new(cached.clone()),
        HealthClient::new(cached.clone()).accept_compressed(GZIP),
        HealthClient::new(cached.clone()).send_compressed(GZIP),
        HealthClient::new(cached)
            .accept_compressed(GZIP)
            .send_compressed(GZIP),
    ];
    for (index, mut client) in clients.into_iter().enumerate() {
        for is_hit in [false, true] {
            let response = client.check(about("heart")).await.expect("a diagnosis");
            assert_hit(&response, is_hit);
            assert_eq!(response.get_ref().status(), ServingStatus::Serving);
            let encoding = response.metadata().get("grpc-encoding");
            assert_eq!(encoding.is_some(), index % 2 == 1, "{index}");
        }
    }
    assert_eq!(layer.handle().len(), 4);
}

/// FETCH-6: the extensions of a request steer its call.
#[tokio::test]
async fn a_call_has_a_mode() {
    let practice = Practice::open().await;
    let (mut client, _) = cached(&practice).await;
    let asking = |mode: CacheMode| {
        let mut request = Request::new(about("heart"));
        request.extensions_mut().insert(mode);
        request
    };
    let nothing = client.check(asking(CacheMode::OnlyIfCached)).await;
    assert_eq!(
        nothing.expect_err("nothing is stored").code(),
        Code::Unavailable
    );
    client.check(about("heart")).await.expect("a diagnosis");
    let stored = client.check(asking(CacheMode::OnlyIfCached)).await;
    assert_hit(&stored.expect("a diagnosis"), true);
    let anew = client.check(asking(CacheMode::Reload)).await;
    assert_hit(&anew.expect("a diagnosis"), false);
    assert_eq!(practice.doctor.calls(), 2);
}

/// Promise 8: an interceptor that logs in keeps users apart where it is above the cache.
#[tokio::test]
async fn users_are_kept_apart_by_what_an_interceptor_says() {
    let practice = Practice::open().await;
    let layer = layer(safe());
    let cached = layer.layer(practice.channel().await);
    let mut nobody = HealthClient::new(cached.clone());
    let mut somebody = HealthClient::with_interceptor(cached, add("authorization"));
    for is_hit in [false, true] {
        let response = nobody.check(about("heart")).await.expect("a diagnosis");
        assert_hit(&response, is_hit);
        let response = somebody.check(about("heart")).await.expect("a diagnosis");
        assert_hit(&response, is_hit);
    }
    assert_eq!(practice.doctor.calls(), 2);
}
