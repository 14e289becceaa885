//! What is written and put back: as it was, as old as it is by then, and nobody's credentials.

mod beside;
mod damaged;
mod hostile;
mod meanwhile;
mod secrets;

use std::io::{self, Read};

use http::{HeaderMap, HeaderValue, Method};
use support::{Conversation, Reply, get, reply, request};
use tower_client_cache::{CacheHandle, CacheLayer, Forward, RestoreError, Restored};

use crate::until;

fn fresh(body: &'static str) -> Reply {
    reply(200).control("max-age=60").body(body)
}

fn written(handle: &CacheHandle) -> Vec<u8> {
    let mut octets = Vec::new();
    let snapshot = handle.snapshot(&mut octets).expect("it can be written");
    assert_eq!(snapshot.bytes(), octets.len() as u64);
    octets
}

/// Another cache, at the time of the first.
fn another(talk: &Conversation, set: impl FnOnce(CacheLayer) -> CacheLayer) -> Conversation {
    let clock = talk.clock.clone();
    let other = Conversation::with(set);
    let seconds = clock.now().duration_since(other.clock.now());
    other
        .clock
        .advance(seconds.expect("the first is not behind").as_secs());
    other
}

fn restored(talk: &Conversation, octets: &[u8]) -> Restored {
    talk.handle.restore(octets).expect("it is a snapshot")
}

#[tokio::test]
async fn what_was_written_is_answered_with_as_it_was() {
    let talk = Conversation::default();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("1"));
    let (frames, streamed) = fresh("").field("trailer", "x-sum").streamed();
    frames.data("some");
    frames.data("thing");
    frames.trailers(trailers.clone());
    drop(frames);
    talk.origin.will(streamed);
    let first = talk.get("/trailers?a=%7e").await;
    for language in ["de", "fr"] {
        let reply = fresh(if language == "de" {
            "Neues"
        } else {
            "nouvelles"
        });
        let reply = reply
            .field("vary", "accept-language")
            .field("link", "<a>")
            .field("link", "<b>");
        talk.origin.will(reply);
        talk.get_with("/a", &[("accept-language", language)]).await;
    }
    talk.origin.will(
        reply(404)
            .control("max-age=60")
            .field("x-octets", b"caf\xe9"),
    );
    talk.get("/none").await;
    talk.origin.will(
        reply(200)
            .control("max-age=60")
            .field("content-length", "5"),
    );
    talk.send(request(Method::HEAD, "/head", &[])).await;
    talk.clock.advance(10);
    let octets = written(&talk.handle);

    talk.clock.advance(20);
    let other = another(&talk, |layer| layer);
    let report = restored(&other, &octets);
    assert_eq!((report.responses(), report.refused()), (5, 0));
    assert!(report.is_whole());
    assert_eq!(other.handle.len(), 5);
    let again = other.get("/trailers?a=~").await;
    assert_eq!(again.assert_hit().text(), first.text());
    assert_eq!(again.trailers, Some(trailers));
    assert_eq!(again.field("age").as_deref(), Some("30"));
    for (language, body) in [("de", "Neues"), ("fr", "nouvelles")] {
        let hit = other.get_with("/a", &[("accept-language", language)]).await;
        assert_eq!(hit.assert_hit().text(), body);
        assert_eq!(hit.headers.get_all("link").iter().count(), 2);
    }
    other.origin.will(reply(200).control("no-store"));
    let english = other.get_with("/a", &[("accept-language", "en")]).await;
    english.assert_forwarded(Forward::VaryMiss);
    let none = other.get("/none").await;
    assert_eq!(
        (none.status.as_u16(), none.headers["x-octets"].as_bytes()),
        (404, &b"caf\xe9"[..])
    );
    other
        .send(request(Method::HEAD, "/head", &[]))
        .await
        .assert_hit();

    let third = another(&other, |layer| layer);
    assert_eq!(restored(&third, &written(&other.handle)).responses(), 5);
    let hit = third.get_with("/a", &[("accept-language", "fr")]).await;
    assert_eq!(
        hit.assert_hit().text(),
        "nouvelles",
        "it was written once more"
    );
}

/// 9111-4.2.3-1: an age goes on meanwhile. What is stale can be validated.
#[tokio::test]
async fn what_is_put_back_is_as_old_as_it_is_by_then() {
    let talk = Conversation::default();
    talk.store(fresh("old").field("etag", "\"1\"").field("vary", "accept"))
        .await;
    let octets = written(&talk.handle);
    talk.clock.advance(60);
    let other = another(&talk, |layer| layer);
    assert_eq!(restored(&other, &octets).responses(), 1);
    other
        .origin
        .will(reply(304).control("max-age=60").field("etag", "\"1\""));
    assert_eq!(other.get("/a").await.assert_validated().text(), "old");
    assert_eq!(other.get("/a").await.assert_hit().text(), "old");
    assert_eq!(
        other.origin.last().field("if-none-match").as_deref(),
        Some("\"1\"")
    );
}

