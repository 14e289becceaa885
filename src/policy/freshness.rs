//! RFC 9111 §4.2: freshness lifetime and age.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};

use super::terms::Control;
use super::{Policy, Received};
use crate::cache_status::LifetimeSource;
use crate::header::date::{self, DateField};
use crate::stored::Terms;

impl Policy {
    /// How long a response is fresh (RFC 9111 §4.2.1): in a shared cache `s-maxage`; else `max-age`, else
    /// `Expires` − `Date`, else a guess.
    pub(super) fn lifetime(
        &self,
        received: Received<'_>,
        fields: &HeaderMap,
        control: &Control,
        date: SystemTime,
    ) -> (Duration, LifetimeSource) {
        let said = self.lifetime_of_response(received, fields, control, date);
        match received.lifetimes {
            None => said,
            Some(lifetimes) => {
                let directives = &control.directives;
                let is_limited =
                    self.is_must_revalidate(directives) || directives.no_cache.is_whole();
                lifetimes.applied(received.status, is_limited, said)
            }
        }
    }

    fn lifetime_of_response(
        &self,
        received: Received<'_>,
        fields: &HeaderMap,
        control: &Control,
        date: SystemTime,
    ) -> (Duration, LifetimeSource) {
        if let Some((seconds, source)) = self.lifetime_said(control) {
            return (Duration::from_secs(seconds), source);
        }
        if control.has_expires(fields) {
            let expires = DateField::parse(fields, &header::EXPIRES, received.response_time);
            let lifetime = expires.time().map_or(Duration::ZERO, |at| since(at, date));
            return (lifetime, LifetimeSource::Expires);
        }
        match self.heuristic_lifetime(received, fields, control, date) {
            Some(lifetime) => (lifetime, LifetimeSource::Heuristic),
            None => (Duration::ZERO, LifetimeSource::None),
        }
    }

    /// Whether a response says how long it is fresh.
    pub(crate) fn says_how_long(&self, fields: &HeaderMap) -> bool {
        let control = self.control(fields);
        self.lifetime_said(&control).is_some() || control.has_expires(fields)
    }

    /// What a directive says of the lifetime, in seconds.
    pub(super) fn lifetime_said(&self, control: &Control) -> Option<(u64, LifetimeSource)> {
        let directives = &control.directives;
        let shared = directives.s_maxage.filter(|_| self.is_shared());
        let shared = shared.map(|seconds| (seconds, LifetimeSource::SMaxage));
        shared.or(directives
            .max_age
            .map(|seconds| (seconds, LifetimeSource::MaxAge)))
    }

    /// A tenth of the time since the response was last modified (RFC 9111 §4.2.2), for a status that
    /// is cacheable by default or a response that says it may be cached. `None` where there is nothing to guess by.
    fn heuristic_lifetime(
        &self,
        received: Received<'_>,
        fields: &HeaderMap,
        control: &Control,
        date: SystemTime,
    ) -> Option<Duration> {
        let is_guessed = self.heuristics
            && !received
                .lifetimes
                .is_some_and(|lifetimes| lifetimes.never_guessed);
        if !is_guessed || !self.may_guess_lifetime(received.status, &control.directives) {
            return None;
        }
        let modified = last_modified(fields, received.response_time)?;
        Some((since(date, modified) / 10).min(self.heuristic_limit))
    }

    /// `corrected_initial_age` (RFC 9111 §4.2.3): the larger of the two ways to know it, unless `Date` is
    /// not trusted (C-08).
    ///
    /// Dates are in whole seconds, so what they say of the age is too.
    pub(super) fn initial_age(
        &self,
        age: u64,
        date: SystemTime,
        request_time: SystemTime,
        response_time: SystemTime,
    ) -> Duration {
        let response_delay = since(response_time, request_time);
        let corrected_age_value = Duration::from_secs(age).saturating_add(response_delay);
        if !self.apparent_age {
            return corrected_age_value;
        }
        let apparent_age = Duration::from_secs(since(response_time, date).as_secs());
        apparent_age.max(corrected_age_value)
    }
}

