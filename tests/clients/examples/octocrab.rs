//! What octocrab spends of GitHub's rate limit, with the cache in it and without.
//!
//! The same work is done twice, against a server on loopback that counts as GitHub's does: every answer costs one request
//! of the limit, but a 304 to who has sent a token. Time is told to the cache and the server, and not waited for. The
//! example fails where octocrab gets something else with the cache than without, or spends more than is expected.
//!
//! ```text
//! cargo run -p clients --example octocrab
//! ```

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use clients::{GitHub, http_client, writes_collection};
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use octocrab::service::middleware::auth_header::AuthHeaderLayer;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use support::Clock;
use tower::{BoxError, Layer, Service};
use tower_client_cache::CacheLayer;

const LABELS: [&str; 5] = ["bug", "docs", "help", "idea", "wish"];

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let clock = Clock::default();
    let github = GitHub::start(&clock, &LABELS).await;
    let without = work(&clock, &github, octocrab(&github, http_client())?).await?;

    let clock = Clock::default();
    let github = GitHub::start(&clock, &LABELS).await;
    let cache = CacheLayer::new().clock(clock.clone());
    let cached = cache.layer(http_client());
    let with = work(&clock, &github, octocrab(&github, cached)?).await?;

    println!("{:<35} without the cache       with the cache", "");
    println!("{:<35}  2xx   304  spent        2xx   304  spent", "");
    for (without, with) in without.iter().zip(&with) {
        println!("{:<35} {without}       {with}", with.what);
        if without.got != with.got {
            return Err(format!("{:?} without, {:?} with", without.got, with.got).into());
        }
    }
    let sum = |steps: &[Step]| steps.iter().map(|step| step.spent).sum::<usize>();
    let (without, with) = (sum(&without), sum(&with));
    println!("\nspent without the cache: {without}; with it: {with}");
    if (without, with) != (79, 8) {
        return Err("79 and 8 were expected".into());
    }
    Ok(())
}

/// octocrab around this service. Its own layers are above the cache, so the cache knows where a request goes and who
/// sends it.
fn octocrab<S, B>(github: &GitHub, service: S) -> Result<Octocrab, BoxError>
where
    S: Service<Request<OctoBody>, Response = Response<B>> + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Sync + 'static,
{
    let token = HeaderValue::from_static("Bearer token");
    let agent = (header::USER_AGENT, HeaderValue::from_static("octocrab"));
    let octocrab = OctocrabBuilder::new_empty()
        .with_service(service)
        .with_layer(&tower::util::MapRequestLayer::new(writes_collection))
        .with_layer(&BaseUriLayer::new(github.uri()))
        .with_layer(&ExtraHeadersLayer::new(Arc::new(vec![agent])))
        .with_layer(&AuthHeaderLayer::new(
            Some(token),
            github.uri(),
            github.uri(),
        ))
        .with_auth(AuthState::None)
        .build()?;
    Ok(octocrab)
}

/// What is done before the labels are looked at.
#[derive(Clone, Copy)]
enum Before {
    Nothing,
    Made,
    Renamed,
}

/// A thing that was done: what octocrab got by it, and what it has cost.
struct Step {
    what: &'static str,
    got: Vec<String>,
    sent: usize,
    not_modified: usize,
    spent: usize,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sent, not_modified, spent) = (self.sent, self.not_modified, self.spent);
        write!(f, "{sent:>4}  {not_modified:>4}  {spent:>5}")
    }
}

/// Looks at the labels of a repository, which are three pages, again and again; in between somebody else makes one, and
/// octocrab itself renames one.
async fn work(
    clock: &Clock,
    github: &GitHub,
    octocrab: Octocrab,
) -> Result<Vec<Step>, octocrab::Error> {
    let mut steps = Vec::new();
    for (what, before, times, seconds) in [
        ("the labels, for the first time", Before::Nothing, 1, 0),
        ("ten times in the same minute", Before::Nothing, 10, 5),
        ("every five minutes, for an hour", Before::Nothing, 12, 300),
        ("somebody makes one, and later", Before::Made, 1, 300),
        ("octocrab renames one, and at once", Before::Renamed, 1, 0),
        ("once more in the same minute", Before::Nothing, 1, 5),
    ] {
        let (answered, used) = (github.answers().len(), github.used("token"));
        let issues = octocrab.issues("owner", "repository");
        match before {
            Before::Nothing => {}
            Before::Made => github.add("zeal"),
            Before::Renamed => {
                issues.update_label("bug", "flaw", "", "f29513").await?;
            }
        }
        let mut got = Vec::new();
        for _ in 0..times {
            clock.advance(seconds);
            let first = issues.list_labels_for_repo().per_page(2).send().await?;
            let labels = octocrab.all_pages(first).await?;
            got.extend(labels.into_iter().map(|label| label.name));
        }
        let answers = github.answers().split_off(answered);
        let not_modified = answers.iter().filter(|&&it| it == StatusCode::NOT_MODIFIED);
        let not_modified = not_modified.count();
        steps.push(Step {
            what,
            got,
            sent: answers.len() - not_modified,
            not_modified,
            spent: github.used("token") - used,
        });
    }
    Ok(steps)
}
