//! The cache at work: a hyper client inside `CacheLayer`, talking to a real server.
//!
//! Every request prints one line: what was asked, whether the origin was asked too, and what the cache
//! says about it. Each line is checked, and the example fails where one does not hold.
//!
//! ```text
//! cargo run --example quickstart
//! ```

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_client_cache::{CacheBody, CacheLayer, CacheService, CacheStatus};

use shared::{Colour, Error, Server, check, check_status, heading, paint};

mod shared;

#[tokio::main]
async fn main() -> ExitCode {
    shared::run(tour()).await
}

async fn tour() -> Result<(), Error> {
    let (story, pieces) = mpsc::channel(1);
    let origin = start_origin(pieces).await?;

    // This is all there is to do: put the layer around the client, and keep a handle.
    let layer = CacheLayer::new();
    let handle = layer.handle();
    let client = ServiceBuilder::new()
        .layer(layer)
        .service(Client::builder(TokioExecutor::new()).build_http());

    let mut tour = Tour { client, origin };
    print_columns();

    heading("A response is stored, and reused while it is fresh");
    let stored = "fwd=uri-miss; fwd-status=200; stored";
    tour.get("/news", stored, "edition 1").await?;
    tour.get("/news", "hit", "edition 1").await?;

    heading("A stale one is validated: the origin answers 304, and the stored body is reused");
    let validated = "fwd=stale; fwd-status=304; stored";
    tour.get("/weather", stored, "sunny").await?;
    tour.get("/weather", validated, "sunny").await?;
    tour.get("/weather", "hit", "sunny").await?;

    heading("Vary: one response is stored for each language");
    let another = "fwd=vary-miss; fwd-status=200; stored";
    tour.get_in("de", stored, "Hallo").await?;
    tour.get_in("en", another, "Hello").await?;
    tour.get_in("de", "hit", "Hallo").await?;
    tour.get_in("en", "hit", "Hello").await?;

    heading("An unsafe request invalidates what is stored for its URI");
    tour.post("/news", "fwd=method; fwd-status=204").await?;
    tour.get("/news", stored, "edition 2").await?;
    tour.get("/news", "hit", "edition 2").await?;

    heading("A body is passed on as it comes, and stored when its end has come");
    tour.get_in_pieces("/story", stored, story).await?;
    let whole = "Once upon a time, and ever after";
    tour.get("/story", "hit", whole).await?;

    heading("handle.clear(): nothing that was asked for before is served again");
    let removed = handle.clear().responses();
    check("clear()", "responses removed", removed, 5)?;
    println!("  {removed} stored responses removed");
    tour.get("/news", stored, "edition 2").await?;

    heading("handle.disable(): all goes to the origin, nothing is stored");
    handle.disable();
    let bypassed = "fwd=bypass; fwd-status=200; detail=disabled";
    tour.get("/news", bypassed, "edition 2").await?;

    heading("handle.enable(): what was stored before is there again");
    handle.enable();
    tour.get("/news", "hit", "edition 2").await?;

    let (hits, asked) = (handle.stats().hits(), tour.origin.requests());
    println!("\n{hits} hits; {asked} requests have reached the origin.");
    Ok(())
}

/// The client with its cache, and the origin, which counts how often it is asked.
struct Tour {
    client: CacheService<Client<HttpConnector, Full<Bytes>>>,
    origin: Server,
}

impl Tour {
    async fn get(&mut self, path: &str, cache: &str, body: &str) -> Result<(), Error> {
        let request = Request::get(self.origin.uri(path)).body(Full::default())?;
        let what = format!("GET {path}");
        self.send(&what, request, cache, body).await
    }

    async fn get_in(&mut self, language: &str, cache: &str, body: &str) -> Result<(), Error> {
        let request = Request::get(self.origin.uri("/hello"))
            .header(header::ACCEPT_LANGUAGE, language)
            .body(Full::default())?;
        let what = format!("GET /hello ({language})");
        self.send(&what, request, cache, body).await
    }

    async fn post(&mut self, path: &str, cache: &str) -> Result<(), Error> {
        let request = Request::post(self.origin.uri(path)).body(Full::from("stop press"))?;
        let what = format!("POST {path}");
        self.send(&what, request, cache, "").await
    }

    /// Reads the first piece of a body, and only then lets the origin send the rest.
    async fn get_in_pieces(
        &mut self,
        path: &str,
        cache: &str,
        origin_sends: mpsc::Sender<&'static str>,
    ) -> Result<(), Error> {
        let request = Request::get(self.origin.uri(path)).body(Full::default())?;
        origin_sends.send("Once upon a time, ").await?;
        let mut body = self
            .start(&format!("GET {path}"), request, cache)
            .await?
            .into_body();

        let first = body.frame().await.ok_or("the body is empty")??;
        let first = first.into_data().map_err(|_| "trailers, not data")?;
        check(
            "GET /story",
            "the first piece",
            first,
            "Once upon a time, ".into(),
        )?;
        println!("  the first piece is here, and the origin has not sent the second yet");

        origin_sends.send("and ever after").await?;
        drop(origin_sends);
        let rest = body.collect().await?.to_bytes();
        check(
            "GET /story",
            "the second piece",
            rest,
            "and ever after".into(),
        )
    }

