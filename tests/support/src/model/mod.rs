//! What a cache may do: a reference, written from the rules alone, slow and plain.
//!
//! It is told every exchange and says of each request which answers are allowed. Where the rules leave a
//! choice it allows all that they do: then it does not know what is stored, and keeps both what may be
//! and what may be instead, neither of them sure. What is sure and may be reused has to be.

mod control;
mod date;
mod exchange;
mod failure;
mod fields;
mod freshness;
mod given;
mod heads;
mod notmodified;
mod request;
mod reuse;
mod selection;
mod storing;
mod target;
mod validation;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use tower_client_cache::CacheMode;

use crate::origin::Seen;

pub use exchange::Heads;
pub use given::{Given, Stored};
pub use request::Answers;
pub use storing::Storing;

use target::Target;

/// Whose cache it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Private,
    Shared,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    mode: CacheMode,
    target: Option<Target>,
    user: Vec<Option<Vec<u8>>>,
    /// It has no caller, and was begun then.
    background: Option<Moment>,
}

/// A moment, by what had happened until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(usize);

/// The head of a response.
#[derive(Debug, Clone)]
pub struct Replied {
    pub status: StatusCode,
    pub headers: HeaderMap,
}

/// How much a stored response is still worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// It is what the origin has last said.
    Good,
    /// The rules leave open whether it has to be validated.
    Doubtful,
    /// It may not be reused before it is validated (9111-4.4-5, PRJ-4.3.3-4).
    Outdated,
}

/// A stored response.
#[derive(Debug, Clone)]
struct Record {
    id: usize,
    /// The exchange that its body is of.
    number: usize,
    /// When that exchange began, or the one that has freshened it.
    begun: usize,
    target: Target,
    user: Vec<Option<Vec<u8>>>,
    method: Method,
    status: StatusCode,
    /// The fields that were received: the rules are read in them (PRJ-3.1-7).
    rules: HeaderMap,
    /// The fields that are stored.
    head: HeaderMap,
    /// The fields of the request.
    request: HeaderMap,
    body: Bytes,
    request_time: u64,
    response_time: u64,
    mark: Mark,
    /// Whether the cache surely has it.
    is_sure: bool,
    /// It was stored for another request (C-18), and may lack what was said to that one.
    is_adopted: bool,
}

/// An exchange under way.
#[derive(Debug, Clone)]
struct Flight {
    number: usize,
    begun: usize,
    asked: Asked,
    request_time: u64,
    /// It passes the cache by.
    is_bypass: bool,
    /// Nothing was stored when it began.
    is_barred: bool,
    /// The cache was cleared since.
    is_fenced: bool,
    /// What it brings was invalidated since (PRJ-4-14).
    is_outdated: bool,
    /// The cache was switched off since, if only for a while.
    is_switched: bool,
    /// Something else has happened to the same URI since.
    is_disturbed: bool,
    /// What might have been reused, had the rules allowed it.
    chosen: Vec<Record>,
    /// Those whose validators the origin was sent.
    nominated: Vec<usize>,
    /// Those of them that are not among the chosen, as they were.
    others: Vec<Record>,
    /// Whether the caller sent preconditions of its own.
    is_conditional: bool,
    /// Whether the cache has added to them.
    has_added: bool,
    /// What will be stored when the body has ended.
    record: Option<(Record, Storing)>,
}

/// What may be stored, and what is under way.
#[derive(Debug, Clone)]
pub struct Model {
    kind: Kind,
    records: Vec<Record>,
    flights: Vec<Flight>,
    is_disabled: bool,
    is_read_only: bool,
    pauses: usize,
    events: usize,
    /// Whether what is stored may be gone for lack of room.
    is_forgetful: bool,
    /// Whether a request can be sent once more (C-20).
    asks_twice: bool,
    /// Whether the exchange that was answered last had been interfered with.
    was_disturbed: bool,
    /// What it was about.
    was_about: Vec<Record>,
}

