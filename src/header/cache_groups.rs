//! `Cache-Groups` and `Cache-Group-Invalidation` (RFC 9875).

use http::{HeaderMap, HeaderName};

use super::structured::{self, Item, Member};

pub(crate) const CACHE_GROUPS: HeaderName = HeaderName::from_static("cache-groups");
pub(crate) const CACHE_GROUP_INVALIDATION: HeaderName =
    HeaderName::from_static("cache-group-invalidation");

/// A field with more members than this is not read.
const MAX_GROUPS: usize = 128;

/// A field with a name of more characters than this is not read.
const MAX_NAME: usize = 256;

/// The groups that a field names, sorted, each once; none where it is not a list of strings, or goes
/// beyond the limits.
///
/// One member that is not a string spoils the field: it is not known what was meant.
pub(crate) fn parse(fields: &HeaderMap, name: &HeaderName) -> Vec<String> {
    structured::joined(fields, name)
        .and_then(|value| names(&value))
        .unwrap_or_default()
}

fn names(value: &[u8]) -> Option<Vec<String>> {
    let members = structured::list(value).filter(|members| members.len() <= MAX_GROUPS)?;
    let mut names = members
        .into_iter()
        .map(|member| match member {
            Member::Item(Item::String(name)) if name.len() <= MAX_NAME => Some(name.into_owned()),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?;
    names.sort_unstable();
    names.dedup();
    Some(names)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::header::arbitrary;

    fn groups(lines: &[&str]) -> Vec<String> {
        parse(&arbitrary::fields(&CACHE_GROUPS, lines), &CACHE_GROUPS)
    }

    /// 9875-2-1, 9875-2.1-1, PRJ-9875-1, 9651-4.2-1, 9651-4.2-2, 9651-4.2.1-1, 9651-4.2.5-1
    #[test]
    fn a_list_of_strings_names_groups() {
        let table: &[(&[&str], &[&str])] = &[
            (&["\"a\""], &["a"]),
            (&["\"scripts\";x=1, \"a\""], &["a", "scripts"]),
            (&["\"b\"", "\"a\" ,\t\"c\""], &["a", "b", "c"]),
            (&["\"a\", \"A\", \"a\""], &["A", "a"]),
            (&["\"a, b\""], &["a, b"]),
            (&["\"a", "b\""], &["a, b"]),
            (&[r#""\"\\""#], &["\"\\"]),
            (&["\"\""], &[""]),
            (&[], &[]),
            (&[""], &[]),
            (&["scripts"], &[]),
            (&["\"a\", scripts"], &[]),
            (&["\"a\", 1"], &[]),
            (&["\"a\", ?1"], &[]),
            (&["\"a\", :YQ==:"], &[]),
            (&["\"a\", %\"b\""], &[]),
            (&["\"a\", (\"b\")"], &[]),
            (&["\"a\","], &[]),
            (&["\"a\"", ""], &[]),
            (&["", "\"a\""], &[]),
            (&["\"a\", b c"], &[]),
            (&["'a'"], &[]),
            (&[r#""a\n""#], &[]),
            (&["\"\u{fc}\""], &[]),
        ];
        for (lines, expected) in table {
            assert_eq!(groups(lines), *expected, "{lines:?}");
        }
    }

    /// 9875-3-2
    #[test]
    fn the_fields_are_told_apart() {
        let fields = arbitrary::fields(&CACHE_GROUP_INVALIDATION, &["\"a\""]);
        assert_eq!(parse(&fields, &CACHE_GROUP_INVALIDATION), ["a"]);
        assert!(parse(&fields, &CACHE_GROUPS).is_empty());
    }

    /// 9875-2-2
    #[test]
    fn many_groups_are_read_and_too_many_are_not() {
        let many = |count: usize, length: usize| {
            let names: Vec<_> = (0..count).map(|n| format!("\"{n:0length$}\"")).collect();
            groups(&[&names.join(", ")]).len()
        };
        assert_eq!(many(32, 32), 32);
        assert_eq!(many(128, 256), 128);
        assert_eq!(many(129, 32), 0);
        assert_eq!(many(32, 257), 0);
    }

    proptest! {
        /// 9651-4.2-1
        #[test]
        fn lines_are_one_list(lines in arbitrary::lines("\"[ab]?\"|, |[\",; (a]|;x=1|\\\\")) {
            let found = arbitrary::split_and_joined(&CACHE_GROUPS, &lines)
                .map(|fields| parse(&fields, &CACHE_GROUPS));
            prop_assert_eq!(&found[0], &found[1]);
        }
    }
}