    /// Sends a request, and checks the answer and its body.
    async fn send(
        &mut self,
        what: &str,
        request: Request<Full<Bytes>>,
        cache: &str,
        body: &str,
    ) -> Result<(), Error> {
        let response = self.start(what, request, cache).await?;
        let found = response.into_body().collect().await?.to_bytes();
        check(what, "the body", found, body.to_owned().into())
    }

    /// Sends a request, prints its line, and checks whether the origin was asked, and why.
    async fn start(
        &mut self,
        what: &str,
        request: Request<Full<Bytes>>,
        cache: &str,
    ) -> Result<Response<CacheBody<Incoming>>, Error> {
        let (before, started) = (self.origin.requests(), Instant::now());
        let response = self.client.ready().await?.call(request).await?;
        let took = started.elapsed();
        let was_asked = self.origin.requests() > before;

        let status = response
            .extensions()
            .get::<CacheStatus>()
            .ok_or("every response has a CacheStatus")?;
        print_line(what, was_asked, response.status(), took, status);

        check(what, "it asks the origin", was_asked, !status.is_hit())?;
        check_status(what, status, cache)?;
        Ok(response)
    }
}

fn print_columns() {
    let columns = format!(
        "  {:<15} {:<9} {:<6} {:>8}  {}",
        "request", "origin", "status", "time", "CacheStatus"
    );
    println!("{}", paint(Colour::Dim, &columns));
}

fn print_line(
    what: &str,
    was_asked: bool,
    status: StatusCode,
    took: Duration,
    cache: &CacheStatus,
) {
    let (colour, origin) = if was_asked {
        (Colour::Yellow, "asked")
    } else {
        (Colour::Green, "not asked")
    };
    println!(
        "  {what:<15} {} {:<6} {took:>8.1?}  {}",
        paint(colour, &format!("{origin:<9}")),
        status.as_u16(),
        paint(colour, &cache.to_string()),
    );
}

/// What the origin knows.
struct Origin {
    edition: AtomicUsize,
    story: Mutex<Option<mpsc::Receiver<&'static str>>>,
}

async fn start_origin(story: mpsc::Receiver<&'static str>) -> Result<Server, Error> {
    let origin = Arc::new(Origin {
        edition: AtomicUsize::new(1),
        story: Mutex::new(Some(story)),
    });
    let server = Server::start(move |request| {
        let answer = origin.answer(&request);
        async { answer }
    });
    Ok(server.await?)
}

type OriginBody = UnsyncBoxBody<Bytes, Infallible>;

impl Origin {
    fn answer(&self, request: &Request<Incoming>) -> Result<Response<OriginBody>, Error> {
        let fields = request.headers();
        let answer = Response::builder();
        let answer = match (request.method(), request.uri().path()) {
            (&Method::GET, "/news") => {
                let edition = self.edition.load(Ordering::SeqCst);
                answer
                    .header("cache-control", "max-age=60")
                    .body(text(format!("edition {edition}")))
            }
            (&Method::POST, "/news") => {
                self.edition.fetch_add(1, Ordering::SeqCst);
                answer.status(StatusCode::NO_CONTENT).body(text(""))
            }
            (&Method::GET, "/weather") if fields.contains_key(header::IF_NONE_MATCH) => answer
                .status(StatusCode::NOT_MODIFIED)
                .header("etag", "\"1\"")
                .header("cache-control", "max-age=60")
                .body(text("")),
            (&Method::GET, "/weather") => answer
                .header("etag", "\"1\"")
                .header("cache-control", "max-age=0")
                .body(text("sunny")),
            (&Method::GET, "/hello") => {
                let is_german = fields.get("accept-language").is_some_and(|it| it == "de");
                answer
                    .header("cache-control", "max-age=60")
                    .header("vary", "accept-language")
                    .body(text(if is_german { "Hallo" } else { "Hello" }))
            }
            (&Method::GET, "/story") => answer
                .header("cache-control", "max-age=60")
                .body(self.tell()),
            _ => answer.status(StatusCode::NOT_FOUND).body(text("")),
        };
        Ok(answer?)
    }

    /// A body of the pieces that come through the channel, each as soon as it is there.
    fn tell(&self) -> OriginBody {
        let mut story = self.story.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut pieces) = story.take() else {
            return text("");
        };
        let frames = stream::poll_fn(move |cx| {
            let piece = pieces.poll_recv(cx);
            piece.map(|piece| piece.map(|piece| Ok(Frame::data(Bytes::from(piece)))))
        });
        StreamBody::new(frames).boxed_unsync()
    }
}

fn text(content: impl Into<Bytes>) -> OriginBody {
    Full::new(content.into()).boxed_unsync()
}
