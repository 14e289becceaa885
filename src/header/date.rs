//! HTTP dates (RFC 9110 §5.6.7).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};

use super::lines;

/// What a field that holds a date says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateField {
    /// Nothing.
    Absent,
    /// This.
    At(SystemTime),
    /// Something that is no date, or two different things.
    Invalid,
}

impl DateField {
    /// Reads a field. The same line twice is one line; two that differ are not a date.
    pub(crate) fn parse(fields: &HeaderMap, name: &HeaderName, now: SystemTime) -> Self {
        let mut found = lines(fields, name);
        let Some(first) = found.next() else {
            return Self::Absent;
        };
        if found.any(|line| line != first) {
            return Self::Invalid;
        }
        parse(first, now).map_or(Self::Invalid, Self::At)
    }

    pub(crate) fn time(self) -> Option<SystemTime> {
        match self {
            Self::At(time) => Some(time),
            Self::Absent | Self::Invalid => None,
        }
    }
}

/// A date in any of the three forms of RFC 9110 §5.6.7, in any letter case, whatever its day of the
/// week, with a leap second. A year of two digits that would be more than fifty years after `now` is
/// of the century before.
pub(crate) fn parse(text: &[u8], now: SystemTime) -> Option<SystemTime> {
    let text = text.trim_ascii();
    // Every form is shorter than this.
    let mut lower = [0; 40];
    let lower = lower.get_mut(..text.len())?;
    lower.copy_from_slice(text);
    lower.make_ascii_lowercase();
    if let Some(date) = imf_fixdate(lower).or_else(|| asctime_date(lower)) {
        return date.time();
    }
    let date = rfc850_date(lower)?;
    let time = date.time()?;
    let fifty_years = Duration::from_secs(50 * 365 * 86_400 + 12 * 86_400);
    match now.checked_add(fifty_years) {
        Some(limit) if time > limit => date.a_century_before().time(),
        _ => Some(time),
    }
}

/// A date as a field value, in the one form that may be generated. A time that has no such form (before
/// 1970, after 9999) becomes the nearest that has.
pub(crate) fn format(time: SystemTime) -> HeaderValue {
    const LAST: u64 = 253_402_300_799;
    let seconds = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs().min(LAST));
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    HeaderValue::try_from(httpdate::fmt_http_date(time)).expect("an HTTP date is visible ASCII")
}

/// What the three forms have in common.
#[derive(Clone, Copy)]
struct Date {
    year: u64,
    /// From zero on.
    month: usize,
    day: u64,
    /// Since midnight.
    seconds: u64,
}

/// The days of a year that come before each month, and all of them.
const DAYS_BEFORE: [u64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

impl Date {
    /// The instant, where the calendar has that day. There is none before 1970.
    fn time(self) -> Option<SystemTime> {
        let Self { year, month, .. } = self;
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let before = DAYS_BEFORE[month] + u64::from(is_leap && month > 1);
        let until = DAYS_BEFORE[month + 1] + u64::from(is_leap && month > 0);
        if year < 1970 || self.day == 0 || before + self.day > until {
            return None;
        }
        let leap_days = |year: u64| year / 4 - year / 100 + year / 400;
        let years = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
        let days = years + before + self.day - 1;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400 + self.seconds))
    }

    fn a_century_before(self) -> Self {
        Self {
            year: self.year - 100,
            ..self
        }
    }
}

/// `sun, 06 nov 1994 08:49:37 gmt`
fn imf_fixdate(text: &[u8]) -> Option<Date> {
    let is_one = has_form(text, b"..., .. ... .... ..:..:.. gmt") && is_day(&text[..3]);
    if !is_one {
        return None;
    }
    Some(Date {
        year: number(&text[12..16])?,
        month: month(&text[8..11])?,
        day: number(&text[5..7])?,
        seconds: seconds(&text[17..25])?,
    })
}

