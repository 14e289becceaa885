//! Promise 2: disabled is off for everybody at once, and enabling again serves nothing wrong.

use futures_util::FutureExt;
use http::{Method, Uri};
use support::{Conversation, begun, get, reply, request};
use tower_client_cache::{CacheHandle, CacheStatus, Forward, ModeGuard, NotStored};

use crate::{in_flight, text, until};

/// The two ways to switch a cache off, and on again.
#[derive(Debug, Clone, Copy)]
enum Way {
    Disable,
    Pause,
}

const WAYS: [Way; 2] = [Way::Disable, Way::Pause];

impl Way {
    fn off(self, handle: &CacheHandle) -> Off<'_> {
        let guard = match self {
            Self::Disable => {
                handle.disable();
                None
            }
            Self::Pause => Some(handle.pause()),
        };
        assert!(!handle.is_enabled());
        Off { handle, guard }
    }
}

/// A cache that is switched off.
struct Off<'a> {
    handle: &'a CacheHandle,
    guard: Option<ModeGuard>,
}

impl Off<'_> {
    fn on(self) {
        match self.guard {
            Some(guard) => drop(guard),
            None => self.handle.enable(),
        }
        assert!(self.handle.is_enabled());
    }
}

/// Promise 2, 9211-2.2-1
#[tokio::test]
async fn nothing_is_served_or_stored_while_it_is_off() {
    for way in WAYS {
        let talk = Conversation::default();
        let stored = reply(200).control("max-age=60").field("etag", "\"1\"");
        talk.store(stored.body("stored")).await.assert_stored();
        let off = way.off(&talk.handle);
        for (method, path) in [
            (Method::GET, "/a"),
            (Method::HEAD, "/a"),
            (Method::GET, "/b"),
        ] {
            talk.origin.will(reply(200).control("max-age=60").body("x"));
            let passed = talk.send(request(method, path, &[])).await;
            passed
                .assert_forwarded(Forward::Bypass)
                .assert_not_stored(NotStored::Disabled);
            assert_eq!(passed.field("age"), None, "{way:?}");
            let seen = talk.origin.last();
            assert_eq!(seen.headers.len(), 0, "{way:?}: it goes as it came");
        }
        assert_eq!(talk.handle.len(), 1, "{way:?}: what is stored stays");
        off.on();
        let hit = talk.get("/a").await;
        assert_eq!(hit.assert_hit().text(), "stored", "{way:?}");
    }
}

/// Promise 2: for everybody, through every handle and every service of the cache.
#[tokio::test]
async fn it_is_off_for_everybody() {
    let talk = Conversation::default();
    let other = talk.clone();
    talk.store(reply(200).control("max-age=60").body("stored"))
        .await;
    other.handle.disable();
    assert!(!talk.handle.is_enabled());
    let off = talk
        .store(reply(200).control("max-age=60").body("new"))
        .await;
    off.assert_forwarded(Forward::Bypass);
    talk.handle.enable();
    assert!(other.handle.is_enabled());
    other.get("/a").await.assert_hit();
}

/// Promise 2
#[tokio::test]
async fn guards_nest_and_enabling_does_not_end_one() {
    let talk = Conversation::default();
    let handle = &talk.handle;
    let (first, second) = (handle.pause(), handle.pause());
    drop(first);
    assert!(!handle.is_enabled(), "the second guard lives");
    handle.enable();
    assert!(!handle.is_enabled(), "enabling ends no guard");
    handle.disable();
    handle.disable();
    drop(second);
    assert!(!handle.is_enabled(), "it is disabled beside");
    let third = handle.pause();
    handle.enable();
    assert!(!handle.is_enabled(), "the third guard lives");
    // A guard may be dropped anywhere.
    std::thread::spawn(move || drop(third)).join().unwrap();
    assert!(handle.is_enabled());
    let stored = talk.store(reply(200).control("max-age=60").body("x")).await;
    stored.assert_stored();
}

/// Promise 2: a guard is dropped by a panic as well.
#[test]
fn a_panic_ends_a_guard() {
    let handle = Conversation::default().handle;
    let paused = handle.clone();
    let panicked = std::thread::Builder::new()
        .spawn(move || {
            let _off = paused.pause();
            std::panic::resume_unwind(Box::new("a panic that prints nothing"));
        })
        .unwrap()
        .join();
    assert!(panicked.is_err());
    assert!(handle.is_enabled());
}

/// Promise 2
#[tokio::test]
async fn what_is_on_its_way_when_it_is_switched_off_is_not_stored() {
    for way in WAYS {
        let talk = Conversation::default();
        let (gate, held) = reply(200).control("max-age=60").body("head").held();
        talk.origin.will(held);
        let head = begun(talk.get("/a"));
        let (frames, streamed) = reply(200).control("max-age=60").streamed();
        talk.origin.will(streamed);
        let mut half = talk.start(get("/b", &[])).await.unwrap().into_body();
        frames.data("half ");
        assert_eq!(text(&mut half), "half ");

        let off = way.off(&talk.handle);
        gate.open();
        let head = head.await;
        assert_eq!(
            head.assert_not_stored(NotStored::Disabled).text(),
            "head",
            "{way:?}"
        );
        frames.data("and half");
        drop(frames);
        assert_eq!(text(&mut half), "and half", "{way:?}");
        assert!(crate::frame(&mut half).is_none());
        assert!(talk.handle.is_empty(), "{way:?}");
        assert_eq!(talk.handle.stats().recording(), 0, "{way:?}");
        off.on();
        for path in ["/a", "/b"] {
            talk.origin.will(reply(200).control("max-age=60").body("x"));
            talk.get(path).await.assert_forwarded(Forward::UriMiss);
        }
    }
}