#[tokio::test]
async fn what_seems_to_be_of_the_future_is_left_out() {
    let talk = Conversation::default();
    talk.store(fresh("x")).await;
    let octets = written(&talk.handle);
    talk.clock.set_back(1);
    talk.handle.clear();
    let report = restored(&talk, &octets);
    assert_eq!((report.responses(), report.refused()), (0, 1));
}

/// Promise 8, C-33: without a secret nothing of a user's is written, with one it is his alone.
#[tokio::test]
async fn what_has_to_do_with_credentials_stays_out() {
    let secret = [7; 32];
    for has_secret in [false, true] {
        let set = |layer: CacheLayer| {
            if has_secret {
                layer.secret(&secret)
            } else {
                layer
            }
        };
        let talk = Conversation::with(set);
        let mut hidden = HeaderValue::from_static("secret-in-a-field");
        hidden.set_sensitive(true);
        let alice = [("authorization", "Bearer secret-of-alice")];
        for (path, fields, reply) in [
            ("/user", &alice[..], fresh("secret-body")),
            (
                "/cookie",
                &[],
                fresh("secret-body").field("set-cookie", "id=secret-cookie"),
            ),
            (
                "/hidden",
                &[],
                fresh("secret-body").field_value("x-key", hidden),
            ),
            (
                "/all",
                &[],
                fresh("for all").field("vary", "accept-language"),
            ),
        ] {
            talk.origin.will(reply);
            talk.get_with(path, fields).await.assert_stored();
        }
        let octets = written(&talk.handle);
        let has = |text: &str| {
            octets
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        assert!(!has("secret-of-alice") && !has("secret-cookie") && !has("secret-in-a-field"));
        assert_eq!(has("secret-body"), has_secret);

        let other = another(&talk, set);
        let report = restored(&other, &octets);
        assert_eq!(report.responses(), 1 + usize::from(has_secret));
        other.get("/all").await.assert_hit();
        if has_secret {
            other.get_with("/user", &alice).await.assert_hit();
        }
        other.origin.will(reply(200).control("no-store"));
        other.get("/user").await.assert_forwarded(Forward::UriMiss);

        let stranger = another(&talk, |layer| layer.secret(&[8; 32]));
        let report = restored(&stranger, &octets);
        let expected = if has_secret { (0, 2) } else { (1, 0) };
        assert_eq!((report.responses(), report.refused()), expected);
    }
}

/// What is cut off or changed somewhere is noticed, costs what stood there, and nothing else; no octet of what is
/// answered with is another.
#[tokio::test]
async fn what_is_damaged_is_left_out_and_counted() {
    let talk = Conversation::default();
    let bodies = [
        ("/a", "one and one"),
        ("/b", "two and two"),
        ("/c", "three and three"),
    ];
    for (path, body) in bodies {
        talk.origin.will(fresh(body).field("etag", "\"1\""));
        talk.get(path).await;
    }
    let octets = written(&talk.handle);
    let look = |damaged: &[u8], what: &str| {
        let other = another(&talk, |layer| layer);
        let Ok(report) = other.handle.restore(damaged) else {
            assert!(other.handle.is_empty(), "{what}");
            return 0;
        };
        assert!(!report.is_whole(), "{what}");
        assert_eq!(report.responses(), other.handle.len(), "{what}");
        for info in other.handle.entries() {
            let (_, body) = bodies
                .iter()
                .find(|(path, _)| info.uri().ends_with(path))
                .expect(what);
            assert_eq!(info.body().expect(what), body.as_bytes(), "{what}");
            assert_eq!(info.fields()["etag"], "\"1\"", "{what}");
        }
        report.responses()
    };
    const OPENING: usize = 90;
    for at in 0..octets.len() {
        for by in [1, 0x80] {
            let mut damaged = octets.clone();
            damaged[at] ^= by;
            let found = look(&damaged, &format!("octet {at} by {by}"));
            assert_eq!(found >= 2, at >= OPENING, "octet {at} by {by}: {found}");
        }
        let found = look(&octets[..at], &format!("cut off at {at}"));
        assert!(
            found < 3 || at + 50 > octets.len(),
            "cut off at {at}: {found}"
        );
    }
    let mut removed = octets.clone();
    removed.drain(OPENING + 30..OPENING + 40);
    assert_eq!(look(&removed, "ten octets fewer"), 2);
}

#[tokio::test]
async fn what_is_no_snapshot_of_such_a_cache_is_refused() {
    let talk = Conversation::default();
    talk.store(fresh("x")).await;
    let octets = written(&talk.handle);
    let refused =
        |talk: &Conversation, octets: &[u8]| talk.handle.restore(octets).expect_err("refused");
    for octets in [&b""[..], b"no snapshot", &octets[..20]] {
        assert!(matches!(refused(&talk, octets), RestoreError::NoSnapshot));
    }
    let shared = Conversation::shared();
    let error = refused(&shared, &octets);
    assert!(matches!(error, RestoreError::OtherKind), "{error}");
    let mut later = octets.clone();
    later[8] += 1;
    assert!(matches!(refused(&talk, &later), RestoreError::OtherVersion));
    let failing = octets[..100].chain(Failing);
    assert!(matches!(
        talk.handle.restore(failing),
        Err(RestoreError::Io(_))
    ));
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("it is gone"))
    }
}

