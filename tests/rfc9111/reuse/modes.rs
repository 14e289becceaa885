//! Fetch's modes: `CacheMode` in the extensions of a request.

mod told;

use std::time::Duration;

use http::{Method, Request};
use http_body_util::Empty;
use support::{Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::{CacheLayer, CacheMode, Forward, NotStored, Outcome};

const TAG: &str = "\"e\"";

const MODES: [CacheMode; 6] = [
    CacheMode::Default,
    CacheMode::NoStore,
    CacheMode::Reload,
    CacheMode::NoCache,
    CacheMode::ForceCache,
    CacheMode::OnlyIfCached,
];

fn whole(control: &str) -> Reply {
    let reply = reply(200).control(control).field("etag", TAG);
    reply.field("content-length", "3").body("one")
}

fn other(control: &str) -> Reply {
    let reply = reply(200).control(control).field("etag", "\"f\"");
    reply.field("content-length", "3").body("two")
}

/// `GET /a` in this mode.
fn asking(mode: CacheMode, fields: &[(&str, &str)]) -> Request<Empty<bytes::Bytes>> {
    let mut request = get("/a", fields);
    request.extensions_mut().insert(mode);
    request
}

/// One that has a response with this `Cache-Control` stored, of so many seconds ago.
async fn with_a_response(control: &str, age: u64) -> Conversation {
    let talk = Conversation::default();
    talk.store(whole(control)).await.assert_stored();
    talk.clock.advance(age);
    talk
}

/// FETCH-1 to FETCH-6, FETCH-8, FETCH-10, FETCH-14: fresh, in the window, stale, and nothing stored
#[tokio::test]
async fn each_mode_has_its_own_way_with_what_is_stored() {
    const HIT: Outcome = Outcome::Hit;
    const NONE: Outcome = Outcome::Unsatisfiable;
    const REQUEST: Outcome = Outcome::Forwarded(Forward::Request);
    const STALE: Outcome = Outcome::Forwarded(Forward::Stale);
    const MISS: Outcome = Outcome::Forwarded(Forward::UriMiss);
    const BYPASS: Outcome = Outcome::Forwarded(Forward::Bypass);
    for (mode, fresh, in_window, stale, nothing) in [
        (CacheMode::Default, HIT, HIT, STALE, MISS),
        (CacheMode::NoStore, BYPASS, BYPASS, BYPASS, BYPASS),
        (CacheMode::Reload, REQUEST, REQUEST, REQUEST, MISS),
        (CacheMode::NoCache, REQUEST, STALE, STALE, MISS),
        (CacheMode::ForceCache, HIT, HIT, HIT, MISS),
        (CacheMode::OnlyIfCached, HIT, HIT, HIT, NONE),
    ] {
        let control = "max-age=60, stale-while-revalidate=60";
        for (age, expected) in [(30, fresh), (90, in_window), (150, stale), (999_999, stale)] {
            let talk = with_a_response(control, age).await;
            if matches!(expected, Outcome::Forwarded(_)) || (mode == CacheMode::Default) {
                talk.origin.will(other(control));
            }
            let answer = talk.send(asking(mode, &[])).await;
            assert_eq!(answer.cache.outcome(), expected, "{mode:?} {age}");
            let content = if expected == HIT { "one" } else { "two" };
            assert_eq!(answer.text(), content, "{mode:?} {age}");
            if expected == HIT {
                assert_eq!(answer.field("age"), Some(age.to_string()), "{mode:?}");
            }
        }
        let talk = Conversation::default();
        if mode != CacheMode::OnlyIfCached {
            talk.origin.will(other(control));
        }
        let answer = talk.send(asking(mode, &[])).await;
        assert_eq!(answer.cache.outcome(), nothing, "{mode:?}");
        if mode == CacheMode::OnlyIfCached {
            assert_eq!((answer.status.as_u16(), talk.origin.calls()), (504, 0));
        }
        let stores = !matches!(mode, CacheMode::NoStore | CacheMode::OnlyIfCached);
        assert_eq!(talk.handle.len(), usize::from(stores), "{mode:?}");
    }
}

/// FETCH-2
#[tokio::test]
async fn no_store_neither_reads_nor_writes() {
    let talk = with_a_response("max-age=60", 1).await;
    talk.origin.will(other("max-age=60"));
    let answer = talk.send(asking(CacheMode::NoStore, &[])).await;
    answer.assert_not_stored(NotStored::Bypass);
    assert_eq!(talk.origin.last().field("if-none-match"), None);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "one");
}

