//! Responses that were cut off.

use http::Method;
use http_body_util::BodyExt;
use support::{Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::request_body::AsDefault;
use tower_client_cache::{CacheLayer, Forward};

use super::{OLD, TAG, assert_part, part};

/// One that keeps what was cut off, and can ask twice.
fn keeping() -> Conversation<AsDefault> {
    let layer = CacheLayer::new().default_request_body();
    Conversation::through(layer.keep_incomplete(true).finish_abandoned(0))
}

fn of_ten() -> Reply {
    let reply = reply(200).control("max-age=10").field("etag", TAG);
    reply
        .field("accept-ranges", "bytes")
        .field("content-length", "10")
}

#[derive(Debug, Clone, Copy)]
enum Cut {
    ByTheOrigin,
    ByTheCaller,
}

/// Reads the answer up to where it is cut off.
async fn cut<P>(talk: &Conversation<P>, method: Method, reply: Reply, sent: &'static str, by: Cut)
where
    P: tower_client_cache::request_body::RequestBody<http_body_util::Empty<bytes::Bytes>> + Send,
{
    let (frames, body) = support::OriginBody::channel();
    talk.origin.will(reply.with_body(body));
    let response = talk.start(request(method, "/a", &[])).await;
    let mut body = response.expect("an answer").into_body();
    frames.data(sent);
    body.frame().await.expect("a frame").expect("octets");
    if let Cut::ByTheOrigin = by {
        frames.fail(OriginError("gone"));
        let error = body.frame().await.expect("an error");
        assert_eq!(error.expect_err("no frame"), OriginError("gone"));
    }
}

/// 9111-3.3-1, PRJ-7-1, C-30: by default
#[tokio::test]
async fn what_was_cut_off_is_not_stored() {
    for by in [Cut::ByTheOrigin, Cut::ByTheCaller] {
        let talk = Conversation::with(|layer| layer.finish_abandoned(0));
        cut(&talk, Method::GET, of_ten(), "01234", by).await;
        assert!(talk.handle.is_empty());
    }
}

/// 9111-3.3-1, 9111-3.3-4, 9111-3.3-5, C-30
#[tokio::test]
async fn what_was_cut_off_is_kept_and_completed_where_that_is_set() {
    for by in [Cut::ByTheOrigin, Cut::ByTheCaller] {
        let talk = keeping();
        cut(&talk, Method::GET, of_ten(), "01234", by).await;
        assert_eq!(talk.handle.stats().recording(), 0);
        let ranged = [("range", "bytes=1-3")];
        let answer = talk.get_with("/a", &ranged).await;
        assert_part(answer.assert_hit(), "bytes 1-3/10", "123");
        talk.origin.will(part(5, 9));
        let answer = talk.get("/a").await;
        answer.assert_forwarded(Forward::Partial);
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "0123456789"));
        assert_eq!(
            talk.origin.last().field("range").as_deref(),
            Some("bytes=5-")
        );
        assert_eq!(talk.get("/a").await.assert_hit().text(), "0123456789");
    }
}

/// 9111-3.3-1, C-30: a 200 to GET that can be asked for the rest, and of which there is some
#[tokio::test]
async fn little_of_what_was_cut_off_is_worth_keeping() {
    let ranges = |reply: Reply| reply.control("max-age=10").field("accept-ranges", "bytes");
    let weak = ranges(reply(200)).field("etag", "W/\"e\"");
    let none = ranges(reply(200));
    let not_found = ranges(reply(404)).field("etag", TAG);
    let no_ranges = reply(200).control("max-age=10").field("etag", TAG);
    let refused = reply(200).control("max-age=10").field("etag", TAG);
    let refused = refused.field("accept-ranges", "none");
    let no_store = reply(200).control("no-store").field("etag", TAG);
    let no_store = no_store.field("accept-ranges", "bytes");
    for reply in [weak, none, not_found, no_ranges, refused, no_store] {
        let talk = keeping();
        cut(&talk, Method::GET, reply, "01234", Cut::ByTheOrigin).await;
        assert!(talk.handle.is_empty());
    }
    let talk = keeping();
    cut(&talk, Method::GET, of_ten(), "", Cut::ByTheOrigin).await;
    assert!(talk.handle.is_empty());
    let posted = of_ten().field("content-location", "/a");
    cut(&talk, Method::POST, posted, "01234", Cut::ByTheOrigin).await;
    assert!(talk.handle.is_empty());
    // Too long is not too short.
    cut(
        &talk,
        Method::GET,
        of_ten(),
        "0123456789a",
        Cut::ByTheOrigin,
    )
    .await;
    assert!(talk.handle.is_empty());
}

