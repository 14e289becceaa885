//! Who may ask: the page itself, and programs of this machine.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use crate::Shared;

/// Refuses what another site makes a browser ask for.
///
/// - `Host` has to name this server: a name that an attacker has pointed at 127.0.0.1 is refused (DNS rebinding).
/// - `Sec-Fetch-Site`, which browsers send and pages cannot set, has to be `same-origin`, or `none` where somebody has
///   typed the address.
/// - `Origin`, where there is one, has to be this server.
pub async fn refuse_others(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let port = shared.address.port();
    match refusal(request.headers(), port) {
        Some(why) => (StatusCode::FORBIDDEN, why).into_response(),
        None => next.run(request).await,
    }
}

fn refusal(fields: &HeaderMap, port: u16) -> Option<&'static str> {
    let own = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let text = |name| {
        fields
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    if !text(header::HOST).is_some_and(|host| own.iter().any(|own| own == host)) {
        return Some("this is not the host that was asked for");
    }
    let is_of_own_site = text(header::HeaderName::from_static("sec-fetch-site"))
        .is_none_or(|site| site == "same-origin" || site == "none");
    if !is_of_own_site {
        return Some("another site has asked");
    }
    let is_own = |origin: &str| own.iter().any(|own| origin == format!("http://{own}"));
    if !text(header::ORIGIN).is_none_or(is_own) {
        return Some("another origin has asked");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_and_programs_of_this_machine_may_ask() {
        let (host, site, origin) = ("host", "sec-fetch-site", "origin");
        let table: &[(&[(&'static str, &str)], bool)] = &[
            (&[(host, "127.0.0.1:80")], true),
            (&[(host, "localhost:80")], true),
            (&[], false),
            (&[(host, "127.0.0.1")], false),
            (&[(host, "evil.test:80")], false),
            (&[(host, "127.0.0.1:80"), (site, "same-origin")], true),
            (&[(host, "127.0.0.1:80"), (site, "none")], true),
            (&[(host, "127.0.0.1:80"), (site, "same-site")], false),
            (&[(host, "127.0.0.1:80"), (site, "cross-site")], false),
            (
                &[(host, "127.0.0.1:80"), (origin, "http://127.0.0.1:80")],
                true,
            ),
            (
                &[(host, "127.0.0.1:80"), (origin, "http://127.0.0.1:81")],
                false,
            ),
            (
                &[(host, "127.0.0.1:80"), (origin, "https://evil.test")],
                false,
            ),
            (&[(host, "127.0.0.1:80"), (origin, "null")], false),
        ];
        for (fields, expected) in table {
            let mut map = HeaderMap::new();
            for (name, value) in *fields {
                map.insert(*name, value.parse().expect("a value"));
            }
            assert_eq!(refusal(&map, 80).is_none(), *expected, "{fields:?}");
        }
    }
}
