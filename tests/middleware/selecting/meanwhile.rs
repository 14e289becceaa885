//! Promise 1: what happens while a selector is being tried. Filters run anything, so they run what happens.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderName, Request, Response, Uri};
use support::{Answer, Conversation, begun, reply};
use tower_client_cache::{CacheHandle, NotStored, Purged, Selector};

type Once = Box<dyn FnOnce() + Send>;

/// A filter that does something when it is asked for the first time, and means what has this tag.
fn doing(tag: &'static str, act: impl FnOnce() + Send + 'static) -> Selector {
    let act: Mutex<Option<Once>> = Mutex::new(Some(Box::new(act)));
    Selector::filter(move |info| {
        let act = act.lock().expect("nothing panics").take();
        if let Some(act) = act {
            act();
        }
        info.fields().get("tag").is_some_and(|value| value == tag)
    })
}

fn finished(asked: Pin<Box<impl Future<Output = Answer>>>) -> Answer {
    asked.now_or_never().expect("it goes on at once")
}

async fn store(talk: &Conversation, path: &str, tag: &str) {
    let stored = reply(200).control("max-age=60").field("etag", "\"e\"");
    talk.origin.will(stored.field("tag", tag).body("old"));
    talk.get(path).await.assert_stored();
}

/// The fence is up before the first is looked at.
#[tokio::test]
async fn an_exchange_that_ends_while_a_filter_runs_stores_nothing_that_is_meant() {
    for is_expiry in [false, true] {
        let talk = Conversation::default();
        store(&talk, "/b", "other").await;
        let (gate, held) = reply(200).control("max-age=60").field("tag", "t").held();
        talk.origin.will(held);
        let old = begun(talk.get("/a"));
        let answered = Arc::new(Mutex::new(None));
        let told = answered.clone();
        let selector = doing("t", move || {
            gate.open();
            *told.lock().unwrap() = Some(finished(old));
        });
        let done = if is_expiry {
            talk.handle.expire(selector)
        } else {
            talk.handle.purge(selector)
        };
        assert_eq!(done.in_flight(), 1);
        let answer = answered.lock().unwrap().take().expect("the filter has run");
        if is_expiry {
            answer.assert_stored();
            let held = talk
                .handle
                .entries()
                .find(|info| info.uri().ends_with("/a"));
            assert!(held.expect("it is stored").is_stale());
        } else {
            answer.assert_not_stored(NotStored::Purged);
            assert_eq!(talk.handle.len(), 1);
        }
    }
}

/// What comes between the test and the lock is tried as well, however often.
#[tokio::test]
async fn a_purge_that_comes_while_a_response_is_tried_is_held_against_it() {
    for (depth, is_stored) in [(0, true), (1, false), (2, false), (7, false), (100, false)] {
        let talk = Conversation::default();
        let (gate, held) = reply(200).control("max-age=60").field("tag", "t").held();
        talk.origin.will(held);
        let old = begun(talk.get("/a"));
        let mut selector = if depth == 0 {
            Selector::partition("nobody")
        } else {
            doing("t", || {})
        };
        // Each is there only when the one before it has been tried.
        for _ in 1..depth {
            let handle = talk.handle.clone();
            selector = doing("other", move || {
                handle.purge(selector);
            });
        }
        talk.handle.purge(selector);
        gate.open();
        assert_eq!(old.await.cache.is_stored(), is_stored, "{depth}");
        assert_eq!(talk.handle.is_empty(), !is_stored, "{depth}");
        let uri = Uri::from_static("http://nowhere.test");
        assert_eq!(talk.handle.purge(&uri).in_flight(), 0, "{depth}");
    }
}

/// The same for purges that can be told under the lock, and for a clear.
#[tokio::test]
async fn whatever_comes_while_a_response_is_tried_is_held_against_it() {
    type Verb = fn(&CacheHandle) -> Purged;
    let uri = || Uri::from_static("http://o.test/a");
    let verbs: [Verb; 4] = [
        CacheHandle::clear,
        |handle| handle.purge(&Uri::from_static("http://o.test/a")),
        |handle| handle.purge(Selector::origin(&Uri::from_static("http://o.test/a"))),
        CacheHandle::disable_and_clear,
    ];
    for (n, verb) in verbs.into_iter().enumerate() {
        let talk = Conversation::default();
        let (gate, held) = reply(200).control("max-age=60").field("tag", "t").held();
        talk.origin.will(held);
        let old = begun(talk.get("/a"));
        let handle = talk.handle.clone();
        talk.handle.purge(doing("other", move || {
            verb(&handle);
        }));
        gate.open();
        assert!(!old.await.cache.is_stored(), "{n}");
        assert!(talk.handle.is_empty(), "{n}");
        assert_eq!(talk.handle.purge(&uri()).responses(), 0);
    }
}

