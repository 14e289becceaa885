//! RFC 9111 §4 and §4.2: clocks that do not know the time, time zones, and parts of a second.

use std::env;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use support::{Answer, Origin, get, reply};
use tower::{Layer, Service};
use tower_client_cache::{CacheLayer, CacheMode, CacheService, Clock, Forward};

use super::{FRESH, STALE};

/// A clock that may not know the time.
#[derive(Debug, Clone)]
struct Doubtful {
    clock: support::Clock,
    is_known: Arc<AtomicBool>,
}

impl Clock for Doubtful {
    fn now(&self) -> SystemTime {
        self.clock.now()
    }

    fn is_known(&self) -> bool {
        self.is_known.load(Ordering::SeqCst)
    }
}

fn doubtful() -> (Doubtful, Origin, CacheService<Origin>) {
    let clock = Doubtful {
        clock: support::Clock::default(),
        is_known: Arc::default(),
    };
    let origin = Origin::new(clock.clock.clone());
    let layer = CacheLayer::new().clock(clock.clone());
    (clock, origin.clone(), layer.layer(origin))
}

async fn ask(client: &mut CacheService<Origin>, fields: &[(&str, &str)]) -> Answer {
    let response = client.call(get("/a", fields)).await.expect("an answer");
    Answer::read(response).await.expect("a whole body")
}

/// 9111-4-11
#[tokio::test]
async fn without_the_time_every_use_is_validated() {
    let (clock, origin, mut client) = doubtful();
    let stored = || reply(200).control("max-age=60").field("etag", "\"e\"");
    origin.will(stored().body("hello"));
    ask(&mut client, &[]).await.assert_stored();
    for _ in 0..2 {
        origin.will(reply(304));
        let again = ask(&mut client, &[]).await;
        assert_eq!(again.assert_validated().text(), "hello");
    }
    let only = [("cache-control", "only-if-cached, max-stale")];
    assert_eq!(ask(&mut client, &only).await.status, 504);

    // What came while the time was not known has no age that could be trusted.
    clock.is_known.store(true, Ordering::SeqCst);
    origin.will(reply(304));
    ask(&mut client, &[]).await.assert_validated();
    ask(&mut client, &[]).await.assert_hit();
    clock.is_known.store(false, Ordering::SeqCst);
    origin.will(reply(304));
    ask(&mut client, &[]).await.assert_validated();
}

/// 9111-4.2-3: a date is a whole second, and what the clock tells beyond one is not lost or gained
#[tokio::test]
async fn a_response_is_stale_at_the_second_it_expires_at() {
    for (millis, expected) in [(9_999, FRESH), (10_000, STALE), (10_001, STALE)] {
        let start = support::Clock::default();
        let passed = Arc::new(std::sync::Mutex::new(Duration::ZERO));
        let told = (start.clone(), passed.clone());
        let origin = Origin::new(start.clone());
        let layer = CacheLayer::new().clock(move || told.0.now() + *told.1.lock().unwrap());
        let mut client = layer.layer(origin.clone());
        let expiring = reply(200).field("expires", start.date(10));
        origin.will(expiring.field("etag", "\"e\"").body("hello"));
        ask(&mut client, &[]).await.assert_stored();
        *passed.lock().unwrap() = Duration::from_millis(millis);
        origin.will(reply(304));
        let again = ask(&mut client, &[]).await;
        assert_eq!(again.cache.forwarded(), expected, "{millis}");
    }
}

/// 9111-4.2-4: the tests of `Expires` and of the age, once more, elsewhere
#[test]
fn the_local_time_zone_makes_no_difference() {
    for zone in ["Pacific/Kiritimati", "EST5EDT", "XYZ-13:45"] {
        let mut tests = Command::new(env::current_exe().expect("a program"));
        tests.args(["freshness::expires", "freshness::age", "--test-threads=1"]);
        let ran = tests.env("TZ", zone).output();
        let ran = ran.expect("the tests run");
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{zone}: {said}");
        assert!(!said.contains(" 0 passed"), "{zone}: {said}");
    }
}

/// 9111-4-11: nothing is served stale by a clock that does not know how stale
#[tokio::test]
async fn without_the_time_no_window_is_open() {
    let (_, origin, mut client) = doubtful();
    let control = "max-age=0, stale-while-revalidate=60, stale-if-error=60";
    let stored = reply(200).control(control).field("etag", "\"e\"");
    origin.will(stored.body("hello"));
    ask(&mut client, &[]).await.assert_stored();
    origin.will(reply(503));
    let again = ask(&mut client, &[]).await;
    assert_eq!(again.assert_forwarded(Forward::Stale).status, 503);
}

/// 9111-4-11, 9111-4.2.4-1
#[tokio::test]
async fn without_the_time_no_mode_reuses_what_is_not_validated() {
    let (clock, origin, client) = doubtful();
    clock.is_known.store(true, Ordering::SeqCst);
    let send = |request| {
        let mut client = client.clone();
        async move {
            let response = client.call(request).await.expect("an answer");
            Answer::read(response).await.expect("a whole body")
        }
    };
    let tagged = reply(200).field("etag", "\"e\"");
    origin.will(tagged.control("max-age=60, must-revalidate").body("one"));
    send(get("/a", &[])).await.assert_stored();
    clock.is_known.store(false, Ordering::SeqCst);
    origin.will(reply(304));
    let mut any = get("/a", &[]);
    any.extensions_mut().insert(CacheMode::ForceCache);
    send(any).await.assert_validated();
}
