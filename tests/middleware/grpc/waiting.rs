//! Calls that wait for the answer to another (C-49).

use std::pin::Pin;

use futures_util::FutureExt;
use support::{Answer, Reply, begun};
use tower::Service;
use tower_client_cache::request_body::RequestBody;

use super::{GET, call, frames, head, head_of, message, shop, success, trailers, unary_shop};
use crate::content::{Content, Talk};

pub(super) type Asking<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

/// Calls that have begun, and wait for one that is on its way.
pub(super) fn others<'a, P, const N: usize>(
    talk: &'a Talk<P>,
    fields: &[(&str, &str)],
) -> [Asking<'a>; N]
where
    P: RequestBody<Content> + Send,
{
    let calls = talk.origin.calls();
    let others =
        std::array::from_fn(|_| -> Asking<'a> { begun(talk.send(call(GET, "a", fields))) });
    assert_eq!(talk.origin.calls(), calls, "they wait");
    others
}

/// What nobody else gets.
fn own() -> Reply {
    head_of("no-store").frames(frames(&["own"], "0"))
}

#[track_caller]
pub(super) fn assert_waits(asking: &mut Asking<'_>) {
    assert!(asking.now_or_never().is_none(), "it waits");
}

/// C-49, GRPC-8: With its trailers.
#[tokio::test]
async fn one_call_is_made_and_all_get_its_answer() {
    let talk = unary_shop().await;
    let (gate, held) = success("x").held();
    talk.origin.will(held);
    let first = begun(talk.send(call(GET, "a", &[])));
    let others: [_; 3] = others(&talk, &[("grpc-timeout", "5S")]);
    gate.open();
    first.await.assert_stored();
    for other in others {
        let other = other.await;
        assert!(other.cache.is_collapsed(), "{}", other.cache);
        assert_eq!(other.body, message("x"));
        assert_eq!(other.trailers, Some(trailers("0")));
    }
    assert_eq!(talk.origin.calls(), 2);
}

/// C-49, GRPC-2: A failure is for the one that it was said to.
#[tokio::test]
async fn a_failure_releases_all() {
    for failure in [
        head().field("grpc-status", "14"),
        head().frames(frames(&["x"], "14")),
    ] {
        let talk = unary_shop().await;
        let (gate, held) = failure.held();
        talk.origin.will(held);
        let first = begun(talk.send(call(GET, "a", &[])));
        let others: [_; 3] = others(&talk, &[]);
        gate.open();
        first.await;
        for other in others {
            talk.origin.will(own());
            let other = other.await;
            assert_eq!(other.cache.collapsed(), Some(false), "{}", other.cache);
            assert_eq!(other.body, message("own"));
        }
        assert_eq!(talk.origin.calls(), 5);
    }
}

/// C-49, GRPC-8: As soon as a second message begins, and nobody waits for it again soon.
#[tokio::test]
async fn what_turns_out_to_be_a_stream_releases_all() {
    let talk = unary_shop().await;
    let (frames, streamed) = head().streamed();
    let (gate, held) = streamed.held();
    talk.origin.will(held);
    let mut client = talk.client.clone();
    let first = begun(client.call(call(GET, "a", &[])));
    let mut others: [_; 2] = others(&talk, &[]);
    gate.open();
    let mut body = first.await.unwrap().into_body();
    assert!(frames.data("\0\0\0\0\x01x"));
    crate::text(&mut body);
    others.iter_mut().for_each(assert_waits);
    assert!(frames.data("\0"));
    crate::text(&mut body);
    for other in others {
        talk.origin.will(own());
        let other = other.now_or_never().expect("it is released");
        assert_eq!(other.body, message("own"));
    }
    assert_eq!(talk.origin.calls(), 4);
    drop(frames);
}

/// C-49, GRPC-2: Where the server has failed the next ones ask it no more often than they must; where it has said that
/// there is nothing to be had, nobody waits for that.
#[tokio::test]
async fn calls_wait_for_one_another_after_the_server_has_failed() {
    for (status, wait) in [("14", true), ("13", true), ("5", false), ("16", false)] {
        let talk = unary_shop().await;
        talk.origin.will(head().field("grpc-status", status));
        talk.send(call(GET, "a", &[])).await;
        let (gate, held) = success("x").held();
        talk.origin.will(held);
        let first = begun(talk.send(call(GET, "a", &[])));
        talk.origin.answers(|_| own());
        let second = talk.send(call(GET, "a", &[])).now_or_never();
        assert_eq!(second.is_none(), wait, "{status}");
        gate.open();
        first.await.assert_stored();
    }
}

/// GRPC-8, C-49: Nothing says of a method that has never answered with one message that it does not stream, and no caller
/// of a stream waits for that of another.
#[tokio::test]
async fn no_call_waits_for_what_may_be_a_stream() {
    let talk = shop();
    let ask = || talk.send(call(GET, "a", &[])).now_or_never();
    let (gate, held) = success("x").held();
    talk.origin.will(held);
    let first = begun(talk.send(call(GET, "a", &[])));
    talk.origin.will(own());
    assert_eq!(ask().expect("it does not wait").body, message("own"));
    gate.open();
    first.await.assert_stored();

    // Now it has. It is remembered whatever is purged.
    talk.handle.clear();
    let (gate, held) = success("x").held();
    talk.origin.will(held);
    let first = begun(talk.send(call(GET, "a", &[])));
    assert!(ask().is_none(), "it waits");
    gate.open();
    first.await.assert_stored();

    // It streams all the same.
    talk.handle.clear();
    talk.origin.will(head().frames(frames(&["x", "y"], "0")));
    talk.send(call(GET, "b", &[])).await;
    let (gate, held) = success("x").held();
    talk.origin.will(held);
    let first = begun(talk.send(call(GET, "a", &[])));
    talk.origin.will(own());
    assert_eq!(ask().expect("it does not wait").body, message("own"));
    gate.open();
    first.await.assert_stored();
}
