//! Promise 1: what was asked for before a clear, a purge or an unsafe request is not stored after it.

use futures_util::FutureExt;
use http::{Method, Uri};
use support::{Conversation, OriginBody, begun, get, reply, request};
use tower_client_cache::{CacheBody, Forward, NotStored};

use crate::{in_flight, text, until};

/// What makes the answers to earlier requests not worth storing.
#[derive(Debug, Clone, Copy)]
enum Fence {
    Clear,
    Purge,
    DisableAndClear,
    Post,
}

const FENCES: [Fence; 4] = [
    Fence::Clear,
    Fence::Purge,
    Fence::DisableAndClear,
    Fence::Post,
];

impl Fence {
    async fn put_up(self, talk: &Conversation) {
        match self {
            Self::Clear => {
                talk.handle.clear();
            }
            Self::Purge => {
                talk.handle.purge(&Uri::from_static("http://o.test/a"));
            }
            Self::DisableAndClear => {
                talk.handle.disable_and_clear();
                talk.handle.enable();
            }
            Self::Post => {
                talk.origin.will(reply(204));
                talk.send(request(Method::POST, "/a", &[])).await;
            }
        }
    }

    /// Whether it takes out what is stored, or only marks it.
    fn removes(self) -> bool {
        !matches!(self, Self::Post)
    }
}

/// A request that starts now is answered by the origin, and what comes of it is stored as usual.
async fn assert_asks_anew(talk: &Conversation, fence: Fence) {
    let calls = talk.origin.calls();
    let new = talk
        .store(reply(200).control("max-age=60").body("new"))
        .await;
    assert_eq!(new.text(), "new", "{fence:?}");
    assert_eq!(talk.origin.calls(), calls + 1, "{fence:?}");
    new.assert_stored();
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new", "{fence:?}");
    assert_eq!(in_flight(&talk.handle), 0, "{fence:?}");
}

/// Promise 1, 9111-7-1, 9111-4.4-1
#[tokio::test]
async fn what_waits_for_its_head_is_answered_and_not_stored() {
    for fence in FENCES {
        let talk = Conversation::default();
        let (gate, held) = reply(200).control("max-age=60").body("old").held();
        talk.origin.will(held);
        let old = begun(talk.get("/a"));
        fence.put_up(&talk).await;
        gate.open();
        let old = old.await;
        assert_eq!(old.text(), "old", "{fence:?}");
        assert!(talk.handle.is_empty(), "{fence:?}");
        assert_asks_anew(&talk, fence).await;
    }
}

/// Promises 1 and 4: it is known by then, so it is said, and no room is taken for the body.
#[tokio::test]
async fn a_head_that_comes_after_a_fence_says_so_and_is_not_recorded() {
    for fence in FENCES {
        let talk = Conversation::default();
        let (frames, streamed) = reply(200).control("max-age=60").streamed();
        let (gate, held) = streamed.held();
        talk.origin.will(held);
        let old = begun(talk.start(get("/a", &[])));
        fence.put_up(&talk).await;
        gate.open();
        let mut body = old.await.unwrap().into_body();
        frames.data("old");
        assert_eq!(text(&mut body), "old");
        assert_eq!(talk.handle.stats().recording(), 0, "{fence:?}");
        drop(frames);
        let (gate, held) = reply(200).control("max-age=60").body("old").held();
        talk.origin.will(held);
        let old = begun(talk.get("/a"));
        fence.put_up(&talk).await;
        gate.open();
        old.await.assert_not_stored(NotStored::Purged);
    }
}

