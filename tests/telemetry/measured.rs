//! What a recorder of `metrics` is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::future;
use http::Method;
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit, set_default_local_recorder,
};
use support::{Answer, Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::{Selector, telemetry};

/// All that was recorded, by name and attributes.
#[derive(Debug, Default)]
struct Recorded {
    numbers: Arc<Mutex<BTreeMap<String, Vec<f64>>>>,
    units: Mutex<BTreeMap<String, Option<Unit>>>,
}

/// One metric, with these attributes.
struct Metric {
    name: String,
    numbers: Arc<Mutex<BTreeMap<String, Vec<f64>>>>,
}

impl Metric {
    fn push(&self, number: f64) {
        let mut numbers = self.numbers.lock().expect("no test panics under it");
        numbers.entry(self.name.clone()).or_default().push(number);
    }
}

impl CounterFn for Metric {
    fn increment(&self, value: u64) {
        self.push(value as f64);
    }

    fn absolute(&self, _: u64) {
        panic!("nothing counts so");
    }
}

impl GaugeFn for Metric {
    fn increment(&self, _: f64) {
        panic!("nothing is measured so");
    }

    fn decrement(&self, _: f64) {
        panic!("nothing is measured so");
    }

    fn set(&self, value: f64) {
        self.push(value);
    }
}

impl HistogramFn for Metric {
    fn record(&self, value: f64) {
        self.push(value);
    }
}

impl Recorded {
    fn metric(&self, key: &Key) -> Arc<Metric> {
        let name = key.name().strip_prefix("http.client.cache.");
        let mut name = name.expect("all begin so").to_owned();
        for label in key.labels() {
            name.push_str(&format!(" {}={}", label.key(), label.value()));
        }
        Arc::new(Metric {
            name,
            numbers: self.numbers.clone(),
        })
    }

    fn describe(&self, name: KeyName, unit: Option<Unit>) {
        let mut units = self.units.lock().expect("no test panics under it");
        assert!(units.insert(name.as_str().to_owned(), unit).is_none());
    }

    /// What was recorded since this was last asked: of a counter how much, of the others what.
    fn take(&self) -> Vec<String> {
        let numbers = std::mem::take(&mut *self.numbers.lock().expect("no test panics under it"));
        let lines = numbers
            .iter()
            .map(|(name, numbers)| format!("{name}: {numbers:?}"));
        lines.collect()
    }

    /// How often and how much of one name, whatever its attributes.
    fn sum(&self, wanted: &str) -> f64 {
        let numbers = self.numbers.lock().expect("no test panics under it");
        let of_name = numbers
            .iter()
            .filter(|(name, _)| name.split(' ').next() == Some(wanted));
        of_name.flat_map(|(_, numbers)| numbers).sum()
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(name, unit);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(name, unit);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(name, unit);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.metric(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.metric(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.metric(key))
    }
}

fn fresh() -> Reply {
    reply(200)
        .control("max-age=60, stale-if-error=600")
        .field("etag", "\"1\"")
        .body("12345")
}

/// One request after the other, and what is recorded of it.
#[tokio::test]
async fn each_request_is_counted_by_outcome_and_reason() {
    let talk = Conversation::with(|layer| layer.max_responses(1));
    let recorded = Recorded::default();
    let _guard = set_default_local_recorder(&recorded);

    talk.store(fresh()).await;
    assert_eq!(
        recorded.take(),
        [
            "requests cache.outcome=forwarded cache.forward.reason=uri-miss: [1.0]",
            "stores: [1.0]",
        ]
    );
    talk.clock.advance(2);
    talk.get("/a").await.assert_hit();
    assert_eq!(
        recorded.take(),
        [
            "requests cache.outcome=hit cache.stale=false: [1.0]",
            "response.age: [2.0]",
            "served.size: [5.0]",
        ]
    );
    talk.clock.advance(60);
    talk.get_with("/a", &[("cache-control", "max-stale")])
        .await
        .assert_hit();
    assert_eq!(
        recorded.take(),
        [
            "requests cache.outcome=hit cache.stale=true: [1.0]",
            "response.age: [62.0]",
            "served.size: [5.0]",
        ]
    );
    talk.origin.will(Reply::fails(OriginError("reset")));
    assert_eq!(talk.get("/a").await.status, 200);
    assert_eq!(
        recorded.take(),
        [
            "requests cache.outcome=forwarded cache.forward.reason=stale cache.stale=true: [1.0]",
            "served.size: [5.0]",
            "validations cache.validation.outcome=failed: [1.0]",
        ]
    );
    talk.origin.will(reply(304));
    talk.get("/a").await.assert_validated();
    assert_eq!(
        recorded.take(),
        [
            "requests cache.outcome=forwarded cache.forward.reason=stale: [1.0]",
            "served.size: [5.0]",
            "validations cache.validation.outcome=validated: [1.0]",
        ]
    );
    talk.get_with("/b", &[("cache-control", "only-if-cached")])
        .await;
    assert_eq!(
        recorded.take(),
        ["requests cache.outcome=only-if-cached: [1.0]"]
    );
    talk.origin.will(Reply::fails(OriginError("reset")));
    assert!(talk.start(get("/b", &[])).await.is_err());
    assert_eq!(
        recorded.take(),
        ["requests cache.outcome=failed cache.forward.reason=uri-miss: [1.0]"]
    );
    talk.origin.will(reply(204));
    talk.send(request(Method::POST, "/p", &[])).await;
    assert_eq!(
        recorded.take(),
        [
            "refusals cache.not_stored.reason=method: [1.0]",
            "requests cache.outcome=forwarded cache.forward.reason=method: [1.0]",
        ]
    );
    talk.origin.will(fresh());
    talk.get("/b").await;
    assert_eq!(
        recorded.take(),
        [
            "evictions cache.eviction.cause=responses: [1.0]",
            "requests cache.outcome=forwarded cache.forward.reason=uri-miss: [1.0]",
            "stores: [1.0]",
        ]
    );
    talk.handle.expire(Selector::all());
    talk.handle.clear();
    assert_eq!(
        recorded.take(),
        [
            "removals cache.removal.verb=clear: [1.0]",
            "removals cache.removal.verb=expire: [1.0]",
        ]
    );
}

#[tokio::test]
async fn who_waits_for_the_answer_to_another_is_counted_as_collapsed() {
    let talk = Conversation::default();
    let recorded = Recorded::default();
    let _guard = set_default_local_recorder(&recorded);
    talk.origin.will(fresh());
    future::join_all((0..3).map(|_| talk.get("/a"))).await;
    assert_eq!(
        recorded.take(),
        [
            "requests cache.outcome=collapsed cache.forward.reason=uri-miss: [1.0, 1.0]",
            "requests cache.outcome=forwarded cache.forward.reason=uri-miss: [1.0]",
            "served.size: [5.0, 5.0]",
            "stores: [1.0]",
        ]
    );
}

/// What is counted by the recorder and by the cache itself is the same.
#[tokio::test]
async fn counters_agree_with_the_stats() {
    let talk = Conversation::with(|layer| layer.max_responses(2));
    let recorded = Recorded::default();
    let _guard = set_default_local_recorder(&recorded);
    let mut replies = 0;
    for step in 0..500_u64 {
        // One reply is there whenever the origin is asked.
        if talk.origin.calls() == replies {
            let control = ["max-age=9", "no-store", "max-age=2"][step as usize % 3];
            talk.origin.will(match step % 11 {
                0 => Reply::fails(OriginError("reset")),
                1..5 => reply(304),
                _ => fresh().control(control),
            });
            replies += 1;
        }
        let path = format!("/{}", step * step % 7);
        if let Ok(response) = talk.start(get(&path, &[])).await {
            Answer::read(response).await.expect("a whole body");
        }
        talk.clock.advance(1);
    }
    let stats = talk.handle.stats();
    assert!(
        stats.hits() > 10 && stats.validated() > 2 && stats.evictions() > 10,
        "{stats:?}"
    );
    for (name, expected) in [
        (
            "requests",
            stats.hits() + stats.forwarded() + stats.unsatisfiable(),
        ),
        ("served.size", stats.bytes_served()),
        ("validations", stats.validations()),
        ("stores", stats.stores()),
        ("refusals", stats.refused()),
        ("evictions", stats.evictions()),
    ] {
        assert_eq!(recorded.sum(name), expected as f64, "{name}");
    }
}

#[tokio::test]
async fn gauges_are_what_is_held_when_they_are_set() {
    let talk = Conversation::default();
    let recorded = Recorded::default();
    let _guard = set_default_local_recorder(&recorded);
    talk.store(fresh()).await;
    recorded.take();
    let stats = talk.handle.stats();
    telemetry::set_gauges(&stats);
    assert_eq!(
        recorded.take(),
        [
            "in_flight: [0.0]".to_owned(),
            "stored.responses: [1.0]".to_owned(),
            format!("stored.size: [{:?}]", stats.bytes() as f64),
        ]
    );
}

/// Of everything that is recorded the unit is told, and the other way round.
#[tokio::test]
async fn every_metric_is_described() {
    let talk = Conversation::with(|layer| layer.max_responses(1));
    let recorded = Recorded::default();
    let _guard = set_default_local_recorder(&recorded);
    telemetry::describe();
    talk.store(fresh()).await;
    talk.get("/a").await.assert_hit();
    talk.origin.will(reply(304));
    talk.get_with("/a", &[("cache-control", "no-cache")]).await;
    talk.origin.will(reply(200).control("no-store"));
    talk.get("/b").await;
    talk.origin.will(fresh());
    talk.get("/b").await;
    talk.handle.clear();
    telemetry::set_gauges(&talk.handle.stats());
    let units = recorded.units.lock().expect("no test panics under it");
    let described: Vec<_> = units.keys().cloned().collect();
    let numbers = recorded.numbers.lock().expect("no test panics under it");
    let mut seen: Vec<_> = numbers
        .keys()
        .filter_map(|name| name.split(' ').next())
        .collect();
    seen.dedup();
    let seen: Vec<_> = seen
        .iter()
        .map(|name| format!("http.client.cache.{name}"))
        .collect();
    assert_eq!(described, seen);
    assert_eq!(units["http.client.cache.response.age"], Some(Unit::Seconds));
    assert_eq!(units["http.client.cache.served.size"], Some(Unit::Bytes));
    assert!(units.values().all(Option::is_some));
}
