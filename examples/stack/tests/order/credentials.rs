//! Auth and cookies.

use std::convert::Infallible;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use http_body_util::Full;
use hyper_util::client::legacy::connect::{HttpConnector, dns::Name};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use stack::cookies::{CookieLayer, Jar};
use stacks::{Site, get, page};
use support::Answer;
use tower::{ServiceBuilder, service_fn};
use tower_client_cache::{CacheLayer, Partition, SetCookie};
use tower_http::auth::AddAuthorizationLayer;
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::follow_redirect::policy::{FilterCredentials, Limited, PolicyExt};

use crate::{Asked, ask, http_client, moved, site_moved_to};

/// `/me` says who asks; `/start` sets a cookie, `/stop` takes it back, and `/login` sets one and moves to `/me`.
async fn site_of_users() -> Site {
    Site::serve(async |request| {
        let fields = request.headers();
        let user = fields
            .get(header::AUTHORIZATION)
            .or(fields.get(header::COOKIE));
        let user = user.map_or(Bytes::from("nobody"), |user| {
            user.as_bytes().to_vec().into()
        });
        match request.uri().path() {
            "/start" => with(page("started"), &[("set-cookie", "session=1")]),
            "/stop" => with(page("stopped"), &[("set-cookie", "session=; max-age=0")]),
            "/login" => {
                let moved = moved(StatusCode::SEE_OTHER, "/me");
                with(moved, &[("set-cookie", "session=1")])
            }
            _ => page(user),
        }
    })
    .await
}

fn with(
    mut response: Response<Full<Bytes>>,
    fields: &[(&'static str, &'static str)],
) -> Response<Full<Bytes>> {
    for (name, value) in fields {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(*name, value);
    }
    response
}

/// PRJ-L-1, promise 8
#[tokio::test]
async fn auth_below_the_cache_shows_one_user_what_is_anothers() {
    let site = site_of_users().await;

    let cache = CacheLayer::new();
    let wrong = |token| {
        ServiceBuilder::new()
            .layer(cache.clone())
            .layer(AddAuthorizationLayer::bearer(token))
            .service(http_client())
    };
    assert_eq!(
        ask(&wrong("ann"), site.get("/me")).await.text(),
        "Bearer ann"
    );
    let leaked = ask(&wrong("bob"), site.get("/me")).await;
    assert_eq!(leaked.assert_hit().text(), "Bearer ann");

    let cache = CacheLayer::new();
    let right = |token| {
        ServiceBuilder::new()
            .layer(AddAuthorizationLayer::bearer(token))
            .layer(cache.clone())
            .service(http_client())
    };
    for is_hit in [false, true] {
        for (token, text) in [("ann", "Bearer ann"), ("bob", "Bearer bob")] {
            let own = ask(&right(token), site.get("/me")).await;
            assert_eq!((own.text(), own.cache.is_hit()), (text, is_hit));
        }
    }
}

/// PRJ-L-1, EDGE-20, promise 8
#[tokio::test]
async fn cookies_below_the_cache_show_one_user_what_is_anothers() {
    let site = site_of_users().await;
    let jar_of = |session: &str| {
        let (jar, uri) = (Jar::default(), site.uri("/"));
        let set = HeaderValue::try_from(format!("session={session}")).unwrap();
        jar.take(&uri, &[(header::SET_COOKIE, set)].into_iter().collect());
        jar
    };
    let (ann, bob) = (jar_of("ann"), jar_of("bob"));

    let cache = CacheLayer::new();
    let wrong = |jar: &Jar| {
        ServiceBuilder::new()
            .layer(cache.clone())
            .layer(CookieLayer::new(jar.clone()))
            .service(http_client())
    };
    assert_eq!(
        ask(&wrong(&ann), site.get("/me")).await.text(),
        "session=ann"
    );
    let leaked = ask(&wrong(&bob), site.get("/me")).await;
    assert_eq!(leaked.assert_hit().text(), "session=ann");

    let cache = CacheLayer::new();
    let right = |jar: &Jar| {
        ServiceBuilder::new()
            .layer(CookieLayer::new(jar.clone()))
            .layer(cache.clone())
            .service(http_client())
    };
    for is_hit in [false, true] {
        for (jar, text) in [(&ann, "session=ann"), (&bob, "session=bob")] {
            let own = ask(&right(jar), site.get("/me")).await;
            assert_eq!((own.text(), own.cache.is_hit()), (text, is_hit));
        }
    }
}

