//! A clock that stands still until it is set.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// Tells the time it was set to. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct Clock(Arc<AtomicU64>);

impl Default for Clock {
    fn default() -> Self {
        // Sunday, 6 November 1994, 08:49:37: the date that RFC 9110 takes for its examples.
        Self(Arc::new(AtomicU64::new(784_111_777_000)))
    }
}

impl Clock {
    /// The time now.
    pub fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    /// So many seconds later.
    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// So many seconds earlier.
    pub fn set_back(&self, seconds: u64) {
        self.0.fetch_sub(seconds * 1000, Ordering::SeqCst);
    }

    /// The date so many seconds from now, or before now, as a field value.
    pub fn date(&self, seconds: i64) -> String {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let time = if seconds < 0 {
            self.now() - distance
        } else {
            self.now() + distance
        };
        httpdate::fmt_http_date(time)
    }
}

impl tower_client_cache::Clock for Clock {
    fn now(&self) -> SystemTime {
        Self::now(self)
    }
}
