//! `Connection` (RFC 9110 §7.6.1) and the fields that mean one connection only.

use std::collections::HashSet;

use http::{HeaderName, header};

use super::{Fields, Quoting, members};

/// The fields that `Connection` names, in lower case.
#[derive(Debug, Default)]
pub(crate) struct Connection(Option<HashSet<Vec<u8>>>);

impl Connection {
    pub(crate) fn of(fields: &impl Fields) -> Self {
        let mut lines = fields.lines_of(&header::CONNECTION).peekable();
        if lines.peek().is_none() {
            return Self::default();
        }
        let named = members(lines, Quoting::Escaped);
        Self(Some(named.map(<[u8]>::to_ascii_lowercase).collect()))
    }

    /// Whether there is one.
    pub(crate) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Whether it names this field.
    #[inline]
    pub(crate) fn names(&self, name: &HeaderName) -> bool {
        let named = self.0.as_ref();
        named.is_some_and(|named| named.contains(name.as_str().as_bytes()))
    }

    /// Whether this field is for the next hop alone: it is named, or known to be.
    pub(crate) fn is_hop_by_hop(&self, name: &HeaderName) -> bool {
        const KNOWN: [&str; 9] = [
            "connection",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authentication-info",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "transfer-encoding",
            "upgrade",
        ];
        /// How long they are, a bit for each length: most names are told from them by that.
        const LENGTHS: u32 = {
            let (mut lengths, mut place) = (0, 0);
            while place < KNOWN.len() {
                lengths |= 1 << KNOWN[place].len();
                place += 1;
            }
            lengths
        };
        let name_length = name.as_str().len();
        let may_be_known = name_length < 32 && LENGTHS & (1 << name_length) != 0;
        may_be_known && KNOWN.contains(&name.as_str()) || self.names(name)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    /// 9111-3.1-2, 9111-3.1-3, 9111-3.1-4
    #[test]
    fn what_connection_names_is_for_the_next_hop() {
        let mut fields = HeaderMap::new();
        fields.append(header::CONNECTION, HeaderValue::from_static("a, B"));
        fields.append(header::CONNECTION, HeaderValue::from_static("close"));
        for (name, expected) in [
            ("a", true),
            ("b", true),
            ("c", false),
            ("keep-alive", true),
            ("proxy-authenticate", true),
            ("upgrade", true),
            ("date", false),
        ] {
            assert_eq!(
                Connection::of(&fields).is_hop_by_hop(&HeaderName::from_static(name)),
                expected,
                "{name}"
            );
        }
    }
}
