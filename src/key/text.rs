//! The URI of a key, written down.

use http::Uri;

use super::origin;
use crate::seed::Seed;
use crate::target::{self, Target};

/// The URI of a key, written down: on the stack, where it is no longer than most are.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    short: [u8; SHORT],
    long: Vec<u8>,
    length: usize,
}

const SHORT: usize = 128;

impl Text {
    pub(crate) fn of(seed: &Seed, target: Target<'_>) -> Self {
        let mut text = Self::empty();
        text.write(seed, target);
        text
    }

    /// Writes a URI down that stands as it would in a key; false, and nothing is written, where it does not.
    pub(crate) fn write_normal(&mut self, uri: &Uri) -> bool {
        let Some(pieces) = target::normal(uri) else {
            return false;
        };
        let [scheme, host, path] = pieces;
        let end = scheme.len() + host.len() + path.len();
        match self.short.get_mut(..end) {
            Some(place) => {
                let (at, rest) = place.split_at_mut(scheme.len());
                at.copy_from_slice(scheme);
                let (at, rest) = rest.split_at_mut(host.len());
                at.copy_from_slice(host);
                rest.copy_from_slice(path);
                self.length = end;
            }
            None => pieces.iter().for_each(|piece| self.push(piece)),
        }
        true
    }

    pub(crate) fn write(&mut self, seed: &Seed, target: Target<'_>) {
        let target = target.literal(seed.is_literal());
        target.write(|piece| self.push(piece));
    }

    pub(crate) fn empty() -> Self {
        Self {
            short: [0; SHORT],
            long: Vec::new(),
            length: 0,
        }
    }

    fn push(&mut self, piece: &[u8]) {
        let end = self.length + piece.len();
        if let Some(place) = self.short.get_mut(self.length..end) {
            place.copy_from_slice(piece);
        } else {
            if self.long.is_empty() {
                self.long.extend_from_slice(&self.short[..self.length]);
            }
            self.long.extend_from_slice(piece);
        }
        self.length = end;
    }

    /// In the place of path and query this name. No URI has a space.
    pub(crate) fn name(&mut self, name: &str) {
        let named = [origin(self.as_bytes()), b"/ ", name.as_bytes()].concat();
        *self = Self::empty();
        self.push(&named);
    }

    /// Leaves out the parameters of the query that have one of these names, and the query where nothing is left of
    /// it. Where there is none of them it stays as it is, and so does one that has `;` or `?` in it: what an origin
    /// takes for a parameter of its own has to count, or anybody could have the answer to it stored for all.
    pub(crate) fn leave_out(&mut self, names: &[Box<str>]) {
        let text = self.as_bytes();
        let Some(query_at) = text.iter().position(|octet| *octet == b'?') else {
            return;
        };
        let (path, query) = (&text[..query_at], &text[query_at + 1..]);
        let is_left_out = |parameter: &&[u8]| {
            let name = parameter.split(|octet| *octet == b'=').next();
            // Some servers take this for several.
            let may_be_several = parameter.iter().any(|octet| b";?".contains(octet));
            !may_be_several
                && names
                    .iter()
                    .any(|left_out| is_same_name(name.unwrap_or_default(), left_out))
        };
        let mut parameters = query.split(|octet| *octet == b'&');
        if !parameters.any(|parameter| is_left_out(&parameter)) {
            return;
        }
        let mut kept = path.to_vec();
        let parameters = query.split(|octet| *octet == b'&');
        for (n, parameter) in parameters
            .filter(|parameter| !is_left_out(parameter))
            .enumerate()
        {
            kept.push(if n == 0 { b'?' } else { b'&' });
            kept.extend_from_slice(parameter);
        }
        *self = Self::empty();
        self.push(&kept);
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self.short.get(..self.length) {
            Some(short) => short,
            None => &self.long,
        }
    }
}

/// Whether a name in a query is this one, however it is encoded (RFC 3986 §2.1).
fn is_same_name(mut written: &[u8], name: &str) -> bool {
    for octet in name.bytes() {
        let (found, rest) = match written {
            [b'%', high, low, rest @ ..] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, rest),
                _ => (b'%', &written[1..]),
            },
            [found, rest @ ..] => (*found, rest),
            [] => return false,
        };
        if found != octet {
            return false;
        }
        written = rest;
    }
    written.is_empty()
}

#[expect(clippy::cast_possible_truncation, reason = "a digit fits")]
fn digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{CacheKey, Wanted};

    /// On the stack or not, it is the same text.
    #[test]
    fn a_uri_may_be_long() {
        let seed = Seed::random(false);
        for length in [SHORT - 11, SHORT - 10, SHORT - 9, 10 * SHORT] {
            let path = format!("{}?%2f", "x".repeat(length));
            let uri: Uri = format!("http://h/{path}").parse().unwrap();
            let target = Target::of_uri(&uri).unwrap();
            let key = CacheKey::new(&seed, target, None);
            assert_eq!(key.uri, target.to_text().into_bytes().into(), "{length}");
            let text = Text::of(&seed, target);
            assert!(Wanted::new(&seed, &text, None).is(&key));
        }
    }
}
