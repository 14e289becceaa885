//! RFC 9111 §4.1: when request fields are the same.

use http::{HeaderMap, HeaderName, header};

use crate::header::{Fields, Members, Quoting, lines, members};
use crate::seed::{Digest, Digester, VaryKey};

/// How request fields are compared: by digests made with a secret, and `Accept-Encoding` in a normal
/// form where that is set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comparing<'a> {
    pub(crate) key: &'a VaryKey,
    pub(crate) normalizes_encodings: bool,
}

impl Comparing<'_> {
    /// The same, by another key.
    pub(super) fn with(self, key: &VaryKey) -> Comparing<'_> {
        Comparing { key, ..self }
    }
    /// A digest of what a request has in these fields, octet for octet: another that has the same selects the
    /// same.
    #[inline]
    pub(super) fn octets(
        self,
        request: &impl Fields,
        fields: &[(HeaderName, Option<Digest>)],
    ) -> Digest {
        let mut digester = self.key.quick_digester();
        for (place, (name, _)) in fields.iter().enumerate() {
            if place > 0 {
                digester.write(Digester::NEXT);
            }
            for line in request.lines_of(name) {
                digester.write(line);
                digester.write(Digester::END);
            }
        }
        digester.finish()
    }

    /// A digest of a field in the form it is compared in (C-15): lines joined, white space round commas
    /// left out, letter case too where the field's definition says that it means nothing.
    pub(super) fn digest(self, fields: &impl Fields, name: &HeaderName) -> Option<Digest> {
        let mut lines = fields.lines_of(name).peekable();
        lines.peek()?;
        if self.normalizes_encodings && name == header::ACCEPT_ENCODING {
            return Some(self.encodings(fields));
        }
        // A cookie is split into lines at semicolons, not at commas (RFC 9113 §8.2.3).
        let separator: &[u8] = if name == header::COOKIE { b"; " } else { b"," };
        let ignores_case = name == header::ACCEPT_ENCODING
            || name == header::ACCEPT_LANGUAGE
            || name == header::ACCEPT_CHARSET;
        let mut digester = self.key.digester();
        let mut is_first = true;
        let mut write = |member: &[u8]| {
            if !std::mem::take(&mut is_first) {
                digester.write(separator);
            }
            if ignores_case && member.iter().any(u8::is_ascii_uppercase) {
                for byte in member {
                    digester.write(&[byte.to_ascii_lowercase()]);
                }
            } else {
                digester.write(member);
            }
        };
        for line in lines {
            if name == header::COOKIE {
                write(line);
                continue;
            }
            let mut members = Members::of(line, Quoting::Escaped);
            while let Some(member) = members.next_or_empty() {
                write(member);
            }
        }
        Some(digester.finish())
    }

    /// `Accept-Encoding` in its normal form (C-15): the codings that are accepted, in the order of their names
    /// and without weights; and those that are refused, where that says something: `identity` and `*` are
    /// accepted otherwise, and beside a `*` that is accepted everything is.
    fn encodings(self, fields: &impl Fields) -> Digest {
        let mut codings: Vec<_> =
            members(fields.lines_of(&header::ACCEPT_ENCODING), Quoting::Escaped)
                .map(|member| {
                    let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
                    let mut name = parts.next().unwrap_or_default().to_ascii_lowercase();
                    // The old names of two of them (RFC 9110 §8.4.1).
                    if name == b"x-gzip" || name == b"x-compress" {
                        name.drain(..2);
                    }
                    (name, parts.any(is_refusal))
                })
                .collect();
        let accepts_others = codings
            .iter()
            .any(|(name, refused)| name == b"*" && !refused);
        codings.retain(|(name, refused)| {
            !refused || accepts_others || name == b"identity" || name == b"*"
        });
        codings.sort_unstable();
        codings.dedup();
        let mut digester = self.key.digester();
        for (name, refused) in codings {
            digester.write(&name);
            digester.write(if refused { b";q=0," } else { b"," });
        }
        digester.finish()
    }
}

/// Whether a request accepts each coding that a stored response is in (RFC 9110 §12.5.3).
pub(super) fn accepts_coding_of(request: &HeaderMap, stored: &HeaderMap) -> bool {
    members(lines(stored, &header::CONTENT_ENCODING), Quoting::Escaped).all(|coding| {
        members(lines(request, &header::ACCEPT_ENCODING), Quoting::Escaped).any(|member| {
            let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let is_named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case(coding));
            is_named && !parts.any(is_refusal)
        })
    })
}

