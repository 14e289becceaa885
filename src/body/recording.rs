//! The origin's body as it comes, and what copies it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::recorder::Recorder;

pin_project! {
    /// A body and what copies it.
    pub(super) struct Recording<B> {
        #[pin]
        body: B,
        // Gone when the body has ended, or will not be stored after all.
        recorder: Option<Recorder>,
    }
}

impl<B> Recording<B> {
    pub(super) fn new(body: B, recorder: Option<Recorder>) -> Self {
        Self { body, recorder }
    }

    pub(super) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// Whether reading on may still store something.
    pub(super) fn is_recording(&self) -> bool {
        self.recorder.is_some()
    }
}

impl<B: Body> Recording<B> {
    pub(super) fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let frame = match ready!(this.body.as_mut().poll_frame(cx)) {
            Some(Ok(frame)) => in_bytes(frame),
            Some(Err(error)) => {
                if let Some(recorder) = this.recorder.take() {
                    recorder.cut_off();
                }
                return Poll::Ready(Some(Err(error)));
            }
            None => {
                if let Some(mut recorder) = this.recorder.take() {
                    recorder.finish();
                }
                return Poll::Ready(None);
            }
        };
        if let Some(recorder) = this.recorder {
            let goes_on = recorder.record(&frame);
            // Many callers stop at the last frame and never see the end.
            let has_ended = goes_on && this.body.is_end_stream();
            // Nor do callers of gRPC ask for anything behind trailers.
            #[cfg(feature = "grpc")]
            let has_ended = has_ended || (goes_on && recorder.has_ended());
            if !goes_on {
                recorder.discard();
            } else if has_ended {
                recorder.finish();
            }
            if !goes_on || has_ended {
                *this.recorder = None;
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The octets of a frame in one piece.
pub(super) fn in_bytes<D: Buf>(frame: Frame<D>) -> Frame<Bytes> {
    // No copy where it is `Bytes` already.
    frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
}
