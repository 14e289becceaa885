//! `No-Vary-Search`: which differences in the query make no difference.

use std::borrow::Cow;
use std::collections::BTreeSet;

use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode;

use super::structured::{self, Item, Member};

pub(crate) const NO_VARY_SEARCH: HeaderName = HeaderName::from_static("no-vary-search");

/// What a stored response says of the query it was asked for with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct NoVarySearch {
    ignored: Ignored,
    order_matters: bool,
}

/// The parameters whose presence and value make no difference. Their keys are decoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Ignored {
    These(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

impl Default for NoVarySearch {
    /// Every difference makes one.
    fn default() -> Self {
        Self {
            ignored: Ignored::These(BTreeSet::new()),
            order_matters: true,
        }
    }
}

impl NoVarySearch {
    /// The default where the field is not there or cannot be read, even in part.
    ///
    /// `key-order` alone is honoured: all parameters count, in any order. The draft's steps and its
    /// examples disagree there.
    pub(crate) fn parse(fields: &HeaderMap) -> Self {
        structured::joined(fields, &NO_VARY_SEARCH)
            .and_then(|value| Self::of_dictionary(&value))
            .unwrap_or_default()
    }

    fn of_dictionary(value: &[u8]) -> Option<Self> {
        let [order, params, except] =
            structured::dictionary(value, &["key-order", "params", "except"])?;
        let order_matters = match order {
            None => true,
            Some(Member::Item(Item::Boolean(ignored))) => !ignored,
            Some(_) => return None,
        };
        let ignored = match (params, except) {
            (None, None) => Ignored::These(BTreeSet::new()),
            (Some(params), None) => Ignored::These(keys(params)?),
            (None, Some(except)) => Ignored::AllBut(keys(except)?),
            (Some(_), Some(_)) => return None,
        };
        Some(Self {
            ignored,
            order_matters,
        })
    }

    /// The octets it takes.
    pub(crate) fn size(&self) -> usize {
        // A name, its octets, and its share of a node.
        const KEY: usize = 2 * size_of::<String>();
        let (Ignored::These(keys) | Ignored::AllBut(keys)) = &self.ignored;
        let keys = keys.iter().map(|key| KEY + key.len());
        size_of::<Self>() + keys.sum::<usize>()
    }

    /// Whether queries have to be the same, octet for octet.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a response that was stored for one query is good for another of the same path. `None` is
    /// a URI without `?`. Takes time n log n in the length of the queries.
    pub(crate) fn is_equivalent(&self, stored: Option<&str>, presented: Option<&str>) -> bool {
        if self.is_default() {
            return stored == presented;
        }
        stored == presented || self.significant(stored) == self.significant(presented)
    }

    /// The parameters that make a difference, in an order that does.
    ///
    /// Of two queries that are equivalent they are the same.
    pub(crate) fn significant<'q>(
        &self,
        query: Option<&'q str>,
    ) -> Vec<(Cow<'q, str>, Cow<'q, str>)> {
        let mut parameters: Vec<_> = parameters(query.unwrap_or_default())
            .filter(|(key, _)| self.ignored.spares(key))
            .collect();
        if !self.order_matters {
            // By code points, not by UTF-16 code units as in the draft: two lists are the same sorted
            // by the one if they are sorted by the other. Stable: values of one key keep their order.
            parameters.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        parameters
    }
}

impl Ignored {
    /// Whether a parameter with this key makes a difference.
    fn spares(&self, key: &str) -> bool {
        match self {
            Self::These(keys) => !keys.contains(key),
            Self::AllBut(keys) => keys.contains(key),
        }
    }
}

/// The keys in an inner list of strings.
fn keys(member: Member<'_>) -> Option<BTreeSet<String>> {
    let Member::InnerList(items) = member else {
        return None;
    };
    items
        .into_iter()
        .map(|item| match item {
            Item::String(key) => Some(decoded(&key).into_owned()),
            _ => None,
        })
        .collect()
}

/// The parameters of a query, read as `application/x-www-form-urlencoded` (WHATWG URL §5.1).
fn parameters(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            (decoded(key), decoded(value))
        })
}

