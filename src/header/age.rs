//! `Age` (RFC 9111 §5.1).

use http::{HeaderMap, header};

use super::{delta_seconds, lines};

/// The age in seconds: the first member of the field; zero where that cannot be read.
pub(crate) fn parse(fields: &HeaderMap) -> u64 {
    lines(fields, &header::AGE)
        .next()
        .and_then(|line| line.split(|byte| *byte == b',').next())
        .and_then(|first| delta_seconds(first.trim_ascii()))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// 9111-5.1-2, 9111-5.1-3, EDGE-15
    #[test]
    fn the_first_member_counts_and_nonsense_does_not() {
        let table: &[(&[&str], u64)] = &[
            (&[], 0),
            (&["15"], 15),
            (&["0, 0"], 0),
            (&["0", "7200"], 0),
            (&["7200, 0"], 7200),
            (&["abc", "7200"], 0),
            (&["-7200"], 0),
            (&["7200.0"], 0),
            (&["7200;foo=1"], 0),
            (&[""], 0),
            (&["2147483648"], 2_147_483_648),
            (&["18446744073709551616"], u64::MAX),
        ];
        for (lines, expected) in table {
            let mut fields = HeaderMap::new();
            for line in *lines {
                fields.append(header::AGE, HeaderValue::from_str(line).unwrap());
            }
            assert_eq!(parse(&fields), *expected, "{lines:?}");
        }
    }
}
