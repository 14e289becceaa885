//! "How do I clear the cache of Python's Requests?" Requests has none of its own, and four answers go
//! round all the same: close the session, make a new one, set `session.cache = None`, send
//! `Cache-Control: no-cache`. This shows what each of them is here, and what no clearing can reach.
//!
//! Every line is a step: what Requests users believe of it, and what happens here. Each is checked
//! against a real server, and the example fails where one does not hold.
//!
//! ```text
//! cargo run --example clear_the_cache
//! ```

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tower::Layer;
use tower_client_cache::{CacheLayer, CacheService};

use news::{News, Seen, start_proxy};
use shared::{Colour, Error, check, check_status, heading, paint};

#[path = "shared/news.rs"]
mod news;
mod shared;

#[tokio::main]
async fn main() -> ExitCode {
    shared::run(answers()).await
}

async fn answers() -> Result<(), Error> {
    println!("How do I clear the cache of Python's Requests?");
    step("", "").print("what happens here");
    step("step", "Requests users believe").print("origin     CacheStatus       body");
    close_the_session().await?;
    make_a_new_session().await?;
    set_the_cache_to_none().await?;
    clear_while_an_answer_is_on_its_way().await?;
    ask_with_no_cache().await?;
    what_clearing_cannot_reach().await
}

const STORED: &str = "fwd=uri-miss; fwd-status=200; stored";
const HIT: &str = "hit";
const OFF: &str = "fwd=bypass; fwd-status=200; detail=disabled";

async fn close_the_session() -> Result<(), Error> {
    heading("1. session.close(): there is no close(); drop the service, the layer and the handle");
    let news = News::start().await?;
    let layer = CacheLayer::new();
    let handle = layer.handle();
    let session = new_session(&layer);

    let seen = news.get(&session).await?;
    step("GET /news", "").asks(&seen, STORED, "edition 1")?;

    drop(session);
    drop(layer);
    news.server.until_disconnected().await?;
    step("drop(service), drop(layer)", "closing empties the cache").holds(
        handle.len() == 1,
        "connections closed, 1 kept by the handle",
    )?;

    drop(handle);
    let session = new_session(&CacheLayer::new());
    let seen = news.get(&session).await?;
    step("drop(handle), a new stack", "all begins anew").asks(&seen, STORED, "edition 1")
}

async fn make_a_new_session() -> Result<(), Error> {
    heading(
        "2. requests.Session(): a new layer has a store of its own, and leaves the others theirs",
    );
    let news = News::start().await?;
    let (old, new) = (CacheLayer::new(), CacheLayer::new());

    let seen = news.get(&new_session(&old)).await?;
    step("old layer: GET /news", "").asks(&seen, STORED, "edition 1")?;
    let seen = news.get(&new_session(&new)).await?;
    step("new layer: GET /news", "a new session is empty").asks(&seen, STORED, "edition 1")?;

    let removed = new.handle().clear().responses();
    step("new layer: clear()", "every session is cleared").holds(
        removed == 1 && old.handle().len() == 1,
        "1 removed; the old layer keeps its own",
    )?;
    let seen = news.get(&new_session(&old)).await?;
    step("old layer, a new service", "a new client is empty").spares(&seen, HIT, "edition 1")
}

async fn set_the_cache_to_none() -> Result<(), Error> {
    heading("3. session.cache = None: disable(), clear(), or without a gap disable_and_clear()");
    let news = News::start().await?;
    let layer = CacheLayer::new();
    let handle = layer.handle();
    let session = new_session(&layer);

    let seen = news.get(&session).await?;
    step("GET /news", "").asks(&seen, STORED, "edition 1")?;

    handle.disable();
    let seen = news.get(&session).await?;
    step("disable(), GET /news", "it is off").asks(&seen, OFF, "edition 1")?;
    handle.enable();
    let seen = news.get(&session).await?;
    step("enable(), GET /news", "it is empty, too").spares(&seen, HIT, "edition 1")?;

    handle.clear();
    let seen = news.get(&session).await?;
    step("clear(), GET /news", "it is empty").asks(&seen, STORED, "edition 1")?;
    let seen = news.get(&session).await?;
    step("GET /news", "it is off, too").spares(&seen, HIT, "edition 1")?;

    let removed = handle.disable_and_clear().responses();
    step("disable_and_clear()", "it is off and empty").holds(
        removed == 1 && handle.is_empty() && !handle.is_enabled(),
        "one call: it is off, and 1 is removed",
    )?;
    let seen = news.get(&session).await?;
    step("GET /news", "").asks(&seen, OFF, "edition 1")?;
    handle.enable();
    let seen = news.get(&session).await?;
    step("enable(), GET /news", "old answers come back").asks(&seen, STORED, "edition 1")
}