/// A weight of nothing (RFC 9110 §12.4.2).
fn is_refusal(weight: &[u8]) -> bool {
    matches!(weight, [b'q' | b'Q', b'=', b'0', rest @ ..]
        if rest.iter().all(|byte| matches!(byte, b'.' | b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    fn is_same(name: &'static str, one: &[&str], other: &[&str]) -> bool {
        is_same_with(false, name, one, other)
    }

    fn is_same_with(
        normalizes_encodings: bool,
        name: &'static str,
        one: &[&str],
        other: &[&str],
    ) -> bool {
        let seed = Seed::random(false);
        let of = |values: &[&str]| {
            let mut fields = HeaderMap::new();
            for value in values {
                fields.append(name, value.parse().unwrap());
            }
            let comparing = Comparing {
                key: seed.vary(),
                normalizes_encodings,
            };
            comparing.digest(&fields, &HeaderName::from_static(name))
        };
        of(one) == of(other)
    }

    /// 9111-4.1-2, 9111-4.1-3, PRJ-4.1-8, EDGE-21, EDGE-22
    #[test]
    fn values_that_mean_the_same_match() {
        for (name, one, other) in [
            ("foo", &["a,b"][..], &["a", "b"][..]),
            ("foo", &["a,b"], &["a , b"]),
            ("foo", &["a,b"], &[" a,\tb "]),
            ("foo", &[], &[]),
            ("accept-encoding", &["gzip, br"], &["GZIP,BR"]),
            ("accept-language", &["de-CH"], &["de-ch"]),
            ("cookie", &["a=1; b=2"], &["a=1", "b=2"]),
        ] {
            assert!(is_same(name, one, other), "{name} {one:?} {other:?}");
        }
    }

    #[test]
    fn values_that_may_mean_something_else_do_not_match() {
        for (name, one, other) in [
            ("foo", &["1"][..], &["2"][..]),
            ("foo", &["a, b"], &["A, B"]),
            ("foo", &["a, b"], &["b, a"]),
            ("foo", &["a"], &["a", "b"]),
            ("foo", &["a", "x"], &["a", "y"]),
            ("foo", &["\"a, b\""], &["\"a,b\""]),
            ("foo", &[""], &[]),
            ("foo", &["ab"], &["a", "b"]),
            ("accept-encoding", &["gzip, br"], &["br, gzip"]),
            ("user-agent", &["a b"], &["a  b"]),
            ("cookie", &["a=1"], &["a=1", "b=2"]),
            ("cookie", &["a=1, b=2"], &["a=1,b=2"]),
        ] {
            assert!(!is_same(name, one, other), "{name} {one:?} {other:?}");
        }
    }

    /// C-15
    #[test]
    fn encodings_in_their_normal_form_match_by_what_is_accepted() {
        let is_same = |one, other| is_same_with(true, "accept-encoding", one, other);
        for (one, other) in [
            (&["gzip, br"][..], &["br, gzip"][..]),
            (&["gzip, br"], &["br", "gzip"]),
            (&["gzip, gzip"], &["gzip"]),
            (&["gzip;q=0.5, br"], &["gzip, br;q=1"]),
            (&["gzip ; q=0.001"], &["gzip"]),
            (&["GZip"], &["gzip"]),
            (&["x-gzip"], &["gzip"]),
            (&["X-Compress"], &["compress"]),
            (&["gzip, br;q=0"], &["gzip"]),
            (&["gzip, br; Q=0.000"], &["gzip"]),
            (&["*, br;q=0, gzip"], &["gzip, *, br;q=0"]),
        ] {
            assert!(is_same(one, other), "{one:?} {other:?}");
        }
        for (one, other) in [
            (&["gzip"][..], &["br"][..]),
            (&["gzip, br"], &["gzip"]),
            (&["gzip"], &["gzip;q=0"]),
            (&["gzip"], &["gzip, identity;q=0"]),
            (&["gzip"], &["gzip, *;q=0"]),
            (&["gzip"], &["gzip, identity"]),
            (&["identity;q=0"], &["identity"]),
            (&["*"], &["*, gzip;q=0"]),
            (&["*;q=0"], &["*"]),
            (&["x-dcb"], &["dcb"]),
            (&[""], &[]),
        ] {
            assert!(!is_same(one, other), "{one:?} {other:?}");
        }
        let other_field = is_same_with(true, "foo", &["gzip, br"], &["br, gzip"]);
        assert!(!other_field);
    }

    /// EDGE-47, C-18
    #[test]
    fn a_coding_is_accepted_where_it_is_listed_with_a_weight() {
        for (accepted, coding, expected) in [
            (&["gzip, br"][..], "br", true),
            (&["gzip", "br"], "br", true),
            (&["br;q=0.5"], "br", true),
            (&["gzip, br ; q=1"], "br", true),
            (&["gzip, BR"], "br", true),
            (&["gzip, br"], "gzip, br", true),
            (&["gzip"], "", true),
            (&[], "", true),
            (&["gzip"], "gzip, br", false),
            (&["br;q=0"], "br", false),
            (&["br; q=0.0"], "br", false),
            (&["br;q=0, br"], "br", true),
            (&["q"], "br;q", false),
            (&["*"], "br", false),
            (&[], "br", false),
        ] {
            let mut request = HeaderMap::new();
            for line in accepted {
                request.append(header::ACCEPT_ENCODING, line.parse().unwrap());
            }
            let stored =
                HeaderMap::from_iter([(header::CONTENT_ENCODING, coding.parse().unwrap())]);
            let found = accepts_coding_of(&request, &stored);
            assert_eq!(found, expected, "{accepted:?} {coding}");
        }
    }
}
