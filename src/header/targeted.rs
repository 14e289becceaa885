//! Targeted `Cache-Control` (RFC 9213): the directives of a response as a dictionary.

use http::{HeaderMap, HeaderName};

use super::cache_control::{ResponseDirectives, Scope};
use super::directive::field_names;
use super::structured::{self, Item, Member};

impl ResponseDirectives {
    /// The directives of a targeted field (RFC 9213 §2.1); `None` where it is not there, is empty, or
    /// cannot be read, even in part: it is then as if it were not there. A field without a directive that
    /// is known counts, and says nothing.
    ///
    /// Of a directive said twice the last counts. What is of the wrong type is not coerced; it counts
    /// where that restricts: `max-age` and `s-maxage` are zero, the windows of RFC 5861 are not there,
    /// `no-cache` and `private` apply to the whole response, `no-store`, `must-revalidate` and
    /// `proxy-revalidate` hold, and `public`, `immutable` and `must-understand` do not, which lift or
    /// lengthen something.
    pub(crate) fn of_dictionary(fields: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let value = structured::joined(fields, name)?;
        if value.trim_ascii().is_empty() {
            return None;
        }
        let [
            max_age,
            s_maxage,
            stale_while_revalidate,
            stale_if_error,
            no_cache,
            private,
            no_store,
            must_revalidate,
            must_understand,
            proxy_revalidate,
            public,
            immutable,
        ] = structured::dictionary(
            &value,
            &[
                "max-age",
                "s-maxage",
                "stale-while-revalidate",
                "stale-if-error",
                "no-cache",
                "private",
                "no-store",
                "must-revalidate",
                "must-understand",
                "proxy-revalidate",
                "public",
                "immutable",
            ],
        )?;
        Some(Self {
            max_age: max_age.map(|value| seconds(&value).unwrap_or(0)),
            s_maxage: s_maxage.map(|value| seconds(&value).unwrap_or(0)),
            stale_while_revalidate: stale_while_revalidate.as_ref().and_then(seconds),
            stale_if_error: stale_if_error.as_ref().and_then(seconds),
            no_cache: no_cache.map_or(Scope::Absent, scope),
            private: private.map_or(Scope::Absent, scope),
            no_store: restricts(no_store),
            must_revalidate: restricts(must_revalidate),
            must_understand: permits(must_understand),
            proxy_revalidate: restricts(proxy_revalidate),
            public: permits(public),
            immutable: permits(immutable),
        })
    }
}

/// An integer that is not negative.
fn seconds(value: &Member<'_>) -> Option<u64> {
    match value {
        Member::Item(Item::Integer(seconds)) => u64::try_from(*seconds).ok(),
        _ => None,
    }
}

fn scope(value: Member<'_>) -> Scope {
    match value {
        Member::Item(Item::Boolean(false)) => Scope::Absent,
        Member::Item(Item::String(list)) => {
            field_names(list.as_bytes()).map_or(Scope::Whole, Scope::Fields)
        }
        _ => Scope::Whole,
    }
}

/// True, or of the wrong type.
fn restricts(value: Option<Member<'_>>) -> bool {
    value.is_some_and(|value| value != Member::Item(Item::Boolean(false)))
}

