//! What the page asks for: each endpoint is a few lines around the handle.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use http::{Method, Request, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tower_client_cache::{
    CacheHandle, Event as Happened, Events, Mode, Purged, Selector, Stats, StoredInfo,
};

use crate::{Shared, proxy};

/// How often the page is told what has happened.
const TICK: Duration = Duration::from_millis(500);

/// Of what has happened since the last tick so many are told.
const TOLD: usize = 50;

/// So many entries at most in one answer.
const MOST: usize = 1000;

/// `GET api/stats`
pub async fn stats(State(shared): State<Shared>) -> Json<Numbers> {
    Json(Numbers::of(&shared.handle, &shared.handle.stats()))
}

/// The numbers of a cache.
#[derive(Debug, Serialize)]
pub struct Numbers {
    hits: u64,
    stale_hits: u64,
    forwarded: u64,
    collapsed: u64,
    validated: u64,
    stores: u64,
    refused: u64,
    evictions: u64,
    bytes_served: u64,
    responses: usize,
    bytes: usize,
    capacity: usize,
    in_flight: usize,
    mode: String,
}

impl Numbers {
    fn of(handle: &CacheHandle, stats: &Stats) -> Self {
        Self {
            hits: stats.hits(),
            stale_hits: stats.stale_hits(),
            forwarded: stats.forwarded(),
            collapsed: stats.collapsed(),
            validated: stats.validated(),
            stores: stats.stores(),
            refused: stats.refused(),
            evictions: stats.evictions(),
            bytes_served: stats.bytes_served(),
            responses: stats.responses(),
            bytes: stats.bytes(),
            capacity: handle.capacity(),
            in_flight: stats.in_flight(),
            mode: format!("{:?}", handle.mode()),
        }
    }
}

/// Which entries.
#[derive(Debug, Deserialize)]
pub struct Which {
    #[serde(default)]
    search: String,
    #[serde(default)]
    after: usize,
    #[serde(default = "most")]
    limit: usize,
}

fn most() -> usize {
    MOST
}

/// What is stored.
#[derive(Debug, Serialize)]
pub struct Listed {
    total: usize,
    entries: Vec<Entry>,
}

/// One stored response.
#[derive(Debug, Serialize)]
pub struct Entry {
    uri: String,
    method: String,
    status: u16,
    vary: Vec<String>,
    age: u64,
    lifetime: u64,
    source: &'static str,
    state: &'static str,
    size: usize,
    hits: u64,
    tags: Vec<String>,
    partition: Option<String>,
}

impl From<&StoredInfo> for Entry {
    fn from(info: &StoredInfo) -> Self {
        Self {
            uri: info.uri().into_owned(),
            method: info.method().to_string(),
            status: info.status().as_u16(),
            vary: info.vary().map(ToString::to_string).collect(),
            age: info.age().as_secs(),
            lifetime: info.lifetime().as_secs(),
            source: info.lifetime_source().as_str(),
            state: match (info.needs_validation(), info.is_stale()) {
                (true, _) => "to be validated",
                (false, true) => "stale",
                (false, false) => "fresh",
            },
            size: info.size(),
            hits: info.hits(),
            tags: info.tags().map(str::to_owned).collect(),
            partition: info.partition().map(|partition| partition.to_string()),
        }
    }
}

/// `GET api/entries`: the store is looked at slice by slice, and nobody waits for it.
pub async fn entries(State(shared): State<Shared>, Query(which): Query<Which>) -> Json<Listed> {
    let is_meant = |info: &StoredInfo| {
        let search = &*which.search;
        info.uri().contains(search) || info.tags().any(|tag| tag.contains(search))
    };
    let (mut total, mut entries) = (0, Vec::new());
    for info in shared.handle.entries().filter(is_meant) {
        if total >= which.after && entries.len() < which.limit.min(MOST) {
            entries.push(Entry::from(&info));
        }
        total += 1;
    }
    Json(Listed { total, entries })
}

/// What is to be explained.
#[derive(Debug, Deserialize)]
pub struct Asked {
    url: String,
    #[serde(default)]
    method: Option<String>,
}

/// An explanation.
#[derive(Debug, Serialize)]
pub struct Explained {
    verdict: String,
    steps: Vec<Explaining>,
}

#[derive(Debug, Serialize)]
struct Explaining {
    section: &'static str,
    text: String,
}

/// `GET api/explain`: of a URL, or of a path at the upstream.
pub async fn explain(
    State(shared): State<Shared>,
    Query(asked): Query<Asked>,
) -> Result<Json<Explained>, (StatusCode, &'static str)> {
    let mistake = |what| move |_| (StatusCode::BAD_REQUEST, what);
    let mut request = Request::new(());
    *request.uri_mut() = target(&shared, &asked.url)?;
    if let Some(method) = &asked.method {
        let method = Method::from_bytes(method.as_bytes());
        *request.method_mut() = method.map_err(mistake("this is no method"))?;
    }
    let explanation = shared.handle.explain(&request);
    let steps = explanation.steps().iter();
    let steps = steps.map(|step| Explaining {
        section: step.section(),
        text: step.text().to_owned(),
    });
    Ok(Json(Explained {
        verdict: explanation.verdict().to_string(),
        steps: steps.collect(),
    }))
}

