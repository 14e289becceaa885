//! The content of a request that the cache sends on its own account.
//!
//! The cache never changes the type of a request's body: the inner service gets what the caller gave. For
//! the one request that it may have to repeat it needs a second body of that type, and only the user
//! knows how to make one: see [`CacheLayer::request_body`](crate::CacheLayer::request_body).

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Makes a body for a request that is sent again.
///
/// A closure that is given to [`CacheLayer::request_body`](crate::CacheLayer::request_body) becomes one;
/// there is no other need to implement it.
pub trait RequestBody<Q>: Clone {
    /// A body that sends this; `None` where none can be made, and nothing is sent a second time.
    fn make(&self, content: Replay<Q>) -> Option<Q>;
}

/// Makes no second body: every request is sent once. What a [`CacheLayer`](crate::CacheLayer) begins with.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Once;

impl<Q> RequestBody<Q> for Once {
    fn make(&self, _content: Replay<Q>) -> Option<Q> {
        None
    }
}

/// Makes a second body as the default of its type: see
/// [`CacheLayer::default_request_body`](crate::CacheLayer::default_request_body).
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct AsDefault;

impl<Q: Default> RequestBody<Q> for AsDefault {
    fn make(&self, _content: Replay<Q>) -> Option<Q> {
        Some(Q::default())
    }
}

/// Makes a second body with a closure: see
/// [`CacheLayer::request_body`](crate::CacheLayer::request_body).
#[derive(Clone, Copy)]
pub struct With<F>(F);

impl<F> With<F> {
    pub(crate) fn new(make: F) -> Self {
        Self(make)
    }
}

impl<Q, F: Fn(Replay<Q>) -> Q + Clone> RequestBody<Q> for With<F> {
    fn make(&self, content: Replay<Q>) -> Option<Q> {
        Some((self.0)(content))
    }
}

impl<F> fmt::Debug for With<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("With").finish_non_exhaustive()
    }
}

/// The content of a request that is sent again. What is sent again are requests without content, so there is
/// none in it.
pub struct Replay<Q>(PhantomData<Q>);

impl<Q> Replay<Q> {
    pub(crate) fn empty() -> Self {
        Self(PhantomData)
    }
}

impl<Q: Body> Body for Replay<Q> {
    type Data = Bytes;
    type Error = Q::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Q::Error>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(0)
    }
}

impl<Q> fmt::Debug for Replay<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").finish_non_exhaustive()
    }
}