impl Terms {
    /// `current_age` (RFC 9111 §4.2.3). A clock that was set back makes nothing younger than it was.
    #[inline]
    pub(crate) fn current_age(&self, now: SystemTime) -> Duration {
        self.initial_age
            .saturating_add(since(now, self.response_time))
    }

    /// `Last-Modified` of the fields that are stored, as a time. Few requests ask for it, and most responses are
    /// stored for none.
    pub(super) fn last_modified(&self, stored: &HeaderMap) -> Option<SystemTime> {
        last_modified(stored, self.response_time)
    }

    /// Whether `Last-Modified` is so much older than `Date` that it is a strong validator (RFC 9110
    /// §8.8.2.2).
    pub(super) fn is_date_strong(&self, stored: &HeaderMap) -> bool {
        is_date_strong(self.date, self.last_modified(stored))
    }
}

/// Whether `Last-Modified` is a strong validator beside such a `Date`.
pub(super) fn is_date_strong(date: SystemTime, modified: Option<SystemTime>) -> bool {
    const STRONG: Duration = Duration::from_secs(60);
    modified
        .and_then(|modified| date.duration_since(modified).ok())
        .is_some_and(|age| age >= STRONG)
}

/// `Last-Modified` as a time, however many digits its year has.
pub(super) fn last_modified(fields: &HeaderMap, received: SystemTime) -> Option<SystemTime> {
    DateField::parse(fields, &header::LAST_MODIFIED, received).time()
}

/// `Date`, or the time received where there is none or it cannot be read (RFC 9110 §6.6.1, C-40).
pub(super) fn date_or(fields: &HeaderMap, received: SystemTime) -> SystemTime {
    date(fields, received).unwrap_or(received)
}

/// `Date`, where it can be read.
pub(super) fn date(fields: &HeaderMap, received: SystemTime) -> Option<SystemTime> {
    DateField::parse(fields, &header::DATE, received).time()
}

/// What is kept has a `Date` that can be read.
pub(super) fn keep_date(kept: &mut HeaderMap, date: SystemTime, received: SystemTime) {
    if self::date(kept, received).is_none() {
        kept.insert(header::DATE, date::format(date));
    }
}

/// How much later the one is; zero where it is not.
fn since(later: SystemTime, earlier: SystemTime) -> Duration {
    later.duration_since(earlier).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Kind;

    fn initial_age(
        age: u64,
        date: SystemTime,
        asked: SystemTime,
        received: SystemTime,
    ) -> Duration {
        Policy::recommended(Kind::Private).initial_age(age, date, asked, received)
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// 9111-4.2.3-1, 9111-4.2.3-2, 9111-4.2.3-4, EDGE-14, EDGE-16
    #[test]
    fn the_initial_age_is_the_larger_of_two() {
        // age, date, request time, response time; the age at once
        let table = [
            (0, at(0), at(0), at(0), seconds(0)),
            (5, at(0), at(0), at(3), seconds(8)),
            (0, at(0), at(50), at(50), seconds(50)),
            (70, at(0), at(50), at(50), seconds(70)),
            (0, at(3600), at(0), at(0), seconds(0)),
            (0, at(0), at(9), at(3), seconds(3)),
            (
                u64::MAX,
                at(0),
                at(0),
                at(3),
                Duration::MAX.min(seconds(u64::MAX).saturating_add(seconds(3))),
            ),
        ];
        for (age, date, asked, received, expected) in table {
            assert_eq!(
                initial_age(age, date, asked, received),
                expected,
                "{age} {date:?}"
            );
        }
    }

    #[test]
    fn a_date_in_whole_seconds_adds_no_fraction() {
        let received = at(0) + Duration::from_millis(900);
        assert_eq!(initial_age(0, at(0), received, received), seconds(0));
    }
}
