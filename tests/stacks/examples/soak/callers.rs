//! Those who ask, and look at every octet of what they get.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use stacks::{HyperClient, get};
use tower::ServiceExt;
use tower_client_cache::{CacheBody, CacheMode, CacheService, CacheStatus, Outcome};

use crate::content::Content;
use crate::origin::{Origins, said, version};
use crate::pages::{self, Kind, PAGES};
use crate::tally::Tally;

/// Clients for each version of HTTP: one whose connections are kept, and one for servers that break them.
pub(crate) type Clients = [[CacheService<HyperClient>; 2]; 2];

/// How long one waits for a server that is not well.
const PATIENCE: Duration = Duration::from_millis(50);

/// One caller.
#[derive(Debug)]
pub(crate) struct Caller {
    chance: Rng,
    clients: Clients,
    origins: Arc<Origins>,
    tally: Tally,
}

/// What is asked for.
#[derive(Debug)]
struct Asked {
    page: usize,
    user: &'static str,
    variant: &'static str,
    /// What answers is of a later version.
    floor: u64,
    request: Request<Empty<Bytes>>,
}

impl Caller {
    pub(crate) fn new(seed: u64, clients: Clients, origins: Arc<Origins>) -> Self {
        Self {
            chance: Rng::with_seed(seed),
            clients,
            origins,
            tally: Tally::default(),
        }
    }

    /// Asks for one page after the other.
    pub(crate) async fn ask_until(mut self, is_over: Arc<AtomicBool>) -> Tally {
        while !is_over.load(Ordering::SeqCst) {
            // While the cache is offline nothing is waited for, and timers have to have their turn.
            tokio::task::yield_now().await;
            let asked = self.choose();
            let server = asked.page / PAGES;
            let client = self.clients[server % 2][server / 2].clone();
            let told = format!("{} {}", asked.request.method(), asked.request.uri());
            if server < 2 {
                match self.ask(client, asked).await {
                    Ok(outcome) => self.tally.outcome(outcome),
                    Err(error) => self.tally.other(format!("{told}: {error}")),
                }
                continue;
            }
            match tokio::time::timeout(PATIENCE, self.ask(client, asked)).await {
                Err(_) => self.tally.injected("given up".to_owned()),
                Ok(Ok(outcome)) => self.tally.outcome(outcome),
                Ok(Err(Wrong::Failed(error))) => self.tally.injected(error),
                Ok(Err(wrong)) => self.tally.other(format!("{told}: {wrong}")),
            }
        }
        self.tally
    }

    fn choose(&mut self) -> Asked {
        let chance = &mut self.chance;
        // One in twenty is for a server that is not well. Some pages are asked for more often than others.
        let server = match chance.u32(..20) {
            0 => 2 + chance.usize(..2),
            _ => chance.usize(..2),
        };
        let page = server * PAGES + chance.usize(..PAGES).min(chance.usize(..PAGES));
        let user = match Kind::of(page) {
            Kind::OfUser if server < 2 => chance.choice(["ann", "bob", "eve"]).expect("one"),
            _ => "",
        };
        let variant = match Kind::of(page) {
            Kind::Varying if server != 2 => chance.choice(["a", "b", "c"]).expect("one"),
            _ => "",
        };
        let mut request = get(self.origins.uri(page));
        let fields = request.headers_mut();
        if !user.is_empty() {
            fields.insert(header::AUTHORIZATION, HeaderValue::from_static(user));
        }
        if !variant.is_empty() {
            fields.insert("x-variant", HeaderValue::from_static(variant));
        }
        let length = pages::length(page);
        match chance.u32(..100) {
            0..=1 if server < 2 => *request.method_mut() = Method::POST,
            2..=5 => *request.method_mut() = Method::HEAD,
            6..=15 if server != 2 => {
                let from = chance.usize(..length);
                let range = match chance.bool() {
                    true => format!("bytes={from}-"),
                    false => format!("bytes={from}-{}", from + chance.usize(..length)),
                };
                let range = HeaderValue::try_from(range).expect("a value");
                fields.insert(header::RANGE, range);
            }
            16..=25 => {
                let modes = [
                    CacheMode::NoStore,
                    CacheMode::Reload,
                    CacheMode::NoCache,
                    CacheMode::ForceCache,
                    CacheMode::OnlyIfCached,
                ];
                let mode = chance.choice(modes).expect("one");
                request.extensions_mut().insert(mode);
            }
            _ => {}
        }
        Asked {
            page,
            user,
            variant,
            floor: self.origins.versions.floor(page),
            request,
        }
    }

