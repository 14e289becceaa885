//! The body: what is stored, what passes, what is recorded as it passes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::response;
use http_body::{Body, Frame, SizeHint};

use super::future::Storing;
use super::stored::Stored;

/// The body of an answer.
pub enum FloorBody<B> {
    Stored(Option<Bytes>),
    Passing(B),
    Recorded(Box<Recording<B>>),
}

/// A body, a copy of what came of it, and where it goes when it is whole.
pub struct Recording<B> {
    pub(super) inner: B,
    pub(super) octets: BytesMut,
    pub(super) rest: Option<(Storing, response::Parts, u64)>,
}

impl<B> Recording<B> {
    fn store(&mut self) {
        if let Some((storing, head, lifetime)) = self.rest.take() {
            // Exactly as large as what came.
            let body = Bytes::from(self.octets.to_vec());
            let Storing { key, asked, store } = storing;
            store.store(Stored::new(key, asked.as_ref(), head, lifetime, body));
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for FloorBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.get_mut() {
            Self::Stored(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Passing(body) => Pin::new(body).poll_frame(cx),
            Self::Recorded(recording) => {
                let frame = ready!(Pin::new(&mut recording.inner).poll_frame(cx));
                match &frame {
                    Some(Ok(frame)) => {
                        if let Some(data) = frame.data_ref() {
                            recording.octets.extend_from_slice(data);
                        }
                        if recording.inner.is_end_stream() {
                            recording.store();
                        }
                    }
                    Some(Err(_)) => recording.rest = None,
                    None => recording.store(),
                }
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Stored(body) => body.is_none(),
            Self::Passing(body) => body.is_end_stream(),
            Self::Recorded(recording) => recording.inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Stored(body) => {
                let octets = body.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(octets as u64)
            }
            Self::Passing(body) => body.size_hint(),
            Self::Recorded(recording) => recording.inner.size_hint(),
        }
    }
}
