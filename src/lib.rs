//! An HTTP cache for clients, as [Tower](tower) middleware: put it around a client and forget it is
//! there, until you need to clear it, switch it off, or ask it why.
//!
//! ```
//! use bytes::Bytes;
//! use http_body_util::Empty;
//! use hyper_util::{client::legacy::Client, rt::TokioExecutor};
//! use tower::ServiceBuilder;
//! use tower_client_cache::CacheLayer;
//!
//! # type Client_ = Client<hyper_util::client::legacy::connect::HttpConnector, Empty<Bytes>>;
//! let http_client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
//!
//! let cache = CacheLayer::new(); // private, in memory, least recently used, 64 MiB
//! let handle = cache.handle(); // keep it: to clear, switch and inspect while requests run
//! let client = ServiceBuilder::new().layer(cache).service(http_client);
//!
//! handle.clear(); // nothing the origin was asked for before this is ever served again
//! # let _: tower_client_cache::CacheService<Client_> = client;
//! ```
//!
//! # What it does
//!
//! - It follows RFC 9111, as a private cache or as a shared one (`CacheLayer::shared`), for GET and HEAD:
//!   what may be stored and for how long, `Vary` with several variants for one URI, the age of what is
//!   reused, validation with `ETag` and `Last-Modified`, every directive of `Cache-Control`, the caller's own
//!   preconditions merged with those of the cache, invalidation by unsafe requests, answers to POST and
//!   PATCH that are of what a GET would get. `stale-while-revalidate` works in the background,
//!   `stale-if-error` where the origin fails (RFC 5861), `immutable` on a reload (RFC 8246).
//! - Where the standards leave a choice, it is named, with its reason and its setting: see [`choices`].
//! - It answers requests with `Range` out of what it has: one part, or several in one body. Partial
//!   responses with a strong validator are stored, put together, and completed where a request can be
//!   [sent again](CacheLayer::request_body): a GET of what is held in part asks the origin for what is missing.
//! - A private cache keeps users apart: requests that differ in `Authorization`, `Cookie`,
//!   `Proxy-Authorization` or the userinfo of the URI never share a stored response. Credentials are kept as
//!   keyed hashes, never in clear. Either kind can be told to keep apart by
//!   [something else](CacheLayer::partition).
//! - One request may be treated otherwise, by a [`CacheMode`] in its extensions: Fetch's six; and by others, [listed
//!   below](#one-request). All are by the [mode of the cache](Mode): read-only, say, or offline.
//! - [`Rule`]s say what holds for an origin, a path, or whatever else can be told of a request and its response: a
//!   lifetime where there is none, limits, tags, what not to store.
//! - Where that is asked for, content is part of the key: a [QUERY](CacheLayer::query) (RFC 10008) is answered by
//!   what another with the same content got, and so is a POST that a [rule](Rule::safe_post) says is safe, a search
//!   or GraphQL.
//! - What few want is asked for by a setting: stale responses when the
//!   [origin cannot be reached](CacheLayer::stale_if_disconnected), the beginning of what was
//!   [cut off](CacheLayer::keep_incomplete), [`Clear-Site-Data`](CacheLayer::clear_site_data), and with the feature
//!   `structured-fields` targeted fields (RFC 9213), cache groups (RFC 9875) and `No-Vary-Search`.
//! - [`CacheHandle`] clears and purges behind a fence: a response that was on its way is not stored
//!   afterwards.
//! - Bodies stream. The caller has the head and each frame as soon as without the cache; what will not
//!   be stored is not copied. A body is stored when it was read to its end and was as long as it said.
//! - What is stored is bounded in octets, everything counted: keys, fields, bodies, bookkeeping, and
//!   bodies that are being recorded.
//! - Many requests for one thing at once are one to the origin: see [below](#many-at-once).
//! - Errors are the inner service's, of its own type. What goes wrong inside the cache is a request
//!   forwarded, never an error.
//! - Every response says why: a [`CacheStatus`] is in its extensions, in the words of RFC 9211.
//!
//! # What it does not do
//!
//! - It makes no response cacheable that its origin does not allow to be, and no header of its own
//!   controls it: control is by types and methods. The one field it adds to responses is `Age`, and where
//!   that is set [`Cache-Status`](CacheLayer::cache_status); a stored response without `Date` gets one as well.
//! - It forwards as they are a GET that has content, gRPC, and every method but GET and HEAD, and those that it is
//!   told to answer (choices C-42, C-47, C-48).
//! - It keeps nothing on disk.
//! - It does not retry and does not follow redirects; layers for that are easy to come by, and where they
//!   go is said below. The one request that it may send again is one that the origin has answered with a 304
//!   about nothing, or with a part that does not fit what is stored, and only where it is told
//!   [how](CacheLayer::request_body).
//! - It does not limit how long a request takes.
//!
//! # Where in the stack it goes
//!
//! The cache decides by what it sees, so whatever decides *which* response a request gets has to be
//! above it, and whatever decides *how* the origin is reached below. From the outside in:
//!
//! ```text
//! trace, auth, cookies, timeout, redirect, decompression, CacheLayer, retry, load shed, limit, client
//! ```
//!
//! The page [`order`] draws it, and says of each layer what goes wrong elsewhere.
//!
//! **A layer below the cache that puts credentials on requests, auth or cookies, is a leak**: one user is shown what
//! is another's. So is a client certificate where others share the store: it stands in no request, and who has one
//! needs a [`CacheLayer`] of its own, or a [`Partition`]. A client below it that follows redirects by itself, as
//! reqwest does unless it is told not to, has the last answer stored under the first URI, unless the cache is told
//! [where it came from](CacheLayer::final_uri); with the feature `reqwest` it is. Around an axum router the layer
//! goes outside of `nest`, which shortens the path that the cache would see. The page [`stacks`] tells what is
//! particular to each client and server.
//!
//! **The cache is always ready.** A hit has no use for the inner service, so
//! [`poll_ready`](tower::Service::poll_ready) does not ask it: stored responses are served over a client
//! that is saturated, or gone. A request that is forwarded clones the inner service, waits for that clone
//! to be ready, and calls it. So layers above see no back-pressure; what they would do about it (shed
//! load, say) they do below. An inner service that is not `Clone` goes under a
//! [`Buffer`](https://docs.rs/tower/0.5/tower/buffer/).
//!
//! # What decides
//!
//! In short; the page [`precedence`] has it as a table.
//!
//! The [mode of the cache](Mode) outranks a request's [`CacheMode`], and that outranks its `Cache-Control`
//! and `Pragma`. These say which stored responses a request takes. How long one is fresh is for the response to
//! say; where it does not, that is guessed from `Last-Modified`. What a response forbids no request allows:
//! `no-store`, `no-cache`, `must-revalidate`, in a shared cache `private`.
//!
//! # Clearing and switching
//!
//! | what people try | what does it here |
//! |---|---|
//! | close the session | drop the services, layers and handles: the last one takes the store along |
//! | make a new session | a new [`CacheLayer`] has a store of its own |
//! | `session.cache = None` | [`disable`](CacheHandle::disable), [`clear`](CacheHandle::clear), or [both in one step](CacheHandle::disable_and_clear); [`pause`](CacheHandle::pause) for a time |
//! | work offline, or test without a network | [`set_mode`](CacheHandle::set_mode) with [`Mode::Offline`]: what is stored, or 504 |
//! | freeze what is stored | [`Mode::ReadOnly`]; [`hold`](CacheHandle::hold) for a time |
//! | renew what is stored | [`Mode::Refresh`] |
//! | send `Cache-Control: no-cache` | that request, and no other, is answered only with the origin's consent; what is stored is freshened or replaced |
//! | forget one page | [`purge`](CacheHandle::purge), for every variant, method and user |
//! | forget one site, path, tag, user, or whatever else | [`purge`](CacheHandle::purge) with a [`Selector`] |
//! | have something validated before it is used again | [`expire`](CacheHandle::expire), with the same |
//! | keep it for the next process | [`snapshot`](CacheHandle::snapshot) and [`restore`](CacheHandle::restore) |
//! | warm it | [`insert`](CacheHandle::insert) |
//!
//! Clearing empties this cache and no other. A proxy or CDN on the way has copies of its own, and
//! answers with them until the request itself says `no-cache`.
//!
//! # One request
//!
//! What one request wishes is in its extensions, each a type of its own: its [`CacheMode`]; how stale a response it
//! takes ([`MaxStale`]), and where the origin fails ([`StaleIfError`]), or how fresh it has to be ([`MinFresh`]); how
//! long its answer is fresh ([`Lifetime`]), and with which [`Tags`] it is stored; what it is looked for by: a [`Key`]
//! of its own, its URI [without some parameters](IgnoreQuery), in a [`Partition`]; that it
//! [waits for no other](NoCollapse); and of an unsafe one what it [makes wrong](Invalidates) beside its target.
//!
//! # Looking at it
//!
//! Every response says in its [`CacheStatus`] what was done. [`explain`](CacheHandle::explain) says what would be
//! done with a request, and why, line by line. [`stats`](CacheHandle::stats) counts, and [`Stats::since`] tells what
//! has been counted between two readings; [`subscribe`](CacheHandle::subscribe) tells of each thing as it happens.
//! [`contains`](CacheHandle::contains), [`peek`](CacheHandle::peek) and [`entries`](CacheHandle::entries) look at
//! what is stored without a trace. The example `inspector` in the repository makes a page of all this.
//!
//! # Many at once
//!
//! Where nothing stored answers a request and another for the same is on its way to the origin, it waits for
//! that one's answer (choice C-49). The first has each frame as it comes; those that wait have the whole when it is
//! stored. They look at the store then as if they came only now, so nobody has what the rules would not
//! have given it: `Vary`, credentials and age count for each. Their [`CacheStatus`] says that they are
//! [collapsed](CacheStatus::is_collapsed).
//!
//! Nobody waits in vain. All go to the origin for themselves, at once, when the head shows that the answer is
//! of no use to others (it is not stored, is too large, or may not be reused without validation); those with
//! another variant do when `Vary` shows it; all do when the first one fails, when its body breaks off, and
//! when a limit has passed: [two seconds](CacheLayer::collapse_limit) after the head, and
//! [ten](CacheLayer::collapse_head_limit) in all. If the first one is given up before its head is there, one
//! of those that wait takes its place. What was of no use to others is remembered for twenty seconds, and
//! requests for it do not wait. A clear or purge, and switching the cache off, let go whom they concern.
//!
//! Never collapsed are requests whose caller wants something new, a range, or an answer to a
//! precondition of its own. Without a timer, and so [without background work](CacheLayer::without_background), it is
//! off unless it is [asked for](CacheLayer::collapse): a task that holds an answer it does not read, and asks for
//! the same again, would wait for itself.
//!
//! # Background work, and stacks that are not `Send`
//!
//! `CacheLayer::new` validates what it serves stale, and reads on what a caller has
//! [left unread](CacheLayer::finish_abandoned), on the tokio runtime that the request is made on;
//! for that the inner service, its future and both bodies have to be `Send + 'static`.
//! [`CacheLayer::without_background`] asks for none of it, and works around `&Client`, around services
//! that are not `Send`, and without a runtime. [`CacheLayer::background`] takes another executor. Where there
//! is nothing to run on, a stale response is validated before it is reused, and a body that is dropped is given up.
//!
//! # Limits
//!
//! What is beyond them is passed on and not stored, or left undone; nothing fails.
//!
//! | what | how much |
//! |---|---|
//! | octets held | [`capacity`](CacheLayer::capacity), 64 MiB |
//! | stored responses | [`max_responses`](CacheLayer::max_responses), no limit |
//! | octets of one body, trailers included | [`max_body`](CacheLayer::max_body), an eighth of the capacity |
//! | octets of a request's content, where that is part of the key | [`max_content`](CacheLayer::max_content), 64 KiB |
//! | requests that wait for one answer; beyond, they are forwarded | 16,384 |
//! | answers waited for at once; beyond, nobody waits for another | 4,096 |
//! | resources remembered to be of no use to others | 1,024, for 20 s |
//! | lines of a head | 1,024 |
//! | names in `Vary`, and their octets | 32, and 2,048 |
//! | ranges in one answer; beyond, it is the whole | 8, in a shared cache 4 |
//! | variants that the origin is asked about where none is selected, and octets of their entity tags | 8, and 1,024 |
//! | pieces of one response held in part that do not touch; beyond, a part is not added | 64 |
//! | variants for one URI and user; the one used least recently gives way | 64 |
//! | background validations at once; beyond, a stale response is reused and not validated | 64 |
//! | time for a background validation | 60 s |
//! | octets read on of a body that its caller has dropped; beyond, it is given up | [`finish_abandoned`](CacheLayer::finish_abandoned), 256 KiB |
//! | such bodies at once, and time for each | 64, and 10 s |
//! | rest after a validation that has failed, before the same stale response is validated again; meanwhile it is reused | 1 s, doubled by each failure in a row, up to 60 s |
//! | purges and expiries remembered for what is on its way, by all that they name; beyond, it is not stored at all | 1,024 |
//! | cache groups in one field, and octets of a name; beyond, the field is ignored | 128, and 256 |
//! | [tags](Tags) of one response, its cache groups included, octets of one, and of all; beyond, it is not stored | 128, 256, and 4,096 |
//! | different `No-Vary-Search` of one path; what has yet another stands for its own URI alone | 16 |
//! | responses of other queries that are looked at for one request | 64, those stored last |
//!
//! The first three can be changed through the handle as well, while requests run.
//!
//! # What it costs
//!
//! **A hit** costs what it costs to copy a response's head, and as much whatever the size of its body and however
//! much is stored: five allocations, two for the head and three for the extension, and 3,400 instructions
//! more than a bare call, which takes 4,000 with an origin that answers at once. It reads the clock once, and
//! where the response is hot takes no lock but that of its thread's own stripe. A response that has not been
//! hit eight times lies packed, and to unpack it under its first hits costs 3,000 more.
//!
//! **A forward** of what is not stored adds five allocations and 5,500 instructions to a bare call; no frame waits.
//! **Storing** a response of 1 KiB adds 24,000 in all, and grows with the octets, which are copied once as they
//! pass, and once more at the end where their number was not known.
//!
//! **A stored octet** of a response of 1 KiB with twelve fields takes 1.8 octets of memory, all counted; of larger
//! bodies it comes near to one. Bookkeeping grows with the number of responses, and the time it takes does
//! not, but for what larger tables cost the processor's caches. Eviction is a constant amount of work for each
//! response that goes. What is hot has copies of its head, a
//! [part in 32](Stats::copies) of the capacity at most.
//!
//! **Threads** share one lock for what is not hot, held for a look-up. On hot responses they share nothing that
//! is written: each of up to 64 stripes, one for each core, has copies of its own, with reference counts of their
//! own, and its own count of hits. What all of them read (the settings' version, the switch, whether a copy may
//! still answer) is written when something is set, stored in its place, purged or cleared. Where there are more
//! cores than stripes two share a stripe, and wait for each other's look-ups.
//!
//! **To clear** everything takes effect at once, and a thread that lives for no longer gives the memory back where
//! it is much. To purge, expire or invalidate a URI costs as much as it has stored responses, those of every user, and a
//! tag as much as there are that have it: 20 µs for one of a million, 3 ms for a thousand. Other
//! [selectors](Selector) walk through all that is stored: 0.1 to 0.4 s where there are a million; 64 at a time, so that
//! nobody waits for more than these, and what a filter takes is nobody's wait.
//!
//! `benches/run` in the repository measures all of this, beside other caches.
//!
//! # Features
//!
//! - `tokio` (default): background work on tokio, and with it `CacheLayer::new` and `CacheLayer::shared`.
//! - `structured-fields`: what reads fields in the syntax of RFC 9651: targeted cache control (RFC 9213), cache
//!   groups (RFC 9875), and `No-Vary-Search`. It is not a default feature because it brings in nine more crates, for
//!   fields that few origins send. It adds settings, and changes nothing until one of them is used.
//! - `grpc`: unary methods of gRPC that a rule says are safe are answered from the store, below the clients that tonic
//!   generates: `Rule::safe_grpc` says how. It brings in no crates.
//! - `tracing`, `metrics`: each request, and what is stored and removed, as events of the crate `tracing`, and as
//!   counters and histograms of the crate `metrics`, by names in the manner of OpenTelemetry: see [`telemetry`].
//! - `reqwest`: around the client of reqwest 0.13, in its own types: the module `reqwest`.
//!
//! # Supported Rust
//!
//! Rust 1.85 and later. A newer one is asked for only with a new minor version.

