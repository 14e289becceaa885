//! A request that is under way.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

/// A future that has begun and now waits: a request, while the origin holds its reply back.
#[track_caller]
pub fn begun<F: Future>(future: F) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending(), "it waits");
    future
}
