//! What reqwest adds to requests below the cache, the cache does not see.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use reqwest::cookie::{CookieStore, Jar};
use reqwest::{Error, Proxy, Request, Response};
use stacks::{Site, answer, page};
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_client_cache::reqwest::CachedClient;
use tower_client_cache::{CacheLayer, NotStored, SetCookie};

use super::{http, plain, read, url};

/// `/login/x` makes who asks x, and `/me` is a page that says who asks, and that it varies by that.
async fn with_users() -> Site {
    Site::serve(async |request| {
        let path = request.uri().path();
        if let Some(user) = path.strip_prefix("/login/") {
            let mut response = page("");
            let cookie = format!("user={user}; Path=/").parse().expect("a value");
            let fields = response.headers_mut();
            fields.insert(header::SET_COOKIE, cookie);
            return response;
        }
        let cookie = request.headers().get(header::COOKIE);
        let mut response = page(
            cookie
                .map_or("", |cookie| cookie.to_str().expect("text"))
                .to_owned(),
        );
        let vary = HeaderValue::from_static("cookie");
        response.headers_mut().insert(header::VARY, vary);
        response
    })
    .await
}

/// The leak that the documentation warns of: promise 8 holds for what the cache can see.
#[tokio::test]
async fn a_cookie_store_below_the_cache_shows_one_user_what_is_anothers() {
    let site = with_users().await;
    let http = plain().cookie_store(true).build().expect("a client");
    let client = CachedClient::new(http, CacheLayer::new());
    let get = async |path| read(client.get(url(&site, path)).await.expect("a head")).await;
    get("/login/a").await;
    assert_eq!(get("/me").await.1, "user=a");
    get("/login/b").await;
    let (status, content) = get("/me").await;
    assert_eq!((status.is_hit(), &*content), (true, "user=a"), "the leak");

    client.handle().clear();
    assert_eq!(get("/me").await.1, "user=b", "what helps: to clear it");
}

/// Cookies above the cache, as the documentation has them.
fn with_jar(
    layer: CacheLayer,
) -> impl Service<Request, Response = Response, Error = Error> + Clone {
    let jar = Arc::new(Jar::default());
    let (put, take) = (jar.clone(), jar);
    let layer = layer.set_cookie(SetCookie::Strip);
    ServiceBuilder::new()
        .map_request(move |mut request: Request| {
            if let Some(cookies) = put.cookies(request.url()) {
                request.headers_mut().insert(header::COOKIE, cookies);
            }
            request
        })
        .map_response(move |response: Response| {
            let mut cookies = response.headers().get_all(header::SET_COOKIE).iter();
            take.set_cookies(&mut cookies, response.url());
            response
        })
        .service(CachedClient::new(http(), layer))
}

/// Promise 8: the same jar above the cache.
#[tokio::test]
async fn a_jar_above_the_cache_keeps_users_apart() {
    let site = with_users().await;
    let client = with_jar(CacheLayer::new());
    let get = async |path| {
        let request = http().get(url(&site, path)).build().expect("a request");
        read(client.clone().oneshot(request).await.expect("a head")).await
    };
    get("/login/a").await;
    assert_eq!(get("/me").await.1, "user=a");
    get("/login/b").await;
    assert_eq!(get("/me").await.1, "user=b");
    assert!(get("/me").await.0.is_hit());
    get("/login/a").await;
    let (status, content) = get("/me").await;
    assert_eq!((status.is_hit(), &*content), (true, "user=a"));
}

/// Promise 8: a stored response has the cookies of its day.
#[tokio::test]
async fn a_hit_sets_no_cookies() {
    let site = with_users().await;
    let client = with_jar(CacheLayer::new().single_user());
    let get = async |path| {
        let request = http().get(url(&site, path)).build().expect("a request");
        read(client.clone().oneshot(request).await.expect("a head")).await
    };
    get("/login/a").await;
    get("/login/b").await;
    assert!(get("/login/a").await.0.is_hit());
    assert_eq!(get("/me").await.1, "user=b", "as the origin had it last");
}

