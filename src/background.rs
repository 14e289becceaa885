//! Work that outlives its request: validating a stale response after it has been answered with, and reading
//! what the caller has left unread.

mod validation;

use std::fmt;
use std::future::Future;
#[cfg(feature = "tokio")]
use std::panic::catch_unwind;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use tower::Service;

use self::validation::Validation;
pub(crate) use self::validation::{Claim, TIME_LIMIT};
use crate::body::abandoned::{ReadOn, Unread};
use crate::future::Forwarding;

/// A body that is read on for longer than this is given up.
const READ_ON_LIMIT: Duration = Duration::from_secs(10);

/// Runs what outlives its request: hyper's executor pattern.
///
/// [`Tokio`] is the one that `CacheLayer::new` takes, [`WithoutBackground`]
/// runs nothing. `F` is [`Task`]; an implementation for another runtime says what it needs of it:
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use futures_executor::block_on;
/// use tower_client_cache::background::{Background, Timer};
/// use tower_client_cache::CacheLayer;
///
/// #[derive(Debug, Clone)]
/// struct Threads;
///
/// impl Timer for Threads {
///     type Sleep = std::future::Pending<()>;
///
///     fn sleep(&self, _time: Duration) -> Option<Self::Sleep> {
///         None // then no request waits for another
///     }
/// }
///
/// impl<F> Background<F> for Threads
/// where
///     F: Future<Output = ()> + Send + 'static,
/// {
///     fn is_available(&self) -> bool {
///         true
///     }
///
///     fn spawn(&self, task: F, _limit: Duration) {
///         std::thread::spawn(move || block_on(task));
///     }
/// }
///
/// let layer = CacheLayer::background(Threads);
/// # let _ = layer;
/// ```
pub trait Background<F>: Timer + Send + Sync + 'static {
    /// Whether there is anything to run a task on. Where there is not, a stale response is validated
    /// before it is reused. It is asked when a request starts, on the thread that it starts on.
    fn is_available(&self) -> bool;

    /// Starts the task, and drops it if it has not ended after `limit`. A task that cannot be started is
    /// dropped, which harms nothing.
    fn spawn(&self, task: F, limit: Duration);

    /// Starts tasks later and from elsewhere, as [`spawn`](Self::spawn) does: where a body is dropped that is
    /// being stored. It is asked where the head of the answer is there, on the thread that the future is polled
    /// on. `None` where there is nothing to run a task on: a body that is dropped is not read on then.
    ///
    /// What is returned may be called anywhere, and in a `drop`: it does not panic.
    fn spawner(&self) -> Option<impl Fn(F, Duration) + Send + Sync + 'static> {
        self.is_available().then(|| {
            let background = self.clone();
            move |task, limit| background.spawn(task, limit)
        })
    }
}

/// Tells when a time has passed: hyper's pattern as well.
///
/// A request that [waits for another's answer](crate::CacheLayer::collapse) does not wait for longer than a
/// limit, and needs one for that. One of tokio's, for work that runs elsewhere:
///
/// ```
/// use std::time::Duration;
/// use tower_client_cache::background::Timer;
///
/// #[derive(Debug, Clone)]
/// struct OnMyThreads;
///
/// impl Timer for OnMyThreads {
///     type Sleep = tokio::time::Sleep;
///
///     fn sleep(&self, time: Duration) -> Option<Self::Sleep> {
///         // It panics outside of a runtime.
///         let is_there = tokio::runtime::Handle::try_current().is_ok();
///         is_there.then(|| tokio::time::sleep(time))
///     }
/// }
/// # let _ = OnMyThreads;
/// ```
pub trait Timer: Clone {
    /// Ends when the time has passed.
    type Sleep: Future<Output = ()>;

    /// Begins to wait for so long. It is asked on the thread that the request is made on; `None` where there is
    /// no timer there, and then a request that would have waited is forwarded for itself. For
    /// the limit after the head it is asked once more, on the thread that the request is polled on.
    fn sleep(&self, time: Duration) -> Option<Self::Sleep>;
}

