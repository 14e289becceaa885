//! `Content-Length` (RFC 9110 §8.6, RFC 9112 §6.3).

use http::{HeaderMap, header};

use super::{Members, Quoting, lines};

/// What the field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentLength {
    /// Nothing.
    Absent,
    /// So many octets.
    Octets(u64),
    /// So many octets, which is said in another way than it would be here: twice, or with zeros before it.
    Rewritten(u64),
    /// Not a number, or more than one.
    Invalid,
}

impl ContentLength {
    pub(crate) fn parse(fields: &HeaderMap) -> Self {
        let mut found = lines(fields, &header::CONTENT_LENGTH);
        let Some(first) = found.next() else {
            return Self::Absent;
        };
        let is_one = found.next().is_none();
        if let Some(octets) = octets(first).filter(|_| is_one && is_shortest(first)) {
            return Self::Octets(octets);
        }
        let mut said = None;
        for line in lines(fields, &header::CONTENT_LENGTH) {
            for digits in Members::of(line, Quoting::Literal) {
                match octets(digits) {
                    Some(octets) if said.is_none_or(|said| said == octets) => said = Some(octets),
                    _ => return Self::Invalid,
                }
            }
        }
        said.map_or(Self::Invalid, Self::Rewritten)
    }
}

/// Whether there is nothing in front of a number, and there is one.
fn is_shortest(digits: &[u8]) -> bool {
    matches!(digits, [b'0'] | [b'1'..=b'9', ..])
}

fn octets(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |octets, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        octets.checked_mul(10)?.checked_add(u64::from(digit))
    })
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
            (&["0"], ContentLength::Octets(0)),
            (&["00"], ContentLength::Rewritten(0)),
            (&["042"], ContentLength::Rewritten(42)),
            (&["42, 42"], ContentLength::Rewritten(42)),
            (&["42,"], ContentLength::Rewritten(42)),
            (&["42", "42"], ContentLength::Rewritten(42)),
            (&["42", ""], ContentLength::Rewritten(42)),
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
