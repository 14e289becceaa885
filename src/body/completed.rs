//! A body of which part is stored and the rest comes from the origin.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::recording::Recording;
use super::segments::Segments;

pin_project! {
    /// What is held, then what was missing as it comes from the origin, then what is held behind it.
    ///
    /// Where the origin's body is not of the length that it said, nothing follows it: the octets would not
    /// stand where they belong.
    pub(super) struct Completed<B> {
        before: Segments,
        #[pin]
        recording: Recording<B>,
        missing: u64,
        is_over: bool,
        after: Segments,
    }
}

impl<B> Completed<B> {
    pub(super) fn new(
        before: Vec<Bytes>,
        (recording, missing): (Recording<B>, u64),
        after: Vec<Bytes>,
    ) -> Self {
        Self {
            before: Segments::new(before),
            recording,
            missing,
            is_over: false,
            after: Segments::new(after),
        }
    }

    /// How many octets of it are out of the store.
    pub(super) fn held(&self) -> u64 {
        self.before.left() + self.after.left()
    }

    pub(super) fn is_recording(&self) -> bool {
        self.recording.is_recording()
    }
}

impl<B: Body> Completed<B> {
    pub(super) fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        if let Some(piece) = this.before.next() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        while !*this.is_over {
            let frame = ready!(this.recording.as_mut().poll_frame(cx));
            let data = match frame {
                // Trailers of a part are not those of the whole.
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    *this.is_over = true;
                    *this.after = Segments::new(Vec::new());
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    *this.is_over = true;
                    Bytes::new()
                }
            };
            let is_too_much = data.len() as u64 > *this.missing;
            if is_too_much || (*this.is_over && *this.missing > 0) {
                *this.is_over = true;
                *this.after = Segments::new(Vec::new());
            } else if !data.is_empty() {
                *this.missing -= data.len() as u64;
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
        }
        Poll::Ready(this.after.next().map(|piece| Ok(Frame::data(piece))))
    }

    pub(super) fn is_end_stream(&self) -> bool {
        let is_read = self.is_over || self.recording.is_end_stream();
        // Behind what is cut off there is nothing.
        let is_cut_off = self.missing > 0;
        self.before.left() == 0 && is_read && (is_cut_off || self.after.left() == 0)
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        let missing = if self.is_over { 0 } else { self.missing };
        SizeHint::with_exact(self.before.left() + missing + self.after.left())
    }
}