/// An expiry that comes then makes it stale.
#[tokio::test]
async fn an_expiry_that_comes_while_a_response_is_tried_makes_it_stale() {
    let talk = Conversation::default();
    let (gate, held) = reply(200).control("max-age=60").field("tag", "t").held();
    talk.origin.will(held);
    let old = begun(talk.get("/a"));
    let handle = talk.handle.clone();
    talk.handle.expire(doing("other", move || {
        handle.expire(Selector::all());
    }));
    gate.open();
    old.await.assert_stored();
    assert!(talk.handle.entries().all(|info| info.is_stale()));
}

/// What is stale by an expiry is stale for a purge that comes after it.
#[tokio::test]
async fn what_is_held_against_a_response_is_so_in_its_order() {
    for is_expired_first in [true, false] {
        let talk = Conversation::default();
        let (gate, held) = reply(200).control("max-age=60").held();
        talk.origin.will(held);
        let old = begun(talk.get("/a"));
        if is_expired_first {
            talk.handle.expire(Selector::all());
        }
        talk.handle.purge(Selector::stale());
        talk.handle.expire(Selector::all());
        gate.open();
        assert_eq!(old.await.cache.is_stored(), !is_expired_first);
    }
}

/// What is made anew of what is meant, by whoever has asked since, is not past the one who goes through it all.
#[tokio::test]
async fn what_is_freshened_while_all_is_gone_through_is_found() {
    const MANY: usize = 300;
    for place in [0, 1, 100, 298, 299] {
        for is_expiry in [false, true] {
            let talk = Conversation::default();
            for n in 0..MANY {
                store(&talk, &format!("/{n}"), "t").await;
            }
            let asks = talk.clone();
            let path = format!("/{place}");
            let selector = doing("t", move || {
                asks.origin.will(reply(304).control("max-age=60"));
                let fields = [("cache-control", "no-cache")];
                let answer = begun(asks.get_with(&path, &fields));
                finished(answer).assert_validated();
            });
            if is_expiry {
                talk.handle.expire(selector);
                assert!(talk.handle.entries().all(|info| info.is_stale()), "{place}");
                assert_eq!(talk.handle.len(), MANY);
            } else {
                talk.handle.purge(selector);
                assert_eq!(talk.handle.len(), 0, "{place}");
            }
        }
    }
}

/// A filter is asked about each, and not again and again where nothing changes.
#[tokio::test]
async fn a_filter_is_asked_once_about_what_it_is_to_decide() {
    let talk = Conversation::default();
    for n in 0..100 {
        store(&talk, &format!("/{n}"), "t").await;
    }
    let asked = Arc::new(AtomicUsize::new(0));
    let count = |asked: &Arc<AtomicUsize>| {
        let asked = asked.clone();
        Selector::filter(move |_| {
            asked.fetch_add(1, Ordering::SeqCst);
            false
        })
    };
    talk.handle.purge(count(&asked));
    assert_eq!(asked.swap(0, Ordering::SeqCst), 100);
    let uri = Uri::from_static("http://o.test/7");
    talk.handle.purge(count(&asked).and(&uri));
    assert_eq!(asked.swap(0, Ordering::SeqCst), 1);
    talk.handle.purge(Selector::stale().and(count(&asked)));
    assert_eq!(asked.load(Ordering::SeqCst), 0, "nothing is stale");
}

/// Tells how it is when it is dropped.
struct Dropped(Arc<Mutex<Vec<usize>>>, CacheHandle);

impl Drop for Dropped {
    fn drop(&mut self) {
        // This would wait for itself if a lock were held.
        self.0.lock().expect("nothing panics").push(self.1.len());
    }
}

