//! What the cache does after it has answered, and what it waits for by.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Sleep, timeout};
use tokio_util::task::TaskTracker;
use tower_client_cache::background::{Background, Timer, Tokio};

/// Background work that can be waited for. A process that ends by itself would break off what it has begun otherwise: a
/// page that is served stale while it is validated would never be validated, if each process got it once.
#[derive(Clone)]
pub(crate) struct Awaited {
    runtime: Handle,
    tasks: TaskTracker,
}

impl Awaited {
    /// On the runtime that it is called on.
    pub(crate) fn new() -> Self {
        Self {
            runtime: Handle::current(),
            tasks: TaskTracker::new(),
        }
    }

    /// Waits until nothing is left to be done, and no longer than this.
    pub(crate) async fn finish(&self, limit: Duration) {
        self.tasks.close();
        // What is not done by then is dropped with the runtime.
        let _ = timeout(limit, self.tasks.wait()).await;
    }
}

impl Timer for Awaited {
    type Sleep = Sleep;

    fn sleep(&self, time: Duration) -> Option<Sleep> {
        Tokio::default().sleep(time)
    }
}

impl<F> Background<F> for Awaited
where
    F: Future<Output = ()> + Send + 'static,
{
    fn is_available(&self) -> bool {
        true
    }

    fn spawn(&self, task: F, limit: Duration) {
        let task = async move {
            // Dropping it is all there is to do.
            let _ = timeout(limit, task).await;
        };
        self.tasks.spawn_on(task, &self.runtime);
    }
}