/// `+` is a space, what is percent-encoded is decoded, and what is no UTF-8 then is U+FFFD.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8_lossy();
    Cow::Owned(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::header::arbitrary;

    fn parse(lines: &[&str]) -> NoVarySearch {
        NoVarySearch::parse(&arbitrary::fields(&NO_VARY_SEARCH, lines))
    }

    fn set(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(ToString::to_string).collect()
    }

    fn these(keys: &[&str]) -> Ignored {
        Ignored::These(set(keys))
    }

    fn all_but(keys: &[&str]) -> Ignored {
        Ignored::AllBut(set(keys))
    }

    /// NVS-3-1, NVS-5.1-1, NVS-5.1-2, NVS-5.1-3, C-44, 9651-4.2-1, 9651-4.2.2-1, 9651-4.2.1.2-1
    #[test]
    fn it_says_what_is_ignored() {
        let table: &[(&[&str], Ignored, bool)] = &[
            (&["params=(\"a\")"], these(&["a"]), true),
            (&["params=( \"a\"  \"b\" \"a\" )"], these(&["a", "b"]), true),
            (&["params=(\"a\";x);y"], these(&["a"]), true),
            (&["params=(\"a\"), key-order"], these(&["a"]), false),
            (&["params=(\"a\")", "key-order=?1"], these(&["a"]), false),
            (&["params=(\"a\"), key-order=?0"], these(&["a"]), true),
            (&["params=?1, params=(\"a\")"], these(&["a"]), true),
            (&["unknown=(a), params=(\"a\")"], these(&["a"]), true),
            (&["key-order"], these(&[]), false),
            (&["params=(), key-order"], these(&[]), false),
            (&["except=()"], all_but(&[]), true),
            (&["except=(\"x\")"], all_but(&["x"]), true),
            (&["except=(\"x\"), key-order;a=1"], all_but(&["x"]), false),
        ];
        for (lines, ignored, order_matters) in table {
            let expected = NoVarySearch {
                ignored: ignored.clone(),
                order_matters: *order_matters,
            };
            let found = parse(lines);
            assert_eq!(found, expected, "{lines:?}");
            assert!(!found.is_default(), "{lines:?}");
        }
    }

    /// NVS-5.1-1, NVS-5.1-3, 9651-4.2-2, 9651-4.2.1-1, 9651-4.2.1.2-1
    #[test]
    fn what_cannot_be_read_ignores_nothing() {
        for lines in [
            &[][..],
            &[""],
            &["params=()"],
            &["key-order=?0"],
            &["params=(), key-order=?0"],
            &["unknown"],
            &["params"],
            &["params=?1"],
            &["params=?0"],
            &["params=\"a\""],
            &["params=(a)"],
            &["params=(\"a\" b)"],
            &["params=(\"a\" 1)"],
            &["params=(\"a\",\"b\")"],
            &["params=(\"a\"), params=?1"],
            &["params=(\"a\"), except=(\"x\")"],
            &["params=(), except=()"],
            &["except"],
            &["except=?1"],
            &["except=(x)"],
            &["key-order=\"x\""],
            &["key-order=1"],
            &["key-order=(\"a\")"],
            &["params=(\"a\"), key-order=1"],
            &["params=(\"a\"),"],
            &["params=(\"a\")", ""],
            &["params=(\"a\"), &&&"],
            &["PARAMS=(\"a\")"],
            &["params=(\"\u{e9}\")"],
        ] {
            assert!(parse(lines).is_default(), "{lines:?}");
        }
    }

    #[test]
    fn every_key_takes_room() {
        let size = |line| parse(&[line]).size();
        let least = size("key-order");
        assert_eq!(least, size_of::<NoVarySearch>());
        for line in ["params=(\"a\" \"bcd\")", "except=(\"a\" \"bcd\")"] {
            assert_eq!(size(line), least + 4 + 4 * size_of::<String>(), "{line}");
        }
    }

    /// NVS-5.3-1
    #[test]
    fn the_keys_are_decoded() {
        let table: &[(&str, &str)] = &[
            ("%C3%A9+x", "\u{e9} x"),
            ("%c3%a9%20x", "\u{e9} x"),
            ("%2B", "+"),
            ("%26=", "&="),
            ("%", "%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
            ("%FF", "\u{fffd}"),
            ("%EF%BB%BFa", "\u{feff}a"),
            ("", ""),
        ];
        for (key, expected) in table {
            let found = parse(&[&format!("params=(\"{key}\")")]);
            assert_eq!(found.ignored, these(&[expected]), "{key:?}");
        }
    }

    /// NVS-6-2, NVS-6-3, NVS-6-4, NVS-5.1-2, NVS-5.1-3, NVS-5.3-1
    #[test]
    fn queries_are_compared_as_it_says() {
        let table: &[(&str, &str, &str, bool)] = &[
            ("", "", "", true),
            ("", "?a=x", "?a=x", true),
            ("", "?a=x", "?a=x&", false),
            ("", "?a=x", "?%61=x", false),
            ("", "", "?", false),
            ("params=()", "", "?", false),
            ("key-order=?0", "?a=1&b=2", "?b=2&a=1", false),
            ("params=(\"a\"), except=(\"x\")", "?a=1", "?a=2", false),
            ("params=(\"u\")", "", "?", true),
            ("params=(\"u\")", "", "?&&", true),
            ("params=(\"u\")", "", "?u=1", true),
            ("params=(\"u\")", "?u", "?u=1&u=2", true),
            ("params=(\"u\")", "?a=x", "?u=1&a=x&u=2", true),
            ("params=(\"u\")", "?a=x", "?a=x&&", true),
            ("params=(\"u\")", "?a=x", "?%61=%78", true),
            ("params=(\"u\")", "?a=x", "?%75=1&a=x", true),
            ("params=(\"u\")", "?a=x", "?U=1&a=x", false),
            ("params=(\"u\")", "?a=x", "?a=y", false),
            ("params=(\"u\")", "?a=x", "?a=x&a=x", false),
            ("params=(\"u\")", "?a", "?a=", true),
            ("params=(\"u\")", "?a=1=2", "?a=1%3D2", true),
            ("params=(\"u\")", "?a=b+c", "?a=b%20c", true),
            ("params=(\"u\")", "?a=b+c", "?a=b%2Bc", false),
            ("params=(\"u\")", "?a=%FF", "?a=%EF%BF%BD", true),
            ("params=(\"u\")", "?a=%FF", "?a=%FE", true),
            ("params=(\"u\")", "?a=%", "?a=%25", true),
            ("params=(\"u\")", "?=1", "?=1&", true),
            ("params=(\"u\")", "?=1", "", false),
            ("params=(\"\")", "?=1", "", true),
            ("params=(\"u\")", "?a=1&b=2", "?b=2&a=1", false),
            ("params=(\"%C3%A9+x\")", "?%C3%A9%20x=1", "", true),
            ("params=(\"u\"), key-order", "?a=1&b=2", "?b=2&u&a=1", true),
            ("key-order", "?a=1&b=2", "?b=2&a=1", true),
            ("key-order", "?a=1&a=2", "?a=2&a=1", false),
            ("key-order", "?a=1&b=0&a=2", "?b=0&a=1&a=2", true),
            ("key-order", "?a=1&b=2", "?b=1&a=2", false),
            (
                "key-order",
                "?%EF%BF%BF=1&%F0%90%80%80=2",
                "?%F0%90%80%80=2&%EF%BF%BF=1",
                true,
            ),
            ("except=()", "?x=1", "", true),
            ("except=()", "?x=1", "?y=2&z", true),
            ("except=(\"x\")", "?x=1&y=2", "?z&x=1", true),
            ("except=(\"x\")", "?x=1", "?x=2", false),
            ("except=(\"x\")", "?x=1", "", false),
            ("except=(\"x\" \"y\")", "?x=1&y=2", "?y=2&x=1", false),
            (
                "except=(\"x\" \"y\"), key-order",
                "?x=1&y=2",
                "?y=2&x=1",
                true,
            ),
        ];
        for (value, one, other, expected) in table {
            let says = parse(&[value]);
            let (one, other) = (one.strip_prefix('?'), other.strip_prefix('?'));
            let found = says.is_equivalent(one, other);
            assert_eq!(found, *expected, "{value} {one:?} {other:?}");
            assert_eq!(
                found,
                says.is_equivalent(other, one),
                "{value} {one:?} {other:?}"
            );
        }
    }

    const PARAMETER: &str = "[ab]=[12]|=|%6[12]|%|\\+|\u{e9}|%E9|\u{ffff}|\u{10000}";

    /// A query, and one with the same parameters in another order, or nearly so.
    fn two_queries() -> impl Strategy<Value = [String; 2]> {
        let one = proptest::collection::vec(PARAMETER, 0..8);
        let two = one.prop_flat_map(|one| (Just(one.clone()), Just(one).prop_shuffle()));
        (two, 0..9usize).prop_map(|((one, mut other), at)| {
            if let Some(parameter) = other.get_mut(at) {
                parameter.push('1');
            }
            [one.join("&"), other.join("&")]
        })
    }

    proptest! {
        /// NVS-5.1-1, 9651-4.2-1
        #[test]
        fn lines_are_one_dictionary(
            lines in arbitrary::lines("params|except|key-order|=|, |\\(\"[ab]\"\\)|\\?[01]|[\",;() ]"),
        ) {
            let [split, joined] = arbitrary::split_and_joined(&NO_VARY_SEARCH, &lines);
            prop_assert_eq!(NoVarySearch::parse(&split), NoVarySearch::parse(&joined));
        }

        /// NVS-6-3: sorted by code points or by UTF-16 code units is the same here
        #[test]
        fn the_order_of_sorting_makes_no_difference([one, other] in two_queries()) {
            let sorted = |query| {
                let mut all: Vec<_> = parameters(query).collect();
                all.sort_by_key(|(key, _)| key.encode_utf16().collect::<Vec<_>>());
                all
            };
            let found = parse(&["key-order"]).is_equivalent(Some(&one), Some(&other));
            prop_assert_eq!(found, sorted(&one) == sorted(&other));
        }

        /// NVS-6-2, NVS-6-4
        #[test]
        fn any_query_is_equivalent_to_itself(query in any::<String>(), value in "(params=\\(\"a\"\\))?") {
            prop_assert!(parse(&[&value]).is_equivalent(Some(&query), Some(&query)));
        }
    }
}
