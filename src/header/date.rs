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
    // Every form is shorter than this; so is what is copied of a field full of rubbish.
    if !text.is_ascii() || text.len() > 33 {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    // Nearly all are as they should be.
    if text.len() == IMF_FIXDATE {
        if let Ok(date) = httpdate::parse_http_date(text) {
            return Some(date);
        }
    }
    let lower = text.to_ascii_lowercase();
    let parts = match lower.split_once(", ") {
        Some((day, rest)) if DAYS.contains(&day) => imf_fixdate(rest),
        Some((day, rest)) if LONG_DAYS.contains(&day) => rfc850_date(rest),
        Some(_) => None,
        None => lower
            .split_once(' ')
            .filter(|(day, _)| DAYS.contains(day))
            .and_then(|(_, rest)| asctime_date(rest)),
    }?;
    let date = parts.resolve()?;
    if !parts.has_short_year {
        return Some(date);
    }
    let fifty_years = Duration::from_secs(50 * 365 * 86_400 + 12 * 86_400);
    match now.checked_add(fifty_years) {
        Some(limit) if date > limit => Parts {
            century: 19,
            ..parts
        }
        .resolve(),
        _ => Some(date),
    }
}

/// What no other form is as long as.
const IMF_FIXDATE: usize = 29;

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

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const LONG_DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// What the three forms have in common.
#[derive(Clone, Copy)]
struct Parts<'a> {
    day: &'a str,
    month: &'a str,
    century: u8,
    year: &'a str,
    has_short_year: bool,
    time: &'a str,
}

impl Parts<'_> {
    /// `httpdate` knows the calendar, but also insists on the right day of the week: it is offered each.
    fn resolve(&self) -> Option<SystemTime> {
        let (time, leap) = match self.time.strip_suffix(":60") {
            Some(minutes) => (format!("{minutes}:59"), 1),
            None => (self.time.to_owned(), 0),
        };
        let mut month = self.month.to_owned();
        month.get_mut(..1)?.make_ascii_uppercase();
        let day = match self.day.strip_prefix(' ') {
            Some(day) => format!("0{day}"),
            None => self.day.to_owned(),
        };
        let century = self.century;
        let year = if self.has_short_year {
            format!("{century}{}", self.year)
        } else {
            self.year.to_owned()
        };
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
            .iter()
            .find_map(|weekday| {
                let date = format!("{weekday}, {day} {month} {year} {time} GMT");
                (date.len() == IMF_FIXDATE).then(|| httpdate::parse_http_date(&date).ok())?
            })
            .map(|date| date + Duration::from_secs(leap))
    }
}

/// `06 nov 1994 08:49:37 gmt`
fn imf_fixdate(rest: &str) -> Option<Parts<'_>> {
    let mut words = rest.split(' ');
    let parts = Parts {
        day: words.next()?,
        month: words.next()?,
        century: 0,
        year: words.next()?,
        has_short_year: false,
        time: words.next()?,
    };
    (words.next() == Some("gmt") && words.next().is_none()).then_some(parts)
}

/// `06-nov-94 08:49:37 gmt`
fn rfc850_date(rest: &str) -> Option<Parts<'_>> {
    let mut words = rest.split(' ');
    let mut date = words.next()?.split('-');
    let parts = Parts {
        day: date.next()?,
        month: date.next()?,
        century: 20,
        year: date.next().filter(|year| year.len() == 2)?,
        has_short_year: true,
        time: words.next()?,
    };
    (date.next().is_none() && words.next() == Some("gmt") && words.next().is_none())
        .then_some(parts)
}

/// `nov  6 08:49:37 1994`
fn asctime_date(rest: &str) -> Option<Parts<'_>> {
    let (month, rest) = rest.split_once(' ')?;
    let (day, rest) = rest.split_at_checked(2)?;
    let (time, year) = rest.strip_prefix(' ')?.split_once(' ')?;
    Some(Parts {
        day,
        month,
        century: 0,
        year,
        has_short_year: false,
        time,
    })
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
