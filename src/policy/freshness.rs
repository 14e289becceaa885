//! RFC 9111 §4.2: freshness lifetime and age.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use super::{Policy, storing};
use crate::header::cache_control::ResponseDirectives;
use crate::header::date::{self, DateField};
use crate::stored::Terms;

/// No heuristic lifetime is longer (C-07).
const HEURISTIC_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

impl Policy {
    /// How long a response is fresh (RFC 9111 §4.2.1): `max-age`, else `Expires` − `Date`, else a guess.
    pub(super) fn lifetime(
        &self,
        status: StatusCode,
        fields: &HeaderMap,
        directives: &ResponseDirectives,
        date: SystemTime,
        received: SystemTime,
    ) -> Duration {
        if let Some(seconds) = directives.max_age {
            return Duration::from_secs(seconds);
        }
        match DateField::parse(fields, &header::EXPIRES, received) {
            DateField::At(expires) => since(expires, date),
            DateField::Invalid => Duration::ZERO,
            DateField::Absent => {
                self.heuristic_lifetime(status, fields, directives, date, received)
            }
        }
    }

    /// A tenth of the time since the response was last modified (RFC 9111 §4.2.2), for a status that
    /// is cacheable by default or a response that says it may be cached.
    fn heuristic_lifetime(
        &self,
        status: StatusCode,
        fields: &HeaderMap,
        directives: &ResponseDirectives,
        date: SystemTime,
        received: SystemTime,
    ) -> Duration {
        if !self.heuristics || !storing::may_guess_lifetime(status, directives) {
            return Duration::ZERO;
        }
        last_modified(fields, received).map_or(Duration::ZERO, |modified| {
            (since(date, modified) / 10).min(HEURISTIC_LIMIT)
        })
    }
}

/// `corrected_initial_age`, the larger of the two ways to know it (RFC 9111 §4.2.3, C-08).
///
/// Dates are in whole seconds, so what they say of the age is too.
pub(super) fn initial_age(
    age: u64,
    date: SystemTime,
    request_time: SystemTime,
    response_time: SystemTime,
) -> Duration {
    let apparent_age = Duration::from_secs(since(response_time, date).as_secs());
    let response_delay = since(response_time, request_time);
    let corrected_age_value = Duration::from_secs(age).saturating_add(response_delay);
    apparent_age.max(corrected_age_value)
}

impl Terms {
    /// `current_age` (RFC 9111 §4.2.3). A clock that was set back makes nothing younger than it was.
    pub(crate) fn current_age(&self, now: SystemTime) -> Duration {
        self.initial_age
            .saturating_add(since(now, self.response_time))
    }
}

/// `Last-Modified` as a time, however many digits its year has.
pub(super) fn last_modified(fields: &HeaderMap, received: SystemTime) -> Option<SystemTime> {
    DateField::parse(fields, &header::LAST_MODIFIED, received).time()
}

/// `Date`, or the time received where there is none or it cannot be read (RFC 9110 §6.6.1, C-40).
pub(super) fn date_or(fields: &HeaderMap, received: SystemTime) -> SystemTime {
    let date = DateField::parse(fields, &header::DATE, received);
    date.time().unwrap_or(received)
}

/// What is kept has a `Date` that can be read.
pub(super) fn keep_date(kept: &mut HeaderMap, date: SystemTime, received: SystemTime) {
    if DateField::parse(kept, &header::DATE, received)
        .time()
        .is_none()
    {
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
