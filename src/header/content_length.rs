//! `Content-Length` (RFC 9110 §8.6, RFC 9112 §6.3).

use http::{HeaderMap, header};

use super::{Quoting, lines, members};

/// What the field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentLength {
    /// Nothing.
    Absent,
    /// So many octets; the same number said twice is said once.
    Octets(u64),
    /// Not a number, or more than one.
    Invalid,
}

impl ContentLength {
    pub(crate) fn parse(fields: &HeaderMap) -> Self {
        if !fields.contains_key(header::CONTENT_LENGTH) {
            return Self::Absent;
        }
        members(lines(fields, &header::CONTENT_LENGTH), Quoting::Literal)
            .map(|digits| match std::str::from_utf8(digits) {
                // `parse` takes a sign, the field does not.
                Ok(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                    digits.parse().map_or(Self::Invalid, Self::Octets)
                }
                _ => Self::Invalid,
            })
            .reduce(|one, other| if one == other { one } else { Self::Invalid })
            .unwrap_or(Self::Invalid)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// 9110-8.6-1, 9112-6.3-3
    #[test]
    fn two_lengths_are_none() {
        let table: &[(&[&str], ContentLength)] = &[
            (&[], ContentLength::Absent),
            (&["42"], ContentLength::Octets(42)),
            (&["42, 42"], ContentLength::Octets(42)),
            (&["42", "42"], ContentLength::Octets(42)),
            (&["42", "43"], ContentLength::Invalid),
            (&[""], ContentLength::Invalid),
            (&["+42"], ContentLength::Invalid),
            (&["4 2"], ContentLength::Invalid),
            (&["99999999999999999999"], ContentLength::Invalid),
        ];
        for (lines, expected) in table {
            let mut fields = HeaderMap::new();
            for line in *lines {
                fields.append(header::CONTENT_LENGTH, HeaderValue::from_str(line).unwrap());
            }
            assert_eq!(ContentLength::parse(&fields), *expected, "{lines:?}");
        }
    }
}
