//! What subscribers of `tracing` are told.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, Once, OnceLock};

use http::{HeaderMap, HeaderValue, Method, Uri, header};
use support::{Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::{CacheHandle, Event as Told, Key, Mode, Rule, Selector};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{self, Interest};
use tracing::{Event, Level, Metadata, Subscriber};

/// The events that a test has brought about so far, on its own thread.
#[derive(Clone)]
struct Log {
    upto: LevelFilter,
    events: Arc<Mutex<Vec<Logged>>>,
    /// Of a cache that is used whenever there is an event.
    handle: Arc<OnceLock<CacheHandle>>,
}

/// An event and its fields, but for the message.
#[derive(Debug)]
struct Logged {
    level: Level,
    target: &'static str,
    message: String,
    fields: BTreeMap<&'static str, String>,
}

impl Log {
    /// Listens on this thread, to events of this level and graver ones, until the guard is dropped.
    fn upto(upto: LevelFilter) -> (Self, Listening) {
        let log = Self {
            upto,
            events: Arc::default(),
            handle: Arc::default(),
        };
        // One for all threads: what each of many would say of a callsite is remembered, and is another when one is gone.
        static ROUTER: Once = Once::new();
        ROUTER.call_once(|| subscriber::set_global_default(Router).expect("it is the only one"));
        LISTENING.set(Some(log.clone()));
        (log, Listening)
    }

    fn all() -> (Self, Listening) {
        Self::upto(LevelFilter::TRACE)
    }

    /// What was logged since this was last asked.
    fn take(&self) -> Vec<Logged> {
        std::mem::take(&mut *self.events.lock().expect("no test panics under it"))
    }

    /// The same, as level, message and fields.
    fn lines(&self) -> Vec<String> {
        self.take().iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.level, self.message)?;
        for (name, value) in &self.fields {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}

impl Visit for Logged {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = if field.name() == "message" {
            &mut self.message
        } else {
            self.fields.entry(field.name()).or_default()
        };
        write!(text, "{value:?}").expect("text takes all");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

thread_local! {
    /// Who listens on this thread, unless it is being told something.
    static LISTENING: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// Listens until it is dropped.
struct Listening;

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENING.set(None);
    }
}

/// Tells the log of the thread.
struct Router;

impl Subscriber for Router {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        LISTENING.with_borrow(|log| {
            log.as_ref()
                .is_some_and(|log| *metadata.level() <= log.upto)
        })
    }

    fn event(&self, event: &Event<'_>) {
        if let Some(log) = LISTENING.take() {
            log.event(event);
            LISTENING.set(Some(log));
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Log {
    fn event(&self, event: &Event<'_>) {
        if let Some(handle) = self.handle.get() {
            handle.purge(&Uri::from_static("http://nowhere.test/"));
            handle.set_max_body(handle.stats().responses() + 1000);
            drop(handle.pause());
        }
        let mut logged = Logged {
            level: *event.metadata().level(),
            target: event.metadata().target(),
            message: String::new(),
            fields: BTreeMap::new(),
        };
        event.record(&mut logged);
        self.events
            .lock()
            .expect("no test panics under it")
            .push(logged);
    }
}

fn fresh() -> Reply {
    reply(200)
        .control("max-age=60")
        .field("etag", "\"1\"")
        .body("12345")
}

#[tokio::test]
async fn each_request_is_one_event_with_its_outcome_and_reason() {
    let talk = Conversation::default();
    let (log, _guard) = Log::all();
    talk.store(fresh()).await;
    let [answered, stored] = &log.take()[..] else {
        panic!("two events");
    };
    assert_eq!(
        answered.to_string(),
        "DEBUG fwd=uri-miss; fwd-status=200; stored; ttl=60 cache.age=0 \
         cache.forward.reason=uri-miss cache.forward.status_code=200 cache.outcome=forwarded \
         cache.served.size=0 cache.stale=false cache.stored=true cache.ttl=60 \
         http.request.method=GET http.response.status_code=200 url.full=http://o.test/a"
    );
    assert_eq!((stored.level, &*stored.message), (Level::TRACE, "stored"));
    assert!(
        stored.fields["cache.response.size"]
            .parse::<usize>()
            .is_ok()
    );
    assert_eq!(stored.fields["url.full"], "http://o.test/a");
    assert_eq!(
        (answered.target, stored.target),
        ("tower_client_cache", "tower_client_cache")
    );

    talk.clock.advance(2);
    talk.send(request(Method::HEAD, "/a", &[])).await;
    assert_eq!(
        log.lines(),
        [
            "DEBUG hit; ttl=58 cache.age=2 cache.outcome=hit cache.served.size=0 cache.stale=false \
          cache.stored=false cache.ttl=58 http.request.method=HEAD http.response.status_code=200 \
          url.full=http://o.test/a"
        ]
    );

    talk.origin.will(reply(200).control("no-store"));
    talk.get("/b").await;
    let [answered] = &log.take()[..] else {
        panic!("one event");
    };
    assert_eq!(answered.fields["cache.stored"], "false");
    assert_eq!(answered.fields["cache.not_stored.reason"], "no-store");
    assert!(!answered.fields.contains_key("cache.age"), "none is known");
}

/// Each kind of event, at its level.
#[tokio::test]
async fn what_is_graver_has_a_graver_level() {
    let talk = Conversation::with(|layer| layer.max_responses(1));
    let stored = || fresh().control("max-age=60, stale-if-error=600");
    talk.store(stored()).await;
    let (log, _guard) = Log::all();
    let levels = || -> Vec<_> {
        let logged = log.take().into_iter();
        logged
            .map(|logged| {
                let outcome = logged.fields.get("cache.outcome");
                (logged.level, outcome.cloned().unwrap_or(logged.message))
            })
            .collect()
    };
    let told = |told: &[(Level, &str)]| -> Vec<_> {
        let told = told.iter();
        told.map(|(level, what)| (*level, (*what).to_owned()))
            .collect()
    };

    talk.get("/a").await.assert_hit();
    assert_eq!(levels(), told(&[(Level::DEBUG, "hit")]));

    talk.get_with("/b", &[("cache-control", "only-if-cached")])
        .await;
    assert_eq!(levels(), told(&[(Level::INFO, "only-if-cached")]));

    talk.clock.advance(60);
    talk.origin.will(Reply::fails(OriginError("reset")));
    assert_eq!(talk.get("/a").await.status, 200);
    assert_eq!(
        levels(),
        told(&[(Level::INFO, "validation"), (Level::WARN, "forwarded")]),
        "a stale response in the place of a failure"
    );

    talk.origin.will(reply(304));
    talk.get("/a").await.assert_validated();
    assert_eq!(
        levels(),
        told(&[(Level::DEBUG, "validation"), (Level::DEBUG, "forwarded")])
    );

    talk.origin.will(Reply::fails(OriginError("reset")));
    assert!(talk.start(get("/c", &[])).await.is_err());
    assert_eq!(levels(), told(&[(Level::WARN, "failed")]));

    talk.origin.will(fresh());
    talk.get("/d").await;
    let evicted = levels();
    assert!(
        evicted.contains(&(Level::TRACE, "evicted".to_owned())),
        "{evicted:?}"
    );

    talk.origin.will(reply(504));
    talk.get("/e").await;
    assert_eq!(
        levels(),
        told(&[(Level::DEBUG, "forwarded")]),
        "the origin's 504"
    );

    let offline = talk.handle.hold(Mode::Offline);
    talk.get("/f").await;
    drop(offline);
    assert_eq!(
        levels(),
        told(&[
            (Level::INFO, "mode"),
            (Level::INFO, "offline"),
            (Level::INFO, "mode")
        ])
    );

    talk.handle.purge(Selector::all());
    talk.handle.clear();
    assert_eq!(
        levels(),
        told(&[(Level::INFO, "purge"), (Level::INFO, "clear")])
    );
}

#[tokio::test]
async fn an_answer_of_the_cache_in_the_place_of_a_failure_is_a_warning() {
    let talk = Conversation::shared_with(|layer| layer.gateway_timeout(true));
    talk.store(fresh().control("max-age=60, must-revalidate"))
        .await;
    talk.clock.advance(60);
    let (log, _guard) = Log::upto(LevelFilter::WARN);
    talk.origin.will(Reply::fails(OriginError("reset")));
    assert_eq!(talk.get("/a").await.status, 504);
    let [answered] = &log.take()[..] else {
        panic!("one event");
    };
    assert_eq!(answered.fields["http.response.status_code"], "504");
    assert_eq!(answered.fields["cache.not_stored.reason"], "failed");
}

#[tokio::test]
async fn what_the_handle_does_is_told_with_what_has_come_of_it() {
    let talk = Conversation::default();
    talk.store(fresh()).await;
    let size = talk.handle.bytes();
    let (log, _guard) = Log::upto(LevelFilter::INFO);
    talk.get("/a").await.assert_hit();
    talk.handle.disable_and_clear();
    assert_eq!(
        log.lines(),
        [
            "INFO mode cache.mode=bypass".to_owned(),
            format!(
                "INFO clear cache.removal.in_flight=0 cache.removal.responses=1 \
                 cache.removal.size={size} cache.removal.verb=clear"
            ),
        ]
    );
}

/// Promise 8: whatever is secret in a request, none of it is in an event.
#[tokio::test]
async fn nothing_secret_is_in_any_event() {
    let talk = Conversation::with(|layer| layer.max_responses(1));
    let (log, _guard) = Log::all();
    let fields = [
        ("authorization", "hidden"),
        ("cookie", "hidden"),
        ("accept-language", "hidden"),
    ];
    let vary = || {
        fresh()
            .field("vary", "accept-language")
            .field("x-token", "hidden")
            .body("hidden")
    };
    for path in ["http://hidden:hidden@o.test/a?hidden=hidden", "/b?hidden"] {
        talk.origin.will(vary());
        talk.send(get(path, &fields)).await;
        talk.send(get(path, &fields)).await.assert_hit();
        talk.clock.advance(60);
        talk.origin.will(reply(304));
        talk.send(get(path, &fields)).await.assert_validated();
    }
    let mut named = get("/c?hidden", &fields);
    named.extensions_mut().insert(Key::new("hidden"));
    talk.origin.will(vary());
    talk.send(named.clone()).await;
    talk.send(named).await.assert_hit();
    talk.origin.will(Reply::fails(OriginError("hidden")));
    assert!(talk.start(get("/d?hidden", &fields)).await.is_err());
    talk.origin.will(reply(204));
    talk.send(request(Method::POST, "/a?hidden", &fields)).await;
    talk.get_with("/a?hidden", &[("cache-control", "only-if-cached")])
        .await;
    talk.handle.purge(Selector::tag("hidden"));
    let lines = log.lines();
    assert!(lines.len() > 12, "{lines:#?}");
    assert!(
        lines.iter().all(|line| !line.contains("hidden")),
        "{lines:#?}"
    );
    assert!(
        lines[0].ends_with("url.full=http://o.test/a?REDACTED"),
        "{}",
        lines[0]
    );
}

/// Around a server's routes: what is not known of a URI is not made up.
#[tokio::test]
async fn a_request_in_origin_form_is_told_of_by_its_path() {
    let talk = Conversation::shared();
    let (log, _guard) = Log::upto(LevelFilter::DEBUG);
    let mut request = get("/a", &[]);
    *request.uri_mut() = "/a?b".parse().expect("a URI");
    let host = HeaderValue::from_static("o.test");
    *request.headers_mut() = HeaderMap::from_iter([(header::HOST, host)]);
    for (field, expected) in [("url.path", "/a"), ("url.full", "http://o.test/a?REDACTED")] {
        talk.origin.will(fresh());
        talk.send(request.clone()).await;
        let logged = log.take();
        let url: Vec<_> = logged[0]
            .fields
            .iter()
            .filter(|(name, _)| name.starts_with("url"))
            .collect();
        assert_eq!(
            url,
            [(&field, &expected.to_owned())],
            "the key of a hit is whole"
        );
    }
}

/// Who has subscribed is told the same, whether or not there is anybody else.
#[tokio::test]
async fn subscribers_of_the_handle_are_told_beside_it() {
    let talk = Conversation::default();
    let (log, guard) = Log::all();
    talk.store(fresh()).await;
    assert_eq!(log.take().len(), 2);
    let mut events = talk.handle.subscribe();
    talk.get("/a").await.assert_hit();
    drop(guard);
    talk.get("/a").await.assert_hit();
    assert_eq!(log.take().len(), 1);
    assert!(matches!(events.try_next(), Some(Told::Answered { .. })));
    assert!(matches!(events.try_next(), Some(Told::Answered { .. })));
    assert!(events.try_next().is_none());
}

/// No lock of the cache is held while a subscriber is told: it may use the cache itself.
#[tokio::test]
async fn a_subscriber_may_use_the_cache() {
    let talk = Conversation::with(|layer| layer.max_responses(1));
    let (log, _guard) = Log::all();
    log.handle.set(talk.handle.clone()).expect("it is set once");
    talk.store(fresh()).await;
    talk.get("/a").await.assert_hit();
    talk.origin.will(fresh());
    talk.get("/b").await;
    talk.handle.expire(Selector::all());
    talk.handle
        .set_rules([Rule::new().ignore_query(["hidden"])]);
    drop(talk.handle.hold(Mode::Offline));
    let logged = log.take().into_iter().map(|logged| logged.message);
    assert_eq!(
        logged.collect::<Vec<_>>(),
        [
            "fwd=uri-miss; fwd-status=200; stored; ttl=60",
            "stored",
            "hit; ttl=60",
            "fwd=uri-miss; fwd-status=200; stored; ttl=60",
            "evicted",
            "stored",
            "expire",
            "clear",
            "mode",
            "mode",
        ]
    );
}
