//! The page.

use std::hash::{BuildHasher, RandomState};

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};

const PAGE: &str = include_str!("page.html");

/// `GET /_cache`: the page, with a policy that lets nothing into it but what it has itself.
pub async fn page() -> Response {
    let nonce = format!("{:016x}", RandomState::new().hash_one(PAGE));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = Html(PAGE.replace("{nonce}", &nonce)).into_response();
    let fields = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        fields.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        fields.insert(name, HeaderValue::from_static(value));
    }
    response
}
