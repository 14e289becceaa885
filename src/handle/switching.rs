//! Which mode is in force.

use std::fmt;
use std::sync::Arc;

use super::{CacheHandle, Purged};
use crate::cache::Cache;
use crate::mode::Mode;

impl CacheHandle {
    /// Sets what the cache does for everybody: see [`Mode`]. Guards of [`hold`](Self::hold) and
    /// [`pause`](Self::pause) stay in force beside it.
    ///
    /// It is in force at once, for requests that start later and for all that is stored from then on. What was begun
    /// before goes on in the mode that it was begun in, save that the stricter of the two counts for storing:
    /// what is under way when storing is forbidden is not stored, unless it is allowed again before that
    /// ends; what was begun while it was forbidden is not stored at all. Who
    /// [waits](crate::CacheLayer::collapse) for the answer to another request waits no longer, and begins anew.
    ///
    /// ```
    /// use tower_client_cache::{CacheLayer, Mode};
    ///
    /// let handle = CacheLayer::new().handle();
    /// handle.set_mode(Mode::Offline); // what is stored, or 504
    /// handle.set_mode(Mode::Normal);
    /// ```
    pub fn set_mode(&self, mode: Mode) {
        let in_force = self.cache.switch.set(mode);
        self.settle(mode);
        self.cache.switched(in_force);
    }

    /// The mode in force: what the one that was [set](Self::set_mode) forbids, and every guard that
    /// lives. `ReadOnly` beside `Offline` is told as `Offline`: it differs for what is on its way alone.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.cache.switch.forbidden().as_mode()
    }

    /// Puts a mode in force beside the one that was [set](Self::set_mode), until the guard is dropped.
    /// Guards nest, of one mode and of several: together they forbid all that one of them forbids.
    ///
    /// ```
    /// use tower_client_cache::{CacheLayer, Mode};
    ///
    /// let handle = CacheLayer::new().handle();
    /// let refresh = handle.hold(Mode::Refresh);
    /// handle.set_mode(Mode::Normal);
    /// assert_eq!(handle.mode(), Mode::Refresh); // that ends no guard
    /// drop(refresh);
    /// assert_eq!(handle.mode(), Mode::Normal);
    /// ```
    #[must_use = "the mode is in force no longer as soon as the guard is dropped"]
    pub fn hold(&self, mode: Mode) -> ModeGuard {
        let in_force = self.cache.switch.hold(mode);
        self.settle(mode);
        let guard = ModeGuard {
            cache: self.cache.clone(),
            mode,
        };
        self.cache.switched(in_force);
        guard
    }

    /// Switches the cache off, for everybody: nothing is answered from the store, nothing is stored. It
    /// [sets](Self::set_mode) [`Mode::Bypass`].
    ///
    /// What is stored stays, and unsafe requests still invalidate it, so that nothing they have made
    /// wrong comes back with [`enable`](Self::enable). What is under way when it returns is not stored
    /// either, unless the cache is enabled again before it ends.
    pub fn disable(&self) {
        self.set_mode(Mode::Bypass);
    }

    /// Switches the cache off and removes everything, without a moment in between in which something
    /// could be stored or served: it [disables](Self::disable), and [clears](Self::clear) then.
    pub fn disable_and_clear(&self) -> Purged {
        self.disable();
        self.clear()
    }

    /// Switches the cache on again: it [sets](Self::set_mode) [`Mode::Normal`]. What a guard of
    /// [`hold`](Self::hold) or [`pause`](Self::pause) forbids stays forbidden while that lives.
    pub fn enable(&self) {
        self.set_mode(Mode::Normal);
    }

    /// Whether the [mode in force](Self::mode) is [`Mode::Normal`], and nothing is forbidden.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.mode() == Mode::Normal
    }

    /// Switches the cache off, as [`disable`](Self::disable) does, until the guard is dropped: it
    /// [holds](Self::hold) [`Mode::Bypass`]. Guards nest: the cache is off while one lives.
    #[must_use = "the cache is on again as soon as the guard is dropped"]
    pub fn pause(&self) -> ModeGuard {
        self.hold(Mode::Bypass)
    }

    /// Whoever is answered from now on, or has waited so far, sees the mode.
    fn settle(&self, mode: Mode) {
        if mode != Mode::Normal {
            self.cache.settle();
        }
    }
}

/// Keeps a mode in force for as long as it lives: see [`CacheHandle::hold`]. It may be dropped on another thread, and in
/// whichever order; one that is [forgotten](std::mem::forget) keeps its mode in force for ever.
///
/// ```
/// use tower_client_cache::{CacheLayer, Mode};
///
/// let handle = CacheLayer::new().handle();
/// let frozen = handle.hold(Mode::ReadOnly);
/// assert_eq!(handle.mode(), Mode::ReadOnly);
/// drop(frozen);
/// assert_eq!(handle.mode(), Mode::Normal);
/// ```
pub struct ModeGuard {
    cache: Arc<Cache>,
    mode: Mode,
}

impl Drop for ModeGuard {
    fn drop(&mut self) {
        let in_force = self.cache.switch.release(self.mode);
        self.cache.switched(in_force);
    }
}

impl fmt::Debug for ModeGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModeGuard")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}
