//! A request as the caller made it, where the request itself is gone.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::content::ContentKey;
use crate::header::Fields;
use crate::key::{CacheKey, Wanted};
use crate::partition::Partition;

/// The key and the fields of a request that has been sent, in one piece: a key is made of it when something is
/// stored under it, which of most forwards is never. The fields are looked at where `Vary` names some, or what
/// is stored is about to be reused, and made a map of there: to copy one costs more than all the rest of a
/// forward.
///
/// The octets are copied, since to share a value that nobody shares yet is an allocation for each.
pub(crate) struct Caller {
    /// The URI of the key; then line by line the lengths of name and value, and these.
    octets: Vec<u8>,
    /// How long the URI is.
    uri: usize,
    partition: Option<Partition>,
    content: Option<ContentKey>,
    hash: u64,
    uri_hash: u64,
    /// How many names there are.
    names: usize,
}

/// Few lines are longer.
const LINE: usize = 64;

/// The length of a name and that of a value, in one word.
#[derive(Clone, Copy)]
struct Lengths {
    name: usize,
    value: usize,
    is_sensitive: bool,
}

impl Lengths {
    /// No name is longer than this many bits can say.
    const OF_NAME: u32 = 16;

    fn to_word(self) -> u64 {
        (self.value as u64) << (Self::OF_NAME + 1)
            | (self.name as u64) << 1
            | u64::from(self.is_sensitive)
    }

    fn of_word(word: u64) -> Self {
        Self {
            name: (word >> 1) as usize & ((1 << Self::OF_NAME) - 1),
            value: (word >> (Self::OF_NAME + 1)) as usize,
            is_sensitive: word & 1 == 1,
        }
    }
}

struct Line<'a> {
    name: &'a [u8],
    value: &'a [u8],
    is_sensitive: bool,
}

impl Caller {
    /// What asks for this, with these fields.
    pub(crate) fn of(wanted: &Wanted<'_>, fields: &HeaderMap) -> Self {
        let uri = wanted.uri();
        let mut octets = Vec::with_capacity(uri.len() + fields.len() * LINE);
        octets.extend_from_slice(uri);
        for (name, value) in fields {
            let name = name.as_str().as_bytes();
            let lengths = Lengths {
                name: name.len(),
                value: value.len(),
                is_sensitive: value.is_sensitive(),
            };
            octets.extend_from_slice(&lengths.to_word().to_ne_bytes());
            octets.extend_from_slice(name);
            octets.extend_from_slice(value.as_bytes());
        }
        Self {
            octets,
            uri: uri.len(),
            partition: wanted.partition,
            content: wanted.content,
            hash: wanted.hash,
            uri_hash: wanted.uri_hash,
            names: fields.keys_len(),
        }
    }

    pub(crate) fn to_key(&self) -> CacheKey {
        CacheKey {
            hash: self.hash,
            uri_hash: self.uri_hash,
            uri: self.octets[..self.uri].into(),
            partition: self.partition,
            content: self.content,
        }
    }

    pub(crate) fn to_fields(&self) -> HeaderMap {
        let mut fields = HeaderMap::with_capacity(self.names);
        for line in self.lines() {
            line.append_to(&mut fields);
        }
        fields
    }

    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut rest = &self.octets[self.uri..];
        std::iter::from_fn(move || {
            let (word, after) = rest.split_first_chunk()?;
            let lengths = Lengths::of_word(u64::from_ne_bytes(*word));
            let (name, after) = after.split_at(lengths.name);
            let (value, after) = after.split_at(lengths.value);
            rest = after;
            Some(Line {
                name,
                value,
                is_sensitive: lengths.is_sensitive,
            })
        })
    }
}

impl Fields for Caller {
    fn lines_of<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a [u8]> {
        let name = name.as_str().as_bytes();
        self.lines()
            .filter(move |line| line.name == name)
            .map(|line| line.value)
    }
}

impl Line<'_> {
    fn append_to(&self, fields: &mut HeaderMap) {
        let name = HeaderName::from_bytes(self.name).expect("it was a name before");
        let value = HeaderValue::from_bytes(self.value);
        let mut value = value.expect("it was a value before");
        value.set_sensitive(self.is_sensitive);
        fields.append(name, value);
    }
}

#[cfg(test)]
mod tests {
    use http::{Uri, header};

    use super::*;
    use crate::key::Text;
    use crate::seed::Seed;
    use crate::target::{OriginForm, Target};

    fn sent(fields: &HeaderMap) -> Caller {
        let seed = Seed::random(false);
        let uri = "http://h/a".parse().unwrap();
        let text = Text::of(&seed, Target::of_uri(&uri).unwrap());
        Caller::of(&Wanted::new(&seed, &text, None), fields)
    }

    /// 9110-7.1-1, 9110-4.2.3-1
    #[test]
    fn its_key_is_the_one_that_was_wanted() {
        for is_literal in [false, true] {
            let (seed, origin_form) = (Seed::random(is_literal), OriginForm::default());
            for (uri, host) in [
                ("http://h/a?b", None),
                ("http://H:80/%7ea?b", None),
                ("https://u:p@h:80", Some("h:80")),
                ("/a?b", Some("H:81")),
                ("/", Some("h:80")),
            ] {
                let uri: Uri = uri.parse().unwrap();
                let host = host.map(|host| (header::HOST, HeaderValue::from_static(host)));
                let fields = HeaderMap::from_iter(host);
                let target = Target::of_request(&uri, &fields, &origin_form).unwrap();
                let partition = Partition::named(&seed, None, b"a");
                let text = Text::of(&seed, target);
                let wanted = Wanted::new(&seed, &text, Some(partition));
                let caller = Caller::of(&wanted, &fields);
                assert_eq!(caller.to_key(), wanted.to_key(), "{uri}");
                assert_eq!(caller.to_fields(), fields, "{uri}");
            }
        }
    }

    #[test]
    fn they_are_the_same_fields_in_the_same_order() {
        let mut fields = HeaderMap::new();
        let mut secret = HeaderValue::from_static("hidden");
        secret.set_sensitive(true);
        for (name, value) in [("a", "1"), ("b", ""), ("accept", "text/html"), ("a", "2")] {
            fields.append(name, HeaderValue::from_static(value));
        }
        fields.append("b", secret);
        fields.append("c", HeaderValue::from_bytes(b"caf\xe9").unwrap());
        fields.append("connection", HeaderValue::from_static("close"));
        fields.append("d", HeaderValue::try_from("x".repeat(70_000)).unwrap());
        let longest = "n".repeat((1 << Lengths::OF_NAME) - 1);
        fields.append(
            HeaderName::try_from(longest).unwrap(),
            HeaderValue::from_static(""),
        );
        let caller = sent(&fields);
        let same = caller.to_fields();
        assert!(same.iter().eq(fields.iter()));
        let sensitive = |fields: &HeaderMap| -> Vec<_> {
            fields.values().map(HeaderValue::is_sensitive).collect()
        };
        assert_eq!(sensitive(&same), sensitive(&fields), "C-33: it survives");
        for name in ["a", "b", "connection", "none"].map(HeaderName::from_static) {
            assert!(caller.lines_of(&name).eq(fields.lines_of(&name)), "{name}");
        }
        assert!(sent(&HeaderMap::new()).to_fields().is_empty());
    }
}