/// What a filter has with it is dropped with no lock held, whoever drops it.
#[tokio::test]
async fn a_filter_is_dropped_when_no_older_exchange_is_left() {
    for is_cleared in [false, true] {
        let talk = Conversation::default();
        let (gate, held) = reply(200).control("max-age=60").held();
        talk.origin.will(held);
        let old = begun(talk.get("/a"));
        let told = Arc::new(Mutex::new(Vec::new()));
        let dropped = Dropped(told.clone(), talk.handle.clone());
        talk.handle
            .purge(Selector::filter(move |_| dropped.1.capacity() == 0));
        assert!(told.lock().unwrap().is_empty(), "an older exchange runs");
        if is_cleared {
            talk.handle.clear();
        }
        gate.open();
        old.await;
        assert_eq!(*told.lock().unwrap(), [usize::from(!is_cleared)]);
    }
}

/// What a 304 says of tags counts as well: the one who is about to be stored by it is meant by those that it will have.
#[tokio::test]
async fn a_tag_that_a_304_brings_is_held_against_it() {
    for (tag, is_left) in [("old", false), ("new", false), ("other", true)] {
        let talk = Conversation::with(|layer| layer.tag_field(HeaderName::from_static("tag")));
        store(&talk, "/a", "old").await;
        talk.clock.advance(61);
        let answer = reply(304).control("max-age=60").field("tag", "new");
        let (gate, held) = answer.held();
        talk.origin.will(held);
        let old = begun(talk.get("/a"));
        talk.handle.purge(Selector::tag(tag));
        gate.open();
        assert_eq!(old.await.cache.is_stored(), is_left, "{tag}");
        let fresh = talk.handle.entries().filter(|info| !info.is_stale());
        assert_eq!(fresh.count(), usize::from(is_left), "{tag}");
    }
}

/// What somebody else makes stale while it is being tried is what it was, and is removed all the same.
#[tokio::test]
async fn what_is_expired_while_it_is_tried_is_purged() {
    let talk = Conversation::default();
    for n in 0..100 {
        store(&talk, &format!("/{n}"), "t").await;
    }
    let handle = talk.handle.clone();
    let selector = doing("t", move || {
        assert_eq!(handle.expire(Selector::all()).responses(), 100);
    });
    assert_eq!(talk.handle.purge(selector).responses(), 100);
    assert!(talk.handle.is_empty());
}

/// A filter that stores something else in the place of what it is asked about is not asked for ever.
#[tokio::test]
async fn a_filter_that_stores_what_it_is_asked_about_ends() {
    for is_expiry in [false, true] {
        let talk = Conversation::default();
        store(&talk, "/a", "t").await;
        let (asked, clock) = (Arc::new(AtomicUsize::new(0)), talk.clock.clone());
        let (count, handle) = (asked.clone(), talk.handle.clone());
        let selector = Selector::filter(move |_| {
            // Without end the test would have none either.
            if count.fetch_add(1, Ordering::SeqCst) > 1000 {
                return false;
            }
            clock.advance(1);
            let request = Request::get("http://o.test/a").body(()).unwrap();
            let response = Response::builder().header("cache-control", "max-age=60");
            let response = response.body(Bytes::new()).unwrap();
            handle.insert(&request, response).expect("it may be stored");
            true
        });
        if is_expiry {
            talk.handle.expire(selector);
        } else {
            talk.handle.purge(selector);
        }
        let asked = asked.load(Ordering::SeqCst);
        assert!((1..100).contains(&asked), "{is_expiry}: {asked}");
    }
}

/// Hits that copies have answered are hits.
#[tokio::test]
async fn a_filter_is_told_of_every_hit() {
    const HITS: u64 = 100;
    let talk = Conversation::default();
    store(&talk, "/a", "t").await;
    for _ in 0..HITS {
        talk.get("/a").await.assert_hit();
    }
    assert!(talk.handle.stats().copies() > 0);
    let is_cold = || Selector::filter(|info| info.hits() < HITS);
    assert_eq!(talk.handle.expire(is_cold()).responses(), 0);
    assert_eq!(talk.handle.purge(is_cold()).responses(), 0);
    assert_eq!(talk.handle.purge(is_cold().not()).responses(), 1);
}
