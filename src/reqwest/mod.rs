//! The client of the crate `reqwest` inside the cache, and its types on both sides of it.
//!
//! [`CachedClient`] is all that most need: reqwest's requests go in, reqwest's responses come out, and its errors
//! are reqwest's.
//!
//! ```
//! use reqwest::{Request, Response, ResponseBuilderExt};
//! use tower::service_fn;
//! use tower_client_cache::{CacheLayer, CacheStatus};
//! use tower_client_cache::reqwest::CachedClient;
//!
//! # futures_executor::block_on(async {
//! // In the place of this, reqwest::Client::new().
//! let http = service_fn(|request: Request| async move {
//!     let response = http::Response::builder().url(request.url().clone());
//!     let response = response.header("cache-control", "max-age=60");
//!     Ok::<_, reqwest::Error>(Response::from(response.body("news").unwrap()))
//! });
//! let client = CachedClient::new(http, CacheLayer::without_background());
//!
//! for is_hit in [false, true] {
//!     let request = reqwest::Client::new().get("https://example.com/news").build()?;
//!     let response = client.execute(request).await?;
//!     assert_eq!(response.extensions().get::<CacheStatus>().unwrap().is_hit(), is_hit);
//!     assert_eq!(response.url().as_str(), "https://example.com/news");
//!     assert_eq!(response.text().await?, "news");               // or .json()
//! }
//! client.handle().clear();
//! # Ok::<_, reqwest::Error>(())
//! # }).unwrap();
//! ```
//!
//! It is put together from two halves, each a service around another:
//!
//! ```text
//! reqwest::Request                          reqwest::Response
//!    │  layers for reqwest's own service         ▲
//!    ├─ AsReqwest ───────────────────────────────┤
//!    │  layers for the http crate's types,       │
//!    │  as tower-http has them                   │
//!    ├─ CacheLayer, with final_uri ──────────────┤
//!    ├─ AsHttp ──────────────────────────────────┤
//!    │  layers for reqwest's own service         │
//!    ▼  reqwest::Client                          │
//! ```
//!
//! What one request wishes of the cache, a [`CacheMode`](crate::CacheMode) for one, stands in its extensions:
//! [`RequestExt`] puts it there.
//!
//! The feature `reqwest` switches nothing on in reqwest: who wants TLS, JSON or cookies depends on reqwest as well,
//! with those features. `reqwest::blocking` is no Tower service, and does not go inside a cache.
//!
//! # What reqwest does below the cache
//!
//! reqwest's client is a stack of layers by itself. All of them are below the cache, which sees neither what they add to
//! a request nor what they have taken from a response. Those that matter are better switched off, and put above.
//!
//! | reqwest's | as it comes | what it means for the cache | better |
//! |---|---|---|---|
//! | `redirect` | follows ten | a redirected answer is not stored | [`Policy::none`](::reqwest::redirect::Policy::none), and follow above |
//! | `cookie_store` | off | **a leak**: the cache cannot tell users apart by cookies that it does not see | a jar above |
//! | `default_headers`, `user_agent` | none | **a leak** where clients that differ share a store; a shared cache does not know of `Authorization` | a layer, and so a store, for each client |
//! | `gzip`, `brotli`, … | on, with the feature | stored decoded, under the fields that are left | `no_gzip`, and decompress above |
//! | `timeout`, `read_timeout` | none | bounds what is forwarded, not who waits for another's answer | a timeout above |
//! | `proxy` | the system's, with the feature | none: the key is the URI that is asked for | |
//! | `identity`, `resolve`, `unix_socket` | none | who asks, and whom, stands in no request: **a leak** where clients that differ share a store | a layer, and so a store, for each client |
//! | `retry` | of what was not handled | none: below is where it belongs | |
//!
//! ## Redirects
//!
//! The adapter tells the cache where a response [came from](final_uri). Where reqwest has followed a redirect that is
//! another URI than was asked for: the answer is passed on, its `CacheStatus` says
//! [`Redirected`](crate::NotStored::Redirected), and nothing is stored of the redirect nor of the last answer, until
//! somebody asks for that by its own URI. An unsafe request makes its own URI wrong then, and the last one where that
//! is of the same origin; what it may have changed at another origin is served until it is stale.
//!
//! With [`Policy::none`](::reqwest::redirect::Policy::none) a redirect is a response like others: stored under its
//! own URI, and the caller's. Follow it above the cache, and each hop is answered from the store. Unless it is told
//! otherwise, tower-http drops a request's extensions on the way to another origin, its timeout among them, and
//! follows no redirect that wants content again (307, 308):
//!
//! ```
//! use reqwest::{Body, Client, Error, redirect};
//! use tower::ServiceBuilder;
//! use tower_client_cache::CacheLayer;
//! use tower_client_cache::reqwest::{self as adapter, AsHttp, AsReqwest};
//! use tower_http::follow_redirect::policy::{FilterCredentials, Limited, PolicyExt, clone_body_fn};
//! use tower_http::follow_redirect::{FollowRedirectLayer, RequestUri};
//!
//! let again = |body: &Body| Some(Body::from(body.as_bytes()?.to_vec()));
//! let redirects = Limited::default()
//!     .and::<_, Body, Error>(FilterCredentials::new().keep_all_extensions())
//!     .and::<_, Body, Error>(clone_body_fn(again));
//!
//! let client = ServiceBuilder::new()
//!     .layer_fn(|inner| {
//!         // What is answered from the store has no other URI than this layer's.
//!         AsReqwest::new(inner).final_uri(|said| said.get().map(|RequestUri(uri)| uri.clone()))
//!     })
//!     .layer(FollowRedirectLayer::with_policy(redirects))
//!     .layer(CacheLayer::new().final_uri(adapter::final_uri).request_body(adapter::request_body))
//!     .layer_fn(AsHttp::new)
//!     .service(Client::builder().redirect(redirect::Policy::none()).build()?);
//! # fn is_of_reqwest(_: impl tower::Service<reqwest::Request, Response = reqwest::Response>) {}
//! # is_of_reqwest(client);
//! # Ok::<_, reqwest::Error>(())
//! ```
//!
//! Where there are too many redirects the caller gets the last one, and no error that
//! [`is_redirect`](::reqwest::Error::is_redirect).
//!
//! ## Cookies
//!
//! **A cookie store below the cache is a leak.** `ClientBuilder::cookie_store` and `cookie_provider` put `Cookie` on a
//! request after the cache has looked for a stored response: what was stored for one who was logged in answers whoever
//! is next, until it is stale. Nor does a stored response's `Vary: Cookie` help.
//!
//! Leave them off, and put the jar above the cache, with `map_request` and `map_response` of Tower's
//! `ServiceBuilder`: `Cookie` is on the request then when the cache sees it, and users are kept apart. Give the layer
//! [`SetCookie::Strip`](crate::SetCookie::Strip): a stored response has the cookies of its day, and would set them
//! again, with each hit and with each validation. What the origin sets still comes through.
//! `tests/stacks/tests/reqwest/credentials.rs` in the repository has such a client, to copy. A jar that is above
//! redirects as well does not see what a redirect sets: where those log in, it goes between them and the cache, as a
//! layer for the `http` crate's types; `examples/stack/src/cookies.rs` is one. Where the cookie store has to stay,
//! the cache is one user's, and is [cleared](crate::CacheHandle::clear) whenever that one logs in or out.
//!
//! The same goes for `default_headers`. `Authorization` there is seen by nobody: one layer for each client, and none
//! that is shared. What a [`RequestBuilder`](::reqwest::RequestBuilder) puts on a request, by `bearer_auth`,
//! `basic_auth`, `header` or in the URL, the cache does see.
//!
//! ## Decompression
//!
//! With the features `gzip`, `brotli`, `deflate` or `zstd` reqwest asks for such codings, decodes what comes, and removes
//! `Content-Encoding` and `Content-Length`. So what is stored
//!
//! - is the decoded content, and counts so against [`capacity`](crate::CacheLayer::capacity) and
//!   [`max_body`](crate::CacheLayer::max_body); it is not decoded again for a hit;
//! - is selected by the `Accept-Encoding` that the caller has put on the request, mostly none: `Vary: Accept-Encoding`
//!   finds nothing to compare, and all have the same decoded content;
//! - keeps the entity tag of what was encoded, with which it is validated as ever; a range out of it is counted in
//!   decoded octets, and one that the origin sends in encoded ones. Who asks for ranges, or
//!   [keeps what is incomplete](crate::CacheLayer::keep_incomplete), switches it off.
//!
//! Above the cache, by tower-http's `DecompressionLayer` between [`AsReqwest`] and the cache, what is stored is
//! small, and is what the origin sent. A request for a range says `Accept-Encoding: identity` then: reqwest by itself
//! asks for no coding with a range, that layer does, and what is a part of something encoded cannot be decoded.
//!
//! ## Timeouts
//!
//! Those of the client and of one request bound what is forwarded: each begins when its own request is sent, and an
//! error says [`is_timeout`](::reqwest::Error::is_timeout), in the midst of the body as well; what was cut off so is
//! not stored. A hit knows none of them. A request that [waits for another's answer](crate#many-at-once) is bounded
//! by [`collapse_limit`](crate::CacheLayer::collapse_limit) and
//! [`collapse_head_limit`](crate::CacheLayer::collapse_head_limit), and by its own timeout only where it is sent
//! after that. What bounds the whole goes above: tower's `TimeoutLayer`, or `tokio::time::timeout`.
//!
//! # Errors
//!
//! An error before the head is the client's own, untouched: [`is_connect`](::reqwest::Error::is_connect),
//! [`url`](::reqwest::Error::url) and the rest say what they say without the cache. What is no request for reqwest
//! is refused as by reqwest. One in the midst of a body answers the same to every `is_…`; in the row of its
//! [sources](std::error::Error::source) stand some more of reqwest's own. `S` may have other errors than reqwest's, if
//! they are made [`From`] it: the cached client has them, too.
//!
//! # reqwest-middleware
//!
//! The crate `reqwest-middleware` has a trait of its own in the place of Tower's. Its client is a Tower service of
//! reqwest's types all the same, so it goes below the cache as it is:
//! `CachedClient::new(client_with_middleware, CacheLayer::new())`. Its middleware then sees what is forwarded, and no
//! hit: the place for retries and tracing of what is sent. What puts credentials on requests is a leak there.
//!
//! Middleware that has to be above, authentication for one, keeps its place, and the cache becomes the last of the
//! chain: a `Middleware` whose `handle` does not go on to `next`, but answers `Ok(self.0.execute(request).await?)`,
//! where `self.0` is a [`CachedClient`]. It sees hits as well. What is in the `Extensions` that its trait hands along
//! is not on the request: the cache reads [the request's](RequestExt).

mod as_http;
mod as_reqwest;
mod client;
mod final_url;
mod request_body;
mod request_ext;

pub use self::as_http::{AsHttp, AsHttpFuture};
pub use self::as_reqwest::{AsReqwest, AsReqwestFuture};
pub use self::client::{CachedClient, ClientFuture};
pub use self::final_url::{FinalUrl, final_uri};
pub use self::request_body::request_body;
pub use self::request_ext::RequestExt;
