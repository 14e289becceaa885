//! `Range` (RFC 9110 §14.2).

use http::{HeaderMap, header};

use super::{delta_seconds, lines};

/// More than this many ranges in one request are not read.
const MAX_RANGES: usize = 64;

/// What a request with `Range` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Requested {
    /// These octets.
    Bytes(RangeSet),
    /// Something in another unit than octets.
    OtherUnit,
    /// Nothing that can be read, or too much.
    Invalid,
}

/// Ranges of octets in the order they were asked for, at least one (RFC 9110 §14.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RangeSet(Vec<RangeSpec>);

/// One range of octets. A number too large is as large as can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RangeSpec {
    /// From the first position to the last, which is part of it.
    FromTo(u64, u64),
    /// From this position to the end.
    From(u64),
    /// So many octets at the end.
    Suffix(u64),
}

impl RangeSet {
    /// The lines are one value; a field that is not there is invalid.
    pub(crate) fn parse(fields: &HeaderMap) -> Requested {
        let mut lines = lines(fields, &header::RANGE);
        let first = lines.next().unwrap_or_default().trim_ascii();
        let Some(equals) = first.iter().position(|byte| *byte == b'=') else {
            return Requested::Invalid;
        };
        let (unit, set) = (&first[..equals], &first[equals + 1..]);
        if !unit.eq_ignore_ascii_case(b"bytes") {
            return match header::HeaderName::from_bytes(unit) {
                // A unit is a token, as the name of a field is.
                Ok(_) => Requested::OtherUnit,
                Err(_) => Requested::Invalid,
            };
        }
        // White space may stand beside a comma, not behind the `=`.
        if set.starts_with(b" ") || set.starts_with(b"\t") {
            let set = set.trim_ascii_start();
            if !set.is_empty() && !set.starts_with(b",") {
                return Requested::Invalid;
            }
        }
        let specs = std::iter::once(set)
            .chain(lines)
            .flat_map(|line| line.split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|member| !member.is_empty())
            .take(MAX_RANGES + 1)
            .map(RangeSpec::parse)
            .collect::<Option<Vec<_>>>()
            .filter(|specs| (1..=MAX_RANGES).contains(&specs.len()));
        specs.map_or(Requested::Invalid, |specs| Requested::Bytes(Self(specs)))
    }

    /// Whether each has a last position, and may mean the same however many octets there are.
    pub(crate) fn is_bounded(&self) -> bool {
        // A position that is too large to be told is as good as none.
        let is_bounded =
            |spec: &RangeSpec| matches!(spec, RangeSpec::FromTo(_, last) if *last < u64::MAX);
        self.0.iter().all(is_bounded)
    }

    /// Whether any of them can be had of so many octets (RFC 9110 §14.1.2). A suffix can be had of
    /// none, and is then all there is: [`resolve`](Self::resolve) has no range for it.
    pub(crate) fn is_satisfiable(&self, length: u64) -> bool {
        self.0.iter().any(|spec| match *spec {
            RangeSpec::FromTo(first, _) | RangeSpec::From(first) => first < length,
            RangeSpec::Suffix(octets) => octets > 0,
        })
    }

    /// The first and last positions of those that can be had of so many octets, in the order they
    /// were asked for: clipped, neither sorted nor merged.
    pub(crate) fn resolve(&self, length: u64) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().filter_map(move |spec| spec.resolve(length))
    }
}

impl RangeSpec {
    fn parse(spec: &[u8]) -> Option<Self> {
        let dash = spec.iter().position(|byte| *byte == b'-')?;
        match (&spec[..dash], &spec[dash + 1..]) {
            ([], octets) => delta_seconds(octets).map(Self::Suffix),
            (first, []) => delta_seconds(first).map(Self::From),
            (first, last) => {
                let (first, last) = (delta_seconds(first)?, delta_seconds(last)?);
                (first <= last).then_some(Self::FromTo(first, last))
            }
        }
    }

