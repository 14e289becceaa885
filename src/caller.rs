//! The fields of a request as the caller sent it, where the request itself is gone.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::header::Fields;

/// The fields of a request that has been sent. They are looked at where `Vary` names some, or what is stored
/// is about to be reused, and made a map of there: to copy one costs more than all the rest of a forward.
///
/// The octets are copied, since to share a value that nobody shares yet is an allocation for each.
pub(crate) struct Caller {
    /// Line by line twice the length of the name, the length of the value, and these.
    octets: Vec<u8>,
    /// How many names there are.
    names: usize,
}

/// Few lines are longer.
const LINE: usize = 64;

const LENGTH: usize = size_of::<usize>();

struct Line<'a> {
    name: &'a [u8],
    value: &'a [u8],
    is_sensitive: bool,
}

impl Caller {
    pub(crate) fn of(fields: &HeaderMap) -> Self {
        let mut octets = Vec::with_capacity(fields.len() * LINE);
        for (name, value) in fields {
            let name = name.as_str().as_bytes();
            // And once more, in the lowest bit, where the value is sensitive.
            let of_name = name.len() * 2 + usize::from(value.is_sensitive());
            octets.extend_from_slice(&of_name.to_ne_bytes());
            octets.extend_from_slice(&value.len().to_ne_bytes());
            octets.extend_from_slice(name);
            octets.extend_from_slice(value.as_bytes());
        }
        Self {
            octets,
            names: fields.keys_len(),
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
        let mut rest = self.octets.as_slice();
        std::iter::from_fn(move || {
            let (of_name, after) = rest.split_first_chunk::<LENGTH>()?;
            let (of_value, after) = after.split_first_chunk::<LENGTH>()?;
            let of_name = usize::from_ne_bytes(*of_name);
            let (name, after) = after.split_at(of_name / 2);
            let (value, after) = after.split_at(usize::from_ne_bytes(*of_value));
            rest = after;
            Some(Line {
                name,
                value,
                is_sensitive: of_name % 2 == 1,
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
    use super::*;

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
        let caller = Caller::of(&fields);
        let same = caller.to_fields();
        assert!(same.iter().eq(fields.iter()));
        let sensitive = |fields: &HeaderMap| -> Vec<_> {
            fields.values().map(HeaderValue::is_sensitive).collect()
        };
        assert_eq!(sensitive(&same), sensitive(&fields), "C-33: it survives");
        for name in ["a", "b", "connection", "none"].map(HeaderName::from_static) {
            assert!(caller.lines_of(&name).eq(fields.lines_of(&name)), "{name}");
        }
        assert!(Caller::of(&HeaderMap::new()).to_fields().is_empty());
    }
}