/// C-32, EDGE-19: where cookies are above the cache, what it stores is better stripped of them.
#[tokio::test]
async fn a_cookie_that_is_stored_is_set_again_after_it_was_taken_back() {
    let site = site_of_users().await;
    for (choice, session) in [
        (SetCookie::Store, "session=1"),
        (SetCookie::Strip, "nobody"),
    ] {
        let jar = Jar::default();
        let client = ServiceBuilder::new()
            .layer(CookieLayer::new(jar.clone()))
            .layer(CacheLayer::new().set_cookie(choice))
            .service(http_client());
        ask(&client, site.get("/start")).await.assert_stored();
        assert_eq!(jar.cookies(&site.uri("/")).unwrap(), "session=1");
        ask(&client, site.get("/stop")).await.assert_stored();
        assert_eq!(jar.cookies(&site.uri("/")), None);

        ask(&client, site.get("/start")).await.assert_hit();
        let user = ask(&client, site.get("/me")).await;
        assert_eq!(user.text(), session, "{choice:?}");
    }
}

/// It is sent to whomever an answer names, by a layer that knows of no redirect.
#[tokio::test]
async fn auth_below_redirects_gives_the_token_to_another_origin() {
    let elsewhere = site_of_users().await;
    let site = site_moved_to(elsewhere.uri("/me")).await;
    let auth = AddAuthorizationLayer::bearer("ann");

    let wrong = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(auth.clone())
        .layer(CacheLayer::new())
        .service(http_client());
    assert_eq!(ask(&wrong, site.get("/")).await.text(), "Bearer ann");

    let right = ServiceBuilder::new()
        .layer(auth)
        .layer(FollowRedirectLayer::new())
        .layer(CacheLayer::new())
        .service(http_client());
    assert_eq!(ask(&right, site.get("/")).await.text(), "nobody");
    let first = &site.seen()[1];
    assert_eq!(first.headers[header::AUTHORIZATION], "Bearer ann");
}

/// tower-http knows `Authorization`, `Cookie` and `Proxy-Authorization`, and takes no others off, unless it is to take off all.
#[tokio::test]
async fn a_key_in_a_field_of_its_own_goes_along_to_another_origin() {
    let elsewhere = Site::of_pages().await;
    let site = site_moved_to(elsewhere.uri("/a")).await;
    let standard = FilterCredentials::new();
    for (filter, goes_along) in [(standard.clone(), true), (standard.remove_all(), false)] {
        let redirects = Limited::default().and::<_, Full<Bytes>, legacy::Error>(filter);
        let client = ServiceBuilder::new()
            .map_request(|mut request: Asked| {
                let key = HeaderValue::from_static("secret");
                request.headers_mut().insert("x-api-key", key);
                request
            })
            .layer(FollowRedirectLayer::with_policy(redirects))
            .layer(CacheLayer::new().credential(HeaderName::from_static("x-api-key")))
            .service(http_client());
        ask(&client, site.get("/")).await.assert_stored();
        let seen = elsewhere.seen();
        let seen = seen.last().expect("it was asked");
        assert_eq!(seen.headers.contains_key("x-api-key"), goes_along);
    }
}

