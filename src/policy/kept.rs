//! RFC 9111 §3.1: which fields of a response are kept.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::header::connection::Connection;
use crate::packed::{Line, Packed};

/// What is kept of the fields of a response: every one but those for the next hop alone. `Age` is what it was
/// when it was received, so its place is kept, behind the others, and its value is not.
#[derive(Debug)]
pub(crate) enum Kept<'a> {
    /// These, without those that are never kept: nothing is copied yet.
    Of(&'a HeaderMap, Connection),
    /// These, in which something was changed.
    Changed(HeaderMap),
}

static AGE: (HeaderName, HeaderValue) = (header::AGE, HeaderValue::from_static("0"));

impl<'a> Kept<'a> {
    /// Of what was received.
    pub(super) fn of(received: &'a HeaderMap) -> Self {
        let connection = Connection::of(received);
        let decides = || [header::ETAG, header::LAST_MODIFIED, header::DATE];
        if connection.is_there() && decides().iter().any(|name| connection.names(name)) {
            return Self::Changed(copy(received, &connection));
        }
        Self::Of(received, connection)
    }

    /// Whether it may be dated and validated otherwise than what was received.
    pub(super) fn is_changed(&self) -> bool {
        matches!(self, Self::Changed(_))
    }

    /// Whether there is a field of this name.
    pub(super) fn has(&self, name: &HeaderName) -> bool {
        match self {
            Self::Of(received, connection) => {
                !connection.is_hop_by_hop(name) && received.contains_key(name)
            }
            Self::Changed(fields) => fields.contains_key(name),
        }
    }

    /// The fields, as a map of their own.
    pub(crate) fn fields(&self) -> Cow<'_, HeaderMap> {
        match self {
            Self::Of(received, connection) => Cow::Owned(copy(received, connection)),
            Self::Changed(fields) => Cow::Borrowed(fields),
        }
    }

    /// The fields, to change something.
    pub(crate) fn to_mut(&mut self) -> &mut HeaderMap {
        if let Self::Of(received, connection) = self {
            *self = Self::Changed(copy(received, connection));
        }
        match self {
            Self::Changed(fields) => fields,
            Self::Of(..) => unreachable!("it was copied just now"),
        }
    }

    /// The fields at rest.
    pub(crate) fn pack(&self) -> Packed {
        match self {
            Self::Of(received, connection) => {
                Packed::of_lines(lines(received, connection), received.len() + 1)
            }
            Self::Changed(fields) => Packed::of(fields),
        }
    }
}

fn copy(received: &HeaderMap, connection: &Connection) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(received.keys_len() + 2);
    for (name, value) in lines(received, connection) {
        kept.append(name.clone(), value.clone());
    }
    kept
}

fn lines<'a>(
    received: &'a HeaderMap,
    connection: &'a Connection,
) -> impl Iterator<Item = Line<'a>> {
    let (age, zero) = &AGE;
    let is_kept = move |name: &HeaderName| name != age && !connection.is_hop_by_hop(name);
    let kept = received.iter().filter(move |(name, _)| is_kept(name));
    kept.chain([(age, zero)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 9111-3.1-1, 9111-3.1-2, 9111-3.1-3: changed or not, it is the same.
    #[test]
    fn all_is_kept_but_what_is_for_the_next_hop() {
        let mut received = HeaderMap::new();
        for (name, value) in [
            ("age", "5"),
            ("a", "1"),
            ("connection", "b, keep-alive"),
            ("b", "2"),
            ("keep-alive", "timeout=5"),
            ("a", "3"),
            ("etag", "\"e\""),
        ] {
            received.append(name, HeaderValue::from_static(value));
        }
        let mut kept = Kept::of(&received);
        let expected = [("a", "1"), ("a", "3"), ("etag", "\"e\""), ("age", "0")];
        let is_expected = |fields: &HeaderMap| {
            let found = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_bytes()));
            found.eq(expected.map(|(name, value)| (name, value.as_bytes())))
        };
        assert!(is_expected(&kept.fields()) && is_expected(&kept.pack().unpack()));
        assert!(kept.has(&header::ETAG) && !kept.has(&HeaderName::from_static("b")));
        assert!(is_expected(kept.to_mut()) && is_expected(&kept.pack().unpack()));
        assert!(kept.has(&header::ETAG) && !kept.has(&HeaderName::from_static("b")));
    }
}