/// Promise 1, 9111-7-1
#[tokio::test]
async fn a_body_half_read_is_read_to_its_end_and_not_stored() {
    for fence in FENCES {
        let talk = Conversation::default();
        let (frames, streamed) = reply(200).control("max-age=60").streamed();
        talk.origin.will(streamed);
        let response = talk.start(get("/a", &[])).await.unwrap();
        let mut body: CacheBody<OriginBody> = response.into_body();
        frames.data("half ");
        assert_eq!(text(&mut body), "half ");
        fence.put_up(&talk).await;
        frames.data("and half");
        drop(frames);
        assert_eq!(text(&mut body), "and half", "{fence:?}");
        assert!(crate::frame(&mut body).is_none(), "{fence:?}");
        assert!(talk.handle.is_empty(), "{fence:?}");
        assert_eq!(talk.handle.stats().recording(), 0, "{fence:?}");
        assert_asks_anew(&talk, fence).await;
    }
}

/// Promise 1, 9111-4.3.4-1, 9111-4.4-5
#[tokio::test]
async fn a_304_on_its_way_answers_its_caller_and_freshens_nothing() {
    for fence in FENCES {
        let talk = Conversation::default();
        let stored = reply(200).control("max-age=60").field("etag", "\"old\"");
        talk.store(stored.body("old")).await.assert_stored();
        talk.clock.advance(61);
        let (gate, held) = reply(304).control("max-age=60").held();
        talk.origin.will(held);
        let old = begun(talk.get("/a"));
        assert_eq!(
            talk.origin.last().field("if-none-match").as_deref(),
            Some("\"old\"")
        );
        fence.put_up(&talk).await;
        assert_eq!(talk.handle.is_empty(), fence.removes(), "{fence:?}");
        gate.open();
        let old = old.await;
        assert_eq!(old.assert_validated().text(), "old", "{fence:?}");
        assert!(!old.cache.is_stored(), "{fence:?}: {}", old.cache);
        assert_eq!(talk.handle.is_empty(), fence.removes(), "{fence:?}");
        assert_asks_anew(&talk, fence).await;
    }
}

/// Promise 1, 5861-3-1
#[tokio::test]
async fn a_background_validation_stores_and_freshens_nothing() {
    for (fence, status) in FENCES.iter().flat_map(|f| [(*f, 200), (*f, 304)]) {
        let talk = Conversation::default();
        let control = "max-age=60, stale-while-revalidate=60";
        let stored = reply(200).control(control).field("etag", "\"old\"");
        talk.store(stored.body("old")).await;
        talk.clock.advance(61);
        let (gate, held) = reply(status).control(control).body("older").held();
        talk.origin.will(held);
        let stale = talk.get("/a").now_or_never().expect("no waiting");
        assert_eq!(stale.assert_hit().text(), "old");
        until(|| talk.origin.calls() == 2).await;
        fence.put_up(&talk).await;
        gate.open();
        until(|| in_flight(&talk.handle) == 0).await;
        assert_eq!(
            talk.handle.is_empty(),
            fence.removes(),
            "{fence:?} {status}"
        );
        assert_asks_anew(&talk, fence).await;
    }
}

/// Promise 1
#[tokio::test]
async fn a_head_request_on_its_way_is_not_stored() {
    for fence in FENCES {
        let talk = Conversation::default();
        let (gate, held) = reply(200).control("max-age=60").held();
        talk.origin.will(held);
        let old = begun(talk.send(request(Method::HEAD, "/a", &[])));
        fence.put_up(&talk).await;
        gate.open();
        assert_eq!(old.await.status, 200, "{fence:?}");
        assert!(talk.handle.is_empty(), "{fence:?}");
    }
}

/// Promise 1
#[tokio::test]
async fn a_body_that_was_handed_out_is_never_cut() {
    for fence in FENCES {
        let talk = Conversation::default();
        talk.store(reply(200).control("max-age=60").body("whole"))
            .await;
        let hit = talk.start(get("/a", &[])).await.unwrap();
        fence.put_up(&talk).await;
        assert!(talk.handle.is_empty(), "{fence:?}");
        assert_eq!(text(&mut hit.into_body()), "whole", "{fence:?}");
    }
}

