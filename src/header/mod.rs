//! Fields: bytes to value, no judgement. One field, one file; what they share is here.
//!
//! Nothing in here imports anything of ours, reads a clock or fails: what cannot be read is said to
//! be unreadable, and what follows from that is for `policy` to decide.

pub(crate) mod age;
#[cfg(test)]
mod arbitrary;
pub(crate) mod cache_control;
#[cfg(feature = "structured-fields")]
pub(crate) mod cache_groups;
pub(crate) mod clear_site_data;
pub(crate) mod connection;
pub(crate) mod content_length;
pub(crate) mod content_range;
pub(crate) mod content_type;
pub(crate) mod date;
mod directive;
pub(crate) mod etag;
#[cfg(feature = "structured-fields")]
pub(crate) mod no_vary_search;
pub(crate) mod range;
#[cfg(feature = "structured-fields")]
mod structured;
#[cfg(feature = "structured-fields")]
mod targeted;
pub(crate) mod transfer_encoding;
pub(crate) mod vary;

use http::{HeaderMap, HeaderName};

/// What has fields.
pub(crate) trait Fields {
    /// The lines of a field, in order.
    fn lines_of<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]>;
}

impl Fields for HeaderMap {
    #[inline]
    fn lines_of<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        lines(self, name)
    }
}

/// The lines of a field, in order.
#[inline]
pub(crate) fn lines<'a>(
    fields: &'a HeaderMap,
    name: &'a HeaderName,
) -> impl Iterator<Item = &'a [u8]> {
    fields.get_all(name).iter().map(http::HeaderValue::as_bytes)
}

/// What a backslash means inside quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// `\"` is a quote that does not end the string (RFC 9110 §5.6.4).
    Escaped,
    /// A backslash is a character like any other, as in entity tags (RFC 9110 §8.8.3).
    Literal,
}

/// The members of one line of a list (RFC 9110 §5.6.1): split at commas outside of quotes,
/// trimmed, empty ones left out. Linear in the length of the line.
///
/// A quote that is never closed is damage: from there on commas split wherever they stand, so that
/// a restrictive member behind it is still seen, and [`Members::is_damaged`] says so.
#[derive(Debug, Clone)]
pub(crate) struct Members<'a> {
    rest: Option<&'a [u8]>,
    quoting: Quoting,
    damaged: bool,
}

impl<'a> Members<'a> {
    pub(crate) fn of(line: &'a [u8], quoting: Quoting) -> Self {
        Self {
            rest: Some(line),
            quoting,
            damaged: false,
        }
    }

    /// Whether the last member, or one before it, had a quote that is never closed.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// The next member, empty or not.
    pub(crate) fn next_or_empty(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let mut at = 0;
        while at < rest.len() && rest[at] != b',' {
            if rest[at] == b'"' && !self.damaged {
                match closing_quote(&rest[at..], self.quoting) {
                    Some(length) => at += length,
                    None => self.damaged = true,
                }
            }
            at += 1;
        }
        self.rest = rest.get(at + 1..);
        Some(rest[..at].trim_ascii())
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            match self.next_or_empty()? {
                [] => {}
                member => return Some(member),
            }
        }
    }
}

/// Where the string that begins with the first byte ends.
fn closing_quote(quoted: &[u8], quoting: Quoting) -> Option<usize> {
    let mut at = 1;
    while at < quoted.len() {
        match quoted[at] {
            b'"' => return Some(at),
            b'\\' if quoting == Quoting::Escaped => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// The members of all lines of a field.
pub(crate) fn members<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    quoting: Quoting,
) -> impl Iterator<Item = &'a [u8]> {
    lines.flat_map(move |line| Members::of(line, quoting))
}

/// `delta-seconds` (RFC 9111 §1.2.2): digits and nothing else; too large is as large as can be.
pub(crate) fn delta_seconds(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |seconds, digit| {
        digit.is_ascii_digit().then(|| {
            seconds
                .saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'))
        })
    })
}

/// A field name as it stands in a list, in any letter case.
pub(crate) fn field_name(member: &[u8]) -> Option<HeaderName> {
    HeaderName::from_bytes(member).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_split_at_commas_outside_of_quotes() {
        let table: &[(&str, &[&str])] = &[
            ("", &[]),
            (" , ,, ", &[]),
            ("a", &["a"]),
            (" a ,\tb", &["a", "b"]),
            ("a, \"b, c\", d", &["a", "\"b, c\"", "d"]),
            (r#"x="a\", b", c"#, &[r#"x="a\", b""#, "c"]),
            (r#""abc\"", d, "e""#, &[r#""abc\"""#, "d", r#""e""#]),
            ("x=\"a, b", &["x=\"a", "b"]),
            ("\"a\" \"b, c\"", &["\"a\" \"b, c\""]),
        ];
        for (line, expected) in table {
            let found: Vec<_> = Members::of(line.as_bytes(), Quoting::Escaped).collect();
            let expected: Vec<_> = expected.iter().map(|m| m.as_bytes()).collect();
            assert_eq!(found, expected, "{line:?}");
        }
    }

    #[test]
    fn a_backslash_in_an_entity_tag_is_a_backslash() {
        let found: Vec<_> = Members::of(br#""a\", "b""#, Quoting::Literal).collect();
        assert_eq!(found, [br#""a\""#.as_slice(), br#""b""#]);
    }

    #[test]
    fn delta_seconds_are_digits_and_saturate() {
        let table: &[(&str, Option<u64>)] = &[
            ("0", Some(0)),
            ("003600", Some(3600)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", Some(u64::MAX)),
            (&"9".repeat(400), Some(u64::MAX)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            ("0x3c", None),
            ("60s", None),
        ];
        for (digits, expected) in table {
            assert_eq!(delta_seconds(digits.as_bytes()), *expected, "{digits:?}");
        }
    }
}