async fn clear_while_an_answer_is_on_its_way() -> Result<(), Error> {
    heading("   and while an answer is on its way: it comes when clear() has returned");
    let news = News::start().await?;
    let layer = CacheLayer::new();
    let handle = layer.handle();
    let session = new_session(&layer);

    let (seen, cleared) = tokio::join!(
        news.send(&session, Request::get(news.server.uri("/held"))),
        async {
            news.desk.is_asked.notified().await;
            let cleared = handle.clear();
            news.desk.may_answer.notify_one();
            cleared
        }
    );
    check("clear()", "exchanges under way", cleared.in_flight(), 1)?;
    step("GET /held, clear() called", "").asks(&seen?, "fwd=uri-miss", "edition 1")?;
    step("the answer has come", "it fills the cache again")
        .holds(handle.is_empty(), "the caller has it, the store has not")
}

async fn ask_with_no_cache() -> Result<(), Error> {
    heading("4. Cache-Control: no-cache: this one request is validated, and nothing is cleared");
    let news = News::start().await?;
    let layer = CacheLayer::new();
    let handle = layer.handle();
    let session = new_session(&layer);

    let first = news.get(&session).await?;
    step("GET /news", "").asks(&first, STORED, "edition 1")?;

    let validated = "fwd=request; fwd-status=304; stored";
    let no_cache = Request::get(news.server.uri("/news")).header("cache-control", "no-cache");
    let second = news.send(&session, no_cache).await?;
    step("GET /news with no-cache", "it clears the cache").asks(&second, validated, "edition 1")?;
    step("handle.len()", "").holds(handle.len() == 1, "1: the stored response stays")?;

    let third = news.get(&session).await?;
    step("GET /news", "it is asked for anew").spares(&third, HIT, "edition 1")?;
    step("its fields", "").holds(
        (first.answer, third.answer) == (1, 2),
        "those of the 304: it was freshened",
    )
}

async fn what_clearing_cannot_reach() -> Result<(), Error> {
    heading("What clearing cannot reach: another cache on the way, here a proxy with its own");
    let news = News::start().await?;
    let proxy = start_proxy(news.server.uri("/news")).await?;
    let layer = CacheLayer::new();
    let session = new_session(&layer);
    let via_proxy = || Request::get(proxy.uri("/news"));

    let seen = news.send(&session, via_proxy()).await?;
    step("GET /news via the proxy", "").asks(&seen, STORED, "edition 1")?;

    news.desk.edition.store(2, Ordering::SeqCst);
    layer.handle().clear();
    let seen = news.send(&session, via_proxy()).await?;
    step("edition 2, clear(), GET", "all caches are cleared").spares(&seen, STORED, "edition 1")?;

    let replaced = "fwd=request; fwd-status=200; stored";
    let no_cache = via_proxy().header("cache-control", "no-cache");
    let seen = news.send(&session, no_cache).await?;
    step("the same with no-cache", "").asks(&seen, replaced, "edition 2")?;
    let seen = news.send(&session, via_proxy()).await?;
    step("GET /news via the proxy", "").spares(&seen, HIT, "edition 2")
}

/// What a session is to Requests: a client with connections of its own, and the cache of the layer.
fn new_session(layer: &CacheLayer) -> Session {
    layer.layer(Client::builder(TokioExecutor::new()).build_http())
}

type Session = CacheService<Client<HttpConnector, Empty<Bytes>>>;

/// A line of the output: what is done, and what Requests users believe of it.
struct Step {
    what: &'static str,
    believed: &'static str,
}

fn step(what: &'static str, believed: &'static str) -> Step {
    Step { what, believed }
}

impl Step {
    /// The request has reached the origin.
    fn asks(self, seen: &Seen, cache: &str, body: &str) -> Result<(), Error> {
        self.sees(seen, true, cache, body)
    }

    /// The request has not reached the origin.
    fn spares(self, seen: &Seen, cache: &str, body: &str) -> Result<(), Error> {
        self.sees(seen, false, cache, body)
    }

    fn sees(self, seen: &Seen, asked: bool, cache: &str, body: &str) -> Result<(), Error> {
        let (colour, origin) = if seen.origin_was_asked {
            (Colour::Yellow, "asked")
        } else {
            (Colour::Green, "not asked")
        };
        let mut outcome = match seen.cache.forwarded() {
            Some(reason) => format!("fwd={reason}"),
            None => "hit".to_owned(),
        };
        if seen.cache.forward_status() == Some(StatusCode::NOT_MODIFIED) {
            outcome += ", 304";
        }
        let here = format!("{origin:<9}  {outcome:<16}  {}", seen.body);
        self.print(&paint(colour, &here));

        check(
            self.what,
            "it asks the origin",
            seen.origin_was_asked,
            asked,
        )?;
        check(self.what, "the body", seen.body.as_str(), body)?;
        check_status(self.what, &seen.cache, cache)
    }

    fn holds(self, it_does: bool, here: &str) -> Result<(), Error> {
        if !it_does {
            return Err(format!("{}: not so: {here}", self.what).into());
        }
        self.print(here);
        Ok(())
    }

    fn print(&self, here: &str) {
        let believed = paint(Colour::Dim, &format!("{:<25}", self.believed));
        println!("  {:<26}  {believed}  {here}", self.what);
    }
}