/// `sunday, 06-nov-94 08:49:37 gmt`, of this century
fn rfc850_date(text: &[u8]) -> Option<Date> {
    let comma = text.iter().position(|byte| *byte == b',')?;
    let (weekday, text) = text.split_at(comma);
    let is_one = has_form(text, b", ..-...-.. ..:..:.. gmt") && is_long_day(weekday);
    if !is_one {
        return None;
    }
    Some(Date {
        year: 2000 + number(&text[9..11])?,
        month: month(&text[5..8])?,
        day: number(&text[2..4])?,
        seconds: seconds(&text[12..20])?,
    })
}

/// `sun nov  6 08:49:37 1994`
fn asctime_date(text: &[u8]) -> Option<Date> {
    let is_one = has_form(text, b"... ... .. ..:..:.. ....") && is_day(&text[..3]);
    if !is_one {
        return None;
    }
    let day = &text[8..10];
    Some(Date {
        year: number(&text[20..])?,
        month: month(&text[4..7])?,
        day: number(day.strip_prefix(b" ").unwrap_or(day))?,
        seconds: seconds(&text[11..19])?,
    })
}

/// Whether a text is like this one, where a dot is any octet.
fn has_form<const N: usize>(text: &[u8], form: &[u8; N]) -> bool {
    let is_like = |text: &[u8; N]| {
        let pairs = text.iter().zip(form);
        // All of them, since to look at a few at a time is faster than to stop at the first.
        pairs.fold(true, |is_like, (byte, form)| {
            is_like & (*form == b'.' || byte == form)
        })
    };
    text.try_into().is_ok_and(is_like)
}

fn is_day(name: &[u8]) -> bool {
    const DAYS: [[u8; 3]; 7] = [
        *b"mon", *b"tue", *b"wed", *b"thu", *b"fri", *b"sat", *b"sun",
    ];
    name.try_into().is_ok_and(|name| DAYS.contains(name))
}

fn is_long_day(name: &[u8]) -> bool {
    const DAYS: [&[u8]; 7] = [
        b"monday",
        b"tuesday",
        b"wednesday",
        b"thursday",
        b"friday",
        b"saturday",
        b"sunday",
    ];
    DAYS.contains(&name)
}

fn month(name: &[u8]) -> Option<usize> {
    const MONTHS: [[u8; 3]; 12] = [
        *b"jan", *b"feb", *b"mar", *b"apr", *b"may", *b"jun", *b"jul", *b"aug", *b"sep", *b"oct",
        *b"nov", *b"dec",
    ];
    let name: &[u8; 3] = name.try_into().ok()?;
    MONTHS.iter().position(|month| month == name)
}

/// `08:49:37`, or with a leap second.
fn seconds(time: &[u8]) -> Option<u64> {
    let (hour, minute, second) = (
        number(&time[..2])?,
        number(&time[3..5])?,
        number(&time[6..])?,
    );
    let is_time = hour < 24 && minute < 60 && second <= 60;
    is_time.then_some(hour * 3600 + minute * 60 + second)
}

