//! Entity tags (RFC 9110 §8.8.3) and the fields that list them (§13.1).

use http::{HeaderMap, HeaderValue, header};

use super::{Quoting, lines, members};

/// An entity tag as it was received. One that breaks the syntax is opaque text: it goes back to the
/// origin as it came and is never strong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntityTag<'a>(&'a [u8]);

impl<'a> EntityTag<'a> {
    /// The tag of a response. Two lines are not a tag.
    pub(crate) fn parse(fields: &'a HeaderMap) -> Option<Self> {
        let mut found = lines(fields, &header::ETAG);
        let tag = found.next()?.trim_ascii();
        (found.next().is_none() && !tag.is_empty()).then_some(Self(tag))
    }

    /// The tag of a field that has one or something else.
    pub(crate) fn of(value: &'a HeaderValue) -> Option<Self> {
        let tag = value.as_bytes().trim_ascii();
        (!tag.is_empty()).then_some(Self(tag))
    }

    /// Whether it is written as a tag, strong or weak, and is no opaque text.
    pub(crate) fn is_delimited(self) -> bool {
        matches!(self.opaque(), [b'"', .., b'"'])
    }

    pub(crate) fn is_strong(self) -> bool {
        matches!(self.0, [b'"', .., b'"']) && self.0.len() > 1
    }

    /// RFC 9110 §8.8.3.2: both are strong, and identical.
    pub(crate) fn matches_strongly(self, other: EntityTag<'_>) -> bool {
        self.is_strong() && self.0 == other.0
    }

    /// RFC 9110 §8.8.3.2: identical but for weakness.
    pub(crate) fn matches_weakly(self, other: EntityTag<'_>) -> bool {
        self.opaque() == other.opaque()
    }

    fn opaque(self) -> &'a [u8] {
        match self.0 {
            [b'W', b'/', opaque @ ..] if opaque.first() == Some(&b'"') => opaque,
            whole => whole,
        }
    }
}

/// What `If-None-Match` lists.
#[derive(Debug)]
pub(crate) struct IfNoneMatch<'a>(&'a HeaderMap);

impl<'a> IfNoneMatch<'a> {
    pub(crate) fn of(fields: &'a HeaderMap) -> Option<Self> {
        fields
            .contains_key(header::IF_NONE_MATCH)
            .then_some(Self(fields))
    }

    pub(crate) fn tags(&self) -> impl Iterator<Item = EntityTag<'a>> {
        members(lines(self.0, &header::IF_NONE_MATCH), Quoting::Literal).map(EntityTag)
    }

    pub(crate) fn is_any(&self) -> bool {
        self.tags().any(|tag| tag.0 == b"*")
    }

    /// RFC 9110 §13.1.2: `*`, or a tag that matches weakly.
    pub(crate) fn matches(&self, tag: Option<EntityTag<'_>>) -> bool {
        self.is_any() || tag.is_some_and(|tag| self.tags().any(|listed| listed.matches_weakly(tag)))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::header::arbitrary;

    /// 9110-8.8.3.2-1, 9110-8.8.3-1, PRJ-8.8.3-2
    #[test]
    fn strong_and_weak_comparison() {
        let table: &[(&str, &str, bool, bool)] = &[
            ("W/\"1\"", "W/\"1\"", false, true),
            ("W/\"1\"", "W/\"2\"", false, false),
            ("W/\"1\"", "\"1\"", false, true),
            ("\"1\"", "\"1\"", true, true),
            ("abc", "abc", false, true),
            ("w/\"1\"", "\"1\"", false, false),
            ("W/1", "1", false, false),
            ("\"1", "\"1", false, true),
            ("\"\"", "\"\"", true, true),
            ("\"1\"", "\"2\"", false, false),
            ("\"", "\"", false, true),
        ];
        for (one, other, strong, weak) in table {
            let (a, b) = (EntityTag(one.as_bytes()), EntityTag(other.as_bytes()));
            assert_eq!(a.matches_strongly(b), *strong, "{one} {other}");
            assert_eq!(a.matches_weakly(b), *weak, "{one} {other}");
        }
    }

    /// 9110-8.8.3-1
    #[test]
    fn a_response_has_one_tag_or_none() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&[], None),
            (&[""], None),
            (&["\"a\""], Some("\"a\"")),
            (&[" W/\"a\"\t"], Some("W/\"a\"")),
            (&["abc"], Some("abc")),
            (&["\"a\"", "\"b\""], None),
            (&["\"a\"", "\"a\""], None),
            (&["", "\"a\""], None),
        ];
        for (lines, expected) in table {
            let fields = arbitrary::fields(&header::ETAG, lines);
            let found = EntityTag::parse(&fields).map(|tag| tag.0);
            assert_eq!(found, expected.map(str::as_bytes), "{lines:?}");
        }
    }

    /// 9110-13.1.2-2, EDGE-46
    #[test]
    fn if_none_match_compares_weakly_and_knows_the_asterisk() {
        let table: &[(&[&str], bool)] = &[
            (&["\"a\""], true),
            (&["W/\"a\""], true),
            (&["\"x\", \"a\""], true),
            (&["\"x\"", "W/\"a\""], true),
            (&[",, \"x\" ,\"a\""], true),
            (&["*"], true),
            (&["\"x\""], false),
            (&["\"x, a\""], false),
            (&["a"], false),
            (&[""], false),
        ];
        for (lines, expected) in table {
            let mut fields = HeaderMap::new();
            for line in *lines {
                fields.append(header::IF_NONE_MATCH, HeaderValue::from_str(line).unwrap());
            }
            let listed = IfNoneMatch::of(&fields).unwrap();
            assert_eq!(
                listed.matches(Some(EntityTag(b"\"a\""))),
                *expected,
                "{lines:?}"
            );
            assert_eq!(listed.matches(None), *lines == ["*"], "{lines:?}");
        }
    }
}