/// 9110-8.8.2.2-1: a strong date will do
#[tokio::test]
async fn what_has_a_strong_date_is_kept() {
    let talk = keeping();
    let reply = reply(200).control("max-age=10").field("last-modified", OLD);
    let reply = reply.field("accept-ranges", "x, Bytes");
    cut(&talk, Method::GET, reply, "01234", Cut::ByTheCaller).await;
    let answer = talk.get_with("/a", &[("range", "bytes=1-3")]).await;
    assert_part(answer.assert_hit(), "bytes 1-3/*", "123");
    talk.origin
        .will(reply_of_the_rest().field("last-modified", OLD));
    assert_eq!(talk.get("/a").await.text(), "0123456789");
    assert_eq!(talk.origin.last().field("if-range").as_deref(), Some(OLD));
    assert_eq!(talk.get("/a").await.assert_hit().text(), "0123456789");
}

fn reply_of_the_rest() -> Reply {
    let rest = reply(206).control("max-age=10");
    rest.field("content-range", "bytes 5-9/10").body("56789")
}

/// 9110-15.3.7.3-1: the fields of a newer incomplete 200 take the place of those of the parts
#[tokio::test]
async fn what_was_cut_off_is_put_together_with_parts() {
    let talk = keeping();
    talk.origin.will(part(5, 9).field("a", "1").field("b", "1"));
    talk.get_with("/a", &[("range", "bytes=5-9")])
        .await
        .assert_stored();
    talk.clock.advance(1);
    // A part at the end: the origin is asked for what comes before, and has none of it.
    let reply = of_ten().field("a", "2");
    cut(&talk, Method::GET, reply, "012345", Cut::ByTheCaller).await;
    assert_eq!(
        talk.origin.last().field("range").as_deref(),
        Some("bytes=0-4")
    );
    let answer = talk.get("/a").await;
    assert_eq!(answer.assert_hit().text(), "0123456789");
    assert_eq!(
        (answer.field("a"), answer.field("b")),
        (Some("2".into()), None)
    );
}

/// 9111-3.3-1, PRJ-5861-4: what is stored whole is not given up for less, of the same or of another
#[tokio::test]
async fn what_was_cut_off_takes_no_place_of_a_whole() {
    let talk = keeping();
    talk.store(of_ten().body("0123456789"))
        .await
        .assert_stored();
    let cut_off = |tag: &str| {
        let reply = reply(200).control("max-age=10").field("etag", tag);
        reply.field("accept-ranges", "bytes")
    };
    let reload = || get("/a", &[("cache-control", "no-cache")]);
    for tag in [TAG, "\"f\""] {
        let (frames, body) = support::OriginBody::channel();
        talk.origin.will(cut_off(tag).with_body(body));
        let mut body = talk.start(reload()).await.unwrap().into_body();
        frames.data("01");
        body.frame().await.expect("a frame").expect("no error");
        drop(body);
        assert_eq!(talk.get("/a").await.assert_hit().text(), "0123456789");
    }
    assert_eq!(talk.handle.len(), 1);
}

/// C-30: of what was whole but for its end nothing is missing
#[tokio::test]
async fn what_was_whole_when_it_was_cut_off_is_whole() {
    let talk = keeping();
    cut(&talk, Method::GET, of_ten(), "0123456789", Cut::ByTheCaller).await;
    assert_eq!(talk.get("/a").await.assert_hit().text(), "0123456789");
}
