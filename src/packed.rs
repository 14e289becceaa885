//! Fields at rest: packed into one piece of memory, and unpacked when they are needed.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Fields in memory of the cache's own, whatever buffers they were read into: a line after the other in one
/// piece, with nothing between them but lengths. A map of the same fields takes four times as much.
#[derive(Clone, Default)]
pub(crate) struct Packed {
    octets: Bytes,
    /// How many names there are.
    names: usize,
}

impl Packed {
    pub(crate) fn of(fields: &HeaderMap) -> Self {
        let size =
            |(name, value): (&HeaderName, &HeaderValue)| AROUND + name.as_str().len() + value.len();
        let mut octets = Vec::with_capacity(fields.iter().map(size).sum());
        for name in fields.keys() {
            let mut tag = known(name);
            for value in fields.get_all(name) {
                octets.push(tag);
                if tag == SPELT {
                    write_number(&mut octets, name.as_str().len());
                    octets.extend_from_slice(name.as_str().as_bytes());
                }
                tag = SAME;
                write_number(
                    &mut octets,
                    value.len() * 2 + usize::from(value.is_sensitive()),
                );
                octets.extend_from_slice(value.as_bytes());
            }
        }
        Self {
            octets: Bytes::from(octets.into_boxed_slice()),
            names: fields.keys_len(),
        }
    }

    /// The fields as they were. Their values share the packed octets.
    pub(crate) fn unpack(&self) -> HeaderMap {
        let mut fields = HeaderMap::with_capacity(self.names);
        let mut name = None;
        for line in self.lines() {
            let name = match line.name {
                Name::Same => name.clone().expect("a line of another name comes first"),
                Name::Known(known) => name.insert(known.clone()).clone(),
                Name::Spelt(text) => name
                    .insert(HeaderName::from_bytes(text).expect("it was a name before"))
                    .clone(),
            };
            fields.append(name, self.value(&line));
        }
        fields
    }

    /// The fields as they were, in memory that nothing else has a share of, and no more of it than needed.
    pub(crate) fn unshared(&self) -> HeaderMap {
        let apart = Self {
            octets: Bytes::copy_from_slice(&self.octets),
            names: self.names,
        };
        // A map keeps the room it was made with; its clone has just what it needs.
        apart.unpack().clone()
    }

    /// Of these names what there is.
    pub(crate) fn only<const N: usize>(&self, names: [HeaderName; N]) -> HeaderMap {
        let mut fields = HeaderMap::new();
        let mut current = None;
        for line in self.lines() {
            match line.name {
                Name::Same => {}
                Name::Known(known) => current = names.iter().find(|name| *name == known),
                Name::Spelt(text) => {
                    current = names.iter().find(|name| name.as_str().as_bytes() == text);
                }
            }
            if let Some(name) = current {
                fields.append(name, self.value(&line));
            }
        }
        fields
    }

    /// Whether there is a line of this name.
    pub(crate) fn has(&self, name: &HeaderName) -> bool {
        self.lines().any(|line| match line.name {
            Name::Same => false,
            Name::Known(known) => known == name,
            Name::Spelt(text) => name.as_str().as_bytes() == text,
        })
    }

    /// The octets it takes.
    pub(crate) fn size(&self) -> usize {
        self.octets.len()
    }

    fn value(&self, line: &Line<'_>) -> HeaderValue {
        let mut value = HeaderValue::from_maybe_shared(self.octets.slice_ref(line.value))
            .expect("it was a value before");
        value.set_sensitive(line.is_sensitive);
        value
    }

    fn lines(&self) -> Lines<'_> {
        Lines(&self.octets)
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.unpack().fmt(f)
    }
}

struct Line<'a> {
    name: Name<'a>,
    value: &'a [u8],
    is_sensitive: bool,
}

enum Name<'a> {
    Same,
    Known(&'static HeaderName),
    Spelt(&'a [u8]),
}

/// The lines of packed fields: each is the name's number, or how it is spelt, or that it is the one before;
/// the length of the value, twice, and one more where it is sensitive; and the value.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let tag = *self.0.split_off_first()?;
        let name = match tag {
            SAME => Name::Same,
            SPELT => {
                let length = self.number();
                Name::Spelt(self.take(length))
            }
            known => Name::Known(&KNOWN[usize::from(known)]),
        };
        let number = self.number();
        Some(Line {
            name,
            value: self.take(number / 2),
            is_sensitive: number % 2 == 1,
        })
    }
}

