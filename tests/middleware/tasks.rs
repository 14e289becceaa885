//! Background work that is done when the test says so.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tower_client_cache::background::{Background, Timer};

pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What it was given to run, and has not run yet. Clones hold the same.
#[derive(Clone, Default)]
pub(crate) struct Tasks(Arc<Mutex<Vec<Task>>>);

impl Tasks {
    /// Takes out all of it.
    pub(crate) fn take(&self) -> Vec<Task> {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }

    /// Puts one of it back.
    pub(crate) fn put(&self, task: Task) {
        self.0.lock().expect("no panic").push(task);
    }
}

impl Timer for Tasks {
    type Sleep = std::future::Pending<()>;

    fn sleep(&self, _: Duration) -> Option<Self::Sleep> {
        None
    }
}

impl<F: Future<Output = ()> + Send + 'static> Background<F> for Tasks {
    fn is_available(&self) -> bool {
        true
    }

    fn spawn(&self, task: F, limit: Duration) {
        assert!(limit > Duration::ZERO, "a task has some time");
        self.put(Box::pin(task));
    }
}