/// Promise 1
#[tokio::test]
async fn what_starts_after_a_fence_is_stored_and_what_is_late_does_not_replace_it() {
    for fence in FENCES {
        let talk = Conversation::default();
        let (gate, held) = reply(200).control("max-age=60").body("old").held();
        talk.origin.will(held);
        let old = begun(talk.get("/a"));
        fence.put_up(&talk).await;
        let new = talk
            .store(reply(200).control("max-age=60").body("new"))
            .await;
        new.assert_forwarded(Forward::UriMiss).assert_stored();
        // By its date the late one is newer, and it was still asked for before.
        talk.clock.advance(1);
        gate.open();
        assert_eq!(old.await.text(), "old", "{fence:?}");
        assert_eq!(talk.get("/a").await.assert_hit().text(), "new", "{fence:?}");
    }
}

/// Promise 1: a purge means its URI, and no other.
#[tokio::test]
async fn after_a_purge_what_is_on_its_way_for_another_uri_is_stored() {
    for fence in [Fence::Purge, Fence::Post] {
        let talk = Conversation::default();
        let (gate, held) = reply(200).control("max-age=60").body("b").held();
        talk.origin.will(held);
        let other = begun(talk.get("/b"));
        let (frames, streamed) = reply(200).control("max-age=60").streamed();
        talk.origin.will(streamed);
        let mut body = talk.start(get("/a?query", &[])).await.unwrap().into_body();
        fence.put_up(&talk).await;
        gate.open();
        other.await.assert_stored();
        frames.data("query");
        drop(frames);
        assert_eq!(text(&mut body), "query");
        assert!(crate::frame(&mut body).is_none());
        assert_eq!(talk.get("/b").await.assert_hit().text(), "b", "{fence:?}");
        assert_eq!(talk.get("/a?query").await.assert_hit().text(), "query");
    }
}

/// Promise 1: what was forgotten to be remembered one by one is fenced as a whole.
#[tokio::test]
async fn a_fence_holds_however_many_come_after_it() {
    let talk = Conversation::default();
    let (gate, held) = reply(200).control("max-age=60").body("old").held();
    talk.origin.will(held);
    let old = begun(talk.get("/a"));
    talk.handle.purge(&Uri::from_static("http://o.test/a"));
    for n in 0..5_000 {
        let uri: Uri = format!("http://o.test/{n}").parse().unwrap();
        talk.handle.purge(&uri);
    }
    gate.open();
    assert_eq!(old.await.text(), "old");
    assert!(talk.handle.is_empty());
    assert_asks_anew(&talk, Fence::Purge).await;
}

/// Promise 1, 9111-4.4-1: it is unknown which of the two the origin did first.
#[tokio::test]
async fn what_is_asked_for_while_an_unsafe_request_is_on_its_way_is_not_stored() {
    let talk = Conversation::default();
    let (gate, held) = reply(204).held();
    talk.origin.will(held);
    let post = begun(talk.send(request(Method::POST, "/a", &[])));
    let (get_gate, held) = reply(200).control("max-age=60").body("old").held();
    talk.origin.will(held);
    let old = begun(talk.get("/a"));
    gate.open();
    assert_eq!(post.await.status, 204);
    get_gate.open();
    assert_eq!(old.await.text(), "old");
    assert!(talk.handle.is_empty());
    assert_asks_anew(&talk, Fence::Post).await;
}

/// Promise 1, PRJ-4-13, 9111-4.3.4-1: a late 304 brings nothing back.
#[tokio::test]
async fn a_304_about_what_has_been_replaced_meanwhile_leaves_what_took_its_place() {
    let talk = Conversation::default();
    let stored = reply(200).control("max-age=60").field("etag", "\"old\"");
    talk.store(stored.body("old")).await;
    talk.clock.advance(61);
    let (gate, held) = reply(304).control("max-age=60").held();
    talk.origin.will(held);
    let old = begun(talk.get("/a"));
    let new = reply(200).control("max-age=60").field("etag", "\"new\"");
    talk.store(new.body("new")).await.assert_stored();
    gate.open();
    let old = old.await;
    assert_eq!(old.assert_validated().text(), "old");
    old.assert_not_stored(NotStored::Outdated);
    assert_eq!(talk.handle.len(), 1);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
}
