//! The handle's mode: on, off, or paused by so many guards.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Whether the cache takes part. One word, so that a request reads all of it at once: the lowest bit
/// says that the cache was disabled, the others count the guards that pause it.
#[derive(Debug, Default)]
pub(crate) struct Switch(AtomicUsize);

const DISABLED: usize = 1;
const ONE_PAUSE: usize = 2;

impl Switch {
    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }

    pub(crate) fn disable(&self) {
        self.0.fetch_or(DISABLED, Ordering::SeqCst);
    }

    pub(crate) fn enable(&self) {
        self.0.fetch_and(!DISABLED, Ordering::SeqCst);
    }

    pub(crate) fn pause(&self) {
        self.0.fetch_add(ONE_PAUSE, Ordering::SeqCst);
    }

    pub(crate) fn resume(&self) {
        self.0.fetch_sub(ONE_PAUSE, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_on_when_enabled_and_no_guard_lives() {
        let switch = Switch::default();
        assert!(switch.is_on());
        switch.pause();
        switch.pause();
        switch.enable();
        switch.resume();
        assert!(!switch.is_on(), "one guard still lives");
        switch.disable();
        switch.disable();
        switch.resume();
        assert!(!switch.is_on(), "it was disabled");
        switch.enable();
        assert!(switch.is_on());
    }
}