/// Promise 1: what is put back was asked for before the clear.
#[tokio::test]
async fn a_clear_meanwhile_is_held_against_what_is_put_back() {
    struct Clearing<'a>(&'a [u8], CacheHandle);

    impl Read for Clearing<'_> {
        fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
            self.1.clear();
            self.0.read(octets)
        }
    }

    let talk = Conversation::default();
    talk.store(fresh("x")).await;
    let octets = written(&talk.handle);
    let clearing = Clearing(&octets, talk.handle.clone());
    let report = talk.handle.restore(clearing).expect("it is a snapshot");
    assert_eq!((report.responses(), report.refused()), (0, 1));
    assert!(talk.handle.is_empty());
}

#[tokio::test]
async fn it_takes_the_place_of_nothing_newer_and_keeps_to_the_mode_and_the_limits() {
    let talk = Conversation::default();
    talk.store(fresh("old")).await;
    let octets = written(&talk.handle);
    talk.clock.advance(1);
    talk.handle.clear();
    talk.store(fresh("new")).await;
    assert_eq!(restored(&talk, &octets).refused(), 1);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
    talk.handle.clear();
    talk.handle.disable();
    assert_eq!(restored(&talk, &octets).refused(), 1);
    talk.handle.enable();
    talk.handle.set_max_body(2);
    assert_eq!(restored(&talk, &octets).refused(), 1);
    talk.handle.set_max_body(3);
    assert_eq!(restored(&talk, &octets).responses(), 1);
}

/// 9111-4.4-1: what was made wrong is not put back as if it were good.
#[tokio::test]
async fn what_was_made_wrong_stays_out() {
    let talk = Conversation::default();
    talk.store(fresh("old").field("etag", "\"1\"")).await;
    talk.origin.will(reply(204));
    talk.send(request(Method::DELETE, "/a", &[])).await;
    until(|| talk.handle.len() == 1).await;
    let mut octets = Vec::new();
    let snapshot = talk.handle.snapshot(&mut octets).expect("written");
    assert_eq!((snapshot.responses(), snapshot.left_out()), (0, 1));
}

#[test]
#[should_panic = "the secret is set before anything is made of the layer"]
fn a_secret_is_set_before_anything_is_hashed() {
    let layer = CacheLayer::new();
    let _handle = layer.handle();
    let _ = layer.secret(&[1; 32]);
}

/// RFC 9111 §3.3: what is held in part is put back in part.
#[tokio::test]
async fn parts_come_back_as_parts() {
    let talk = Conversation::default();
    let part = reply(206)
        .control("max-age=60")
        .field("etag", "\"1\"")
        .field("content-range", "bytes 2-4/10")
        .body("234");
    talk.origin.will(part);
    talk.get_with("/a", &[("range", "bytes=2-4")])
        .await
        .assert_stored();
    let octets = written(&talk.handle);
    let other = another(&talk, |layer| layer);
    assert_eq!(restored(&other, &octets).responses(), 1);
    let hit = other.send(get("/a", &[("range", "bytes=3-4")])).await;
    assert_eq!(hit.assert_hit().text(), "34");
}

/// Promise 8: what is one user's, with or without credentials, is not put before others.
#[tokio::test]
async fn a_snapshot_of_one_user_is_for_one_user() {
    let one = Conversation::with(CacheLayer::single_user);
    one.origin.will(fresh("mine"));
    one.get_with("/a", &[("authorization", "Bearer 1")])
        .await
        .assert_stored();
    let octets = written(&one.handle);
    let several = another(&one, |layer| layer);
    let error = several.handle.restore(&*octets).expect_err("refused");
    assert!(matches!(error, RestoreError::OtherKind), "{error}");
    assert!(several.handle.is_empty());
    let same = another(&one, CacheLayer::single_user);
    assert_eq!(restored(&same, &octets).responses(), 1);
    same.get("/a").await.assert_hit();
    several.origin.will(fresh("for all"));
    several.get("/b").await.assert_stored();
    assert_eq!(restored(&same, &written(&several.handle)).responses(), 1);
}