/// Promise 2
#[tokio::test]
async fn a_304_that_comes_while_it_is_off_answers_its_caller_and_freshens_nothing() {
    for way in WAYS {
        let talk = Conversation::default();
        let control = "max-age=60, stale-while-revalidate=60";
        let stored = reply(200).control(control).field("etag", "\"1\"");
        talk.store(stored.body("stored")).await;
        talk.clock.advance(61);
        let (background, held) = reply(304).held();
        talk.origin.will(held);
        let stale = talk.get("/a").now_or_never();
        stale.expect("no waiting").assert_hit();
        until(|| talk.origin.calls() == 2).await;
        let (gate, held) = reply(304).held();
        talk.origin.will(held);
        let caller = begun(talk.get_with("/a", &[("cache-control", "no-cache")]));
        let off = way.off(&talk.handle);
        gate.open();
        background.open();
        let caller = caller.await;
        assert_eq!(caller.assert_validated().text(), "stored", "{way:?}");
        caller.assert_not_stored(NotStored::Disabled);
        until(|| in_flight(&talk.handle) == 0).await;
        off.on();
        talk.clock.advance(61);
        talk.origin.will(reply(304));
        talk.get("/a").await.assert_forwarded(Forward::Stale);
    }
}

/// Promise 2: a request that started while the cache was off is none of the cache's, whenever it ends.
#[tokio::test]
async fn what_started_while_it_was_off_is_not_stored() {
    for way in WAYS {
        let talk = Conversation::default();
        let off = way.off(&talk.handle);
        let (gate, held) = reply(200).control("max-age=60").body("x").held();
        talk.origin.will(held);
        let passed = begun(talk.get("/a"));
        off.on();
        gate.open();
        passed.await.assert_not_stored(NotStored::Disabled);
        assert!(talk.handle.is_empty(), "{way:?}");
    }
}

/// Promise 2, 9111-4.4-1, 9111-4.4-3, C-25
#[tokio::test]
async fn unsafe_requests_invalidate_while_it_is_off() {
    for (way, validator) in WAYS.iter().flat_map(|way| [(way, true), (way, false)]) {
        for method in [Method::PUT, Method::POST, Method::DELETE, Method::PATCH] {
            let talk = Conversation::default();
            for path in ["/a", "/b", "/c"] {
                let mut old = reply(200).control("max-age=60").body("old");
                if validator {
                    old = old.field("etag", "\"old\"");
                }
                talk.origin.will(old);
                talk.get(path).await.assert_stored();
            }
            let off = way.off(&talk.handle);
            talk.origin.will(reply(201).field("location", "/b"));
            let changed = talk.send(request(method.clone(), "/a", &[])).await;
            assert_eq!(changed.status, 201, "{way:?} {method}");
            off.on();
            for path in ["/a", "/b"] {
                talk.origin
                    .will(reply(200).control("max-age=60").body("new"));
                let new = talk.get(path).await;
                let reason = if validator {
                    Forward::Stale
                } else {
                    Forward::UriMiss
                };
                new.assert_forwarded(reason);
                assert_eq!(new.text(), "new", "{way:?} {method} {path}");
            }
            assert_eq!(talk.get("/c").await.assert_hit().text(), "old");
        }
    }
}

/// Promises 1 and 2: what a PUT makes wrong is also what is on its way.
#[tokio::test]
async fn what_was_on_its_way_before_a_put_is_not_stored_when_it_is_on_again() {
    for way in WAYS {
        let talk = Conversation::default();
        let (gate, held) = reply(200).control("max-age=60").body("old").held();
        talk.origin.will(held);
        let old = begun(talk.get("/a"));
        let off = way.off(&talk.handle);
        talk.origin.will(reply(204));
        talk.send(request(Method::PUT, "/a", &[])).await;
        off.on();
        gate.open();
        assert_eq!(old.await.text(), "old", "{way:?}");
        assert!(talk.handle.is_empty(), "{way:?}");
    }
}

/// Promise 2: a body that was handed out is not cut by it.
#[tokio::test]
async fn a_hit_that_was_handed_out_is_read_while_it_is_off() {
    let talk = Conversation::default();
    talk.store(reply(200).control("max-age=60").body("whole"))
        .await;
    let hit = talk.start(get("/a", &[])).await.unwrap();
    assert!(hit.extensions().get::<CacheStatus>().unwrap().is_hit());
    talk.handle.disable();
    assert_eq!(text(&mut hit.into_body()), "whole");
}

/// Promises 1 and 2: clearing and purging work while the cache is off.
#[tokio::test]
async fn what_is_cleared_while_it_is_off_is_gone_when_it_is_on_again() {
    let talk = Conversation::default();
    for path in ["/a", "/b"] {
        talk.origin.will(reply(200).control("max-age=60").body("x"));
        talk.get(path).await.assert_stored();
    }
    talk.handle.disable();
    let purged = talk.handle.purge(&Uri::from_static("http://o.test/a"));
    assert_eq!(purged.responses(), 1);
    assert_eq!(talk.handle.disable_and_clear().responses(), 1);
    assert!(!talk.handle.is_enabled() && talk.handle.is_empty());
    talk.handle.enable();
    for path in ["/a", "/b"] {
        talk.origin.will(reply(200).control("max-age=60").body("x"));
        talk.get(path).await.assert_forwarded(Forward::UriMiss);
    }
}
