//! Background work that a test runs when it likes.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tower_client_cache::background::{Background, Timer};

/// Keeps what it is given to do until a test takes it. Clones keep it together.
#[derive(Clone, Default)]
pub struct Later(Arc<Mutex<Vec<Task>>>);

/// Something to do.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Later {
    /// What there is to do, in the order in which it was given.
    pub fn take(&self) -> Vec<Task> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Timer for Later {
    type Sleep = std::future::Pending<()>;

    fn sleep(&self, _: Duration) -> Option<Self::Sleep> {
        None
    }
}

impl<F: Future<Output = ()> + Send + 'static> Background<F> for Later {
    fn is_available(&self) -> bool {
        true
    }

    fn spawn(&self, task: F, _: Duration) {
        self.0.lock().unwrap().push(Box::pin(task));
    }
}
