//! The whole stack at work, against a real server on loopback.
//!
//! Each request prints what happened at which layer: `→` where a layer passed it on, with the fields it added, `←` where
//! it answered otherwise than it was answered itself. The line with `request{…}` is from the trace layer. What is shown
//! is checked, and the example fails where it does not hold.
//!
//! ```text
//! cargo run -p stack
//! ```

use std::process::ExitCode;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use stack::cookies::Jar;
use stack::journal::Journal;
use stack::origin::Origin;
use stack::{PERMITS, client};
use tower::{BoxError, Service, ServiceExt};
use tower_client_cache::{CacheLayer, CacheStatus, SetCookie};
use tracing::Level;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(Level::INFO)
        .with_target(false)
        .without_time()
        .init();
    if let Err(failure) = tour().await {
        eprintln!("\nfailed: {failure}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn tour() -> Result<(), BoxError> {
    let origin = Origin::serve().await?;
    // With a jar above it, the cache does not set a cookie a second time.
    let cache = CacheLayer::new().set_cookie(SetCookie::Strip);
    let handle = cache.handle();
    let ann = client("ann", Jar::default(), cache.clone());
    let ann_elsewhere = client("ann", Jar::default(), cache.clone());
    let bob = client("bob", Jar::default(), cache);
    let get = |path| Asked::new(Method::GET, &origin, path);
    let stored = "fwd=uri-miss; fwd-status=200; stored";

    heading("Auth and cookies are above the cache: it sees who asks, and keeps users apart");
    for user in [&ann, &bob] {
        let login = Asked::new(Method::POST, &origin, "/login");
        login
            .of(user, "fwd=method; fwd-status=200", "welcome")
            .await?;
    }
    let me = async |user, text| get("/me").of(user, stored, text).await;
    me(&ann, "Bearer ann, session=1").await?;
    me(&bob, "Bearer bob, session=1").await?;
    me(&ann_elsewhere, "Bearer ann, no session").await?;
    get("/me").of(&ann, "hit", "Bearer ann, session=1").await?;

    heading("Redirects and decompression are above it: each hop is stored as it came, and small");
    let news = "All is well. ".repeat(100);
    get("/old").of(&ann, stored, &news).await?;
    let calls = origin.calls();
    get("/old").of(&ann, "hit", &news).await?;
    check("calls for two hits", origin.calls() - calls, 0)?;

    heading("Retry is below it: the cache is told of the last attempt alone");
    get("/shaky").of(&ann, stored, "here again").await?;
    get("/shaky").of(&ann, "hit", "here again").await?;

    heading("Limits are below it: a hit needs no permit. The timeout is above it all");
    println!("  (there is but {PERMITS} permit for each client, and this request will hold it)");
    let held = Asked::new(Method::GET, &origin, "/held");
    let (journal, calls) = (held.journal.clone(), origin.calls());
    let held = tokio::spawn(ann.clone().oneshot(held.request()));
    while origin.calls() == calls {
        tokio::task::yield_now().await;
    }
    get("/news").of(&ann, "hit", &news).await?;
    get("/other").refused_by(&ann).await?;
    let late = held.await??;
    print("GET", "/held", &journal);
    check("status", late.status(), StatusCode::GATEWAY_TIMEOUT)?;

    let (hits, calls) = (handle.stats().hits(), origin.calls());
    println!("\n{hits} hits; the origin was asked {calls} times.");
    Ok(())
}

/// A request, and the journal that goes with it.
struct Asked {
    request: Request<Full<Bytes>>,
    journal: Journal,
}

impl Asked {
    fn new(method: Method, origin: &Origin, path: &str) -> Self {
        let journal = Journal::default();
        let mut request = Request::new(Full::default());
        *request.method_mut() = method;
        *request.uri_mut() = origin.uri(path);
        request.extensions_mut().insert(journal.clone());
        Self { request, journal }
    }

    fn request(self) -> Request<Full<Bytes>> {
        self.request
    }

    /// Sends it, and prints and checks what came.
    async fn of<S, B>(self, client: &S, cache: &str, content: &str) -> Result<(), BoxError>
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = BoxError> + Clone,
        B: Body<Data = Bytes, Error = BoxError>,
    {
        let (method, path) = (
            self.request.method().clone(),
            self.request.uri().path().to_owned(),
        );
        let response = client.clone().oneshot(self.request).await?;
        let status = response.extensions().get::<CacheStatus>();
        let status = status
            .ok_or("every response says what the cache did")?
            .to_string();
        let found = response.into_body().collect().await?.to_bytes();
        print(method.as_str(), &path, &self.journal);
        if !status.starts_with(cache) {
            check("status of the cache", &*status, cache)?;
        }
        check("content", &*found, content.as_bytes())
    }

    /// Sends it, and is refused, for lack of a permit.
    async fn refused_by<S, B>(self, client: &S) -> Result<(), BoxError>
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = BoxError> + Clone,
    {
        let path = self.request.uri().path().to_owned();
        let refused = client.clone().oneshot(self.request).await.err();
        print("GET", &path, &self.journal);
        let error = refused.ok_or("there is a permit")?;
        check(
            "overloaded",
            error.is::<tower::load_shed::error::Overloaded>(),
            true,
        )
    }
}

fn heading(text: &str) {
    println!("\n== {text}");
}

fn print(method: &str, path: &str, journal: &Journal) {
    println!("{method} {path}");
    for line in journal.lines() {
        println!("    {line}");
    }
}

fn check<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: T,
    expected: T,
) -> Result<(), BoxError> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: expected {expected:?}, found {found:?}").into())
}
