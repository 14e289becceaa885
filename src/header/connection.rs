//! `Connection` (RFC 9110 §7.6.1) and the fields that mean one connection only.

use http::{HeaderMap, HeaderName, header};

use super::{Quoting, lines, members};

/// Whether a message's field is for the next hop alone: named by its `Connection`, or known to be.
pub(crate) fn is_hop_by_hop(fields: &HeaderMap, name: &HeaderName) -> bool {
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
    KNOWN.contains(&name.as_str()) || is_named(fields, name)
}

/// Whether `Connection` names this field.
pub(crate) fn is_named(fields: &HeaderMap, name: &HeaderName) -> bool {
    members(lines(fields, &header::CONNECTION), Quoting::Escaped)
        .any(|member| member.eq_ignore_ascii_case(name.as_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

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
                is_hop_by_hop(&fields, &HeaderName::from_static(name)),
                expected,
                "{name}"
            );
        }
    }
}