fn target(shared: &Shared, url: &str) -> Result<Uri, (StatusCode, &'static str)> {
    let uri = url.parse::<Uri>().ok();
    let uri = uri.and_then(|uri| match uri.authority() {
        Some(_) => Some(uri),
        None => proxy::at(&shared.upstream, uri.path_and_query()),
    });
    uri.ok_or((StatusCode::BAD_REQUEST, "this is no URL"))
}

/// What is to be done something to.
#[derive(Debug, Deserialize)]
pub struct Means {
    kind: Kind,
    #[serde(default)]
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    All,
    Uri,
    Prefix,
    Origin,
    Tag,
    OlderThan,
    Stale,
}

impl Means {
    fn selector(&self, shared: &Shared) -> Result<Selector, (StatusCode, &'static str)> {
        let uri = || target(shared, &self.value);
        Ok(match self.kind {
            Kind::All => Selector::all(),
            Kind::Uri => Selector::uri(&uri()?),
            Kind::Prefix => Selector::prefix(&uri()?),
            Kind::Origin => Selector::origin(&uri()?),
            Kind::Tag => Selector::tag(&self.value),
            Kind::OlderThan => {
                let seconds = self.value.parse();
                let seconds = seconds.map_err(|_| (StatusCode::BAD_REQUEST, "no seconds"))?;
                Selector::older_than(Duration::from_secs(seconds))
            }
            Kind::Stale => Selector::stale(),
        })
    }
}

/// What was done.
#[derive(Debug, Serialize)]
pub struct Done {
    responses: usize,
    bytes: usize,
    in_flight: usize,
}

fn done(purged: Purged) -> Json<Done> {
    Json(Done {
        responses: purged.responses(),
        bytes: purged.bytes(),
        in_flight: purged.in_flight(),
    })
}

/// `POST api/clear`
pub async fn clear(State(shared): State<Shared>) -> Json<Done> {
    done(shared.handle.clear())
}

/// `POST api/purge`
pub async fn purge(
    State(shared): State<Shared>,
    Json(means): Json<Means>,
) -> Result<Json<Done>, (StatusCode, &'static str)> {
    let selector = means.selector(&shared)?;
    Ok(done(shared.handle.purge(selector)))
}

/// `POST api/expire`
pub async fn expire(
    State(shared): State<Shared>,
    Json(means): Json<Means>,
) -> Result<Json<Done>, (StatusCode, &'static str)> {
    let selector = means.selector(&shared)?;
    Ok(done(shared.handle.expire(selector)))
}

/// The mode of the cache.
#[derive(Debug, Serialize, Deserialize)]
pub struct Switched {
    mode: String,
}

/// `POST api/mode`
pub async fn mode(
    State(shared): State<Shared>,
    Json(wanted): Json<Switched>,
) -> Result<Json<Switched>, (StatusCode, &'static str)> {
    const MODES: [Mode; 6] = [
        Mode::Normal,
        Mode::ReadOnly,
        Mode::Refresh,
        Mode::Bypass,
        Mode::Offline,
        Mode::Closed,
    ];
    let named = |mode: &Mode| format!("{mode:?}") == wanted.mode;
    let mode = MODES.into_iter().find(named);
    let mode = mode.ok_or((StatusCode::BAD_REQUEST, "there is no such mode"))?;
    shared.handle.set_mode(mode);
    let mode = format!("{:?}", shared.handle.mode());
    Ok(Json(Switched { mode }))
}

/// What is told at a tick.
#[derive(Debug, Serialize)]
struct Tick {
    now: Numbers,
    since: Numbers,
    happened: Vec<String>,
    lost: u64,
}

/// Somebody who looks at the page.
struct Watching {
    handle: CacheHandle,
    events: Events,
    before: Stats,
    ticks: Interval,
    shared: Shared,
}

/// `GET api/events`: the page is told twice a second, whatever happens; it slows no request.
pub async fn events(
    State(shared): State<Shared>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let handle = shared.handle.clone();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watching = Watching {
        events: handle.subscribe(),
        before: handle.stats(),
        handle,
        ticks,
        shared,
    };
    Sse::new(stream::unfold(watching, Watching::tick)).keep_alive(KeepAlive::default())
}

impl Watching {
    async fn tick(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        tokio::select! {
            _ = self.ticks.tick() => {}
            _ = self.shared.is_ending.wait_for(|is_ending| *is_ending) => return None,
        }
        let stats = self.handle.stats();
        let mut happened = Vec::new();
        while let Some(event) = self.events.try_next() {
            if happened.len() < TOLD {
                happened.extend(line(&event));
            }
        }
        let tick = Tick {
            now: Numbers::of(&self.handle, &stats),
            since: Numbers::of(&self.handle, &stats.since(&self.before)),
            happened,
            lost: self.events.lost(),
        };
        self.before = stats;
        let event = Event::default().event("tick").json_data(tick).ok()?;
        Some((Ok(event), self))
    }
}

/// An event in short.
fn line(event: &Happened) -> Option<String> {
    Some(match event {
        Happened::Answered { uri, status, .. } => format!("{uri}: {status}"),
        Happened::Failed { uri, reason, .. } => format!("{uri}: failed ({reason})"),
        Happened::Validated { uri, outcome, .. } => format!("{uri}: {outcome}"),
        Happened::Refused { uri, reason, .. } => format!("{uri}: not stored ({reason})"),
        Happened::Evicted { uri, cause, .. } => format!("{uri}: evicted ({cause})"),
        _ => return None,
    })
}
