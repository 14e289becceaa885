//! Field values, read plainly.

use http::{HeaderMap, HeaderName};

use super::date;

/// The lines of a field.
pub(super) fn lines<'a>(fields: &'a HeaderMap, name: &str) -> Vec<&'a [u8]> {
    fields
        .get_all(name)
        .iter()
        .map(|line| line.as_bytes())
        .collect()
}

/// The lines of a field, joined to one (9110-5.2-1).
pub(super) fn joined(fields: &HeaderMap, name: &str, with: &[u8]) -> Option<Vec<u8>> {
    let lines = lines(fields, name);
    (!lines.is_empty()).then(|| lines.join(with))
}

/// Spaces and tabs at both ends are no part of a value (9110-5.5-1).
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// The members of a list without quoted strings; empty ones are skipped (9110-5.6.1.2-1).
pub(super) fn members(fields: &HeaderMap, name: &str) -> Vec<Vec<u8>> {
    let line = joined(fields, name, b",").unwrap_or_default();
    let members = line.split(|octet| *octet == b',').map(trim);
    members
        .filter(|member| !member.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}

/// The field names of a list; none where one of them cannot be a field name.
pub(super) fn names(members: &[Vec<u8>]) -> Option<Vec<String>> {
    let name = |member: &Vec<u8>| {
        let name = HeaderName::from_bytes(member).ok()?;
        Some(name.as_str().to_owned())
    };
    members.iter().map(name).collect()
}

/// A number of seconds; as many digits as there may be (9111-1.2.2-1).
pub(super) fn seconds(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: u64, digit: &u8| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    };
    Some(text.iter().fold(0, add).min(1 << 40))
}

/// The value of `Age`: its first member, or nothing (9111-5.1-2, 9111-5.1-3).
pub(super) fn age(fields: &HeaderMap) -> Option<u64> {
    seconds(members(fields, "age").first()?)
}

/// A date; none where it cannot be read, or is there twice and not the same (PRJ-5.3-5, EDGE-13).
pub(super) fn date(fields: &HeaderMap, name: &str) -> Option<u64> {
    let lines = lines(fields, name);
    if lines.windows(2).any(|pair| pair[0] != pair[1]) {
        return None;
    }
    date::parse(trim(lines.first()?))
}

/// Fields that are about one connection, and are not stored (9111-3.1-2 to -4).
pub(super) fn not_stored(fields: &HeaderMap) -> Vec<String> {
    let always = [
        "connection",
        "proxy-connection",
        "keep-alive",
        "te",
        "transfer-encoding",
        "upgrade",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
    ];
    let mut names: Vec<String> = always.map(str::to_owned).to_vec();
    for member in members(fields, "connection") {
        names.push(String::from_utf8_lossy(&member).to_ascii_lowercase());
    }
    names
}
