//! Fields of any octets, for the tests of the parsers.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;

/// Up to four lines: of any octets, or made of words that mean something to the parser.
pub(super) fn lines(
    words: impl Strategy<Value = String> + 'static,
) -> impl Strategy<Value = Vec<HeaderValue>> {
    let meant = vec(words, 0..8).prop_map(|words| words.concat().into_bytes());
    let any = vec(any::<u8>(), 0..48);
    let line = prop_oneof![3 => meant, 1 => any].prop_filter_map("no octet of a field", |octets| {
        HeaderValue::from_bytes(&octets).ok()
    });
    vec(line, 1..5)
}

/// The field with these lines, and with all of them in one (RFC 9110 §5.3).
pub(super) fn split_and_joined(name: &HeaderName, lines: &[HeaderValue]) -> [HeaderMap; 2] {
    let octets: Vec<_> = lines.iter().map(HeaderValue::as_bytes).collect();
    let joined = HeaderValue::from_bytes(&octets.join(b", ".as_slice())).unwrap();
    [lines, &[joined]].map(|lines| {
        lines.iter().fold(HeaderMap::new(), |mut fields, line| {
            fields.append(name, line.clone());
            fields
        })
    })
}

/// The field with these lines.
pub(super) fn fields(name: &HeaderName, lines: &[&str]) -> HeaderMap {
    lines.iter().fold(HeaderMap::new(), |mut fields, line| {
        fields.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        fields
    })
}