/// True, and nothing else.
fn permits(value: Option<Member<'_>>) -> bool {
    value == Some(Member::Item(Item::Boolean(true)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::header::arbitrary;

    const TARGET: HeaderName = HeaderName::from_static("cdn-cache-control");

    fn parse(lines: &[&str]) -> Option<ResponseDirectives> {
        ResponseDirectives::of_dictionary(&arbitrary::fields(&TARGET, lines), &TARGET)
    }

    fn directives(line: &str) -> ResponseDirectives {
        parse(&[line]).unwrap_or_else(|| panic!("{line:?}"))
    }

    /// 9213-2.1-1, 9213-2.1-2, PRJ-9213-2, 9651-4.2-1, 9651-4.2-2, 9651-4.2.1-1, 9651-4.2.3.2-1,
    /// 9651-4.2.3.3-1, 9651-4.2.4-1
    #[test]
    fn a_field_with_a_mistake_is_not_there() {
        for lines in [
            &[][..],
            &[""],
            &["  "],
            &["\t"],
            &["max-age=60, &&&"],
            &["&&&", "max-age=60"],
            &["MAX-AGE=60"],
            &["max-age=60, No-Store"],
            &["max-age=60,"],
            &["max-age=60", ""],
            &["max-age=60 no-store"],
            &["max-age =60"],
            &["max-age= 60"],
            &["max-age="],
            &["max-age=1."],
            &["max-age=+60"],
            &["max-age=1234567890123456"],
            &["no-store, private=\"a"],
            &["no-cache='a'"],
            &["max-age=60 ;a"],
        ] {
            assert_eq!(parse(lines), None, "{lines:?}");
        }
    }

    /// 9213-2.2-5, 9213-2.2-6
    #[test]
    fn a_field_with_nothing_known_says_nothing() {
        for line in ["none", "foo=1", "foo=(a b), bar;x=\"y\""] {
            assert_eq!(directives(line), ResponseDirectives::default(), "{line:?}");
        }
    }

    /// 9213-2.1-3, 9213-2.1-4, 9213-2.2-4, PRJ-9213-2, 9651-4.2.2-1
    #[test]
    fn max_age_is_an_integer_and_the_last_one() {
        let table: &[(&[&str], Option<u64>)] = &[
            (&["max-age=60"], Some(60)),
            (&["max-age=060"], Some(60)),
            (&["max-age=0"], Some(0)),
            (&["max-age=60;x=1"], Some(60)),
            (&["max-age=60; x"], Some(60)),
            (&["max-age=999999999999999"], Some(999_999_999_999_999)),
            (&["max-age=1, max-age=60"], Some(60)),
            (&["max-age=60, max-age=1"], Some(1)),
            (&["max-age=60", "max-age=1"], Some(1)),
            (&["max-age=x, max-age=60"], Some(60)),
            (&["max-age=60, max-age=x"], Some(0)),
            (&["max-age=60.5"], Some(0)),
            (&["max-age=60.0"], Some(0)),
            (&["max-age=\"60\""], Some(0)),
            (&["max-age=-1"], Some(0)),
            (&["max-age"], Some(0)),
            (&["max-age=?0"], Some(0)),
            (&["max-age=(60)"], Some(0)),
            (&["max-age=@60"], Some(0)),
            (&["no-store"], None),
        ];
        for (lines, expected) in table {
            assert_eq!(parse(lines).unwrap().max_age, *expected, "{lines:?}");
            let lines: Vec<_> = lines
                .iter()
                .map(|l| l.replace("max-age", "s-maxage"))
                .collect();
            let lines: Vec<_> = lines.iter().map(String::as_str).collect();
            let found = parse(&lines).unwrap();
            assert_eq!(
                (found.s_maxage, found.max_age),
                (*expected, None),
                "{lines:?}"
            );
        }
    }

    /// 9213-2.1-3, 9213-2.2-4, PRJ-5861-3
    #[test]
    fn a_window_of_the_wrong_type_is_no_window() {
        for (value, expected) in [
            ("=30", Some(30)),
            ("=30.0", None),
            ("=\"30\"", None),
            ("=-1", None),
            ("", None),
        ] {
            let found = directives(&format!("stale-while-revalidate{value}"));
            assert_eq!(found.stale_while_revalidate, expected, "{value:?}");
            assert_eq!(found.stale_if_error, None);
            let found = directives(&format!("stale-if-error{value}"));
            assert_eq!(found.stale_if_error, expected, "{value:?}");
            assert_eq!(found.stale_while_revalidate, None);
        }
    }

    /// 9213-2.1-3, 9213-2.1-4, 9213-2.2-4, 9651-4.2.8-1
    #[test]
    fn a_directive_of_the_wrong_type_counts_where_it_restricts() {
        type Flag = fn(&ResponseDirectives) -> bool;
        let flags: &[(&str, Flag, bool)] = &[
            ("no-store", |found| found.no_store, true),
            ("must-revalidate", |found| found.must_revalidate, true),
            ("proxy-revalidate", |found| found.proxy_revalidate, true),
            ("must-understand", |found| found.must_understand, false),
            ("public", |found| found.public, false),
            ("immutable", |found| found.immutable, false),
        ];
        for (name, flag, restricts) in flags {
            let table: &[(&str, bool)] = &[
                ("", true),
                ("=?1", true),
                (";x=?0", true),
                ("=?0", false),
                ("=1", *restricts),
                ("=0", *restricts),
                ("=true", *restricts),
                ("=\"a\"", *restricts),
                ("=(a)", *restricts),
            ];
            for (value, expected) in table {
                let found = directives(&format!("{name}{value}"));
                assert_eq!(flag(&found), *expected, "{name}{value}");
                let all = flags.iter().filter(|(_, flag, _)| flag(&found)).count();
                assert_eq!(all, usize::from(*expected), "{name}{value}");
            }
            assert!(flag(&directives(&format!("{name}=?0, {name}"))), "{name}");
            assert!(!flag(&directives(&format!("{name}, {name}=?0"))), "{name}");
        }
    }

    /// 9213-2.1-3, 9213-2.2-4, 9651-4.2.5-1, EDGE-10
    #[test]
    fn a_string_is_a_list_of_fields() {
        let names = |names: &[&'static str]| {
            Scope::Fields(names.iter().map(|n| HeaderName::from_static(n)).collect())
        };
        let table: &[(&str, Scope)] = &[
            ("", Scope::Whole),
            ("=?1", Scope::Whole),
            ("=?0", Scope::Absent),
            ("=\"A, b \"", names(&["a", "b"])),
            ("=\"a\";x", names(&["a"])),
            ("=\"\"", Scope::Whole),
            ("=\" , \"", Scope::Whole),
            ("=\"a b\"", Scope::Whole),
            ("=a", Scope::Whole),
            ("=1", Scope::Whole),
            ("=(\"a\")", Scope::Whole),
        ];
        for (value, expected) in table {
            let found = directives(&format!("private{value}"));
            assert_eq!(found.private, *expected, "{value:?}");
            assert_eq!(found.no_cache, Scope::Absent, "{value:?}");
            let found = directives(&format!("no-cache{value}"));
            assert_eq!(found.no_cache, *expected, "{value:?}");
            assert_eq!(found.private, Scope::Absent, "{value:?}");
        }
        let found = directives("private=\"a\", private=\"b\"");
        assert_eq!(found.private, names(&["b"]));
        let found = directives("private, private=\"b\"");
        assert_eq!(found.private, names(&["b"]));
    }

    /// 9213-2.2-5
    #[test]
    fn directives_stand_beside_each_other() {
        let found = directives("no-cache, max-age=60, x, must-revalidate");
        let expected = ResponseDirectives {
            max_age: Some(60),
            no_cache: Scope::Whole,
            must_revalidate: true,
            ..ResponseDirectives::default()
        };
        assert_eq!(found, expected);
    }

    proptest! {
        /// 9651-4.2-1
        #[test]
        fn lines_are_one_dictionary(
            lines in arbitrary::lines("max-age|no-store|private|=|, |\"[ab]\"|\\?[01]|[0-9]{1,16}|[\",;() ]"),
        ) {
            let found = arbitrary::split_and_joined(&TARGET, &lines)
                .map(|fields| ResponseDirectives::of_dictionary(&fields, &TARGET));
            prop_assert_eq!(&found[0], &found[1]);
        }
    }
}
