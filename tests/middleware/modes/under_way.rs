//! The mode changes while something is under way: for storing the stricter of the two counts.

use std::time::Duration;

use futures_util::FutureExt;
use support::{Conversation, Gate, begun, get, reply};
use tokio::task::yield_now;
use tower_client_cache::{CacheLayer, Forward, Mode, NotStored, Outcome};

use super::{MODES, ONLINE, TAG, WINDOW, may_store, new, old, with_a_response};
use crate::{frame, in_flight, text, until};

/// Has the origin hold back its next reply, which is this.
fn held(talk: &Conversation, will: support::Reply) -> Gate {
    let (gate, held) = will.held();
    talk.origin.will(held);
    gate
}

/// Promise 2: begun in the one mode, answered in the other
#[tokio::test]
async fn what_waits_for_its_head_is_stored_where_both_modes_allow_it() {
    for (begins, ends) in ONLINE
        .iter()
        .flat_map(|one| MODES.map(|other| (*one, other)))
    {
        let talk = Conversation::default();
        talk.handle.set_mode(begins);
        let gate = held(&talk, new("max-age=60"));
        let asking = begun(talk.get("/a"));
        talk.handle.set_mode(ends);
        gate.open();
        let answer = asking.await;
        assert_eq!(answer.text(), "new", "{begins:?} {ends:?}");
        let stored = may_store(begins) && may_store(ends);
        assert_eq!(
            talk.handle.len(),
            usize::from(stored),
            "{begins:?} {ends:?}"
        );
        if !stored {
            answer.assert_not_stored(NotStored::Disabled);
        }
    }
}

/// Promise 2: a body that is half read when the mode changes is read to its end, and stored where both allow it
#[tokio::test]
async fn what_is_half_read_is_stored_where_both_modes_allow_it() {
    for (begins, ends) in ONLINE
        .iter()
        .flat_map(|one| MODES.map(|other| (*one, other)))
    {
        let talk = Conversation::default();
        talk.handle.set_mode(begins);
        let (frames, streamed) = reply(200).control("max-age=60").streamed();
        talk.origin.will(streamed);
        let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
        frames.data("half ");
        assert_eq!(text(&mut body), "half ");
        talk.handle.set_mode(ends);
        frames.data("and half");
        drop(frames);
        assert_eq!(text(&mut body), "and half", "{begins:?} {ends:?}");
        assert!(frame(&mut body).is_none());
        let stored = may_store(begins) && may_store(ends);
        assert_eq!(
            talk.handle.len(),
            usize::from(stored),
            "{begins:?} {ends:?}"
        );
        assert_eq!(talk.handle.stats().recording(), 0);
    }
}

/// Promise 2: a 304 answers the caller who has waited for it, and freshens where both modes allow it
#[tokio::test]
async fn a_304_on_its_way_freshens_where_both_modes_allow_it() {
    for (begins, ends) in [Mode::Normal, Mode::ReadOnly]
        .iter()
        .flat_map(|one| MODES.map(|other| (*one, other)))
    {
        let talk = with_a_response("max-age=60", 90).await;
        talk.handle.set_mode(begins);
        let gate = held(&talk, reply(304));
        let asking = begun(talk.get("/a"));
        assert_eq!(
            talk.origin.last().field("if-none-match").as_deref(),
            Some(TAG)
        );
        talk.handle.set_mode(ends);
        gate.open();
        let answer = asking.await;
        assert_eq!(
            answer.assert_validated().text(),
            "old",
            "{begins:?} {ends:?}"
        );
        talk.handle.set_mode(Mode::Normal);
        talk.origin.will(reply(304));
        let is_fresh = talk.get("/a").await.cache.is_hit();
        assert_eq!(
            is_fresh,
            may_store(begins) && may_store(ends),
            "{begins:?} {ends:?}"
        );
    }
}

/// Promise 2: a validation in the background that is under way ends, and freshens where the mode allows it
#[tokio::test]
async fn a_validation_in_the_background_freshens_where_the_mode_allows_it_by_then() {
    for ends in MODES {
        let talk = with_a_response(WINDOW, 90).await;
        let gate = held(&talk, reply(304));
        talk.get("/a")
            .now_or_never()
            .expect("no waiting")
            .assert_hit();
        until(|| talk.origin.calls() == 2).await;
        talk.handle.set_mode(ends);
        gate.open();
        until(|| in_flight(&talk.handle) == 0).await;
        talk.handle.set_mode(Mode::Normal);
        talk.clock.advance(31);
        talk.origin.will(reply(304));
        let later = talk.get("/a").await;
        assert_eq!(later.cache.is_hit(), may_store(ends), "{ends:?}");
    }
}

