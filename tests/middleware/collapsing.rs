//! Collapsing: many ask at once, and the origin is asked once (RFC 9111 §4, C-49).

mod fence;
mod giving_up;
mod limits;
mod released;
mod shared;
mod threads;
mod unshared;

use std::pin::Pin;

use bytes::Bytes;
use futures_util::FutureExt;
use http::Request;
use http_body_util::Empty;
use support::{Answer, Conversation, begun, get};
use tower_client_cache::Forward;

type Asking = Pin<Box<dyn Future<Output = Answer>>>;

/// A request that has begun and waits.
#[track_caller]
fn waits(talk: &Conversation, request: Request<Empty<Bytes>>) -> Asking {
    begun(talk.send(request))
}

/// So many requests for `/a` that have begun and wait.
#[track_caller]
fn herd<const N: usize>(talk: &Conversation) -> [Asking; N] {
    std::array::from_fn(|_| waits(talk, get("/a", &[])))
}

/// It is still waiting.
#[track_caller]
fn assert_waits(asking: &mut Asking) {
    assert!(asking.now_or_never().is_none(), "it waits");
}

/// What it is answered with, which has to be there.
#[track_caller]
fn answer(asking: &mut Asking) -> Answer {
    asking.now_or_never().expect("it is answered")
}

/// It was answered with the answer to another request.
#[track_caller]
fn assert_collapsed(answer: &Answer, reason: Forward) {
    answer.assert_forwarded(reason);
    assert!(answer.cache.is_collapsed(), "{}", answer.cache);
    assert_eq!(answer.cache.forward_status(), None);
    assert!(!answer.cache.is_stored() && !answer.cache.is_hit());
}

/// It has waited, and was forwarded all the same.
#[track_caller]
fn assert_not_collapsed(answer: &Answer) {
    assert_eq!(answer.cache.collapsed(), Some(false), "{}", answer.cache);
    assert!(answer.cache.forward_status().is_some());
}
