//! Where in an app the layer goes.

use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower::Layer;
use tower_client_cache::{CacheLayer, CacheStatus};

use crate::handlers::{Calls, page};
use crate::served::Served;

/// 9111-2-1: around nested routers, the layer sees the whole path.
#[tokio::test]
async fn nested_routers_have_the_layer_around_them_all() {
    let layer = CacheLayer::new();
    let section = Router::new().route("/{name}", get(page));
    let calls = Calls::default();
    let app = Router::new()
        .nest("/one", section.clone())
        .nest("/two", section)
        .layer(layer.clone())
        .with_state(calls.clone());
    let served = Served::app(app).await;
    for _ in 0..2 {
        assert_eq!(served.text("/one/a").await, "a, call 1");
        assert_eq!(served.text("/two/a").await, "a, call 2");
    }
    assert_eq!(layer.handle().len(), 2);
}

/// 9111-2-1: `nest` shortens the path before the layers inside see it. One layer inside two sections takes `/one/a` and
/// `/two/a` for one page; a layer for each has a store for each.
#[tokio::test]
async fn inside_nested_routers_each_section_needs_a_layer_of_its_own() {
    let layer = CacheLayer::new();
    for (one, two, second) in [
        (layer.clone(), layer, "a, call 1"),
        (CacheLayer::new(), CacheLayer::new(), "a, call 2"),
    ] {
        let section = |layer| Router::new().route("/{name}", get(page)).layer(layer);
        let app = Router::new()
            .nest("/one", section(one))
            .nest("/two", section(two))
            .with_state(Calls::default());
        let served = Served::app(app).await;
        assert_eq!(served.text("/one/a").await, "a, call 1");
        assert_eq!(served.text("/two/a").await, second);
    }
}

/// What an app says where it has no page.
async fn nothing() -> impl IntoResponse {
    let fields = [(header::CACHE_CONTROL, "max-age=86400")];
    (StatusCode::NOT_FOUND, fields, "nothing here")
}

/// 9111-3-11: `layer` is around the fallback as well, `route_layer` around the routes alone, and a layer around the app
/// around all there is.
#[tokio::test]
async fn a_page_that_is_not_there_is_stored_by_what_is_around_it() {
    let routes = || Router::new().route("/{name}", get(page));
    for (arrangement, is_stored) in [("layer", true), ("route_layer", false), ("app", true)] {
        let layer = CacheLayer::new();
        let served = match arrangement {
            "layer" => {
                let app = routes().fallback(nothing).layer(layer.clone());
                Served::app(app.with_state(Calls::default())).await
            }
            "route_layer" => {
                let app = routes().route_layer(layer.clone()).fallback(nothing);
                Served::app(app.with_state(Calls::default())).await
            }
            _ => {
                let app = routes().fallback(nothing).with_state(Calls::default());
                Served::app(Router::new().fallback_service(layer.layer(app))).await
            }
        };
        for age in [false, is_stored] {
            let page = served.ask("/not/there", &[]).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{arrangement}");
            assert_eq!(page.text, "nothing here");
            assert_eq!(page.fields.contains_key(header::AGE), age, "{arrangement}");
        }
        for _ in 0..2 {
            assert_eq!(served.text("/a").await, "a, call 1", "{arrangement}");
        }
    }
}

/// 9111-2-1: around the whole app the cache sees paths as the browser wrote them.
#[tokio::test]
async fn around_the_whole_app_nothing_has_shortened_the_path() {
    let layer = CacheLayer::new();
    let section = Router::new().route("/{name}", get(page));
    let app = Router::new()
        .nest("/one", section.clone())
        .nest("/two", section)
        .with_state(Calls::default());
    let app = Router::new().fallback_service(layer.layer(app));
    let served = Served::app(app).await;
    for _ in 0..2 {
        assert_eq!(served.text("/one/a").await, "a, call 1");
        assert_eq!(served.text("/two/a").await, "a, call 2");
    }
    let mut stored: Vec<_> = layer
        .handle()
        .entries()
        .map(|stored| stored.uri().into_owned())
        .collect();
    stored.sort();
    let uris = ["/one/a", "/two/a"].map(|path| served.uri(path).to_string());
    assert_eq!(stored, uris);
}

/// Writes what the cache did into a field of the app's own.
async fn told(response: Response) -> Response {
    let status = response.extensions().get::<CacheStatus>();
    let is_hit = status.expect("what was done").is_hit();
    ([("x-cache", if is_hit { "hit" } else { "miss" })], response).into_response()
}

/// PRJ-L-5, promise 7: what a layer above is told is in the extensions, for hits and forwards alike.
#[tokio::test]
async fn layers_above_are_told_what_the_cache_did() {
    let app = Router::new()
        .route("/{name}", get(page))
        .layer(CacheLayer::new())
        .layer(middleware::map_response(told))
        .with_state(Calls::default());
    let served = Served::app(app).await;
    for expected in ["miss", "hit"] {
        assert_eq!(served.ask("/a", &[]).await.fields["x-cache"], expected);
    }
}

/// Lets in who has the word.
async fn guarded(request: Request, next: Next) -> Result<Response, StatusCode> {
    match request.headers().get(header::AUTHORIZATION) {
        Some(word) if word == "open sesame" => Ok(next.run(request).await),
        _ => Err(StatusCode::UNAUTHORIZED),
    }
}

/// PRJ-L-1, promise 8: what decides who may ask stands above, where it is asked for hits as well. Below a shared cache
/// it guards what is not stored, and nothing else.
#[tokio::test]
async fn who_may_ask_is_decided_above_the_cache() {
    async fn open() -> impl IntoResponse {
        (
            [(header::CACHE_CONTROL, "public, max-age=86400")],
            "a treasure",
        )
    }
    let guard = || middleware::from_fn(guarded);
    let (above, below) = (
        Router::new().route("/above", get(open)),
        Router::new().route("/below", get(open)),
    );
    let app = Router::new()
        .merge(above.layer(CacheLayer::shared()).layer(guard()))
        .merge(below.layer(guard()).layer(CacheLayer::shared()));
    let served = Served::app(app).await;
    let word = [(header::AUTHORIZATION, "open sesame")];
    for (path, without) in [
        ("/above", StatusCode::UNAUTHORIZED),
        ("/below", StatusCode::OK),
    ] {
        let refused = served.ask(path, &[]).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(served.ask(path, &word).await.text, "a treasure");
        assert_eq!(served.ask(path, &[]).await.status, without, "{path}");
    }
}

/// The layer of some routes is none of the others' business.
#[tokio::test]
async fn merged_routers_keep_their_layers_to_themselves() {
    let cached = Router::new()
        .route("/cached/{name}", get(page))
        .layer(CacheLayer::new());
    let calls = Calls::default();
    let app = Router::new()
        .route("/{name}", get(page))
        .merge(cached)
        .with_state(calls.clone());
    let served = Served::app(app).await;
    for _ in 0..2 {
        served.text("/cached/a").await;
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    for _ in 0..2 {
        served.text("/a").await;
    }
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}
