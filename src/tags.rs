//! Names that stored responses are given, to be purged by.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName};

/// A response with more of them is not stored.
const MAX_TAGS: usize = 128;

/// Nor is one with a longer one.
const MAX_TAG: usize = 256;

/// Nor one whose tags have more octets together.
const MAX_OCTETS: usize = 4096;

/// Names that the response to a request is stored with, to be [purged](crate::Selector::tag) by. Put them into the
/// request's extensions.
///
/// They are added to those that the response [says itself](crate::CacheLayer::tag_field). Letter case counts. A tag is of
/// the whole cache, and not of an origin.
///
/// Where the origin is asked again and answers 304 they are added to those that the stored response has from requests
/// before. A request that is answered from the store adds none.
///
/// A response with more than 128 tags, with one of more than 256 octets, or with more than 4 KiB of them is not stored: a
/// purge by one that was left out would not find it.
///
/// ```
/// use http::Request;
/// use tower_client_cache::Tags;
///
/// let mut request = Request::get("https://example.com/users/7").body(())?;
/// request.extensions_mut().insert(Tags::new(["users", "user-7"]));
/// # Ok::<_, http::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tags(Arc<[Box<str>]>);

impl Tags {
    /// These names. Empty ones are none.
    #[must_use]
    pub fn new<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        names.into_iter().collect()
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, name: &str) -> bool {
        is_among(&self.0, name)
    }
}

impl<T: Into<String>> FromIterator<T> for Tags {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        let names = names.into_iter().map(Into::into);
        Self(sorted(names.map(String::into_boxed_str)).into())
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// The tags that a response is given, beside those that it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given {
    /// Those of the requests that it has answered: a 304 takes none away.
    pub(crate) wished: Tags,
    /// Those of the rules, as they were when it was stored or freshened.
    pub(crate) ruled: Tags,
}

impl Given {
    pub(crate) fn is_empty(&self) -> bool {
        self.wished.is_empty() && self.ruled.is_empty()
    }

    /// Another request gives these.
    pub(crate) fn wish(&mut self, tags: &Tags) {
        self.wished = joined(&self.wished, tags);
    }

    /// All of them.
    pub(crate) fn all(&self) -> Tags {
        joined(&self.wished, &self.ruled)
    }
}

/// The tags of a response: those that it says, and those that it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tagged {
    said: Box<[Box<str>]>,
    given: Given,
}

impl Tagged {
    /// `None` where they are too many or too long.
    pub(crate) fn new(said: impl Iterator<Item = Box<str>>, given: Given) -> Option<Self> {
        Self::bounded(sorted(said).into(), given)
    }

    /// The same, with these too.
    pub(crate) fn with(mut self, more: &Tags) -> Option<Self> {
        let known: Vec<_> = self.names().collect();
        let more = more.names().filter(|name| !known.contains(name));
        let more: Tags = more.collect();
        self.given.wish(&more);
        Self::bounded(self.said, self.given)
    }

    fn bounded(said: Box<[Box<str>]>, given: Given) -> Option<Self> {
        let tagged = Self { said, given };
        let octets: usize = tagged.names().map(str::len).sum();
        let is_long = |name: &str| name.len() > MAX_TAG;
        let is_too_much =
            tagged.names().count() > MAX_TAGS || octets > MAX_OCTETS || tagged.names().any(is_long);
        (!is_too_much).then_some(tagged)
    }

    /// All of them, each once.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let Given { wished, ruled } = &self.given;
        let is_said = |name: &&str| is_among(&self.said, name);
        let said = self.said.iter().map(|name| &**name);
        let wished_alone = wished.names().filter(move |name| !is_said(name));
        let ruled_alone = ruled.names();
        let ruled_alone = ruled_alone.filter(move |name| !is_said(name) && !wished.has(name));
        said.chain(wished_alone).chain(ruled_alone)
    }

    /// Those that do not come from its fields.
    pub(crate) fn given(&self) -> &Given {
        &self.given
    }

    /// The octets they take.
    pub(crate) fn size(&self) -> usize {
        let Given { wished, ruled } = &self.given;
        let names = self.said.iter().chain(&*wished.0).chain(&*ruled.0);
        names
            .map(|name| size_of::<Box<str>>() + name.len())
            .sum::<usize>()
    }
}

/// These and those.
pub(crate) fn joined(one: &Tags, other: &Tags) -> Tags {
    if one.is_empty() || one == other {
        return other.clone();
    }
    if other.is_empty() {
        return one.clone();
    }
    one.names().chain(other.names()).collect()
}