/// Runs background work on the tokio runtime that the request is made on, which must have its timer
/// enabled: without it no request waits for another, nothing is done in the background, and tokio prints that the
/// timer is missed. Outside of a runtime there is no background, and nothing panics.
///
/// ```
/// use tower_client_cache::CacheLayer;
/// use tower_client_cache::background::Tokio;
///
/// // What `CacheLayer::new` does, with the feature `tokio`.
/// let layer = CacheLayer::background(Tokio::default());
/// # let _ = layer;
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Tokio;

#[cfg(feature = "tokio")]
impl Timer for Tokio {
    type Sleep = tokio::time::Sleep;

    fn sleep(&self, time: Duration) -> Option<Self::Sleep> {
        tokio::runtime::Handle::try_current().ok()?;
        // Whether the runtime has a timer cannot be asked: one that has none panics.
        catch_unwind(|| tokio::time::sleep(time)).ok()
    }
}

#[cfg(feature = "tokio")]
impl<F> Background<F> for Tokio
where
    F: Future<Output = ()> + Send + 'static,
{
    fn is_available(&self) -> bool {
        tokio::runtime::Handle::try_current().is_ok()
    }

    fn spawn(&self, task: F, limit: Duration) {
        if let Some(spawn) = self.spawner() {
            spawn(task, limit);
        }
    }

    fn spawner(&self) -> Option<impl Fn(F, Duration) + Send + Sync + 'static> {
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        Some(move |task, limit| {
            runtime.spawn(async move {
                // Dropping the task is all there is to do.
                let _ = tokio::time::timeout(limit, task).await;
            });
        })
    }
}

/// No background work: asks nothing of the inner service but what a call needs, so that it may borrow
/// and need not be `Send`. Stale responses are validated before they are reused.
///
/// ```
/// use tower_client_cache::CacheLayer;
///
/// let layer = CacheLayer::without_background();
/// # let _ = layer;
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct WithoutBackground;

impl Timer for WithoutBackground {
    type Sleep = std::future::Pending<()>;

    fn sleep(&self, _time: Duration) -> Option<Self::Sleep> {
        None
    }
}

impl<F> Background<F> for WithoutBackground {
    fn is_available(&self) -> bool {
        false
    }

    fn spawn(&self, _task: F, _limit: Duration) {}
}

/// What runs in the background: a stale response being validated, for a caller that has been answered with
/// it already, or what is left of a body that the caller has dropped.
///
/// It is `Send` where the inner service, its future and both bodies are, and ends when what has come of
/// it is stored.
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Task<S, Q, R>
where
    S: Service<Request<Q>>,
{
    work: Work<S, Q, R>,
}

enum Work<S, Q, R>
where
    S: Service<Request<Q>>,
{
    Validating(Validation<S, Q, R>),
    ReadingOn(Unread<R>),
}

impl<S, Q, R> Task<S, Q, R>
where
    S: Service<Request<Q>>,
{
    pub(crate) fn validating(forwarding: Pin<Box<Forwarding<S, Q>>>, claim: Claim) -> Self {
        Self {
            work: Work::Validating(Validation::new(forwarding, claim)),
        }
    }

    fn reading_on(unread: Unread<R>) -> Self {
        Self {
            work: Work::ReadingOn(unread),
        }
    }
}

impl<S, Q, R> Future for Task<S, Q, R>
where
    S: Service<Request<Q>, Response = Response<R>>,
    R: Body,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.get_mut().work {
            Work::Validating(validation) => Pin::new(validation).poll(cx),
            Work::ReadingOn(unread) => Pin::new(unread).poll(cx),
        }
    }
}

impl<S, Q, R> fmt::Debug for Task<S, Q, R>
where
    S: Service<Request<Q>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let work = match self.work {
            Work::Validating(_) => "validating",
            Work::ReadingOn(_) => "reading on",
        };
        f.debug_tuple("Task")
            .field(&format_args!("{work}"))
            .finish()
    }
}

/// What reads on where a body is dropped, if there is anything to do so on.
pub(crate) fn read_on<S, Q, R, X>(background: &X) -> Option<ReadOn<R>>
where
    S: Service<Request<Q>>,
    X: Background<Task<S, Q, R>>,
{
    let spawn = background.spawner()?;
    Some(Box::new(move |unread| {
        spawn(Task::reading_on(unread), READ_ON_LIMIT);
    }))
}
