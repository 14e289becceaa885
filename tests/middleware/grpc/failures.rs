//! Calls that fail, and answers that are none of a unary method.

use http::HeaderMap;
use http_body::Frame;
use support::{OriginBody, OriginError, Reply, reply};
use tower::{Service, ServiceExt};
use tower_client_cache::{CacheMode, NotStored};

use super::{GET, call, data, frames, head, message, shop, success, trailers};
use crate::frame;

/// A failure in the head, and no message.
fn trailers_only(status: &str) -> Reply {
    head().field("grpc-status", status)
}

/// GRPC-2, GRPC-8: Each arrives as it is, and none of them is stored.
#[tokio::test]
async fn what_is_no_success_is_not_stored() {
    let whole = |texts: &[&str], status| head().frames(frames(texts, status));
    let mut twice = trailers("0");
    twice.append("grpc-status", "0".parse().unwrap());
    let behind =
        |trailers: HeaderMap| head().frames([data(message("x")), Ok(Frame::trailers(trailers))]);
    let cut = message("xyz").slice(..7);
    let replies: [(&str, Reply); 15] = [
        ("a status behind a message", whole(&["x"], "14")),
        ("a status behind nothing", whole(&[], "5")),
        ("a success without a message", whole(&[], "0")),
        ("two messages", whole(&["x", "y"], "0")),
        ("no status", behind(HeaderMap::new())),
        ("two", behind(twice)),
        ("no trailers", head().frames([data(message("x"))])),
        (
            "half a message",
            head().frames([data(cut), Ok(Frame::trailers(trailers("0")))]),
        ),
        ("a status in the head", trailers_only("5")),
        ("a success in the head", trailers_only("0")),
        (
            "a status in the head, and more",
            trailers_only("0").frames(frames(&["x"], "0")),
        ),
        (
            "HTML, by its type",
            reply(200)
                .control("max-age=60")
                .field("content-type", "text/html")
                .frames(frames(&["x"], "0")),
        ),
        (
            "HTML",
            reply(200)
                .control("max-age=60")
                .field("content-type", "text/html")
                .body("x"),
        ),
        (
            "another status of HTTP",
            reply(404)
                .field("content-type", "application/grpc")
                .control("max-age=60")
                .frames(frames(&["x"], "0")),
        ),
        ("a proxy", reply(503).control("max-age=60").body("later")),
    ];
    let talk = shop();
    for (what, reply) in replies {
        talk.origin.will(reply);
        talk.send(call(GET, "a", &[])).await;
        assert_eq!(talk.handle.len(), 0, "{what}");
    }
    assert_eq!(talk.origin.calls(), 15);
    let body = OriginBody::new([data(message("x")), Err(OriginError("torn"))], false);
    talk.origin.will(head().with_body(body));
    let torn = talk.try_send(call(GET, "a", &[])).await;
    assert_eq!(torn.unwrap_err(), OriginError("torn"));
    assert_eq!(talk.handle.len(), 0);
    talk.origin.will(success("x"));
    talk.send(call(GET, "a", &[])).await.assert_stored();
}

/// GRPC-2: What it says of itself is what it would say without the cache.
#[tokio::test]
async fn a_failure_arrives_as_it_is() {
    let talk = shop();
    let failure = trailers_only("5")
        .field("grpc-message", "no such thing")
        .field("x-more", "1");
    talk.origin.will(failure);
    let answer = talk.send(call(GET, "a", &[])).await;
    answer.assert_not_stored(NotStored::Status);
    for (name, value) in [
        ("grpc-status", "5"),
        ("grpc-message", "no such thing"),
        ("x-more", "1"),
    ] {
        assert_eq!(answer.field(name).as_deref(), Some(value));
    }
    talk.origin.will(head().frames(frames(&["x"], "8")));
    let answer = talk.send(call(GET, "a", &[])).await;
    assert_eq!(answer.trailers, Some(trailers("8")));
    assert_eq!(answer.body, message("x"));
    assert_eq!(talk.handle.stats().refusals(NotStored::Status), 2);
}

/// PRJ-5861-5: A failure takes the place of nothing that is good.
#[tokio::test]
async fn a_failure_takes_the_place_of_nothing() {
    let talk = shop();
    let anew = || {
        let mut request = call(GET, "a", &[]);
        request.extensions_mut().insert(CacheMode::NoCache);
        request
    };
    talk.origin.will(success("one"));
    talk.send(call(GET, "a", &[])).await.assert_stored();
    let failures = [
        trailers_only("14"),
        head().frames(frames(&["x"], "14")),
        head().frames(frames(&[], "14")),
    ];
    for failure in failures {
        talk.origin.will(failure);
        assert!(!talk.send(anew()).await.cache.is_hit());
        let answer = talk.send(call(GET, "a", &[])).await;
        assert_eq!(answer.assert_hit().body, message("one"));
    }
}

/// GRPC-8: Behind trailers nothing comes, and nobody asks for it.
#[tokio::test]
async fn an_answer_is_stored_when_its_trailers_are_there() {
    let talk = shop();
    talk.origin.will(success("x"));
    let client = talk.client.clone();
    let mut body = client
        .oneshot(call(GET, "a", &[]))
        .await
        .unwrap()
        .into_body();
    frame(&mut body);
    assert_eq!(talk.handle.len(), 0);
    frame(&mut body);
    assert_eq!(talk.handle.len(), 1);
    drop(body);
    let mut client = talk.client.clone();
    let again = client.call(call(GET, "a", &[])).await.unwrap();
    assert_eq!(again.headers()["age"], "0");
}
