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

/// The tags of a response: those that it says, and those that it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tagged {
    said: Box<[Box<str>]>,
    given: Tags,
}

impl Tagged {
    /// `None` where they are too many or too long.
    pub(crate) fn new(said: impl Iterator<Item = Box<str>>, given: Tags) -> Option<Self> {
        let tagged = Self {
            said: sorted(said).into(),
            given,
        };
        let octets: usize = tagged.names().map(str::len).sum();
        let is_long = |name: &str| name.len() > MAX_TAG;
        let is_too_much =
            tagged.names().count() > MAX_TAGS || octets > MAX_OCTETS || tagged.names().any(is_long);
        (!is_too_much).then_some(tagged)
    }

    /// All of them; what is both said and given comes once.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let said = self.said.iter().map(|name| &**name);
        let given = self.given.names();
        let given = given.filter(|name| {
            let found = self.said.binary_search_by(|said| (**said).cmp(name));
            found.is_err()
        });
        said.chain(given)
    }

    /// Those that do not come from its fields.
    pub(crate) fn given(&self) -> &Tags {
        &self.given
    }

    /// The octets they take.
    pub(crate) fn size(&self) -> usize {
        let names = self.said.iter().chain(self.given.0.iter());
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
        let tagged = Tagged::new(said(&fields, &names), Tags::default());
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

    #[test]
    fn what_is_said_and_given_comes_once() {
        let given = Tags::new(["b", "c", "", "b"]);
        assert_eq!(given.names().collect::<Vec<_>>(), ["b", "c"]);
        let tagged = Tagged::new(["b", "a"].map(Box::from).into_iter(), given);
        let tagged = tagged.expect("they are few");
        assert_eq!(tagged.names().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(tagged.given().names().count(), 2);
    }

    #[test]
    fn they_have_limits() {
        let are_few = |count: usize, length: usize| {
            let names = (0..count).map(|n| format!("{n:0length$}"));
            Tagged::new(std::iter::empty(), names.collect()).is_some()
        };
        assert!(are_few(128, 32) && are_few(16, 256));
        assert!(!are_few(129, 3), "too many");
        assert!(!are_few(1, 257), "too long");
        assert!(!are_few(17, 256), "too much");
    }
}
