//! What happens in a cache, one thing after the other, for whoever wants to be told.

mod answered;
mod observers;
mod queue;
#[cfg(feature = "tracing")]
mod redacted;
mod removal;
mod uri;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use futures_core::Stream;
use http::{Method, StatusCode};

pub(crate) use self::answered::{About, Answered, ToldOf};
pub(crate) use self::observers::Observers;
use self::queue::Queue;
#[cfg(feature = "tracing")]
pub(crate) use self::redacted::Redacted;
pub use self::removal::Removal;
pub use self::uri::EventUri;
use crate::cache_status::{CacheStatus, Forward, NotStored};
use crate::handle::Purged;
use crate::mode::Mode;
use crate::stats::Eviction;

/// Something that has happened in a cache: see [`CacheHandle::subscribe`](crate::CacheHandle::subscribe).
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower_client_cache::{CacheLayer, Event};
///
/// let handle = CacheLayer::new().handle();
/// let mut events = handle.subscribe();
/// # let request = Request::get("https://example.com/news").body(())?;
/// # let response = Response::builder().header("cache-control", "max-age=60");
/// # handle.insert(&request, response.body(Bytes::from("news"))?).expect("it may be stored");
/// handle.clear();
///
/// let mut told = Vec::new();
/// while let Some(event) = events.try_next() {
///     match event {
///         Event::Stored { uri, .. } => told.push(format!("stored {uri}")),
///         Event::Removed { by, .. } => told.push(format!("removed by {}", by.as_str())),
///         _ => {} // there may be others in later versions
///     }
/// }
/// assert_eq!(told, ["stored https://example.com/news", "removed by clear"]);
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A request was answered, by the cache or the origin: [`CacheStatus`] says by whom and why.
    #[non_exhaustive]
    Answered {
        /// What was asked for.
        uri: EventUri,
        /// How it was asked for.
        method: Method,
        /// The status code of the response.
        code: StatusCode,
        /// What the response has in its extensions.
        status: CacheStatus,
        /// Octets of its body that came out of the store.
        held: u64,
    },
    /// A request was forwarded, for this reason, and the inner service has failed. Nothing stored could be answered
    /// with in its place.
    #[non_exhaustive]
    Failed {
        /// What was asked for.
        uri: EventUri,
        /// How it was asked for.
        method: Method,
        /// Why it was forwarded.
        reason: Forward,
    },
    /// The origin was asked about a stored response, with this outcome; in the background perhaps.
    #[non_exhaustive]
    Validated {
        /// What was asked about.
        uri: EventUri,
        /// What has come of it.
        outcome: Validation,
    },
    /// A response was stored.
    #[non_exhaustive]
    Stored {
        /// What it is stored for.
        uri: EventUri,
        /// Octets that it takes.
        size: usize,
    },
    /// A response was not stored, of which no [`Answered`](Self::Answered) says so: one that was being stored,
    /// and was not after all, or one that nobody waits for.
    #[non_exhaustive]
    Refused {
        /// What it would have been stored for.
        uri: EventUri,
        /// Why not.
        reason: NotStored,
    },
    /// A stored response has given way.
    #[non_exhaustive]
    Evicted {
        /// What it was stored for.
        uri: EventUri,
        /// Why it had to go.
        cause: Eviction,
        /// Octets that it took.
        size: usize,
    },
    /// The handle has removed stored responses, or made them stale. What unsafe requests and origins bring about is
    /// not told of.
    #[non_exhaustive]
    Removed {
        /// What was asked of it.
        by: Removal,
        /// What has come of it.
        report: Purged,
    },
    /// Another mode is in force. Of two changes at once either may be told of first.
    #[non_exhaustive]
    Mode {
        /// The one in force by this change: see [`CacheHandle::mode`](crate::CacheHandle::mode).
        mode: Mode,
    },
}

/// What has come of asking the origin about a stored response (RFC 9111 §4.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Validation {
    /// It is still good: 304.
    Validated,
    /// The answer is another response.
    Replaced,
    /// There was no answer, or one that is of no use: a server error, or a 304 about nothing that is stored.
    Failed,
}

impl Validation {
    /// A word for logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Validated => "validated",
            Self::Replaced => "replaced",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What happens in a cache, as it happens: made by [`CacheHandle::subscribe`](crate::CacheHandle::subscribe).
///
/// It holds so many events that were not yet taken, and no more: of what comes beyond that the oldest is
/// [lost](Self::lost), and counted. No request ever waits for it. As a [`Stream`] it ends when the cache is gone.
///
/// ```
/// use futures_util::StreamExt;
/// use tower_client_cache::CacheLayer;
///
/// # futures_executor::block_on(async {
/// let handle = CacheLayer::new().handle();
/// let mut events = handle.subscribe();
/// handle.clear();
/// drop(handle);
/// assert!(events.next().await.is_some());
/// assert!(events.next().await.is_none(), "the cache is gone");
/// assert_eq!(events.lost(), 0);
/// # });
/// ```
pub struct Events {
    queue: Arc<Queue>,
    observers: Weak<Observers>,
}

impl Events {
    pub(crate) fn of(observers: &Arc<Observers>, capacity: usize) -> Self {
        let queue = Arc::new(Queue::of(capacity));
        observers.add(queue.clone());
        Self {
            queue,
            observers: Arc::downgrade(observers),
        }
    }

    /// The oldest that was not yet taken; `None` where there is none now.
    #[must_use]
    pub fn try_next(&mut self) -> Option<Event> {
        self.queue.pop()
    }

    /// How many there were that cannot be taken any more, or never could: there was no room for them, or too many
    /// happened at once.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.queue.lost()
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.queue.poll_pop(cx)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        if let Some(observers) = self.observers.upgrade() {
            observers.remove(&self.queue);
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}