mod answer;
mod answering;
pub mod background;
mod backoff;
mod body;
mod cache;
mod cache_status;
mod caller;
#[doc = include_str!("choices.md")]
pub mod choices {}
mod clock;
mod collapse;
mod combining;
mod completing;
mod content;
mod copying;
mod entries;
mod events;
mod exchange;
mod explain;
mod failing;
mod fill;
mod freshening;
mod future;
#[cfg(feature = "grpc")]
mod grpc;
mod handle;
mod header;
mod heads;
mod info;
mod inserting;
#[cfg(all(test, shuttle))]
#[allow(clippy::unwrap_used, reason = "it is all tests")]
mod interleavings;
mod invalidation;
mod key;
mod layer;
mod mode;
#[doc = include_str!("order.md")]
pub mod order {}
mod packed;
mod partition;
mod parts;
mod passing;
mod peeking;
mod policy;
#[doc = include_str!("precedence.md")]
pub mod precedence {}
mod question;
mod ranged;
mod reading;
mod reasons;
mod received;
mod relations;
pub mod request_body;
#[cfg(feature = "reqwest")]
pub mod reqwest;
mod rules;
#[cfg(feature = "structured-fields")]
mod search;
mod seed;
mod selector;
mod service;
mod settings;
mod sharing;
mod site;
mod snapshot;
#[doc = include_str!("stacks.md")]
pub mod stacks {}
mod stats;
mod store;
mod stored;
mod storing;
mod switch;
mod sync;
mod tags;
mod target;
pub mod telemetry;
mod waiting;
mod waking;
mod wishes;

pub use self::body::CacheBody;
pub use self::cache_status::{CacheStatus, Forward, LifetimeSource, NotStored, Outcome};
pub use self::clock::Clock;
pub use self::entries::Entries;
pub use self::events::{Event, EventUri, Events, Removal, Validation};
pub use self::explain::{Explanation, Step, Verdict};
pub use self::future::ResponseFuture;
pub use self::handle::{CacheHandle, ModeGuard, Purged};
pub use self::info::{PartitionId, StoredInfo};
pub use self::layer::CacheLayer;
pub use self::mode::{CacheMode, Mode};
pub use self::policy::SetCookie;
pub use self::rules::Rule;
pub use self::selector::Selector;
pub use self::service::CacheService;
pub use self::snapshot::{RestoreError, Restored, Snapshot};
pub use self::stats::{Eviction, Stats};
pub use self::tags::Tags;
pub use self::wishes::{
    IgnoreQuery, Invalidates, Key, Lifetime, MaxStale, MinFresh, NoCollapse, Partition,
    StaleIfError,
};

/// The examples of the README run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