/// What these fields say: names between commas and white space.
pub(crate) fn said<'a>(
    fields: &'a HeaderMap,
    names: &'a [HeaderName],
) -> impl Iterator<Item = Box<str>> + 'a {
    let lines = names.iter().flat_map(|name| fields.get_all(name));
    lines.flat_map(|line| {
        let names = line
            .as_bytes()
            .split(|octet| *octet == b',' || octet.is_ascii_whitespace());
        names.map(|name| String::from_utf8_lossy(name).into())
    })
}

/// What is said in fields that are not kept as they came, because they were for the next hop, or for one user: it is
/// obeyed all the same.
pub(crate) fn unkept(fields: &HeaderMap, kept: &HeaderMap, names: &[HeaderName]) -> Tags {
    let is_kept = |name: &&HeaderName| {
        let (lines, kept) = (fields.get_all(*name), kept.get_all(*name));
        lines.iter().eq(kept.iter())
    };
    let unkept = names.iter().filter(|name| !is_kept(name));
    let said = unkept.flat_map(|name| said(fields, std::slice::from_ref(name)));
    said.collect()
}

fn is_among(names: &[Box<str>], name: &str) -> bool {
    names.binary_search_by(|among| (**among).cmp(name)).is_ok()
}

/// Each once, and no empty one.
fn sorted(names: impl Iterator<Item = Box<str>>) -> Vec<Box<str>> {
    let mut names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn named(lines: &[&'static str]) -> Vec<String> {
        let (key, tag) = (
            HeaderName::from_static("surrogate-key"),
            HeaderName::from_static("cache-tag"),
        );
        let mut fields = HeaderMap::new();
        for (n, line) in lines.iter().enumerate() {
            let name = if n % 2 == 0 { &key } else { &tag };
            fields.append(name, HeaderValue::from_static(line));
        }
        let names = [key, tag];
        let tagged = Tagged::new(said(&fields, &names), Given::default());
        tagged
            .expect("they are few")
            .names()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn names_stand_between_commas_and_spaces() {
        for (lines, expected) in [
            (&["a b", "b,c"][..], &["a", "b", "c"][..]),
            (&[" a ,, b\t", "", "A"], &["A", "a", "b"]),
            (&["", "user-7, users"], &["user-7", "users"]),
            (&[], &[]),
        ] {
            assert_eq!(named(lines), expected, "{lines:?}");
        }
        assert_eq!(named(&["\"a;b\" x=1"]), ["\"a;b\"", "x=1"]);
    }

    /// What requests have given.
    fn wished<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Given {
        Given {
            wished: Tags::new(names),
            ..Given::default()
        }
    }

    #[test]
    fn what_is_said_and_given_comes_once() {
        let given = Given {
            ruled: Tags::new(["d", "c", "a"]),
            ..wished(["b", "c", "", "b"])
        };
        assert_eq!(given.wished.names().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(
            given.all().names().collect::<Vec<_>>(),
            ["a", "b", "c", "d"]
        );
        let tagged = Tagged::new(["b", "a"].map(Box::from).into_iter(), given);
        let tagged = tagged.expect("they are few");
        assert_eq!(tagged.names().collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        let more = tagged.with(&Tags::new(["a", "d", "e"]));
        let more = more.expect("they are few");
        assert_eq!(more.names().collect::<Vec<_>>(), ["a", "b", "c", "e", "d"]);
    }

    #[test]
    fn what_is_not_kept_is_said_all_the_same() {
        let name = HeaderName::from_static("cache-tag");
        let fields = |values: &[&'static str]| {
            let values = values.iter().map(|value| HeaderValue::from_static(value));
            HeaderMap::from_iter(values.map(|value| (name.clone(), value)))
        };
        let of = |said: &[&'static str], kept: &[&'static str]| {
            let names = unkept(&fields(said), &fields(kept), std::slice::from_ref(&name));
            names.names().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(of(&["a b"], &[]), ["a", "b"]);
        assert_eq!(of(&["a"], &["b"]), ["a"]);
        assert_eq!(of(&["a"], &["a"]), [""; 0]);
        assert_eq!(of(&[], &["a"]), [""; 0]);
    }

    #[test]
    fn they_have_limits() {
        let are_few = |count: usize, length: usize| {
            let names = (0..count).map(|n| format!("{n:0length$}"));
            Tagged::new(std::iter::empty(), wished(names)).is_some()
        };
        assert!(are_few(128, 32) && are_few(16, 256));
        assert!(!are_few(129, 3), "too many");
        assert!(!are_few(1, 257), "too long");
        assert!(!are_few(17, 256), "too much");
        let half = |from: usize| (from..from + 65).map(|n| n.to_string());
        let one = Tagged::new(std::iter::empty(), wished(half(0))).expect("they are few");
        assert!(one.clone().with(&half(0).collect()).is_some());
        assert!(one.with(&half(65).collect()).is_none(), "together");
    }
}