    fn resolve(self, length: u64) -> Option<(u64, u64)> {
        let end = length.checked_sub(1)?;
        let (first, last) = match self {
            Self::FromTo(first, last) => (first, last.min(end)),
            Self::From(first) => (first, end),
            Self::Suffix(0) => return None,
            Self::Suffix(octets) => (length.saturating_sub(octets), end),
        };
        (first <= end).then_some((first, last))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::RangeSpec::{From, FromTo, Suffix};
    use super::*;
    use crate::header::arbitrary;

    fn parse(lines: &[&str]) -> Requested {
        RangeSet::parse(&arbitrary::fields(&header::RANGE, lines))
    }

    /// 9110-14.1.2-1, 9110-14.2-3
    #[test]
    fn a_range_has_a_unit_and_members() {
        let table: &[(&[&str], &[RangeSpec])] = &[
            (&["bytes=0-0"], &[FromTo(0, 0)]),
            (&["bytes=-1"], &[Suffix(1)]),
            (&["bytes=-0"], &[Suffix(0)]),
            (&["bytes=9-999"], &[FromTo(9, 999)]),
            (&["bytes=5-"], &[From(5)]),
            (&["BYTES=5-"], &[From(5)]),
            (&[" bytes=005-\t"], &[From(5)]),
            (&["bytes=-99999999999999999999"], &[Suffix(u64::MAX)]),
            (&["bytes=1-18446744073709551616"], &[FromTo(1, u64::MAX)]),
            (&["bytes=0-1,4-5"], &[FromTo(0, 1), FromTo(4, 5)]),
            (&["bytes=4-5 ,\t0-1"], &[FromTo(4, 5), FromTo(0, 1)]),
            (&["bytes=,, 0-1, ,-3,"], &[FromTo(0, 1), Suffix(3)]),
            (&["bytes= ,0-1"], &[FromTo(0, 1)]),
            (&["bytes=0-1", "-3"], &[FromTo(0, 1), Suffix(3)]),
            (&["bytes=", "0-1"], &[FromTo(0, 1)]),
        ];
        for (lines, expected) in table {
            let Requested::Bytes(set) = parse(lines) else {
                panic!("{lines:?}");
            };
            assert_eq!(set.0, *expected, "{lines:?}");
        }
    }

    /// 9110-14.2-3
    #[test]
    fn another_unit_is_told_from_nonsense() {
        for line in ["Lines=0-1", "lines=", "seconds=a, b", "bytes2=0-1"] {
            assert_eq!(parse(&[line]), Requested::OtherUnit, "{line:?}");
        }
    }

    /// 9110-14.2-4
    #[test]
    fn one_member_that_cannot_be_read_spoils_the_set() {
        let many = |count| format!("bytes={}", vec!["0-0"; count].join(","));
        assert!(matches!(parse(&[&many(64)]), Requested::Bytes(_)));
        for lines in [
            &[][..],
            &[""],
            &["bytes"],
            &["bytes="],
            &["bytes= , ,"],
            &["bytes=5-2"],
            &["bytes=0-1, 5-2"],
            &["bytes=-"],
            &["bytes=5"],
            &["bytes=a-b"],
            &["bytes=0-1-2"],
            &["bytes=--1"],
            &["bytes=+0-1"],
            &["bytes=0 - 1"],
            &["bytes=0- 1"],
            &["bytes= 0-1"],
            &["bytes=\t0-1"],
            &["bytes =0-1"],
            &["=0-1"],
            &["a b=0-1"],
            &["bytes=0-1;x"],
            &["bytes=\"0-1\""],
            &["bytes=0-1", "bytes=2-3"],
            &["", "bytes=0-1"],
            &["bytes", "=0-1"],
            &[&many(65)],
        ] {
            assert_eq!(parse(lines), Requested::Invalid, "{lines:?}");
        }
    }

    /// 9110-14.1.2-1
    #[test]
    fn a_range_without_a_last_position_has_no_bounds() {
        for (set, expected) in [
            ("0-1", true),
            ("0-1, 4-5", true),
            ("5-", false),
            ("-5", false),
            ("0-1, 5-", false),
            ("-5, 0-1", false),
        ] {
            let Requested::Bytes(found) = parse(&[&format!("bytes={set}")]) else {
                panic!("{set}");
            };
            assert_eq!(found.is_bounded(), expected, "{set}");
        }
    }

    /// 9110-14.1.2-1, 9110-14.2-3
    #[test]
    fn a_range_is_clipped_to_what_there_is() {
        type Positions = &'static [(u64, u64)];
        let table: &[(&str, u64, bool, Positions)] = &[
            ("0-0", 10, true, &[(0, 0)]),
            ("-1", 10, true, &[(9, 9)]),
            ("-10", 10, true, &[(0, 9)]),
            ("-11", 10, true, &[(0, 9)]),
            ("-99999999999999999999", 10, true, &[(0, 9)]),
            ("-0", 10, false, &[]),
            ("9-999", 10, true, &[(9, 9)]),
            ("9-", 10, true, &[(9, 9)]),
            ("10-", 10, false, &[]),
            ("10-11", 10, false, &[]),
            ("99999999999999999999-", 10, false, &[]),
            ("18446744073709551615-", u64::MAX, false, &[]),
            ("-1", u64::MAX, true, &[(u64::MAX - 1, u64::MAX - 1)]),
            ("4-5,10-,0-1,-2", 10, true, &[(4, 5), (0, 1), (8, 9)]),
            ("0-0", 0, false, &[]),
            ("0-", 0, false, &[]),
            ("-0", 0, false, &[]),
            ("-1", 0, true, &[]),
        ];
        for (set, length, satisfiable, expected) in table {
            let Requested::Bytes(found) = parse(&[&format!("bytes={set}")]) else {
                panic!("{set}");
            };
            assert_eq!(
                found.is_satisfiable(*length),
                *satisfiable,
                "{set} {length}"
            );
            let found: Vec<_> = found.resolve(*length).collect();
            assert_eq!(found, *expected, "{set} {length}");
        }
    }

    proptest! {
        /// 9110-14.1.2-1
        #[test]
        fn whatever_is_asked_for_lies_within(
            lines in arbitrary::lines("bytes=|lines=|[-,=a \"]|[0-9]{1,3}|[0-9]-[0-9]?|[0-9]{19,21}"),
            length in prop_oneof![0u64..20, any::<u64>()],
        ) {
            let [split, joined] = arbitrary::split_and_joined(&header::RANGE, &lines);
            let found = RangeSet::parse(&split);
            prop_assert_eq!(&found, &RangeSet::parse(&joined));
            if let Requested::Bytes(set) = found {
                let resolved: Vec<_> = set.resolve(length).collect();
                prop_assert!(resolved.iter().all(|(first, last)| first <= last && *last < length));
                prop_assert!(resolved.is_empty() || set.is_satisfiable(length));
                prop_assert!(length == 0 || resolved.is_empty() != set.is_satisfiable(length));
            }
        }
    }
}