    /// What came of a request.
    async fn ask(
        &mut self,
        client: CacheService<HyperClient>,
        asked: Asked,
    ) -> Result<String, Wrong> {
        let Asked { page, request, .. } = &asked;
        let (page, method) = (*page, request.method().clone());
        let response = client.oneshot(asked.request.clone()).await;
        let response = response.map_err(|error| Wrong::Failed(format!("{error:?}")))?;
        let status = response.extensions().get::<CacheStatus>().copied();
        let status = status.ok_or(Wrong::NoStatus)?;
        let told = told(&method, &status);
        if response.status() == StatusCode::GATEWAY_TIMEOUT
            && matches!(status.outcome(), Outcome::Offline | Outcome::Unsatisfiable)
        {
            return Ok(told);
        }
        if method == Method::POST {
            let changed = version(said(response.headers(), "x-changed"));
            let changed = changed.ok_or(Wrong::Status(response.status()))?;
            self.origins.versions.gone(page, changed);
            return Ok(told);
        }
        if Kind::of(page) == Kind::NoStore && page / PAGES != 2 && status.is_hit() {
            return Err(Wrong::Stored);
        }
        self.compare(&asked, response).await?;
        Ok(told)
    }

    async fn compare(
        &mut self,
        asked: &Asked,
        response: Response<CacheBody<Incoming>>,
    ) -> Result<(), Wrong> {
        let (head, mut body) = response.into_parts();
        let length = pages::length(asked.page);
        let (from, to) = match head.status {
            StatusCode::OK => (0, length),
            StatusCode::PARTIAL_CONTENT => {
                let part = said(&head.headers, "content-range");
                places(part).ok_or_else(|| Wrong::Part(part.to_owned()))?
            }
            other => return Err(Wrong::Status(other)),
        };
        let tag = said(&head.headers, "etag");
        let version = version(tag).ok_or_else(|| Wrong::Tag(tag.to_owned()))?;
        if version <= asked.floor {
            return Err(Wrong::Old {
                version,
                floor: asked.floor,
            });
        }
        if asked.request.method() == Method::HEAD {
            return Ok(());
        }
        let content = Content::of(asked.page, asked.user, asked.variant, version);
        // One in thirty is dropped before its end.
        let dropped_at = match self.chance.u32(..30) {
            0 => self.chance.usize(from..to),
            _ => usize::MAX,
        };
        let mut at = from;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Wrong::Failed(format!("{error:?}")))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if !content.is_at(at, &data) {
                return Err(Wrong::Octets { version, at });
            }
            self.tally.compared(data.len());
            at += data.len();
            if at >= dropped_at {
                return Ok(());
            }
        }
        if at == to {
            Ok(())
        } else {
            Err(Wrong::Length { at, to })
        }
    }
}

/// `bytes 1-2/3`, as the first place and the one behind the last.
fn places(part: &str) -> Option<(usize, usize)> {
    let (part, _) = part.strip_prefix("bytes ")?.split_once('/')?;
    let (from, last) = part.split_once('-')?;
    Some((from.parse().ok()?, last.parse::<usize>().ok()? + 1))
}

fn told(method: &Method, status: &CacheStatus) -> String {
    let how = match status.outcome() {
        Outcome::Hit => "hit".to_owned(),
        Outcome::Forwarded(_) if status.is_collapsed() => "collapsed".to_owned(),
        Outcome::Forwarded(reason) => match status.forward_status() {
            Some(StatusCode::NOT_MODIFIED) => format!("validated, {reason}"),
            _ => format!("forwarded, {reason}"),
        },
        Outcome::Offline => "offline".to_owned(),
        Outcome::Unsatisfiable => "only if cached".to_owned(),
        other => format!("{other:?}"),
    };
    format!("{method}: {how}")
}

/// What is wrong with an answer. Only the first may be, at a server that is not well.
#[derive(Debug)]
enum Wrong {
    Failed(String),
    NoStatus,
    Status(StatusCode),
    Tag(String),
    Part(String),
    Stored,
    Old { version: u64, floor: u64 },
    Octets { version: u64, at: usize },
    Length { at: usize, to: usize },
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed(error) => f.write_str(error),
            Self::NoStatus => f.write_str("no word of the cache"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Tag(tag) => write!(f, "an entity tag {tag}"),
            Self::Part(part) => write!(f, "a part {part}"),
            Self::Stored => f.write_str("what may not be stored came from the store"),
            Self::Old { version, floor } => {
                write!(f, "version {version} came, and {floor} was gone already")
            }
            Self::Octets { version, at } => {
                write!(f, "other octets than those of version {version}, at {at}")
            }
            Self::Length { at, to } => write!(f, "it ended at {at}, not at {to}"),
        }
    }
}