/// One digit or more, and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    let mut number = 0;
    for digit in digits {
        number = number * 10 + u64::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    (!digits.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOVEMBER_1994: u64 = 784_111_777;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn seconds(text: &str) -> Option<u64> {
        parse(text.as_bytes(), at(1_800_000_000)).map(|time| {
            time.duration_since(SystemTime::UNIX_EPOCH)
                .unwrap()
                .as_secs()
        })
    }

    /// 9110-5.6.7-1, 9110-5.6.7-2, 9111-4.2-2, 9111-5.3-3, EDGE-18
    #[test]
    fn three_forms_are_one_instant() {
        let table: &[(&str, u64)] = &[
            ("Sun, 06 Nov 1994 08:49:37 GMT", NOVEMBER_1994),
            ("sun, 06 NOV 1994 08:49:37 gmt", NOVEMBER_1994),
            ("Sunday, 06-Nov-94 08:49:37 GMT", NOVEMBER_1994),
            ("Sun Nov  6 08:49:37 1994", NOVEMBER_1994),
            ("Mon, 06 Nov 1994 08:49:37 GMT", NOVEMBER_1994),
            ("Sun, 06 Nov 1994 08:49:60 GMT", NOVEMBER_1994 + 23),
            ("Thu, 18 Aug 2050 02:01:18 GMT", 2_544_400_878),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Wednesday, 01-Jan-70 00:00:00 GMT", 3_155_760_000),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
        ];
        for (text, expected) in table {
            assert_eq!(seconds(text), Some(*expected), "{text:?}");
        }
    }

    /// 9110-5.6.7-1: the rule of fifty years
    #[test]
    fn a_year_of_two_digits_far_ahead_is_long_past() {
        assert_eq!(
            seconds("Sunday, 06-Nov-94 08:49:37 GMT"),
            Some(NOVEMBER_1994)
        );
        let text = b"Sunday, 06-Nov-94 08:49:37 GMT";
        let now = at(2_500_000_000); // 2049
        let date = parse(text, now).unwrap();
        assert_eq!(date, at(3_939_871_777), "in 2049, 94 is 2094");
    }

    /// 9110-5.6.7-1: the rule of fifty years, to the second
    #[test]
    fn a_year_of_two_digits_is_of_this_century_until_fifty_years_ahead() {
        let text = b"Wednesday, 01-Jan-70 00:00:00 GMT";
        let fifty_years = 18_262 * 86_400; // with twelve leap years
        let now = 3_155_760_000 - fifty_years;
        assert_eq!(parse(text, at(now)), Some(at(3_155_760_000)));
        assert_eq!(parse(text, at(now - 1)), Some(at(0)));
    }

    /// PRJ-5.3-4, 9111-4.2-5, 9111-5.3-1, EDGE-17
    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "0",
            "-1",
            "now",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun,  06 Nov 1994 08:49:37 GMT",
            "Sun, 06  Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08.49.37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "Sun, 06 Nov 1994 08:49:37 AEST",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Mon, 29 Feb 2100 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:61:37 GMT",
            "Foo, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Someday, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-94-1 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 UTC",
            "Sunday, 06-Nov-94 08:49:37 GMT GMT",
            "Foo Nov  6 08:49:37 1994",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov 6  08:49:37 1994",
        ] {
            assert_eq!(seconds(text), None, "{text:?}");
        }
    }

    /// PRJ-5.3-5, EDGE-13
    #[test]
    fn two_lines_that_differ_are_no_date() {
        let mut fields = HeaderMap::new();
        let name = http::header::EXPIRES;
        let now = at(0);
        assert_eq!(DateField::parse(&fields, &name, now), DateField::Absent);
        fields.append(&name, format(at(60)));
        fields.append(&name, format(at(60)));
        assert_eq!(DateField::parse(&fields, &name, now), DateField::At(at(60)));
        fields.append(&name, format(at(61)));
        assert_eq!(DateField::parse(&fields, &name, now), DateField::Invalid);
        assert_eq!(DateField::At(now).time(), Some(now));
        assert_eq!(DateField::Invalid.time(), None);
    }

    proptest! {
        /// Every second there is a form of is read as it was written.
        #[test]
        fn what_is_written_is_read(time in 0..=253_402_300_799_u64) {
            let written = format(at(time));
            prop_assert_eq!(parse(written.as_bytes(), at(0)), Some(at(time)));
        }
    }

    #[test]
    fn every_time_has_a_form() {
        assert_eq!(format(at(NOVEMBER_1994)), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(
            format(SystemTime::UNIX_EPOCH - Duration::from_secs(1)),
            "Thu, 01 Jan 1970 00:00:00 GMT"
        );
        assert_eq!(format(at(253_402_300_800)), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
