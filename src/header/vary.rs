//! `Vary` (RFC 9110 §12.5.5).

use http::{HeaderMap, HeaderName, header};

use super::{Members, Quoting, field_name, lines};

/// More names than this, or more octets of them, are nobody's honest `Vary`.
const MAX_NAMES: usize = 32;
const MAX_OCTETS: usize = 2048;

/// The request fields that had a part in selecting a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Vary {
    /// These, each once, in the order of their names. None where the field is absent or empty.
    Fields(Vec<HeaderName>),
    /// Something that no later request can be compared in: `*` (C-16), a name that cannot be read, or more
    /// than can be kept.
    Unmatchable,
}

impl Vary {
    pub(crate) fn parse(fields: &HeaderMap) -> Self {
        let mut names = Vec::new();
        let mut octets = 0;
        for line in lines(fields, &header::VARY) {
            for member in Members::of(line, Quoting::Escaped) {
                // `*` is a token, and so a name as far as the type is concerned.
                let Some(name) = field_name(member).filter(|_| member != b"*") else {
                    return Self::Unmatchable;
                };
                octets += member.len();
                if names.len() == MAX_NAMES || octets > MAX_OCTETS {
                    return Self::Unmatchable;
                }
                if let Err(place) =
                    names.binary_search_by(|held: &HeaderName| held.as_str().cmp(name.as_str()))
                {
                    names.insert(place, name);
                }
            }
        }
        Self::Fields(names)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn vary(lines: &[&str]) -> Vary {
        let mut fields = HeaderMap::new();
        for line in lines {
            fields.append(header::VARY, HeaderValue::from_str(line).unwrap());
        }
        Vary::parse(&fields)
    }

    /// 9110-5.1-1, 9111-4.1-4, EDGE-23
    #[test]
    fn names_are_a_set_and_an_asterisk_anywhere_is_all() {
        let fields = |names: &[&'static str]| {
            Vary::Fields(names.iter().map(|n| HeaderName::from_static(n)).collect())
        };
        let table: &[(&[&str], Vary)] = &[
            (&[], fields(&[])),
            (&[""], fields(&[])),
            (&["Foo"], fields(&["foo"])),
            (&["FOO,,foo"], fields(&["foo"])),
            (&["b", "a"], fields(&["a", "b"])),
            (&["*"], Vary::Unmatchable),
            (&["*, Foo"], Vary::Unmatchable),
            (&["Foo, *"], Vary::Unmatchable),
            (&["Foo", "*"], Vary::Unmatchable),
            (&[", *"], Vary::Unmatchable),
            (&["Foo Bar"], Vary::Unmatchable),
            (&["@"], Vary::Unmatchable),
        ];
        for (lines, expected) in table {
            assert_eq!(vary(lines), *expected, "{lines:?}");
        }
    }

    /// EDGE-53
    #[test]
    fn an_endless_list_is_unmatchable() {
        let many: Vec<_> = (0..33).map(|n| format!("f{n}")).collect();
        assert_eq!(vary(&[&many.join(",")]), Vary::Unmatchable);
        assert!(matches!(vary(&[&many[1..].join(",")]), Vary::Fields(names) if names.len() == 32));
        assert_eq!(vary(&["a,".repeat(10_000).as_str()]), Vary::Unmatchable);
        assert!(matches!(
            vary(&["a,".repeat(2048).as_str()]),
            Vary::Fields(_)
        ));
        assert_eq!(vary(&["a,".repeat(2049).as_str()]), Vary::Unmatchable);
    }
}
