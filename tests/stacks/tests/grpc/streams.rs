//! Streams of a service that a rule names: neither stored nor delayed.

use support::begun;
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

/// GRPC-8: who watches the same at the same time is not made to wait for what turns out to be a stream.
#[tokio::test]
async fn who_waits_for_a_stream_is_released_by_its_second_message() {
    let practice = Practice::open().await;
    let (mut first, handle) = cached(&practice).await;
    let mut second = first.clone();
    let pulse = practice.doctor.pulse();
    pulse
        .send(ServingStatus::Serving)
        .expect("it is listened to");
    let stream = first.watch(about("pulse")).await.expect("a stream");
    let mut stream = stream.into_inner();
    stream
        .message()
        .await
        .expect("no failure")
        .expect("a message");
    let waiting = begun(second.watch(about("pulse")));
    let other = practice.doctor.pulse();
    pulse
        .send(ServingStatus::Serving)
        .expect("it is listened to");
    stream
        .message()
        .await
        .expect("no failure")
        .expect("a message");
    let waited = waiting.await.expect("a stream");
    assert_eq!(status(&waited).collapsed(), Some(false));
    other
        .send(ServingStatus::NotServing)
        .expect("it is listened to");
    let message = waited.into_inner().message().await.expect("no failure");
    assert_eq!(
        message.expect("a message").status(),
        ServingStatus::NotServing
    );
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
