//! When a stored response may be validated in the background again.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// The longest rest after a failure, in seconds.
const LONGEST: u64 = 60;

/// One validation at a time, and a rest after each that has failed: a second, two, four, and so on up to a
/// minute.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    is_running: AtomicBool,
    failures: AtomicU32,
    /// In seconds since the epoch.
    rests_until: AtomicU64,
}

impl Backoff {
    /// Begins a validation. False where one runs, or has failed not long ago.
    pub(crate) fn begin(&self, now: SystemTime) -> bool {
        !self.is_resting(now) && !self.is_running.swap(true, Ordering::AcqRel)
    }

    /// The validation that was begun is over.
    pub(crate) fn end(&self, now: SystemTime, has_succeeded: bool) {
        if has_succeeded {
            self.failures.store(0, Ordering::Relaxed);
        } else {
            self.rest(now);
        }
        self.is_running.store(false, Ordering::Release);
    }

    /// A validation in the foreground has failed. Where one runs in the background, that one is counted.
    pub(crate) fn fail(&self, now: SystemTime) {
        // Those of the same time are one.
        if !self.is_running.load(Ordering::Acquire) && !self.is_resting(now) {
            self.rest(now);
        }
    }

    fn rest(&self, now: SystemTime) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).min(16);
        let rest = (1 << failures).min(LONGEST);
        let until = seconds(now).saturating_add(rest);
        self.rests_until.store(until, Ordering::Relaxed);
    }

    /// Whether the last one has failed not long ago. A clock that was set back by more than the longest rest
    /// ends it.
    pub(crate) fn is_resting(&self, now: SystemTime) -> bool {
        let until = self.rests_until.load(Ordering::Relaxed);
        let now = seconds(now);
        now < until && until - now <= LONGEST
    }
}

fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn each_failure_in_a_row_doubles_the_rest_up_to_a_minute() {
        let backoff = Backoff::default();
        let mut now = 1_000;
        for rest in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            assert!(backoff.begin(at(now)), "{now}");
            assert!(!backoff.begin(at(now)), "one at a time");
            backoff.end(at(now), false);
            assert!(!backoff.begin(at(now + rest - 1)), "{rest}");
            now += rest;
        }
        assert!(backoff.begin(at(now)));
        backoff.end(at(now), true);
        assert!(backoff.begin(at(now)), "no rest after a success");
        backoff.end(at(now), false);
        assert!(backoff.begin(at(now + 1)), "it begins anew");
    }

    #[test]
    fn a_clock_that_is_set_back_ends_the_rest() {
        let backoff = Backoff::default();
        backoff.fail(at(10_000));
        assert!(backoff.is_resting(at(10_000)));
        assert!(!backoff.is_resting(at(5_000)));
    }
}
