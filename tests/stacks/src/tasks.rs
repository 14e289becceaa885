//! How many tasks are left.

use std::time::Duration;

use tokio::runtime::Handle;

/// How many tasks this runtime has.
pub fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Waits until so many tasks are left, and no more.
///
/// # Panics
///
/// Where that does not come about.
pub async fn tasks_left(left: usize) {
    let ended = async {
        while tasks() > left {
            tokio::task::yield_now().await;
        }
    };
    // What ends does so at once: this is for what does not.
    let waited = tokio::time::timeout(Duration::from_secs(60), ended).await;
    assert!(waited.is_ok(), "{} tasks are left, not {left}", tasks());
}
