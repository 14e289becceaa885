//! reqwest with a cache around it, against a real server on loopback.
//!
//! Each line is one request: what was asked, what the cache says of it, and what came. Each is checked, and the
//! example fails where one does not hold.
//!
//! ```text
//! cargo run -p stacks --example reqwest
//! ```

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use stacks::{Closed, Site, answer, page};
use tower_client_cache::reqwest::{CachedClient, RequestExt};
use tower_client_cache::{CacheLayer, CacheMode, CacheStatus};

type Error = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let site = Site::serve(async |request| respond(&request)).await;
    let url = |path: &str| site.uri(path).to_string();

    // This is all there is to do.
    let http = Client::builder().no_proxy().build()?;
    let client = CachedClient::new(http.clone(), CacheLayer::new());
    let tour = Tour(&client);

    println!("\nA response is stored, and is reqwest's response when it comes from the store:");
    let news = || http.get(url("/news"));
    tour.send(news(), "fwd=uri-miss; fwd-status=200; stored")
        .await?;
    tour.send(news(), "hit").await?;

    println!("\nUsers are kept apart by what the request says:");
    let me = |token| http.get(url("/me")).bearer_auth(token);
    tour.send(me("ann"), "fwd=uri-miss; fwd-status=200; stored")
        .await?;
    tour.send(me("bob"), "fwd=uri-miss; fwd-status=200; stored")
        .await?;
    tour.send(me("ann"), "hit").await?;

    println!(
        "\nOne request wishes something else: nothing from the store without the origin's consent:"
    );
    let request = news().with_extension(CacheMode::NoCache)?;
    let request = RequestBuilder::from_parts(http.clone(), request);
    tour.send(request, "fwd=request; fwd-status=200; stored")
        .await?;

    println!(
        "\nreqwest follows a redirect below the cache: nothing is stored under the first URI:"
    );
    let moved = || http.get(url("/moved"));
    let redirected = "fwd=uri-miss; fwd-status=200; detail=redirected";
    tour.send(moved(), redirected).await?;
    tour.send(moved(), redirected).await?;

    println!("\nAn unsafe request invalidates, and clear() forgets:");
    let put = http.put(url("/news")).body("new");
    tour.send(put, "fwd=method; fwd-status=200").await?;
    tour.send(news(), "fwd=uri-miss; fwd-status=200; stored")
        .await?;
    println!("  {} are cleared", client.handle().clear().responses());
    tour.send(news(), "fwd=uri-miss; fwd-status=200; stored")
        .await?;
    tour.send(news(), "hit").await?;

    println!("\nAn error is reqwest's:");
    let closed = Closed::port();
    let refused = client.get(closed.uri().to_string()).await;
    let error = refused.err().ok_or("nobody listens")?;
    println!("  is_connect() = {}: {error}", error.is_connect());
    if !error.is_connect() {
        return Err("it is another error".into());
    }

    println!("\nThe origin was asked {} times.", site.calls());
    Ok(())
}

struct Tour<'a>(&'a CachedClient);

impl Tour<'_> {
    async fn send(&self, request: RequestBuilder, expected: &str) -> Result<(), Error> {
        let request = request.build()?;
        let asked = format!("{} {}", request.method(), request.url().path());
        let response = self.0.execute(request).await?.error_for_status()?;
        let status = response.extensions().get::<CacheStatus>();
        let status = *status.ok_or("every response says what the cache did")?;
        let from = response.url().path().to_owned();
        let content: Value = response.json().await?;
        println!(
            "  {asked:12} {:52} {content} from {from}",
            status.to_string()
        );
        if !status.to_string().starts_with(expected) {
            return Err(format!("{expected:?} was expected").into());
        }
        Ok(())
    }
}

fn respond(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    match request.uri().path() {
        "/moved" => {
            let mut moved = answer(StatusCode::FOUND, "");
            let target = HeaderValue::from_static("/news");
            moved.headers_mut().insert(header::LOCATION, target);
            moved
        }
        "/me" => {
            let token = request.headers().get(header::AUTHORIZATION);
            let token = token.and_then(|token| token.to_str().ok());
            page(Value::from(token).to_string())
        }
        path => page(Value::from(path).to_string()),
    }
}
