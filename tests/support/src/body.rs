//! The body of a scripted origin.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// The error of a scripted origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginError(pub &'static str);

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for OriginError {}

/// A body whose frames are known, and after them those that a test sends while it is read.
#[derive(Debug)]
pub struct OriginBody {
    frames: VecDeque<Result<Frame<Bytes>, OriginError>>,
    later: Option<mpsc::UnboundedReceiver<Result<Frame<Bytes>, OriginError>>>,
    tells_end: bool,
}

impl OriginBody {
    /// A body of these frames. Where it `tells_end`, it says how long it is, and after the last frame that it
    /// was the last.
    pub fn new(
        frames: impl IntoIterator<Item = Result<Frame<Bytes>, OriginError>>,
        tells_end: bool,
    ) -> Self {
        Self {
            frames: frames.into_iter().collect(),
            later: None,
            tells_end,
        }
    }

    /// A body of the frames that the other half is given.
    pub fn channel() -> (Frames, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let body = Self {
            frames: VecDeque::new(),
            later: Some(receiver),
            tells_end: false,
        };
        (Frames(sender), body)
    }
}

impl Body for OriginBody {
    type Data = Bytes;
    type Error = OriginError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, OriginError>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(frame));
        }
        match &mut self.later {
            Some(later) => Poll::Ready(ready!(later.poll_recv(cx))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.tells_end && self.frames.is_empty() && self.later.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if !self.tells_end || self.later.is_some() {
            return SizeHint::default();
        }
        let frames = self.frames.iter().flatten();
        let octets = frames
            .filter_map(Frame::data_ref)
            .map(Bytes::len)
            .sum::<usize>();
        SizeHint::with_exact(octets as u64)
    }
}

/// The half of a body that a test holds. Dropping it ends the body.
#[derive(Debug)]
pub struct Frames(mpsc::UnboundedSender<Result<Frame<Bytes>, OriginError>>);

impl Frames {
    /// Sends octets. False where nobody reads any more.
    pub fn data(&self, data: &'static str) -> bool {
        self.send(Ok(Frame::data(Bytes::from_static(data.as_bytes()))))
    }

    /// Sends trailers.
    pub fn trailers(&self, trailers: HeaderMap) -> bool {
        self.send(Ok(Frame::trailers(trailers)))
    }

    /// Breaks the body off.
    pub fn fail(&self, error: OriginError) -> bool {
        self.send(Err(error))
    }

    fn send(&self, frame: Result<Frame<Bytes>, OriginError>) -> bool {
        self.0.send(frame).is_ok()
    }
}
