//! What browsers ask on a condition, answered by an app in either arrangement.

use std::sync::atomic::Ordering;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use stacks::Site;
use support::Clock;
use tower_client_cache::CacheLayer;

use crate::gateway::asking;
use crate::handlers::Calls;
use crate::served::{Page, Served, send};

const MODIFIED: &str = "Sun, 06 Nov 1994 07:49:37 GMT";
const EARLIER: &str = "Sun, 06 Nov 1994 06:49:37 GMT";

/// The page as its origin answers: 304 to who has it.
fn edition(asked: &HeaderMap, clock: &Clock) -> Response<Full<Bytes>> {
    let is_known = asked
        .get(header::IF_NONE_MATCH)
        .is_some_and(|tag| tag == "\"1\"");
    let (status, content) = match is_known {
        true => (StatusCode::NOT_MODIFIED, ""),
        false => (StatusCode::OK, "edition 1"),
    };
    Response::builder()
        .status(status)
        .header(header::CACHE_CONTROL, "max-age=60")
        .header(header::DATE, clock.date(0))
        .header(header::ETAG, "\"1\"")
        .header(header::LAST_MODIFIED, MODIFIED)
        .body(Full::from(content))
        .expect("a response")
}

/// An app with a cache in it.
struct App {
    served: Served,
    clock: Clock,
    /// How often the page was made.
    calls: Calls,
    handle: tower_client_cache::CacheHandle,
    _origin: Option<Site>,
}

#[derive(Debug, Clone, Copy)]
enum Arrangement {
    /// The cache is around the app's own handler.
    Around,
    /// The cache is around the client that the handler uses.
    Between,
    /// That, and another around the handler.
    Both,
}

const ARRANGEMENTS: [Arrangement; 3] =
    [Arrangement::Around, Arrangement::Between, Arrangement::Both];

impl App {
    async fn arranged(arrangement: Arrangement) -> Self {
        let (clock, calls) = (Clock::default(), Calls::default());
        let answer = {
            let (clock, calls) = (clock.clone(), calls.clone());
            move |asked: &HeaderMap| {
                calls.fetch_add(1, Ordering::SeqCst);
                edition(asked, &clock)
            }
        };
        let (layer, served, origin) = match arrangement {
            Arrangement::Around => {
                let layer = CacheLayer::shared().clock(clock.clone());
                let handler =
                    async move |fields: HeaderMap| answer(&fields).map(axum::body::Body::new);
                let app = Router::new().route("/", get(handler)).layer(layer.clone());
                (layer, Served::app(app).await, None)
            }
            Arrangement::Between | Arrangement::Both => {
                let layer = CacheLayer::new().clock(clock.clone());
                let origin = Site::serve(move |request| {
                    let answer = answer(request.headers());
                    async { answer }
                })
                .await;
                let app = asking(&layer, origin.uri("/"));
                let app = match arrangement {
                    Arrangement::Both => app.layer(CacheLayer::shared().clock(clock.clone())),
                    _ => app,
                };
                (layer, Served::app(app).await, Some(origin))
            }
        };
        Self {
            served,
            clock,
            calls,
            handle: layer.handle(),
            _origin: origin,
        }
    }

    async fn ask(&self, method: Method, fields: &[(HeaderName, &str)]) -> Page {
        let mut request = self.served.get("/");
        *request.method_mut() = method;
        for (name, value) in fields {
            let value = HeaderValue::from_str(value).expect("a value");
            request.headers_mut().append(name, value);
        }
        Page::of(send(request).await).await
    }
}

/// When a browser asks.
#[derive(Debug, Clone, Copy)]
enum When {
    /// Nothing is stored.
    First,
    /// The page was stored a moment ago.
    Fresh,
    /// The page was stored, and its lifetime has passed.
    Stale,
}

