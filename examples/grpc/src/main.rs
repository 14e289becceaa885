//! gRPC through a cache: a tonic server on loopback, and the client that tonic generated for it.
//!
//! Each line is one call: what was asked, who answered, and what came. Each is checked, and the example fails where one
//! does not hold.
//!
//! ```text
//! cargo run -p grpc
//! ```

use std::process::ExitCode;
use std::time::Duration;

use tokio::time::timeout;
use tonic::body::Body;
use tonic::codegen::http::Uri;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tower::Layer;
use tower_client_cache::background::Tokio;
use tower_client_cache::request_body::{Replay, With};
use tower_client_cache::{CacheLayer, CacheService, Invalidates, Rule, Selector};

use proto::atlas_client::AtlasClient;
use proto::{GetPlaceRequest, Place};
use server::Places;

mod server;

mod proto {
    tonic::include_proto!("atlas");

    /// The paths of the unary methods that have no side effects, as their definitions say.
    pub(crate) const SAFE_METHODS: &[&str] = include!(concat!(env!("OUT_DIR"), "/safe_methods.rs"));
}

type Error = Box<dyn std::error::Error>;

/// The channel, with the cache around it. Whoever needs no name for the type can give `request_body` a closure.
type Cached = CacheService<Channel, Tokio, With<fn(Replay<Body>) -> Body>>;

#[tokio::main]
async fn main() -> ExitCode {
    let failure = match timeout(Duration::from_secs(30), tour()).await {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(failure)) => failure.to_string(),
        Err(_) => "it has not come to its end in 30 seconds".to_owned(),
    };
    eprintln!("\nfailed: {failure}");
    ExitCode::FAILURE
}

async fn tour() -> Result<(), Error> {
    let server = Places::serve()?;
    let origin = format!("http://{}", server.address);

    // This is all there is to do: say which methods are safe, and how a body is made of one that was read.
    let mut rules = Vec::new();
    for path in proto::SAFE_METHODS {
        let method: Uri = format!("{origin}{path}").parse()?;
        rules.push(Rule::new().prefix(&method).safe_grpc());
    }
    let make: fn(Replay<Body>) -> Body = Body::new;
    let layer = CacheLayer::new().rules(rules).request_body(make);
    let handle = layer.handle();
    let channel = Endpoint::from_shared(origin.clone())?.connect().await?;
    let client: AtlasClient<Cached> =
        AtlasClient::with_origin(layer.layer(channel), origin.parse()?);

    println!("safe, says atlas.proto: {}", proto::SAFE_METHODS.join(" "));
    let mut tour = Tour {
        client,
        places: server.places,
    };

    heading("The same message is asked for once, another is asked for too");
    tour.get(place(1), By::Server, "Byzantium").await?;
    tour.get(place(1), By::Cache, "Byzantium").await?;
    tour.get(place(2), By::Server, "Lutetia").await?;

    heading("A deadline makes no difference to an answer; a user does");
    let mut hurried = place(1);
    hurried.set_timeout(Duration::from_secs(5));
    tour.get(hurried, By::Cache, "Byzantium").await?;
    for by in [By::Server, By::Cache] {
        let mut ann = place(1);
        let token = "Bearer ann".parse()?;
        ann.metadata_mut().insert("authorization", token);
        tour.get(ann, by, "Byzantium").await?;
    }

    heading("A failure is what it is without the cache, and is not stored");
    tour.get(place(3), By::Server, "NotFound: there is no place 3")
        .await?;
    tour.get(place(3), By::Server, "NotFound: there is no place 3")
        .await?;

    heading("What changes something is never answered here, and may say what it makes wrong");
    let method: Uri = format!("{origin}/atlas.Atlas/GetPlace").parse()?;
    tour.rename(1, "Constantinople", None).await?;
    tour.get(place(1), By::Cache, "Byzantium").await?;
    let wrong = Invalidates(Selector::uri(&method));
    tour.rename(1, "Istanbul", Some(wrong)).await?;
    tour.get(place(1), By::Server, "Istanbul").await?;
    tour.get(place(1), By::Cache, "Istanbul").await?;

    heading("A stream is neither stored nor delayed");
    for name in ["Parisius", "Paris"] {
        tour.watch(2, name).await?;
    }

    heading("A clear is a clear");
    println!("  {} stored", handle.len());
    handle.clear();
    tour.get(place(1), By::Server, "Istanbul").await?;
    Ok(())
}

fn heading(text: &str) {
    println!("\n{text}:");
}

fn place(id: u32) -> Request<GetPlaceRequest> {
    Request::new(GetPlaceRequest { id })
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Server,
    Cache,
}

struct Tour {
    client: AtlasClient<Cached>,
    places: Places,
}

impl Tour {
    async fn get(
        &mut self,
        request: Request<GetPlaceRequest>,
        by: By,
        expected: &str,
    ) -> Result<(), Error> {
        let what = format!("GetPlace({})", request.get_ref().id);
        let calls = self.places.calls();
        let answer = self.client.get_place(request).await;
        let found = if self.places.calls() == calls {
            By::Cache
        } else {
            By::Server
        };
        // Of what comes from the store the metadata say how old it is.
        let has_age = answer
            .as_ref()
            .is_ok_and(|response| response.metadata().contains_key("age"));
        let text = match answer {
            Ok(response) => response.into_inner().name,
            Err(status) => failure(&status),
        };
        line(&what, found, &text);
        check(&what, found, by)?;
        check(&what, has_age, by == By::Cache)?;
        check(&what, &*text, expected)
    }

    /// Renames a place, and says what that makes wrong.
    async fn rename(
        &mut self,
        id: u32,
        name: &str,
        wrong: Option<Invalidates>,
    ) -> Result<(), Error> {
        let name = name.to_owned();
        let what = format!("Rename({id}, {name})");
        let mut request = Request::new(Place { id, name });
        if let Some(wrong) = wrong {
            request.extensions_mut().insert(wrong);
        }
        let calls = self.places.calls();
        self.client.rename(request).await?;
        line(&what, By::Server, "done");
        check(&what, self.places.calls(), calls + 1)
    }

    /// Watches a place while it is renamed.
    async fn watch(&mut self, id: u32, name: &str) -> Result<(), Error> {
        let what = format!("Watch({id})");
        let calls = self.places.calls();
        let mut told = self.client.watch(place(id)).await?.into_inner();
        check(&what, self.places.calls(), calls + 1)?;
        for name in [name, "somewhere else"] {
            self.rename(id, name, None).await?;
            let place = told.message().await?.ok_or("the stream has ended")?;
            line(&what, By::Server, &place.name);
            check(&what, &*place.name, name)?;
        }
        Ok(())
    }
}

fn failure(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}

fn line(what: &str, by: By, answer: &str) {
    let by = match by {
        By::Server => "server",
        By::Cache => "cache",
    };
    println!("  {what:28} {by:8} {answer}");
}

fn check<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: expected {expected:?}, found {found:?}").into())
}
