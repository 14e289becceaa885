//! The clock: a setting, and the one place where time is read.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// Tells the time. The default is the system's; tests set their own.
///
/// It is asked from any thread, while requests run, and must not block. A clock that goes backwards
/// makes no stored response younger than it was when it was received.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::time::{Duration, SystemTime};
/// use tower_client_cache::CacheLayer;
///
/// let seconds = Arc::new(AtomicU64::new(1_700_000_000));
/// let told = seconds.clone();
/// let layer = CacheLayer::new().clock(move || {
///     SystemTime::UNIX_EPOCH + Duration::from_secs(told.load(Ordering::Relaxed))
/// });
/// seconds.fetch_add(60, Ordering::Relaxed); // a minute later
/// # let _ = layer;
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> SystemTime;

    /// Whether the time is known. While it is not, nothing stored is reused before the origin has validated
    /// it (RFC 9111 §4): for devices that begin without the time and are told it later.
    fn is_known(&self) -> bool {
        true
    }
}

impl<F> Clock for F
where
    F: Fn() -> SystemTime + Send + Sync + 'static,
{
    fn now(&self) -> SystemTime {
        self()
    }
}

/// The clock that a cache was given, or the system's.
#[derive(Clone, Default)]
pub(crate) enum ClockSetting {
    #[default]
    System,
    Given(Arc<dyn Clock>),
}

impl ClockSetting {
    #[inline]
    pub(crate) fn now(&self) -> SystemTime {
        match self {
            #[allow(clippy::disallowed_methods, reason = "this is the default clock")]
            Self::System => SystemTime::now(),
            Self::Given(clock) => clock.now(),
        }
    }

    #[inline]
    pub(crate) fn is_known(&self) -> bool {
        match self {
            Self::System => true,
            Self::Given(clock) => clock.is_known(),
        }
    }
}

impl fmt::Debug for ClockSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Given(_) => "Given",
        })
    }
}