/// Either order is above the cache, and safe. Where redirects log in, cookies go between these two.
#[tokio::test]
async fn cookies_above_redirects_do_not_see_what_a_redirect_sets() {
    let site = site_of_users().await;
    let user = |answer: &Answer| answer.text().to_owned();

    let jar = Jar::default();
    let above = ServiceBuilder::new()
        .layer(CookieLayer::new(jar.clone()))
        .layer(FollowRedirectLayer::new())
        .layer(CacheLayer::new())
        .service(http_client());
    assert_eq!(user(&ask(&above, site.get("/login")).await), "nobody");
    assert_eq!(jar.cookies(&site.uri("/")), None);

    let between = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(CookieLayer::new(jar.clone()))
        .layer(CacheLayer::new())
        .service(http_client());
    assert_eq!(user(&ask(&between, site.get("/login")).await), "session=1");
    assert_eq!(jar.cookies(&site.uri("/")).unwrap(), "session=1");
}

/// Whoever a redirect leads to could put cookies of its own choice into the jar for the site that led there.
#[tokio::test]
async fn cookies_above_redirects_are_those_of_whom_the_answer_came_from() {
    let site = Site::serve(async |request| {
        if request.uri().path() == "/start" {
            return with(page("started"), &[("set-cookie", "session=1")]);
        }
        let host = request.headers()[header::HOST].to_str().unwrap();
        let elsewhere = format!("http://{}/start", host.replace("a.test", "b.test"));
        moved(StatusCode::FOUND, &elsewhere)
    })
    .await;
    let port = site.uri("/").port_u16().unwrap();
    let at = |host| Uri::try_from(format!("http://{host}:{port}/")).unwrap();
    // Every name leads to this machine.
    let here =
        service_fn(|_: Name| async { Ok::<_, Infallible>(iter::once(([127, 0, 0, 1], 0).into())) });
    let connector = HttpConnector::new_with_resolver(here);

    let jar = Jar::default();
    let client = ServiceBuilder::new()
        .layer(CookieLayer::new(jar.clone()))
        .layer(FollowRedirectLayer::new())
        .layer(CacheLayer::new())
        .service(Client::builder(TokioExecutor::new()).build(connector));
    assert_eq!(ask(&client, get(at("a.test"))).await.text(), "started");
    assert_eq!(jar.cookies(&at("a.test")), None);
    assert_eq!(jar.cookies(&at("b.test")).unwrap(), "session=1");
}

/// Promise 8: what is signed anew for each request is somebody else each time where the cache sees it. Below, somebody has
/// to tell the cache who signs, right above it: what a caller puts into the extensions does not pass a redirect to another
/// origin.
#[tokio::test]
async fn a_signature_goes_below_the_cache_where_the_cache_is_told_who_signs() {
    let site = site_of_users().await;
    let signatures = Arc::<AtomicUsize>::default();
    let sign = |user: &'static str| {
        let signatures = signatures.clone();
        move |mut request: Asked| {
            let number = signatures.fetch_add(1, Ordering::Relaxed);
            let value = HeaderValue::try_from(format!("{user} {number}")).unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, value);
            request
        }
    };

    let wrong = ServiceBuilder::new()
        .map_request(sign("ann"))
        .layer(CacheLayer::new())
        .service(http_client());
    for text in ["ann 0", "ann 1"] {
        let own = ask(&wrong, site.get("/me")).await;
        assert_eq!(own.assert_stored().text(), text);
    }

    let cache = CacheLayer::new();
    let right = |user: &'static str| {
        let is = move |mut request: Asked| {
            let user = Partition(Bytes::from_static(user.as_bytes()));
            request.extensions_mut().insert(user);
            request
        };
        ServiceBuilder::new()
            .layer(FollowRedirectLayer::new())
            .map_request(is)
            .layer(cache.clone())
            .map_request(sign(user))
            .service(http_client())
    };
    let (ann, bob) = (right("ann"), right("bob"));
    for is_hit in [false, true] {
        for (user, text) in [(&ann, "ann 2"), (&bob, "bob 3")] {
            let own = ask(user, site.get("/me")).await;
            assert_eq!((own.text(), own.cache.is_hit()), (text, is_hit));
        }
    }
}
