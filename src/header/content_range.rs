//! `Content-Range` (RFC 9110 §14.4).

use http::{HeaderMap, HeaderValue, header};

use super::lines;

/// Which octets a response encloses, or how many there are where it encloses none of those that were
/// asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentRange {
    /// Those from the first position to the last, which is part of it, of so many in all, if that is
    /// known. The last is at least the first, less than the complete length, and less than `u64::MAX`.
    Enclosed {
        first: u64,
        last: u64,
        complete: Option<u64>,
    },
    /// None of so many: what a 416 says.
    Unsatisfied { complete: u64 },
}

impl ContentRange {
    /// `None` where it is not there, is not of octets, contradicts itself, or has a number beyond 64
    /// bits. The same said twice is said once.
    pub(crate) fn parse(fields: &HeaderMap) -> Option<Self> {
        lines(fields, &header::CONTENT_RANGE)
            .flat_map(|line| line.split(|byte| *byte == b','))
            .map(|range| Self::parse_one(range.trim_ascii()))
            .reduce(|one, other| one.filter(|_| one == other))
            .flatten()
    }

    fn parse_one(range: &[u8]) -> Option<Self> {
        let (unit, range) = split_at(range, b' ')?;
        let (range, complete) = split_at(range, b'/')?;
        if !unit.eq_ignore_ascii_case(b"bytes") {
            return None;
        }
        if range == b"*" {
            let complete = number(complete)?;
            return Some(Self::Unsatisfied { complete });
        }
        let (first, last) = split_at(range, b'-')?;
        let (first, last) = (number(first)?, number(last)?);
        let complete = match complete {
            b"*" => None,
            digits => Some(number(digits)?),
        };
        (first <= last && last < complete.unwrap_or(u64::MAX)).then_some(Self::Enclosed {
            first,
            last,
            complete,
        })
    }

    pub(crate) fn to_value(self) -> HeaderValue {
        let value = match self {
            Self::Enclosed {
                first,
                last,
                complete: Some(complete),
            } => format!("bytes {first}-{last}/{complete}"),
            Self::Enclosed {
                first,
                last,
                complete: None,
            } => format!("bytes {first}-{last}/*"),
            Self::Unsatisfied { complete } => format!("bytes */{complete}"),
        };
        HeaderValue::try_from(value).expect("letters and digits are a value")
    }
}

fn split_at(text: &[u8], delimiter: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == delimiter)?;
    Some((&text[..at], &text[at + 1..]))
}

fn number(digits: &[u8]) -> Option<u64> {
    // `parse` takes a sign, the field does not.
    let digits = std::str::from_utf8(digits).ok()?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::header::arbitrary;

    fn enclosed(first: u64, last: u64, complete: Option<u64>) -> ContentRange {
        ContentRange::Enclosed {
            first,
            last,
            complete,
        }
    }

    /// 9110-14.4-1
    #[test]
    fn a_range_that_contradicts_itself_is_none() {
        let unsatisfied = ContentRange::Unsatisfied { complete: 10 };
        let table: &[(&[&str], Option<ContentRange>)] = &[
            (&["bytes 0-4/10"], Some(enclosed(0, 4, Some(10)))),
            (&["Bytes 0-4/10"], Some(enclosed(0, 4, Some(10)))),
            (&["bytes 0-9/10"], Some(enclosed(0, 9, Some(10)))),
            (&["bytes 007-7/0010"], Some(enclosed(7, 7, Some(10)))),
            (&["bytes 0-4/*"], Some(enclosed(0, 4, None))),
            (&["bytes */10"], Some(unsatisfied)),
            (
                &["bytes 0-4/10", "bytes 0-4/10"],
                Some(enclosed(0, 4, Some(10))),
            ),
            (
                &["bytes 0-4/10, bytes 0-4/10"],
                Some(enclosed(0, 4, Some(10))),
            ),
            (
                &["bytes 0-18446744073709551613/18446744073709551614"],
                Some(enclosed(0, u64::MAX - 2, Some(u64::MAX - 1))),
            ),
            (&[], None),
            (&[""], None),
            (&["bytes"], None),
            (&["bytes 5-4/10"], None),
            (&["bytes 0-9/9"], None),
            (&["bytes 0-10/10"], None),
            (&["bytes 0-0/0"], None),
            (&["lines 0-4/10"], None),
            (&["0-4/10"], None),
            (&["bytes 0-4"], None),
            (&["bytes 0-4/"], None),
            (&["bytes -4/10"], None),
            (&["bytes 0-/10"], None),
            (&["bytes 0/10"], None),
            (&["bytes */*"], None),
            (&["bytes */"], None),
            (&["bytes=0-4/10"], None),
            (&["bytes  0-4/10"], None),
            (&["bytes\t0-4/10"], None),
            (&["bytes 0 - 4/10"], None),
            (&["bytes 0-4 /10"], None),
            (&["bytes 0-+4/10"], None),
            (&["bytes 0-4/10/10"], None),
            (&["bytes 0-4/0x10"], None),
            (&["bytes 0-4/10;x"], None),
            (&["bytes 0-18446744073709551615/*"], None),
            (&["bytes 0-18446744073709551616/*"], None),
            (&["bytes 0-4/18446744073709551616"], None),
            (&["bytes */18446744073709551616"], None),
            (&["bytes 0-4/10", "bytes 5-9/10"], None),
            (&["bytes 0-4/10", "bytes 0-4/10", "bytes 5-9/10"], None),
            (&["bytes 5-9/10", "bytes 0-4/10", "bytes 0-4/10"], None),
            (&["bytes 0-4/10", ""], None),
            (&["", "bytes 0-4/10"], None),
            (&["bytes 0-4/10,"], None),
        ];
        for (lines, expected) in table {
            let fields = arbitrary::fields(&header::CONTENT_RANGE, lines);
            assert_eq!(ContentRange::parse(&fields), *expected, "{lines:?}");
        }
    }

    /// 9110-14.2-3
    #[test]
    fn it_is_written_as_it_is_read() {
        for (range, expected) in [
            (enclosed(0, 4, Some(10)), "bytes 0-4/10"),
            (enclosed(0, 4, None), "bytes 0-4/*"),
            (ContentRange::Unsatisfied { complete: 10 }, "bytes */10"),
        ] {
            assert_eq!(range.to_value(), expected);
        }
    }

    proptest! {
        /// 9110-14.4-1
        #[test]
        fn whatever_is_enclosed_lies_within(
            lines in arbitrary::lines("bytes |lines |[-,/* ]|[0-9]{1,2}|[0-9]-[0-9]/|[0-9]{19,21}"),
        ) {
            let [split, joined] = arbitrary::split_and_joined(&header::CONTENT_RANGE, &lines);
            let found = ContentRange::parse(&split);
            prop_assert_eq!(found, ContentRange::parse(&joined));
            if let Some(ContentRange::Enclosed { first, last, complete }) = found {
                prop_assert!(first <= last && last < complete.unwrap_or(u64::MAX));
            }
            if let Some(range) = found {
                let written = HeaderMap::from_iter([(header::CONTENT_RANGE, range.to_value())]);
                prop_assert_eq!(ContentRange::parse(&written), found);
            }
        }
    }
}