impl Asked {
    /// A request of a caller.
    pub fn new<Q>(kind: Kind, request: &Request<Q>) -> Self {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let mode = request.extensions().get().copied().unwrap_or_default();
        Self::of(kind, method, uri, request.headers().clone(), mode, None)
    }

    /// A request that was made for a validation in the background, as the origin saw it.
    ///
    /// # Errors
    ///
    /// What it should not have of the caller's (PRJ-5861-2).
    pub fn in_background(kind: Kind, seen: &Seen, begun: Moment) -> Result<Self, String> {
        let mut headers = seen.headers.clone();
        headers.remove("if-none-match");
        headers.remove("if-modified-since");
        let control = control::Control::of(&headers);
        for name in ["only-if-cached", "max-stale"] {
            if control.has(name) {
                return Err(format!("PRJ-5861-2: {name} in the background"));
            }
        }
        for name in ["if-match", "if-unmodified-since", "if-range", "range"] {
            if headers.contains_key(name) {
                return Err(format!("PRJ-5861-2: {name} in the background"));
            }
        }
        let (method, uri) = (seen.method.clone(), seen.uri.clone());
        Ok(Self::of(
            kind,
            method,
            uri,
            headers,
            CacheMode::Default,
            Some(begun),
        ))
    }

    fn of(
        kind: Kind,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        mode: CacheMode,
        background: Option<Moment>,
    ) -> Self {
        let mut asked = Self {
            target: Target::of(kind, &uri),
            method,
            uri,
            headers,
            mode,
            user: Vec::new(),
            background,
        };
        asked.user = target::user(kind, &asked);
        asked
    }
}

impl Model {
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            records: Vec::new(),
            flights: Vec::new(),
            is_disabled: false,
            is_read_only: false,
            pauses: 0,
            events: 0,
            is_forgetful: false,
            asks_twice: false,
            was_disturbed: false,
            was_about: Vec::new(),
        }
    }

    /// One of a cache that can send a request once more.
    pub fn asking_twice(self, asks_twice: bool) -> Self {
        Self { asks_twice, ..self }
    }

    /// One of a cache that may have too little room, and forget anything.
    pub fn forgetful(self) -> Self {
        Self {
            is_forgetful: true,
            ..self
        }
    }

    /// Now.
    pub fn moment(&self) -> Moment {
        Moment(self.events)
    }

    /// How many responses are stored, at least and at most.
    pub fn count(&self) -> (usize, usize) {
        let sure = self.records.iter().filter(|record| record.is_sure);
        (sure.count(), self.records.len())
    }

    /// Nothing that the origin was asked for before is served or stored from here on.
    pub fn clear(&mut self) {
        self.next();
        self.records.clear();
        for flight in &mut self.flights {
            flight.is_fenced = true;
        }
    }

    /// The same for one URI: every variant, method and user.
    pub fn purge(&mut self, uri: &Uri) {
        self.next();
        let target = Target::of(self.kind, uri);
        self.records
            .retain(|record| Some(&record.target) != target.as_ref());
        for flight in &mut self.flights {
            flight.is_fenced |= flight.asked.target == target;
        }
    }

    pub fn disable(&mut self) {
        self.is_disabled = true;
        self.is_read_only = false;
        self.switched();
    }

    pub fn read_only(&mut self) {
        self.is_read_only = true;
        self.is_disabled = false;
        self.switched();
    }

    pub fn enable(&mut self) {
        self.is_disabled = false;
        self.is_read_only = false;
    }

    pub fn pause(&mut self) {
        self.pauses += 1;
        self.switched();
    }

    pub fn resume(&mut self) {
        self.pauses -= 1;
    }

    fn switched(&mut self) {
        self.next();
        for flight in &mut self.flights {
            flight.is_switched = true;
        }
    }

    fn is_on(&self) -> bool {
        !self.is_disabled && self.pauses == 0
    }

    fn may_store(&self, flight: &Flight) -> bool {
        self.is_on() && !self.is_read_only && !flight.is_barred
    }

    fn next(&mut self) -> usize {
        self.events += 1;
        self.events
    }
}
