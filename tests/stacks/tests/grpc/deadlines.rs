//! Deadlines.

use std::time::Duration;

use support::begun;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;

use crate::practice::Practice;
use crate::{MINUTE, about, assert_hit, cached, status};

fn within(timeout: Duration, service: &str) -> Request<HealthCheckRequest> {
    let mut request = Request::new(about(service));
    request.set_timeout(timeout);
    request
}

/// GRPC-8: the server is told how long there is, and one with another deadline gets the same answer.
#[tokio::test]
async fn a_deadline_is_sent_on_and_makes_no_difference_to_the_answer() {
    let practice = Practice::open().await;
    let (mut client, _) = cached(&practice).await;
    let response = client.check(within(MINUTE, "heart")).await;
    assert_hit(&response.expect("a diagnosis"), false);
    let sent = practice.doctor.last();
    let mut plain = tonic_health::pb::health_client::HealthClient::new(practice.channel().await);
    plain
        .check(within(MINUTE, "heart"))
        .await
        .expect("a diagnosis");
    let timeout = sent.get("grpc-timeout").expect("a deadline");
    assert_eq!(practice.doctor.last().get("grpc-timeout"), Some(timeout));
    for timeout in [2 * MINUTE, MINUTE / 60] {
        let response = client.check(within(timeout, "heart")).await;
        assert_hit(&response.expect("a diagnosis"), true);
    }
    let response = client.check(about("heart")).await.expect("a diagnosis");
    assert_hit(&response, true);
}

/// GRPC-8: what is forwarded ends at its deadline as it does without the cache, and one that waits for it at its own.
#[tokio::test]
async fn calls_end_at_their_deadlines() {
    let practice = Practice::open().await;
    let (mut client, handle) = cached(&practice).await;
    let tenth = Duration::from_millis(100);
    let mut plain = tonic_health::pb::health_client::HealthClient::new(practice.channel().await);
    let expected = plain
        .check(within(tenth, "lungs"))
        .await
        .expect_err("it is late");
    let late = client
        .check(within(tenth, "lungs"))
        .await
        .expect_err("it is late");
    assert_eq!(
        (late.code(), late.message()),
        (expected.code(), expected.message())
    );
    assert_eq!(handle.len(), 0);

    // What has answered with one message is waited for.
    client.check(about("heart")).await.expect("a diagnosis");
    let calls = practice.doctor.calls();
    let (mut leading, mut waiting) = (client.clone(), client.clone());
    let mut leader = begun(leading.check(about("lungs")));
    let late = tokio::select! {
        _ = &mut leader => unreachable!("nobody lets it go"),
        late = waiting.check(within(tenth, "lungs")) => late.expect_err("it is late"),
    };
    assert_eq!(late.code(), Code::DeadlineExceeded);
    assert_eq!(late.message(), expected.message());
    practice.doctor.let_go();
    let response = leader.await.expect("a diagnosis");
    assert!(status(&response).is_stored());
    assert_eq!(practice.doctor.calls(), calls + 1);
    let response = client.check(about("lungs")).await.expect("a diagnosis");
    assert_hit(&response, true);
}
