//! How many tasks there are.

use std::time::Duration;

use tokio::runtime::Handle;

/// How many tasks there were on this runtime.
#[derive(Debug, Clone, Copy)]
pub struct Tasks(usize);

impl Tasks {
    /// How many there are now.
    pub fn now() -> Self {
        Self(Handle::current().metrics().num_alive_tasks())
    }

    /// Waits until there are no more than that.
    ///
    /// # Panics
    ///
    /// Where that does not come about.
    pub async fn are_all_there_is(self) {
        let ended = async {
            while Self::now().0 > self.0 {
                tokio::task::yield_now().await;
            }
        };
        // What ends does so at once: this is for what does not.
        let waited = tokio::time::timeout(Duration::from_secs(60), ended).await;
        assert!(waited.is_ok(), "{:?} became {:?}", self, Self::now());
    }
}
