//! The body of a response that came through the cache.

pub(crate) mod abandoned;
mod completed;
pub(crate) mod incomplete;
pub(crate) mod recorder;
mod recording;
mod segments;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use self::abandoned::{ReadOn, Recorded};
use self::completed::Completed;
use self::recorder::Recorder;
use self::recording::{Recording, in_bytes};
use self::segments::Segments;
use crate::stored::StoredBody;

pin_project! {
    /// The body of a response that came through the cache: a stored one, or the origin's as it comes.
    ///
    /// The frames of the origin's body are passed on as they are, each when it comes, trailers as
    /// well, and so are its errors. Where the response is being stored, the octets are copied on the
    /// way; a body that fails, or turns out other than its `Content-Length` said, is not stored. One
    /// that is dropped before its end is read on in the background where little is left of it: see
    /// [`CacheLayer::finish_abandoned`](crate::CacheLayer::finish_abandoned).
    ///
    /// It is `Send`, `Sync` and `Unpin` where `B` is. The default is empty.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response, header};
    /// use http_body_util::{BodyExt, Empty, Full};
    /// use tower::{Service, ServiceBuilder, service_fn};
    /// use tower_client_cache::{CacheBody, CacheLayer};
    ///
    /// # futures_executor::block_on(async {
    /// let origin = service_fn(|_: Request<Empty<Bytes>>| async {
    ///     let response = Response::builder().header(header::CACHE_CONTROL, "max-age=60");
    ///     response.body(Full::<Bytes>::from("news"))
    /// });
    /// let mut client = ServiceBuilder::new().layer(CacheLayer::new()).service(origin);
    ///
    /// for _ in 0..2 {
    ///     let request = Request::get("https://example.com/news").body(Empty::new())?;
    ///     let body: CacheBody<Full<Bytes>> = client.call(request).await?.into_body();
    ///     assert_eq!(body.collect().await.unwrap().to_bytes(), "news");
    /// }
    /// # Ok::<_, http::Error>(())
    /// # }).unwrap();
    /// ```
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
            recorded: Recorded<B>,
        },
        Segmented {
            segments: Box<Segments>,
        },
        Completed {
            completed: Pin<Box<Completed<B>>>,
        },
        Absent,
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
        Self {
            kind: Kind::Recorded {
                recorded: Recorded::new(Recording::new(body, Some(recorder))),
            },
        }
    }

    /// What is held before and after so many octets that the origin's body has, and these as they come. They
    /// are copied on the way where there is a recorder.
    pub(crate) fn completed(
        before: Vec<Bytes>,
        (body, missing): (B, u64),
        after: Vec<Bytes>,
        recorder: Option<Recorder>,
    ) -> Self {
        let recording = Recording::new(body, recorder);
        Self {
            kind: Kind::Completed {
                completed: Box::pin(Completed::new(before, (recording, missing), after)),
            },
        }
    }

    /// How many octets of it are out of the store.
    #[inline]
    pub(crate) fn held(&self) -> u64 {
        match &self.kind {
            Kind::Stored { data, .. } => data.len() as u64,
            Kind::Segmented { segments } => segments.left(),
            Kind::Completed { completed } => completed.held(),
            Kind::Passed { .. } | Kind::Recorded { .. } | Kind::Absent => 0,
        }
    }

    /// What reads on where it is dropped before its end; made only where it might be.
    pub(crate) fn read_on_by(&mut self, make: impl FnOnce() -> Option<ReadOn<B>>) {
        if let Kind::Recorded { recorded } = &mut self.kind {
            let recorder = recorded.recording().recorder();
            if recorder.is_some_and(Recorder::may_be_read_on) {
                if let Some(read_on) = make() {
                    recorded.read_on_by(read_on);
                }
            }
        }
    }

    /// Whether reading on may still store something.
    pub(crate) fn is_recording(&self) -> bool {
        match &self.kind {
            Kind::Recorded { recorded } => recorded.recording().is_recording(),
            Kind::Completed { completed } => completed.is_recording(),
            _ => false,
        }
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
            KindProjection::Stored { data, .. } if !data.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(data)))))
            }
            KindProjection::Stored { trailers, .. } => {
                let trailers = trailers.take();
                let trailers = trailers.map(|trailers| HeaderMap::clone(&trailers));
                Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
            }
            KindProjection::Passed { body } => {
                let frame = ready!(body.poll_frame(cx));
                Poll::Ready(frame.map(|frame| frame.map(in_bytes)))
            }
            KindProjection::Recorded { recorded } => recorded.recording_mut().poll_frame(cx),
            KindProjection::Segmented { segments } => {
                Poll::Ready(segments.next().map(|piece| Ok(Frame::data(piece))))
            }
            KindProjection::Completed { completed } => completed.as_mut().poll_frame(cx),
            KindProjection::Absent => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Stored { data, trailers } => data.is_empty() && trailers.is_none(),
            Kind::Passed { body } => body.is_end_stream(),
            Kind::Recorded { recorded } => recorded.recording().is_end_stream(),
            Kind::Completed { completed } => completed.is_end_stream(),
            Kind::Segmented { segments } => segments.left() == 0,
            Kind::Absent => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Stored { data, .. } => SizeHint::with_exact(data.len() as u64),
            Kind::Passed { body } => body.size_hint(),
            Kind::Recorded { recorded } => recorded.recording().size_hint(),
            Kind::Completed { completed } => completed.size_hint(),
            Kind::Segmented { segments } => SizeHint::with_exact(segments.left()),
            Kind::Absent => SizeHint::default(),
        }
    }
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
            Kind::Completed { .. } => "completed",
            Kind::Absent => "absent",
        };
        f.debug_tuple("CacheBody")
            .field(&format_args!("{kind}"))
            .finish()
    }
}
