//! `grpc-timeout`: how long a call may take.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::policy::Asked;

const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// So many digits it has at most.
const DIGITS: usize = 8;

/// How long a call may take, and since when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    timeout: Duration,
    begun: SystemTime,
    has_passed: bool,
}

impl Deadline {
    /// That of a request that begins now; `None` where it is no call, or has none that can be read.
    pub(crate) fn of_call(asked: &Asked, fields: &HeaderMap, now: SystemTime) -> Option<Self> {
        asked.is_grpc().then(|| Self::of(fields, now)).flatten()
    }

    fn of(fields: &HeaderMap, now: SystemTime) -> Option<Self> {
        Some(Self {
            timeout: parse(fields.get(TIMEOUT)?.as_bytes())?,
            begun: now,
            has_passed: false,
        })
    }

    /// All of the time that it had.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// A timer says that it is over.
    pub(crate) fn pass(&mut self) {
        self.has_passed = true;
    }

    pub(crate) fn has_passed(&self) -> bool {
        self.has_passed
    }

    /// What is left of it is sent on. Some always is: that it is over is for a timer to say.
    pub(crate) fn tell(&self, fields: &mut HeaderMap, now: SystemTime) {
        let passed = now.duration_since(self.begun).unwrap_or_default();
        if passed.is_zero() {
            return;
        }
        let left = self.timeout.saturating_sub(passed);
        fields.insert(TIMEOUT, value(left.max(Duration::from_millis(1))));
    }
}

fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits
        .iter()
        .fold(0, |number, digit| number * 10 + u64::from(*digit - b'0'));
    Some(match unit {
        b'H' => Duration::from_secs(number * 60 * 60),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

/// In the smallest unit that has room for it; never more than it is.
fn value(timeout: Duration) -> HeaderValue {
    let nanos = timeout.as_nanos();
    let units = [
        (1, 'n'),
        (1_000, 'u'),
        (1_000_000, 'm'),
        (1_000_000_000, 'S'),
        (60_000_000_000, 'M'),
        (3_600_000_000_000, 'H'),
    ];
    let text = units
        .into_iter()
        .map(|(length, unit)| format!("{}{unit}", nanos / length))
        .find(|text| text.len() <= DIGITS + 1);
    text.and_then(|text| HeaderValue::from_maybe_shared(text).ok())
        .expect("eight digits of hours are the most that is read")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GRPC-8: A number of eight digits at most, and a unit.
    #[test]
    fn a_timeout_is_read() {
        let seconds = Duration::from_secs;
        for (text, expected) in [
            ("2H", Some(seconds(7_200))),
            ("3M", Some(seconds(180))),
            ("4S", Some(seconds(4))),
            ("99999999S", Some(seconds(99_999_999))),
            ("5m", Some(Duration::from_millis(5))),
            ("6u", Some(Duration::from_micros(6))),
            ("7n", Some(Duration::from_nanos(7))),
            ("0S", Some(seconds(0))),
            ("", None),
            ("S", None),
            ("1", None),
            ("1s", None),
            ("+1S", None),
            ("1.5S", None),
            ("100000000S", None),
        ] {
            assert_eq!(parse(text.as_bytes()), expected, "{text}");
        }
    }

    /// GRPC-8: What is sent on is never later than the deadline.
    #[test]
    fn what_is_left_is_sent_on() {
        let begun = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for (timeout, passed, expected) in [
            ("5S", Duration::ZERO, "5S"),
            ("5S", Duration::from_secs(2), "3000000u"),
            ("5S", Duration::from_millis(4_999), "1000000n"),
            ("5S", Duration::from_secs(7), "1000000n"),
            ("100M", Duration::from_secs(1), "5999000m"),
            ("99999999H", Duration::from_secs(1), "99999998H"),
        ] {
            let mut fields = HeaderMap::new();
            fields.insert(TIMEOUT, timeout.parse().unwrap());
            let deadline = Deadline::of(&fields, begun).unwrap();
            deadline.tell(&mut fields, begun + passed);
            assert_eq!(fields[TIMEOUT], expected, "{timeout} {passed:?}");
        }
        // The clock was set back.
        let mut fields = HeaderMap::new();
        fields.insert(TIMEOUT, "5S".parse().unwrap());
        let deadline = Deadline::of(&fields, begun).unwrap();
        deadline.tell(&mut fields, begun - Duration::from_secs(9));
        assert_eq!(fields[TIMEOUT], "5S");
    }
}
