//! Fields at rest: packed, and unpacked when they are needed.

use std::{fmt, ptr};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Fields in memory of the cache's own, whatever buffers they were read into. A map of the same fields takes
/// more than twice as much.
#[derive(Clone, Default)]
pub(crate) struct Packed {
    /// A name for each line: its number, or how it is spelt, or that it is the one before.
    names: Box<[u8]>,
    spelt: Box<[HeaderName]>,
    /// They lie side by side in one piece of memory.
    values: Box<[HeaderValue]>,
}

pub(crate) type Line<'a> = (&'a HeaderName, &'a HeaderValue);

impl Packed {
    pub(crate) fn of(fields: &HeaderMap) -> Self {
        Self::of_lines(fields.iter(), fields.len())
    }

    /// Of so many lines at most, of which those of one name stand together.
    pub(crate) fn of_lines<'a>(lines: impl Iterator<Item = Line<'a>>, most: usize) -> Self {
        let mut names = Vec::with_capacity(most);
        let mut values = Vec::with_capacity(most);
        let mut spelt = Vec::new();
        let (mut octets, mut last) = (0, None);
        lines.for_each(|(name, value)| {
            let is_same = last.is_some_and(|last| ptr::eq(last, name));
            let tag = if is_same { SAME } else { known(name) };
            if tag == SPELT {
                spelt.push(name);
            }
            names.push(tag);
            values.push(value);
            octets += value.len();
            last = Some(name);
        });
        let mut joined = Vec::with_capacity(octets);
        for value in &values {
            joined.extend_from_slice(value.as_bytes());
        }
        Self {
            names: names.into_boxed_slice(),
            spelt: spelt.into_iter().cloned().collect(),
            values: sliced(Bytes::from(joined), values.into_iter()),
        }
    }

    /// The fields as they were. Their values share the packed octets.
    pub(crate) fn unpack(&self) -> HeaderMap {
        let mut fields = HeaderMap::try_with_capacity(self.values.len()).unwrap_or_default();
        for (name, value) in self.lines() {
            fields.append(name, value.clone());
        }
        fields
    }

    /// The same, in memory that nothing else has a share of.
    pub(crate) fn unshared(&self) -> Self {
        let joined: Vec<u8> = self
            .values
            .iter()
            .flat_map(HeaderValue::as_bytes)
            .copied()
            .collect();
        let spelt = self.spelt.iter().map(|name| {
            HeaderName::from_bytes(name.as_str().as_bytes()).expect("it was a name before")
        });
        Self {
            names: self.names.clone(),
            spelt: spelt.collect(),
            values: sliced(Bytes::from(joined), self.values.iter()),
        }
    }

    /// Of these names what there is.
    pub(crate) fn only<const N: usize>(&self, names: [HeaderName; N]) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for (name, value) in self.lines().filter(|(name, _)| names.contains(name)) {
            fields.append(name, value.clone());
        }
        fields
    }

    /// Whether there is a line of this name.
    pub(crate) fn has(&self, name: &HeaderName) -> bool {
        self.lines().any(|(held, _)| held == name)
    }

    /// The octets it takes beside its own.
    pub(crate) fn size(&self) -> usize {
        // What counts the references on a piece of memory.
        const SHARED: usize = 24;
        let name = |name: &HeaderName| size_of::<HeaderName>() + SHARED + name.as_str().len();
        let value = |value: &HeaderValue| size_of::<HeaderValue>() + value.len();
        self.names.len()
            + SHARED
            + self.spelt.iter().map(name).sum::<usize>()
            + self.values.iter().map(value).sum::<usize>()
    }

    fn lines(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        let mut spelt = self.spelt.iter();
        let mut current = None;
        self.names
            .iter()
            .zip(&self.values)
            .filter_map(move |(tag, value)| {
                match *tag {
                    SAME => {}
                    SPELT => current = spelt.next(),
                    known => current = KNOWN.get(usize::from(known)),
                }
                current.map(|name| (name, value))
            })
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.lines()).finish()
    }
}