/// FETCH-3, FETCH-16, PRJ-4.3.3-4, EDGE-49
#[tokio::test]
async fn a_reload_is_unconditional_and_replaces_or_outdates_what_is_stored() {
    for (answer, stays) in [(other("max-age=60"), true), (other("no-store"), false)] {
        let talk = with_a_response("max-age=60", 1).await;
        talk.origin.will(answer);
        let reloaded = talk.send(asking(CacheMode::Reload, &[])).await;
        assert_eq!(reloaded.text(), "two");
        assert_eq!(talk.origin.last().field("if-none-match"), None);
        if stays {
            assert_eq!(talk.get("/a").await.assert_hit().text(), "two");
            assert_eq!(talk.handle.len(), 1);
        } else {
            for lenient in ["x", "max-stale", "stale-if-error=60"] {
                talk.origin.will(reply(503));
                let next = talk.get_with("/a", &[("cache-control", lenient)]).await;
                assert_eq!(next.status, 503, "{lenient}");
            }
            let any_age = talk.send(asking(CacheMode::OnlyIfCached, &[])).await;
            assert_eq!(any_age.status, 504);
        }
    }
}

/// FETCH-3, FETCH-2, PRJ-5861-1: nothing stored stands in for an answer that was to be new
#[tokio::test]
async fn a_reload_that_fails_fails() {
    for mode in [CacheMode::Reload, CacheMode::NoStore, CacheMode::NoCache] {
        let layer = CacheLayer::new().stale_if_disconnected(Duration::from_secs(600));
        let talk = Conversation::through(layer);
        talk.store(whole("max-age=60, stale-if-error=600"))
            .await
            .assert_stored();
        talk.clock.advance(90);
        talk.origin.will(reply(503));
        let answer = talk.send(asking(mode, &[])).await;
        assert_eq!(answer.status, 503, "{mode:?}");
        talk.origin.will(Reply::fails(OriginError("refused")));
        let failed = talk.start(asking(mode, &[])).await;
        assert_eq!(failed.err(), Some(OriginError("refused")), "{mode:?}");
    }
}

/// FETCH-4, FETCH-11
#[tokio::test]
async fn no_cache_validates_and_freshens() {
    let talk = with_a_response("max-age=60", 30).await;
    talk.origin.will(reply(304).field("x", "new"));
    let answer = talk.send(asking(CacheMode::NoCache, &[])).await;
    assert_eq!(answer.assert_validated().text(), "one");
    assert_eq!(
        talk.origin.last().field("if-none-match").as_deref(),
        Some(TAG)
    );
    let again = talk.get("/a").await;
    assert_eq!(again.assert_hit().field("x").as_deref(), Some("new"));
}

/// FETCH-5, FETCH-6, FETCH-8: the mode outranks what the request says
#[tokio::test]
async fn any_age_will_do_whatever_else_the_request_says() {
    for mode in [CacheMode::ForceCache, CacheMode::OnlyIfCached] {
        for control in ["no-cache", "max-age=0", "min-fresh=100", "max-age=1"] {
            let talk = with_a_response("max-age=60", 90).await;
            let answer = talk.send(asking(mode, &[("cache-control", control)])).await;
            assert_eq!(answer.assert_hit().text(), "one", "{mode:?} {control}");
        }
    }
}

