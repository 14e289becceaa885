//! A body that is being recorded, and what becomes of it when the caller drops it before its end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body;

use super::incomplete::Incomplete;
use super::recorder::Recorder;
use super::recording::Recording;
use crate::cache::Cache;

/// So many are read on at once in one cache. Beyond that what is dropped is given up, until one has ended.
const MAX_RUNNING: usize = 64;

/// So many frames are taken at a time, for others to have their turn.
const FRAMES: usize = 32;

/// Starts to read on. What holds it cannot know on what, nor what that asks of the body.
pub(crate) type ReadOn<B> = Box<dyn FnOnce(Unread<B>) + Send + Sync>;

/// A body that is being recorded.
pub(super) struct Recorded<B> {
    // Taken when it is dropped.
    recording: Option<Pin<Box<Recording<B>>>>,
    read_on: Option<ReadOn<B>>,
}

impl<B> Recorded<B> {
    pub(super) fn new(recording: Recording<B>) -> Self {
        Self {
            recording: Some(Box::pin(recording)),
            read_on: None,
        }
    }

    pub(super) fn recording(&self) -> &Recording<B> {
        let recording = self.recording.as_ref();
        recording.expect("it is there until it is dropped")
    }

    pub(super) fn recording_mut(&mut self) -> Pin<&mut Recording<B>> {
        let recording = self.recording.as_mut();
        recording.expect("it is there until it is dropped").as_mut()
    }

    pub(super) fn read_on_by(&mut self, read_on: ReadOn<B>) {
        self.read_on = Some(read_on);
    }
}

impl<B> Drop for Recorded<B> {
    fn drop(&mut self) {
        let Some(read_on) = self.read_on.take() else {
            return;
        };
        // A body that has panicked is not asked again.
        if self.recording().is_recording() && !std::thread::panicking() {
            if let Some(unread) = self.recording.take().and_then(Unread::of) {
                read_on(unread);
            }
        }
    }
}

impl Recorder {
    /// Whether it may be read on at all where the caller drops the body.
    pub(super) fn may_be_read_on(&self) -> bool {
        let storing = self.storing.as_ref();
        storing.is_some_and(|(response, _)| response.read_on > 0)
    }

    /// How many octets are read on where the caller has dropped the body: none where it is whole, or where
    /// more than that are known to be left.
    pub(super) fn to_read_on(&self) -> Option<usize> {
        let (response, _) = self.storing.as_ref()?;
        let left = self.expected.map(|octets| octets - self.length as u64);
        let is_too_much = left.is_some_and(|left| left > response.read_on as u64);
        let is_read_on = response.read_on > 0 && !is_too_much && !self.is_whole();
        is_read_on.then_some(response.read_on)
    }

    /// Whether the origin may be asked for more.
    pub(super) fn may_go_on(&self) -> bool {
        let cache = self.cache();
        cache.is_some_and(|cache| !cache.switch.forbidden().forwarding())
    }

    /// Whether the store would take it, as things are now.
    pub(super) fn may_be_stored(&self) -> bool {
        let Some((response, _)) = &self.storing else {
            return false;
        };
        let Incomplete {
            cache,
            exchanging,
            key,
            relations,
            ..
        } = response;
        let taken = cache
            .store
            .would_take(exchanging, key, relations, &cache.switch);
        taken.is_ok()
    }
}

/// What is left of a body that the caller has dropped, being read so that it can be stored.
///
/// It ends with the body, or where nothing will come of it.
pub(crate) struct Unread<B> {
    recording: Pin<Box<Recording<B>>>,
    left: usize,
    _place: Place,
}

impl<B> Unread<B> {
    fn of(recording: Pin<Box<Recording<B>>>) -> Option<Self> {
        let left = recording.recorder()?.to_read_on()?;
        let place = Place::in_cache(recording.recorder()?.cache()?)?;
        Some(Self {
            recording,
            left,
            _place: place,
        })
    }

    /// Whether something will come of it, and more of it may be asked for.
    fn may_go_on(&self) -> bool {
        let recorder = self.recording.recorder();
        recorder.is_some_and(|recorder| recorder.may_go_on() && recorder.may_be_stored())
    }
}

impl<B: Body> Future for Unread<B> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        for _ in 0..FRAMES {
            if !this.may_go_on() {
                return Poll::Ready(());
            }
            let Some(Ok(frame)) = ready!(this.recording.as_mut().poll_frame(cx)) else {
                return Poll::Ready(());
            };
            let octets = frame.data_ref().map_or(0, Bytes::len);
            let Some(left) = this.left.checked_sub(octets) else {
                return Poll::Ready(());
            };
            this.left = left;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// One of those that are read on.
struct Place {
    cache: Arc<Cache>,
}

impl Place {
    fn in_cache(cache: &Arc<Cache>) -> Option<Self> {
        let begin = |running| (running < MAX_RUNNING).then_some(running + 1);
        let running = &cache.reading_on;
        running
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, begin)
            .ok()?;
        Some(Self {
            cache: cache.clone(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.cache.reading_on.fetch_sub(1, Ordering::Relaxed);
    }
}