impl<'a> Lines<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> usize {
        let (mut number, mut shift) = (0, 0);
        loop {
            let octet = usize::from(self.take(1)[0]);
            number |= (octet & 0x7f) << shift;
            if octet < 0x80 {
                return number;
            }
            shift += 7;
        }
    }
}

/// Seven bits an octet, the lowest first; the eighth says that there are more.
fn write_number(octets: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        octets.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    octets.push(number as u8);
}

const SAME: u8 = 0xff;
const SPELT: u8 = 0xfe;

/// What a line takes beside its name and its value, where both are short.
const AROUND: usize = 6;

fn known(name: &HeaderName) -> u8 {
    let place = KNOWN.binary_search_by(|known| known.as_str().cmp(name.as_str()));
    place.map_or(SPELT, |place| place as u8)
}

/// Names that responses often have, in the order of their letters.
static KNOWN: [HeaderName; 46] = [
    header::ACCEPT_RANGES,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
    header::AGE,
    header::ALLOW,
    header::ALT_SVC,
    header::CACHE_CONTROL,
    header::CACHE_STATUS,
    header::CDN_CACHE_CONTROL,
    header::CONNECTION,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_LOCATION,
    header::CONTENT_RANGE,
    header::CONTENT_SECURITY_POLICY,
    header::CONTENT_SECURITY_POLICY_REPORT_ONLY,
    header::CONTENT_TYPE,
    header::DATE,
    header::ETAG,
    header::EXPIRES,
    header::LAST_MODIFIED,
    header::LINK,
    header::LOCATION,
    header::PRAGMA,
    header::PUBLIC_KEY_PINS,
    header::REFERRER_POLICY,
    header::REFRESH,
    header::RETRY_AFTER,
    header::SERVER,
    header::SET_COOKIE,
    header::STRICT_TRANSPORT_SECURITY,
    header::TRAILER,
    header::VARY,
    header::VIA,
    header::WARNING,
    header::WWW_AUTHENTICATE,
    header::X_CONTENT_TYPE_OPTIONS,
    header::X_DNS_PREFETCH_CONTROL,
    header::X_FRAME_OPTIONS,
    header::X_XSS_PROTECTION,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> HeaderMap {
        let mut fields = HeaderMap::new();
        fields.append(header::VARY, HeaderValue::from_static("a"));
        fields.append("x-long", HeaderValue::try_from("x".repeat(70_000)).unwrap());
        fields.append("a", HeaderValue::from_bytes(b"caf\xe9").unwrap());
        fields.append(header::VARY, HeaderValue::from_static(""));
        let mut secret = HeaderValue::from_static("hidden");
        secret.set_sensitive(true);
        fields.append("a", secret);
        fields.append(header::AGE, HeaderValue::from_static("0"));
        fields
    }

    #[test]
    fn unpacked_they_are_the_same_fields() {
        let (fields, packed) = (fields(), Packed::of(&fields()));
        let unpacked = packed.unpack();
        assert!(unpacked.iter().eq(fields.iter()), "in the same order");
        let sensitive: Vec<_> = unpacked.values().map(HeaderValue::is_sensitive).collect();
        let expected: Vec<_> = fields.values().map(HeaderValue::is_sensitive).collect();
        assert_eq!(sensitive, expected, "C-33: it survives");
        assert!(Packed::default().unpack().is_empty());
    }

    #[test]
    fn some_are_taken_without_the_others() {
        let packed = Packed::of(&fields());
        let some = packed.only([header::VARY, header::ETAG, HeaderName::from_static("a")]);
        let lines: Vec<_> = some
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let expected: [(&str, &[u8]); 4] = [
            ("vary", b"a"),
            ("vary", b""),
            ("a", b"caf\xe9"),
            ("a", b"hidden"),
        ];
        assert_eq!(lines, expected);
        assert!(packed.has(&header::AGE) && packed.has(&HeaderName::from_static("x-long")));
        assert!(!packed.has(&header::ETAG) && !packed.has(&HeaderName::from_static("b")));
    }

    #[test]
    fn every_known_name_is_found() {
        assert!(KNOWN.is_sorted_by_key(|name| name.as_str()));
        for (place, name) in KNOWN.iter().enumerate() {
            assert_eq!(usize::from(known(name)), place, "{name}");
        }
        assert_eq!(known(&HeaderName::from_static("x-other")), SPELT);
    }

    #[test]
    fn lengths_of_every_size_come_back() {
        for number in [0, 1, 127, 128, 16_383, 16_384, 70_000, usize::MAX] {
            let mut octets = Vec::new();
            write_number(&mut octets, number);
            assert_eq!(Lines(&octets).number(), number);
        }
    }
}
