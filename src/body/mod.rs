//! The body of a response that came through the cache.

pub(crate) mod incomplete;
pub(crate) mod recorder;
mod segments;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use self::recorder::Recorder;
use self::segments::Segments;
use crate::stored::StoredBody;

pin_project! {
    /// The body of a response that came through the cache: a stored one, or the origin's as it comes.
    ///
    /// The frames of the origin's body are passed on as they are, each when it comes, trailers as
    /// well, and so are its errors. Where the response is being stored, the octets are copied on the
    /// way; a body that is dropped, fails, or turns out other than its `Content-Length` said is not
    /// stored.
    ///
    /// It is `Send`, `Sync` and `Unpin` where `B` is. The default is empty.
    pub struct CacheBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B> {
        Stored {
            data: Bytes,
            trailers: Option<Arc<HeaderMap>>,
        },
        Passed {
            #[pin]
            body: B,
        },
        Recorded {
            recording: Pin<Box<Recording<B>>>,
        },
        Segmented {
            segments: Box<Segments>,
        },
        Absent,
    }
}

pin_project! {
    /// A body and what copies it.
    struct Recording<B> {
        #[pin]
        body: B,
        // Gone when the body has ended, or will not be stored after all.
        recorder: Option<Recorder>,
    }
}

impl<B> CacheBody<B> {
    /// No body, where there is a length that is not its own: the answer to a HEAD, or a 304. Of that
    /// length it says nothing (RFC 9110 §8.6).
    pub(crate) fn absent() -> Self {
        Self { kind: Kind::Absent }
    }

    /// No octets.
    pub(crate) fn empty() -> Self {
        Self::stored(StoredBody::default())
    }

    /// A stored body.
    pub(crate) fn stored(body: StoredBody) -> Self {
        Self {
            kind: Kind::Stored {
                data: body.data,
                trailers: body.trailers,
            },
        }
    }

    /// These octets, one piece after the other.
    pub(crate) fn segmented(pieces: Vec<Bytes>) -> Self {
        Self {
            kind: Kind::Segmented {
                segments: Box::new(Segments::new(pieces)),
            },
        }
    }

    /// The origin's body.
    pub(crate) fn passed(body: B) -> Self {
        Self {
            kind: Kind::Passed { body },
        }
    }

    /// The origin's body, copied on the way.
    pub(crate) fn recorded(body: B, recorder: Recorder) -> Self {
        let recording = Recording {
            body,
            recorder: Some(recorder),
        };
        Self {
            kind: Kind::Recorded {
                recording: Box::pin(recording),
            },
        }
    }

    /// Whether reading on may still store something.
    pub(crate) fn is_recording(&self) -> bool {
        matches!(&self.kind, Kind::Recorded { recording } if recording.recorder.is_some())
    }
}

impl<B: Body> Body for CacheBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Stored { data, trailers } => {
                let frame = if data.is_empty() {
                    trailers
                        .take()
                        .map(|trailers| Frame::trailers(HeaderMap::clone(&trailers)))
                } else {
                    Some(Frame::data(std::mem::take(data)))
                };
                Poll::Ready(frame.map(Ok))
            }
            KindProjection::Passed { body } => {
                let frame = ready!(body.poll_frame(cx));
                Poll::Ready(frame.map(|frame| frame.map(in_bytes)))
            }
            KindProjection::Recorded { recording } => recording.as_mut().poll_frame(cx),
            KindProjection::Segmented { segments } => {
                Poll::Ready(segments.next().map(|piece| Ok(Frame::data(piece))))
            }
            KindProjection::Absent => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Stored { data, trailers } => data.is_empty() && trailers.is_none(),
            Kind::Passed { body } => body.is_end_stream(),
            Kind::Recorded { recording } => recording.body.is_end_stream(),
            Kind::Segmented { segments } => segments.left() == 0,
            Kind::Absent => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Stored { data, .. } => SizeHint::with_exact(data.len() as u64),
            Kind::Passed { body } => body.size_hint(),
            Kind::Recorded { recording } => recording.body.size_hint(),
            Kind::Segmented { segments } => SizeHint::with_exact(segments.left()),
            Kind::Absent => SizeHint::default(),
        }
    }
}

impl<B: Body> Recording<B> {
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let frame = match ready!(this.body.as_mut().poll_frame(cx)) {
            Some(Ok(frame)) => in_bytes(frame),
            Some(Err(error)) => {
                if let Some(recorder) = this.recorder.take() {
                    recorder.discard();
                }
                return Poll::Ready(Some(Err(error)));
            }
            None => {
                if let Some(recorder) = this.recorder.take() {
                    recorder.finish();
                }
                return Poll::Ready(None);
            }
        };
        if let Some(mut recorder) = this.recorder.take() {
            let goes_on = recorder.record(&frame);
            // Many callers stop at the last frame and never see the end.
            if !goes_on {
                recorder.discard();
            } else if this.body.is_end_stream() {
                recorder.finish();
            } else {
                *this.recorder = Some(recorder);
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }
}

fn in_bytes<D: Buf>(frame: Frame<D>) -> Frame<Bytes> {
    // No copy where it is `Bytes` already.
    frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
}

impl<B> Default for CacheBody<B> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<B> fmt::Debug for CacheBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Stored { .. } => "stored",
            Kind::Passed { .. } => "passed",
            Kind::Recorded { .. } => "recorded",
            Kind::Segmented { .. } => "segmented",
            Kind::Absent => "absent",
        };
        f.debug_tuple("CacheBody")
            .field(&format_args!("{kind}"))
            .finish()
    }
}
