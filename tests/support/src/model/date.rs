//! HTTP dates (RFC 9110 §5.6.7), to the second.

use std::time::SystemTime;

/// The second since the epoch, where the text is one of the three forms. Letter case does not matter
/// (9111-4.2-2).
pub(super) fn parse(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let mut usual = String::new();
    let mut is_inside = false;
    for letter in text.chars() {
        usual.push(if is_inside {
            letter.to_ascii_lowercase()
        } else {
            letter.to_ascii_uppercase()
        });
        is_inside = letter.is_ascii_alphabetic();
    }
    let usual = match usual.strip_suffix("Gmt") {
        Some(rest) => format!("{rest}GMT"),
        None => usual,
    };
    let time = httpdate::parse_http_date(&usual).ok()?;
    Some(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())
}

/// The date as a field value.
pub(super) fn print(time: u64) -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(time))
}

/// No date, or none that can be read (EDGE-13).
pub(super) fn is_missing(fields: &http::HeaderMap) -> bool {
    super::fields::date(fields, "date").is_none()
}
