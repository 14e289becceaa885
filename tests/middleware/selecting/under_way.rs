//! Promise 1: a selector is held against what is under way, though its fields are not known yet.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Uri};
use support::{Conversation, begun, get, reply};
use tower_client_cache::{CacheLayer, NotStored, Selector};

use crate::{frame, in_flight, text};

fn panicking() -> Selector {
    Selector::filter(|_| panic!("this is meant to panic"))
}

fn uri(uri: &'static str) -> Uri {
    Uri::from_static(uri)
}

/// Selectors that mean the answer to `GET /a?q`, of the site `s`, in French, with `new: 1` and an age of 30 s; and
/// such as do not.
fn table(talk: &Conversation) -> Vec<(Selector, bool)> {
    let new = |value: &'static str| Selector::filter(move |info| info.fields()["new"] == value);
    let seconds = Duration::from_secs;
    let asking = |path, language| {
        Selector::request(&get(path, &[("accept-language", language), ("site", "s")]))
    };
    let later = talk.clock.now() + seconds(1);
    vec![
        (Selector::all(), true),
        (Selector::uri(&uri("http://o.test/a?q")), true),
        (Selector::uri(&uri("http://o.test/a")), false),
        (Selector::uri(&uri("http://o.test/a?q")).and(new("1")), true),
        (
            Selector::uri(&uri("http://o.test/a?q")).and(new("2")),
            false,
        ),
        (Selector::uri(&uri("http://o.test/a?q")).or(new("2")), true),
        (Selector::uri(&uri("http://o.test/a?q")).not(), false),
        (asking("/a?q", "fr"), true),
        (asking("/a?q", "de"), false),
        (asking("/a", "fr"), false),
        (Selector::prefix(&uri("http://o.test/a")), true),
        (Selector::prefix(&uri("http://o.test/a/")), false),
        (Selector::origin(&uri("http://o.test/")), true),
        (Selector::origin(&uri("http://other.test/")), false),
        (Selector::partition("s"), true),
        (Selector::partition("t"), false),
        (Selector::tag("t"), true),
        (Selector::tag("u"), false),
        (Selector::any_tag(["u", "t"]), true),
        (Selector::tag("t").and(new("1")), true),
        (Selector::tag("t").and(new("2")), false),
        (Selector::older_than(seconds(29)), true),
        (Selector::older_than(seconds(30)), false),
        (Selector::since(talk.clock.now()), true),
        (Selector::since(later), false),
        (Selector::stale(), false),
        (Selector::stale().not(), true),
        (new("1"), true),
        (new("2"), false),
        (panicking(), true),
        (panicking().not(), true),
        (panicking().not().and(new("2")), false),
        (Selector::filter(|info| info.body_len() == 3), true),
        (Selector::filter(|info| info.body_len() != 3), false),
    ]
}

fn conversation() -> Conversation {
    let layer = CacheLayer::new().partition(|_, fields, _| {
        let site = fields
            .get("site")
            .map(|site| Bytes::copy_from_slice(site.as_bytes()));
        Some(site.unwrap_or_default())
    });
    Conversation::through(layer.tag_field(HeaderName::from_static("tags")))
}

fn answer() -> support::Reply {
    let answer = reply(200).control("max-age=60").field("age", "30");
    let answer = answer.field("tags", "s t");
    answer.field("new", "1").field("vary", "accept-language")
}

fn asked() -> http::Request<http_body_util::Empty<Bytes>> {
    get("/a?q", &[("accept-language", "fr"), ("site", "s")])
}

#[tokio::test]
async fn what_waits_for_its_head_is_not_stored_where_a_purge_means_it() {
    for row in 0..table(&conversation()).len() {
        let talk = conversation();
        let (selector, is_meant) = table(&talk).swap_remove(row);
        let what = format!("{row}: {selector:?}");
        let (gate, held) = answer().body("old").held();
        talk.origin.will(held);
        let old = begun(talk.send(asked()));
        let purged = talk.handle.purge(selector);
        assert_eq!((purged.responses(), purged.in_flight()), (0, 1), "{what}");
        gate.open();
        let old = old.await;
        assert_eq!(old.text(), "old", "{what}");
        assert_eq!(talk.handle.is_empty(), is_meant, "{what}");
        assert_eq!(in_flight(&talk.handle), 0, "{what}");
        // What is asked for from now on is not meant.
        talk.origin.forget_replies();
        talk.origin.will(answer().body("new"));
        let new = talk.send(asked()).await;
        assert_eq!(new.text(), if is_meant { "new" } else { "old" }, "{what}");
        talk.send(asked()).await.assert_hit();
    }
}

