//! Streams of a service that a rule names: neither stored nor delayed.

use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tower::Layer;
use tower_client_cache::{Forward, NotStored, Rule};

use crate::practice::Practice;
use crate::{about, assert_hit, cached, layer, status};

/// GRPC-8, Promise 4: each message of the server is there before the next is sent.
#[tokio::test]
async fn what_a_server_streams_arrives_as_it_comes() {
    let practice = Practice::open().await;
    let (mut client, handle) = cached(&practice).await;
    for _ in 0..2 {
        let pulse = practice.doctor.pulse();
        let response = client.watch(about("pulse")).await.expect("a stream");
        assert_hit(&response, false);
        let mut stream = response.into_inner();
        for beat in [
            ServingStatus::Serving,
            ServingStatus::NotServing,
            ServingStatus::Serving,
        ] {
            pulse.send(beat).expect("it is listened to");
            let message = stream.message().await.expect("no failure");
            assert_eq!(message.expect("a message").status(), beat);
        }
        drop(pulse);
        assert!(stream.message().await.expect("no failure").is_none());
    }
    assert_eq!(practice.doctor.calls(), 2);
    assert_eq!(handle.len(), 0);
}

/// GRPC-8: who watches the same at the same time is not made to wait for what may be a stream, though nothing comes of it.
#[tokio::test]
async fn who_watches_the_same_waits_for_nobody() {
    let practice = Practice::open().await;
    let (mut first, handle) = cached(&practice).await;
    let mut second = first.clone();
    let _silent = practice.doctor.pulse();
    let silent = first.watch(about("pulse")).await.expect("a stream");
    let pulse = practice.doctor.pulse();
    let other = second.watch(about("pulse")).await.expect("a stream");
    assert_eq!(status(&other).collapsed(), None);
    let beat = ServingStatus::NotServing;
    pulse.send(beat).expect("it is listened to");
    let message = other.into_inner().message().await.expect("no failure");
    assert_eq!(message.expect("a message").status(), beat);
    drop(silent);
    assert_eq!(handle.len(), 0);
}

/// GRPC-8: each message of either side is there before the next is sent.
#[tokio::test]
async fn what_both_stream_arrives_as_it_comes() {
    let practice = Practice::open().await;
    let layer = layer(Rule::new().safe_grpc());
    let mut client = ServerReflectionClient::new(layer.layer(practice.channel().await));
    let (words, said) = mpsc::unbounded_channel();
    let said = UnboundedReceiverStream::new(said);
    let response = client.server_reflection_info(said).await.expect("a stream");
    let cache = status(&response);
    assert_eq!(cache.forwarded(), Some(Forward::Bypass));
    assert_eq!(cache.not_stored(), Some(NotStored::Bypass));
    let mut again = response.into_inner();
    for word in ["one", "two", "three"] {
        let request = ServerReflectionRequest {
            host: word.to_owned(),
            ..ServerReflectionRequest::default()
        };
        words.send(request).expect("it is listened to");
        let message = again.message().await.expect("no failure");
        assert_eq!(message.expect("a message").valid_host, word);
    }
    drop(words);
    assert!(again.message().await.expect("no failure").is_none());
    assert_eq!(layer.handle().len(), 0);
}