/// Promise 8: nor does one that the origin was asked about, and has said nothing new of.
#[tokio::test]
async fn what_was_validated_sets_no_cookies() {
    let site = Site::serve(async |request| {
        let fields = request.headers();
        let mut response = match request.uri().path() {
            "/login/a" if fields.contains_key(header::IF_NONE_MATCH) => {
                answer(StatusCode::NOT_MODIFIED, "")
            }
            "/me" => {
                let cookie = fields.get(header::COOKIE);
                page(
                    cookie
                        .map_or("nobody", |user| user.to_str().expect("text"))
                        .to_owned(),
                )
            }
            path => {
                let cookie = format!("user={}; Path=/", &path["/login/".len()..]);
                let mut response = page("");
                let cookie = cookie.parse().expect("a value");
                response.headers_mut().insert(header::SET_COOKIE, cookie);
                response
            }
        };
        let fields = response.headers_mut();
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        fields.insert(header::ETAG, HeaderValue::from_static("\"1\""));
        response
    })
    .await;
    let client = with_jar(CacheLayer::new().single_user());
    let get = async |path| {
        let request = http().get(url(&site, path)).build().expect("a request");
        read(client.clone().oneshot(request).await.expect("a head")).await
    };
    get("/login/a").await;
    get("/login/b").await;
    let (status, _) = get("/login/a").await;
    assert_eq!(status.forward_status(), Some(StatusCode::NOT_MODIFIED));
    assert_eq!(get("/me").await.1, "user=b", "as the origin had it last");
}

/// The leak that the documentation warns of: two clients that differ in what they add share a store.
#[tokio::test]
async fn default_headers_are_added_below_the_cache() {
    let site = Site::serve(async |request| {
        let token = &request.headers()[header::AUTHORIZATION];
        page(token.to_str().expect("text").to_owned())
    })
    .await;
    let of = |token, layer| {
        let fields = [(header::AUTHORIZATION, HeaderValue::from_static(token))];
        let http = plain().default_headers(HeaderMap::from_iter(fields));
        CachedClient::new(http.build().expect("a client"), layer)
    };
    let get = async |client: &CachedClient| {
        read(client.get(url(&site, "/a")).await.expect("a head"))
            .await
            .1
    };
    let layer = CacheLayer::new();
    assert_eq!(get(&of("a", layer.clone())).await, "a");
    assert_eq!(get(&of("b", layer)).await, "a", "the leak");
    assert_eq!(get(&of("b", CacheLayer::new())).await, "b", "a layer each");
}

/// The same in a shared cache, which would not have stored it (9111-3.5-1).
#[tokio::test]
async fn a_shared_cache_does_not_know_of_authorization_that_is_added_below() {
    let site = Site::of_pages().await;
    let token = HeaderValue::from_static("a");
    let fields = HeaderMap::from_iter([(header::AUTHORIZATION, token)]);
    let http = plain().default_headers(fields).build().expect("a client");
    let client = CachedClient::new(http, CacheLayer::shared());
    let get = async |request| read(client.send(request).await.expect("a head")).await.0;
    let above = get(super::http()
        .get(url(&site, "/a"))
        .header("authorization", "a"))
    .await;
    assert_eq!(above.not_stored(), Some(NotStored::Authorization));
    let below = get(super::http().get(url(&site, "/a"))).await;
    assert!(below.is_stored(), "the leak");
    let tokens = site.seen();
    let mut tokens = tokens
        .iter()
        .map(|head| &head.headers[header::AUTHORIZATION]);
    assert!(
        tokens.all(|token| token == "a"),
        "to the origin both were the same"
    );
}

/// 9111-2-3: through a proxy a response is stored under the URI that was asked for.
#[tokio::test]
async fn what_came_through_a_proxy_is_stored_under_its_own_uri() {
    let proxy = Site::serve(async |request| page(request.uri().to_string())).await;
    let through = Proxy::http(url(&proxy, "/"))
        .expect("a proxy")
        .basic_auth("me", "secret");
    let http = plain().proxy(through).build().expect("a client");
    let client = CachedClient::new(http, CacheLayer::new());
    for (asked, is_hit) in [
        ("http://a.invalid/a", false),
        ("http://b.invalid/a", false),
        ("http://a.invalid/a", true),
    ] {
        let (status, content) = read(client.get(asked).await.expect("a head")).await;
        assert_eq!((status.is_hit(), &*content), (is_hit, asked));
    }
    let [first, _] = &*proxy.seen() else {
        panic!("two were asked for");
    };
    assert!(first.headers.contains_key(header::PROXY_AUTHORIZATION));
}