/// Promise 2: and where it was allowed when it began
#[tokio::test]
async fn a_validation_in_the_background_that_began_read_only_freshens_nothing() {
    let talk = with_a_response(WINDOW, 90).await;
    let read_only = talk.handle.hold(Mode::ReadOnly);
    let gate = held(&talk, reply(304));
    talk.get("/a")
        .now_or_never()
        .expect("no waiting")
        .assert_hit();
    until(|| talk.origin.calls() == 2).await;
    drop(read_only);
    gate.open();
    until(|| in_flight(&talk.handle) == 0).await;
    talk.clock.advance(31);
    talk.origin.will(reply(304));
    talk.get("/a").await.assert_forwarded(Forward::Stale);
}

/// Promise 2: whoever waits for another begins anew, in the mode that is in force then
#[tokio::test]
async fn who_waits_for_another_begins_anew() {
    for (ends, outcome) in [
        (Mode::ReadOnly, Outcome::Forwarded(Forward::UriMiss)),
        (Mode::Refresh, Outcome::Forwarded(Forward::UriMiss)),
        (Mode::Bypass, Outcome::Forwarded(Forward::Bypass)),
        (Mode::Offline, Outcome::Offline),
        (Mode::Closed, Outcome::Offline),
    ] {
        for is_held in [false, true] {
            let talk = Conversation::default();
            let gate = held(&talk, new("max-age=60"));
            let leads = begun(talk.get("/a"));
            let mut waits = begun(talk.get("/a"));
            assert_eq!(talk.origin.calls(), 1);
            let guard = is_held.then(|| talk.handle.hold(ends));
            if !is_held {
                talk.handle.set_mode(ends);
            }
            if outcome != Outcome::Offline {
                talk.origin.will(reply(200).control("no-store").body("own"));
            }
            let released = waits.as_mut().now_or_never().expect("it waits no longer");
            assert_eq!(released.cache.outcome(), outcome, "{ends:?}");
            gate.open();
            assert_eq!(leads.await.text(), "new", "{ends:?}");
            assert_eq!(talk.handle.len(), usize::from(may_store(ends)), "{ends:?}");
            drop(guard);
        }
    }
}

/// EDGE-44, EDGE-45: what a caller has left unread is read on where that may be stored and the origin be asked
#[tokio::test]
async fn what_was_abandoned_is_read_on_in_modes_that_allow_it() {
    for (ends, is_read_on) in [
        (Mode::Normal, true),
        (Mode::ReadOnly, false),
        (Mode::Refresh, true),
        (Mode::Bypass, false),
        (Mode::Offline, false),
        (Mode::Closed, false),
    ] {
        for is_being_read_on in [false, true] {
            let talk = Conversation::default();
            let (frames, streamed) = reply(200).control("max-age=60").streamed();
            talk.origin.will(streamed);
            let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
            frames.data("half ");
            assert_eq!(text(&mut body), "half ");
            if is_being_read_on {
                drop(body);
                yield_now().await;
                talk.handle.set_mode(ends);
                frames.data("and ");
            } else {
                talk.handle.set_mode(ends);
                drop(body);
            }
            for _ in 0..3 {
                yield_now().await;
            }
            assert_eq!(frames.data("half"), is_read_on, "{ends:?}");
            drop(frames);
            until(|| in_flight(&talk.handle) == 0).await;
            assert_eq!(talk.handle.len(), usize::from(is_read_on), "{ends:?}");
            assert_eq!(talk.handle.stats().recording(), 0);
        }
    }
}

/// RFC 5861 §4, Promise 2: an error that comes where nothing old may be served any more is an error
#[tokio::test]
async fn an_error_on_its_way_is_answered_with_what_the_mode_allows_by_then() {
    for ends in MODES {
        let layer = CacheLayer::new().stale_if_disconnected(Duration::from_secs(600));
        let talk = Conversation::through(layer);
        talk.store(old("max-age=60, stale-if-error=600")).await;
        talk.clock.advance(90);
        let gate = held(&talk, reply(503));
        let asking = begun(talk.get("/a"));
        talk.handle.set_mode(ends);
        gate.open();
        let serves = matches!(ends, Mode::Normal | Mode::ReadOnly | Mode::Offline);
        let expected = if serves { 200 } else { 503 };
        assert_eq!(asking.await.status, expected, "{ends:?}");
    }
}

/// Promise 2: back in `Normal` before the answer is there, it is as if nothing had been; but not for what was begun
/// in between
#[tokio::test]
async fn what_began_before_and_ends_after_is_stored() {
    for between in MODES {
        let talk = Conversation::default();
        let gate = held(&talk, new("max-age=60"));
        let asking = begun(talk.get("/a"));
        drop(talk.handle.hold(between));
        gate.open();
        asking.await.assert_stored();
        assert_eq!(
            talk.get("/a").await.assert_hit().text(),
            "new",
            "{between:?}"
        );
    }
}