/// 9111-4.3.2-1, 9111-4.3.2-2, 9110-13.1.2-2, 9110-13.1.3-1, 9110-13.1.3-3, 9111-4.3.3-1, PRJ-4.3.2-7, PRJ-4.3.2-8,
/// 9111-5.2.1.1-1, PRJ-5.2.1.1-2, 9111-5.2.1.2-1, 9111-5.2.1.4-1, 9111-5.2.1.7-1: the browser's status, and whether the
/// page was made for it.
#[tokio::test]
async fn what_a_browser_asks_on_a_condition_is_answered_without_the_origin_while_it_can_be() {
    use When::{First, Fresh, Stale};
    let inm = header::IF_NONE_MATCH;
    let ims = header::IF_MODIFIED_SINCE;
    let cc = header::CACHE_CONTROL;
    type Case<'a> = (When, Vec<(HeaderName, &'a str)>, u16, usize);
    let table: Vec<Case<'_>> = vec![
        (First, vec![], 200, 1),
        (First, vec![(inm.clone(), "\"1\"")], 304, 1),
        (First, vec![(inm.clone(), "\"0\"")], 200, 1),
        (First, vec![(cc.clone(), "only-if-cached")], 504, 0),
        (Fresh, vec![], 200, 0),
        (Fresh, vec![(inm.clone(), "\"1\"")], 304, 0),
        (Fresh, vec![(inm.clone(), "W/\"1\"")], 304, 0),
        (Fresh, vec![(inm.clone(), "\"0\", \"1\"")], 304, 0),
        (Fresh, vec![(inm.clone(), "*")], 304, 0),
        (Fresh, vec![(inm.clone(), "\"0\"")], 200, 0),
        (Fresh, vec![(ims.clone(), MODIFIED)], 304, 0),
        (Fresh, vec![(ims.clone(), EARLIER)], 200, 0),
        (
            Fresh,
            vec![(inm.clone(), "\"0\""), (ims.clone(), MODIFIED)],
            200,
            0,
        ),
        (Fresh, vec![(cc.clone(), "only-if-cached")], 200, 0),
        // Reload, as browsers do it.
        (Fresh, vec![(cc.clone(), "max-age=0")], 200, 1),
        (
            Fresh,
            vec![(cc.clone(), "max-age=0"), (inm.clone(), "\"1\"")],
            304,
            1,
        ),
        (Fresh, vec![(cc.clone(), "no-cache")], 200, 1),
        (
            Fresh,
            vec![(cc.clone(), "no-cache"), (inm.clone(), "\"1\"")],
            304,
            1,
        ),
        (Fresh, vec![(header::PRAGMA, "no-cache")], 200, 1),
        (Stale, vec![], 200, 1),
        (Stale, vec![(inm.clone(), "\"1\"")], 304, 1),
        (Stale, vec![(inm.clone(), "\"0\"")], 200, 1),
        (Stale, vec![(ims.clone(), MODIFIED)], 304, 1),
        (Stale, vec![(cc.clone(), "max-stale")], 200, 0),
        (
            Stale,
            vec![(cc.clone(), "max-stale"), (inm.clone(), "\"1\"")],
            304,
            0,
        ),
        (Stale, vec![(cc, "only-if-cached")], 504, 0),
    ];
    for arrangement in ARRANGEMENTS {
        for (when, fields, status, calls) in &table {
            for method in [Method::GET, Method::HEAD] {
                let app = App::arranged(arrangement).await;
                if !matches!(when, First) {
                    app.ask(Method::GET, &[]).await;
                }
                if matches!(when, Stale) {
                    app.clock.advance(61);
                }
                let before = app.calls.load(Ordering::SeqCst);
                let page = app.ask(method.clone(), fields).await;
                let case = format!("{arrangement:?} {when:?} {method} {fields:?}");
                assert_eq!(page.status, *status, "{case}");
                assert_eq!(app.calls.load(Ordering::SeqCst) - before, *calls, "{case}");
                let content = match (page.status, &method) {
                    (StatusCode::OK, &Method::GET) => "edition 1",
                    _ => "",
                };
                assert_eq!(page.text, content, "{case}");
                if *status != 504 {
                    assert_eq!(page.fields[header::ETAG], "\"1\"", "{case}");
                    assert_eq!(page.fields[header::CACHE_CONTROL], "max-age=60", "{case}");
                }
                let is_bare_304 = matches!(when, First) && *status == 304;
                assert!(!is_bare_304 || app.handle.is_empty(), "{case}");
            }
        }
    }
}

/// 9110-14.2-1, 9110-13.1.5-2: browsers ask so for what is left of a download, or for a place in a film.
#[tokio::test]
async fn a_part_of_a_stored_page_is_answered_without_the_origin() {
    for arrangement in ARRANGEMENTS {
        let app = App::arranged(arrangement).await;
        app.ask(Method::GET, &[]).await;
        for (if_range, status, text) in [("\"1\"", 206, "edition"), ("\"0\"", 200, "edition 1")] {
            let fields = [(header::RANGE, "bytes=0-6"), (header::IF_RANGE, if_range)];
            let page = app.ask(Method::GET, &fields).await;
            assert_eq!((page.status.as_u16(), page.text.as_str()), (status, text));
        }
        let beyond = app.ask(Method::GET, &[(header::RANGE, "bytes=99-")]).await;
        assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(app.calls.load(Ordering::SeqCst), 1, "{arrangement:?}");
    }
}
