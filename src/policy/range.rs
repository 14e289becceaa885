//! RFC 9110 §14 and §13.1.5: what a request for ranges gets of a stored response.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{Asked, Policy};
use crate::header::etag::EntityTag;
use crate::header::range::{RangeSet, Requested};
use crate::parts::Parts;
use crate::stored::StoredResponse;

/// What a GET asks for with `Range`.
#[derive(Debug, Clone)]
pub(crate) struct AskedRange {
    ranges: RangeSet,
    condition: Condition,
    /// Where it asks for more, it gets the whole (C-28).
    most: usize,
}

/// `If-Range` (RFC 9110 §13.1.5).
#[derive(Debug, Clone)]
enum Condition {
    None,
    /// Ranges only of what has this validator.
    Validator(HeaderValue),
    /// Two lines are no validator, and nothing has it.
    Unreadable,
}

/// What becomes of a `Range`.
#[derive(Debug)]
pub(crate) enum RangeOf {
    /// There is none that means anything here, and the whole is asked for (RFC 9110 §14.2).
    Whole,
    /// It asks for these.
    Ranges(Box<AskedRange>),
    /// It asks for something in a unit that only the origin knows.
    OtherUnit,
}

impl Policy {
    /// Reads `Range` and `If-Range` of a GET.
    pub(super) fn range_of(&self, fields: &HeaderMap) -> RangeOf {
        let ranges = match RangeSet::parse(fields) {
            Requested::Bytes(ranges) => ranges,
            Requested::OtherUnit => return RangeOf::OtherUnit,
            Requested::Invalid => return RangeOf::Whole,
        };
        let mut conditions = fields.get_all(header::IF_RANGE).iter();
        let condition = match (conditions.next(), conditions.next()) {
            (None, _) => Condition::None,
            (Some(validator), None) => Condition::Validator(validator.clone()),
            (Some(_), Some(_)) => Condition::Unreadable,
        };
        RangeOf::Ranges(Box::new(AskedRange {
            ranges,
            condition,
            most: if self.is_shared() { 4 } else { 8 },
        }))
    }
}

/// What of a stored response is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Portion {
    /// All of it, as if no range were asked for.
    Whole,
    /// These octets, from the first position to the last: at least one range, ascending, none that overlaps.
    Ranges(Vec<(u64, u64)>),
    /// Nothing: no range that is asked for lies within so many octets.
    Unsatisfiable(u64),
}

impl AskedRange {
    /// Whether it comes with `If-Range`, and so from somebody who has part of it already.
    pub(crate) fn is_conditional(&self) -> bool {
        !matches!(self.condition, Condition::None)
    }

    /// What it gets of this response (RFC 9110 §13.2.2, §14.2): ranges only of what would be a 200.
    pub(crate) fn portion(&self, stored: &StoredResponse) -> Portion {
        match stored.parts.as_deref() {
            None if stored.head.status != StatusCode::OK || !self.is_about(stored) => {
                Portion::Whole
            }
            None => self.resolve(stored.body.data.len() as u64),
            // Its condition was met when the response was selected, or that would not have been.
            Some(parts) => self.portion_of(parts),
        }
    }

    /// What it gets of a response that is not held whole: ranges of which every octet is held.
    fn portion_of(&self, parts: &Parts) -> Portion {
        let length = match parts.complete() {
            Some(complete) => complete,
            None if self.ranges.is_bounded() => u64::MAX,
            None => return Portion::Whole,
        };
        match self.resolve(length) {
            Portion::Ranges(ranges) if ranges.iter().all(|(a, b)| parts.holds(*a, *b)) => {
                Portion::Ranges(ranges)
            }
            _ => Portion::Whole,
        }
    }

    /// Whether `If-Range` lets it have ranges of this response: the same strong tag, or the very same date,
    /// which is strong.
    fn is_about(&self, stored: &StoredResponse) -> bool {
        let validator = match &self.condition {
            Condition::None => return true,
            Condition::Validator(validator) => validator,
            Condition::Unreadable => return false,
        };
        let held = stored.head.validators();
        if let Some(tag) = EntityTag::of(validator).filter(|tag| tag.is_delimited()) {
            return EntityTag::parse(&held).is_some_and(|held| tag.matches_strongly(held));
        }
        stored.terms.is_date_strong(&held)
            && held.get(header::LAST_MODIFIED).is_some_and(|modified| {
                modified.as_bytes().trim_ascii() == validator.as_bytes().trim_ascii()
            })
    }

    /// Many ranges, or ranges in disorder, are more often an attack than a wish (C-28).
    fn resolve(&self, length: u64) -> Portion {
        if !self.ranges.is_satisfiable(length) {
            return Portion::Unsatisfiable(length);
        }
        let ranges: Vec<_> = self.ranges.resolve(length).take(self.most + 1).collect();
        let is_in_order = ranges.windows(2).all(|pair| pair[0].1 < pair[1].0);
        if ranges.is_empty() || ranges.len() > self.most || !is_in_order {
            return Portion::Whole;
        }
        Portion::Ranges(ranges)
    }
}

/// Whether a stored response has all that is asked for (RFC 9111 §3.3): it is held whole, or the request
/// is for ranges that are held.
#[inline]
pub(crate) fn has_all(asked: &Asked, stored: &StoredResponse) -> bool {
    let Some(parts) = stored.parts.as_deref() else {
        return true;
    };
    asked
        .range
        .as_ref()
        .is_some_and(|range| range.is_about(stored) && range.portion_of(parts) != Portion::Whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Kind;

    fn portion(kind: Kind, range: &str, length: u64) -> Portion {
        let fields = HeaderMap::from_iter([(header::RANGE, range.parse().unwrap())]);
        match Policy::recommended(kind).range_of(&fields) {
            RangeOf::Ranges(asked) => asked.resolve(length),
            other => panic!("{range}: {other:?}"),
        }
    }

    /// 9110-14.1.2-1, 9110-14.2-3, 9110-14.2-4, C-28
    #[test]
    fn ranges_are_what_there_is_of_them() {
        let of = |ranges: &[(u64, u64)]| Portion::Ranges(ranges.to_vec());
        for (range, length, expected) in [
            ("bytes=0-1", 10, of(&[(0, 1)])),
            ("bytes=9-20", 10, of(&[(9, 9)])),
            ("bytes=0-0,1-1,3-", 10, of(&[(0, 0), (1, 1), (3, 9)])),
            ("bytes=0-0,20-30", 10, of(&[(0, 0)])),
            ("bytes=10-", 10, Portion::Unsatisfiable(10)),
            ("bytes=-0", 10, Portion::Unsatisfiable(10)),
            ("bytes=0-1,1-2", 10, Portion::Whole),
            ("bytes=2-3,0-1", 10, Portion::Whole),
            ("bytes=-1", 0, Portion::Whole),
            ("bytes=0-", 0, Portion::Unsatisfiable(0)),
        ] {
            assert_eq!(portion(Kind::Private, range, length), expected, "{range}");
        }
        let five = "bytes=0-0,1-1,2-2,3-3,4-4";
        assert_ne!(portion(Kind::Private, five, 10), Portion::Whole);
        assert_eq!(portion(Kind::Shared, five, 10), Portion::Whole);
    }
}
