//! The future: small for a hit, all else in a box.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response};
use http_body::Body;

use super::body::{FloorBody, Recording};
use super::key::Key;
use super::stored::Stored;
use super::{Status, Store};

/// What is needed to store an answer.
pub struct Storing {
    pub(super) key: Key,
    // `Vary` may name any of them.
    pub(super) asked: Option<HeaderMap>,
    pub(super) store: Arc<Store>,
}

/// An answer, or the way to one.
pub enum FloorFuture<F, B, const RULES: bool, const STATUS: bool> {
    Hit(Option<Response<FloorBody<B>>>),
    Forward(Pin<Box<F>>, Option<Box<Storing>>),
}

impl<F, B, const RULES: bool, const STATUS: bool> FloorFuture<F, B, RULES, STATUS> {
    pub(super) fn hit(response: Response<FloorBody<B>>) -> Self {
        Self::Hit(Some(response))
    }

    pub(super) fn forward(answer: F, storing: Option<Storing>) -> Self {
        Self::Forward(Box::pin(answer), storing.map(Box::new))
    }
}

impl<F, B, E, const RULES: bool, const STATUS: bool> Future for FloorFuture<F, B, RULES, STATUS>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes> + Unpin,
{
    type Output = Result<Response<FloorBody<B>>, E>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Hit(response) => Poll::Ready(Ok(response.take().expect("it is polled once"))),
            Self::Forward(answer, storing) => {
                let (mut head, body) = ready!(answer.as_mut().poll(cx))?.into_parts();
                let storing = storing.take();
                let storing = storing.and_then(|storing| Some((storing, Stored::lifetime(&head)?)));
                let body = match storing {
                    Some((storing, lifetime)) => {
                        let octets = usize::try_from(body.size_hint().lower()).unwrap_or(0);
                        FloorBody::Recorded(Box::new(Recording {
                            inner: body,
                            octets: BytesMut::with_capacity(octets),
                            rest: Some((*storing, head.clone(), lifetime)),
                        }))
                    }
                    None => FloorBody::Passing(body),
                };
                if STATUS {
                    head.extensions.insert(Status {
                        _is_hit: false,
                        _lifetime: 0,
                        _age: 0,
                    });
                }
                Poll::Ready(Ok(Response::from_parts(head, body)))
            }
        }
    }
}
