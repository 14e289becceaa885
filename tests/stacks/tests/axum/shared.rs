//! The layer in shared mode around one's own handlers: what one browser gets answers for all.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{HeaderName, Method, StatusCode, header};
use support::Clock;
use tower_client_cache::CacheLayer;

use crate::served::{Page, Served, send};

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

type Fields = &'static [(HeaderName, &'static str)];

/// An app that answers with these fields.
async fn answering(layer: &CacheLayer, fields: Fields) -> Served {
    let handler = async move || {
        let fields: http::HeaderMap = fields
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().expect("a value")))
            .collect();
        (fields, "for you").into_response()
    };
    let route = get(handler).post(async || StatusCode::NO_CONTENT);
    Served::app(Router::new().route("/", route).layer(layer.clone())).await
}

/// 9111-3-5, 9111-3-6, 9111-3.5-1, 9111-3.5-2, 9111-5.2.2.7-1, 9111-5.2.2.10-1: what the next browser gets of what the
/// first one has got.
#[tokio::test]
async fn what_is_for_one_browser_is_not_kept_for_the_next() {
    const PLAIN: Fields = &[];
    const KNOWN: Fields = &[(header::AUTHORIZATION, "Bearer of Alice")];
    const COOKIE: Fields = &[(header::COOKIE, "session=alice")];
    const MAX_AGE: Fields = &[(header::CACHE_CONTROL, "max-age=60")];
    const PUBLIC: Fields = &[(header::CACHE_CONTROL, "public, max-age=60")];
    const PRIVATE: Fields = &[(header::CACHE_CONTROL, "private, max-age=60")];
    const S_MAXAGE: Fields = &[(header::CACHE_CONTROL, "max-age=0, s-maxage=60")];
    const NO_STORE: Fields = &[(header::CACHE_CONTROL, "no-store")];
    const SETS_COOKIE: Fields = &[
        (header::CACHE_CONTROL, "max-age=60"),
        (header::SET_COOKIE, "session=alice"),
    ];
    const BY_COOKIE: Fields = &[
        (header::CACHE_CONTROL, "max-age=60"),
        (header::VARY, "Cookie"),
    ];
    for (first, answer, is_shared) in [
        (PLAIN, MAX_AGE, true),
        (PLAIN, PRIVATE, false),
        (PLAIN, S_MAXAGE, true),
        (PLAIN, NO_STORE, false),
        (PLAIN, SETS_COOKIE, false),
        (KNOWN, MAX_AGE, false),
        (KNOWN, PUBLIC, true),
        (KNOWN, S_MAXAGE, true),
        (KNOWN, PRIVATE, false),
        (COOKIE, MAX_AGE, true),
        (COOKIE, BY_COOKIE, false),
    ] {
        let layer = CacheLayer::shared().cache_status("app");
        let served = answering(&layer, answer).await;
        served.ask("/", first).await;
        let next = served.ask("/", &[]).await;
        assert_eq!(next.text, "for you");
        let status = next.fields[CACHE_STATUS].to_str().expect("text");
        let is_hit = status.contains("; hit");
        assert_eq!(is_hit, is_shared, "{first:?} {answer:?}: {status}");
    }
}

/// 9111-4.4-1: a form that is posted makes the page wrong for everybody.
#[tokio::test]
async fn a_post_to_a_handler_makes_its_page_wrong() {
    let layer = CacheLayer::shared();
    let served = answering(&layer, &[(header::CACHE_CONTROL, "s-maxage=60")]).await;
    served.ask("/", &[]).await;
    assert_eq!(layer.handle().len(), 1);
    let mut post = served.get("/");
    *post.method_mut() = Method::POST;
    let posted = Page::of(send(post).await).await;
    assert_eq!(posted.status, StatusCode::NO_CONTENT);
    assert!(layer.handle().is_empty());
}

/// 9111-4-6, 9111-5.2.2.10-1: browsers and the cache are told different lifetimes, and browsers are told the age.
#[tokio::test]
async fn browsers_are_told_how_old_a_page_is() {
    let clock = Clock::default();
    let layer = CacheLayer::shared().clock(clock.clone());
    let fields: Fields = &[(header::CACHE_CONTROL, "max-age=5, s-maxage=60")];
    let served = answering(&layer, fields).await;
    served.ask("/", &[]).await;
    clock.advance(30);
    let page = served.ask("/", &[]).await;
    assert_eq!(page.fields[header::AGE], "30");
    assert_eq!(page.fields[header::CACHE_CONTROL], "max-age=5, s-maxage=60");
    clock.advance(31);
    let page = served.ask("/", &[]).await;
    assert!(!page.fields.contains_key(header::AGE), "made anew");
}