/// FETCH-9, C-61, 9111-4.2.4-1
#[tokio::test]
async fn what_the_response_forbids_no_mode_allows() {
    for (layer, control, is_hit) in [
        (CacheLayer::new(), "max-age=60", true),
        (CacheLayer::new(), "max-age=60, no-cache", false),
        (CacheLayer::new(), "max-age=60, must-revalidate", false),
        (CacheLayer::new(), "max-age=60, proxy-revalidate", true),
        (CacheLayer::new(), "max-age=60, s-maxage=60", true),
        (CacheLayer::shared(), "max-age=60", true),
        (CacheLayer::shared(), "max-age=60, proxy-revalidate", false),
        (CacheLayer::shared(), "s-maxage=60", false),
    ] {
        let talk = Conversation::through(layer);
        talk.store(whole(control)).await.assert_stored();
        talk.clock.advance(90);
        let only = talk.send(asking(CacheMode::OnlyIfCached, &[])).await;
        assert_eq!(only.status, if is_hit { 200 } else { 504 }, "{control}");
        talk.origin.will(reply(304));
        let forced = talk.send(asking(CacheMode::ForceCache, &[])).await;
        assert_eq!(forced.cache.is_hit(), is_hit, "{control}");
        assert_eq!(forced.text(), "one", "{control}");
    }
}

/// FETCH-9, FETCH-11, 9111-4.4-5
#[tokio::test]
async fn what_an_unsafe_request_has_made_wrong_is_reused_in_no_mode() {
    for mode in MODES {
        let talk = with_a_response("max-age=60", 1).await;
        let mut post = request(Method::POST, "/a", &[]);
        post.extensions_mut().insert(mode);
        talk.origin.will(reply(204));
        talk.send(post).await.assert_forwarded(Forward::Method);
        talk.origin.will(other("max-age=60"));
        let next = talk.send(asking(CacheMode::ForceCache, &[])).await;
        assert_eq!(next.text(), "two", "{mode:?}");
    }
}

/// FETCH-7
#[tokio::test]
async fn vary_selects_in_every_mode() {
    for mode in MODES {
        let talk = Conversation::default();
        talk.origin.will(whole("max-age=60").field("vary", "Foo"));
        talk.get_with("/a", &[("foo", "1")]).await.assert_stored();
        if mode != CacheMode::OnlyIfCached {
            talk.origin.will(other("no-store"));
        }
        let answer = talk.send(asking(mode, &[("foo", "2")])).await;
        assert_ne!(answer.text(), "one", "{mode:?}");
        assert!(!answer.cache.is_hit(), "{mode:?}");
    }
}

/// FETCH-10, 9111-5.2.1.7-1: the 504 of the cache and one of the origin's are told apart
#[tokio::test]
async fn a_504_says_whose_it_is() {
    let talk = Conversation::default();
    let ours = talk.send(asking(CacheMode::OnlyIfCached, &[])).await;
    assert_eq!(ours.status, 504);
    assert_eq!(ours.cache.outcome(), Outcome::Unsatisfiable);
    talk.origin.will(reply(504));
    let theirs = talk.get("/a").await;
    assert_eq!(theirs.status, 504);
    theirs.assert_forwarded(Forward::UriMiss);
}

/// FETCH-1, C-26: the caller's own conditions are tried against what is stored, or bypass it
#[tokio::test]
async fn conditions_of_the_caller_can_be_left_to_the_origin() {
    for field in [
        ("if-none-match", TAG),
        ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ] {
        for is_on in [false, true] {
            let talk = Conversation::with(|layer| layer.conditional_bypass(is_on));
            talk.store(whole("max-age=60")).await.assert_stored();
            if is_on {
                talk.origin.will(reply(304).field("etag", TAG));
            }
            let answer = talk.get_with("/a", &[field]).await;
            assert_eq!(answer.status, 304, "{field:?}");
            let reason = is_on.then_some(Forward::Bypass);
            assert_eq!(answer.cache.forwarded(), reason, "{field:?}");
        }
    }
}

/// FETCH-6, FETCH-10: whatever happens, the origin is not asked
#[tokio::test]
async fn only_if_cached_never_asks_the_origin() {
    for fields in [
        &[][..],
        &[("range", "bytes=0-1")],
        &[("if-match", TAG)],
        &[("cache-control", "no-store")],
    ] {
        let talk = Conversation::default();
        talk.origin.will(Reply::fails(OriginError("asked")));
        let answer = talk.send(asking(CacheMode::OnlyIfCached, fields)).await;
        assert_eq!(answer.status, 504, "{fields:?}");
        let disabled = talk.handle.pause();
        let answer = talk.send(asking(CacheMode::OnlyIfCached, fields)).await;
        assert_eq!(answer.status, 504, "{fields:?}");
        drop(disabled);
        assert_eq!(talk.origin.calls(), 0, "{fields:?}");
    }
}