/// Values like these, of octets that are theirs one after the other.
fn sliced<'a>(
    mut octets: Bytes,
    like: impl ExactSizeIterator<Item = &'a HeaderValue>,
) -> Box<[HeaderValue]> {
    let values = like.map(|like| {
        let mut value = HeaderValue::from_maybe_shared(octets.split_to(like.len()))
            .expect("it was a value before");
        value.set_sensitive(like.is_sensitive());
        value
    });
    values.collect()
}

const SAME: u8 = 0xff;
const SPELT: u8 = 0xfe;

fn known(name: &HeaderName) -> u8 {
    let length = name.as_str().len();
    let [Some(first), Some(end)] = [length, length + 1].map(|length| FIRST_OF.get(length)) else {
        return SPELT;
    };
    let of_length = &KNOWN[usize::from(*first)..usize::from(*end)];
    let place = (*first..).zip(of_length).find(|(_, known)| *known == name);
    place.map_or(SPELT, |(place, _)| place)
}

/// For each length the place of the first known name that is not shorter.
static FIRST_OF: [u8; 37] = [
    0, 0, 0, 0, 2, 6, 7, 9, 14, 15, 15, 17, 18, 20, 24, 25, 28, 33, 34, 34, 35, 35, 35, 38, 39, 39,
    40, 40, 41, 43, 44, 44, 44, 45, 45, 45, 46,
];

/// Names that responses often have, the shortest first.
static KNOWN: [HeaderName; 46] = [
    header::AGE,
    header::VIA,
    header::DATE,
    header::ETAG,
    header::LINK,
    header::VARY,
    header::ALLOW,
    header::PRAGMA,
    header::SERVER,
    header::ALT_SVC,
    header::EXPIRES,
    header::REFRESH,
    header::TRAILER,
    header::WARNING,
    header::LOCATION,
    header::CONNECTION,
    header::SET_COOKIE,
    header::RETRY_AFTER,
    header::CACHE_STATUS,
    header::CONTENT_TYPE,
    header::ACCEPT_RANGES,
    header::CACHE_CONTROL,
    header::CONTENT_RANGE,
    header::LAST_MODIFIED,
    header::CONTENT_LENGTH,
    header::PUBLIC_KEY_PINS,
    header::REFERRER_POLICY,
    header::X_FRAME_OPTIONS,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_LOCATION,
    header::WWW_AUTHENTICATE,
    header::X_XSS_PROTECTION,
    header::CDN_CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::ACCESS_CONTROL_MAX_AGE,
    header::X_CONTENT_TYPE_OPTIONS,
    header::X_DNS_PREFETCH_CONTROL,
    header::CONTENT_SECURITY_POLICY,
    header::STRICT_TRANSPORT_SECURITY,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::CONTENT_SECURITY_POLICY_REPORT_ONLY,
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
        for unpacked in [packed.unpack(), packed.unshared().unpack()] {
            assert!(unpacked.iter().eq(fields.iter()), "in the same order");
            let sensitive: Vec<_> = unpacked.values().map(HeaderValue::is_sensitive).collect();
            let expected: Vec<_> = fields.values().map(HeaderValue::is_sensitive).collect();
            assert_eq!(sensitive, expected, "C-33: it survives");
        }
        assert!(Packed::default().unpack().is_empty());
    }

    /// There may be more lines of one name than there may be names.
    #[test]
    fn very_many_lines_are_unpacked() {
        let mut fields = HeaderMap::new();
        for _ in 0..30_000 {
            fields.append(header::LINK, HeaderValue::from_static("<a>"));
        }
        assert_eq!(Packed::of(&fields).unpack().len(), 30_000);
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
        for (length, first) in FIRST_OF.iter().enumerate() {
            let shorter = KNOWN.iter().take_while(|name| name.as_str().len() < length);
            assert_eq!(usize::from(*first), shorter.count(), "{length}");
        }
        for (place, name) in KNOWN.iter().enumerate() {
            assert_eq!(usize::from(known(name)), place, "{name}");
        }
        for other in ["x-other", "x", &"x".repeat(100)] {
            let other = HeaderName::try_from(other).unwrap();
            assert_eq!(known(&other), SPELT, "{other}");
        }
    }
}