#[tokio::test]
async fn a_body_half_read_is_not_stored_where_a_purge_means_it() {
    for row in 0..table(&conversation()).len() {
        let talk = conversation();
        let (selector, is_meant) = table(&talk).swap_remove(row);
        let what = format!("{row}: {selector:?}");
        let (frames, streamed) = answer().streamed();
        talk.origin.will(streamed);
        let mut body = talk.start(asked()).await.unwrap().into_body();
        frames.data("o");
        assert_eq!(text(&mut body), "o", "{what}");
        talk.handle.purge(selector);
        frames.data("ld");
        drop(frames);
        assert_eq!(text(&mut body), "ld", "{what}");
        assert!(frame(&mut body).is_none(), "{what}");
        assert_eq!(talk.handle.is_empty(), is_meant, "{what}");
    }
}

#[tokio::test]
async fn what_is_on_its_way_is_stored_stale_where_an_expiry_means_it() {
    for row in 0..table(&conversation()).len() {
        let talk = conversation();
        let (selector, is_meant) = table(&talk).swap_remove(row);
        let what = format!("{row}: {selector:?}");
        let (gate, held) = answer().body("old").held();
        talk.origin.will(held);
        let old = begun(talk.send(asked()));
        assert_eq!(talk.handle.expire(selector).in_flight(), 1, "{what}");
        gate.open();
        old.await.assert_stored();
        let held = talk.handle.entries().next().expect("it is stored");
        assert_eq!(held.is_stale(), is_meant, "{what}");
        assert_eq!(in_flight(&talk.handle), 0, "{what}");
    }
}

/// What is removed because it is of no use says nothing of what is to come.
#[tokio::test]
async fn what_is_on_its_way_is_stored_when_what_has_expired_is_removed() {
    let talk = Conversation::default();
    let (gate, held) = reply(200)
        .control("max-age=0")
        .field("etag", "\"e\"")
        .held();
    talk.origin.will(held);
    let old = begun(talk.get("/a"));
    assert_eq!(talk.handle.remove_expired().in_flight(), 0);
    gate.open();
    old.await.assert_stored();
    assert_eq!(talk.handle.len(), 1);
    assert_eq!(talk.handle.remove_expired().responses(), 1);
}

/// Each is remembered for as long as an older exchange runs, and those that are too many stand for everything.
#[tokio::test]
async fn a_selector_is_remembered_however_many_come_after_it() {
    for after in [0, 1, 1023, 1024, 3000] {
        let talk = Conversation::default();
        let (gate, held) = reply(200).control("max-age=60").field("new", "1").held();
        talk.origin.will(held);
        let meant = begun(talk.get("/a"));
        let (other, held) = reply(200).control("max-age=60").field("new", "2").held();
        talk.origin.will(held);
        let beside = begun(talk.get("/b"));
        talk.handle
            .purge(Selector::filter(|info| info.fields()["new"] == "1"));
        for _ in 0..after {
            talk.handle.purge(Selector::partition("nobody"));
        }
        gate.open();
        meant.await.assert_not_stored(NotStored::Purged);
        other.open();
        let is_stored = beside.await.cache.is_stored();
        assert_eq!(is_stored, after < 1024, "{after}");
        assert_eq!(in_flight(&talk.handle), 0);
    }
}

/// Whatever is on its way is received later than at any time that has come: though its head was there before, and though the
/// clock has been set back when it is.
#[tokio::test]
async fn what_is_on_its_way_is_received_since_any_time_that_has_come() {
    for is_begun in [false, true] {
        for (later, is_meant) in [(0, true), (1, false)] {
            for is_expiry in [false, true] {
                let talk = Conversation::default();
                talk.clock.advance(1000);
                let (frames, streamed) = reply(200).control("max-age=600").streamed();
                let (gate, held) = streamed.held();
                talk.origin.will(held);
                let asking = begun(talk.start(get("/a", &[])));
                let (mut asking, mut answer) = (Some(asking), None);
                let mut gate = Some(gate);
                if is_begun {
                    gate.take().expect("it is closed").open();
                    answer = Some(asking.take().expect("it is asked").await.unwrap());
                }
                talk.clock.advance(100);
                let since = Selector::since(talk.clock.now() + Duration::from_secs(later));
                if is_expiry {
                    talk.handle.expire(since);
                } else {
                    talk.handle.purge(since);
                }
                talk.clock.set_back(50);
                if let (Some(gate), Some(asking)) = (gate, asking) {
                    gate.open();
                    answer = Some(asking.await.unwrap());
                }
                let mut body = answer.expect("it is answered").into_body();
                frames.data("old");
                drop(frames);
                assert_eq!(text(&mut body), "old");
                assert!(frame(&mut body).is_none());
                let is_fresh = talk.handle.entries().any(|info| !info.is_stale());
                assert_eq!(is_fresh, !is_meant, "{is_begun} {later} {is_expiry}");
                assert_eq!(talk.handle.is_empty(), is_meant && !is_expiry);
            }
        }
    }
}
