//! What is put back beside what is stored: it takes the place of nothing newer, and stands in nobody's way.

use bytes::Bytes;
use http::{Method, Response};
use support::{Conversation, get, reply, request};
use tower_client_cache::{CacheLayer, CacheMode, Selector};

use super::{another, fresh, restored, written};

/// What is selected by fields is known again.
#[tokio::test]
async fn what_is_stored_already_is_not_stored_twice() {
    for set in [|layer| layer, |layer: CacheLayer| layer.secret(&[7; 32])] {
        let talk = Conversation::with(set);
        for language in ["de", "fr"] {
            talk.origin
                .will(fresh("x").field("vary", "accept-language"));
            talk.get_with("/a", &[("accept-language", language)]).await;
        }
        let octets = written(&talk.handle);
        for _ in 0..3 {
            restored(&talk, &octets);
            assert_eq!(talk.handle.len(), 2);
        }
        let other = another(&talk, set);
        for _ in 0..3 {
            restored(&other, &octets);
            assert_eq!(other.handle.len(), 2);
        }
    }
}

/// 9111-4-5: what the origin has said since counts, whatever its clock says.
#[tokio::test]
async fn what_was_put_back_gives_way_to_what_the_origin_says_now() {
    let news = |body: &'static str| fresh(body).field("vary", "accept-language");
    let german = [("accept-language", "de")];
    for mode in [CacheMode::Reload, CacheMode::NoCache] {
        let talk = Conversation::default();
        let ahead = "Sun, 06 Nov 1994 08:49:47 GMT";
        talk.origin.will(news("old").undated().field("date", ahead));
        talk.get_with("/a", &german).await.assert_stored();
        let octets = written(&talk.handle);
        let other = another(&talk, |layer| layer);
        assert_eq!(restored(&other, &octets).responses(), 1);
        other.clock.advance(1);
        other.origin.will(news("new"));
        let mut again = get("/a", &german);
        again.extensions_mut().insert(mode);
        assert_eq!(other.send(again).await.text(), "new");
        let hit = other.get_with("/a", &german).await;
        assert_eq!(hit.assert_hit().text(), "new", "{mode:?}");
    }
}

/// Of two states of one response the one that is here is the later one.
#[tokio::test]
async fn what_was_made_stale_or_wrong_here_stays_so() {
    for vary in ["", "accept"] {
        let talk = Conversation::default();
        talk.store(fresh("old").field("etag", "\"1\"").field("vary", vary))
            .await;
        let octets = written(&talk.handle);
        talk.handle.expire(Selector::all());
        assert_eq!(restored(&talk, &octets).refused(), 1);
        let info = talk.handle.entries().next().expect("it is stored");
        assert!(info.is_stale(), "{vary}");

        let talk = Conversation::default();
        talk.store(fresh("old").field("etag", "\"1\"").field("vary", vary))
            .await;
        let octets = written(&talk.handle);
        talk.origin.will(reply(204));
        talk.send(request(Method::DELETE, "/a", &[])).await;
        assert_eq!(restored(&talk, &octets).refused(), 1);
        let info = talk.handle.entries().next().expect("it has a validator");
        assert!(info.needs_validation(), "{vary}");
    }
}

/// What is inserted takes the place of what its request has selected, wherever that was written.
#[tokio::test]
async fn what_was_put_back_gives_way_to_what_is_inserted() {
    let talk = Conversation::default();
    let german = [("accept-language", "de")];
    let fields = |date| {
        [
            ("cache-control", "max-age=3600"),
            ("vary", "accept-language"),
            ("date", date),
        ]
    };
    let response = |date, body: &'static str| {
        let fields = fields(date).into_iter();
        let response = fields.fold(Response::builder(), |response, (name, value)| {
            response.header(name, value)
        });
        response.body(Bytes::from(body)).expect("a response")
    };
    let asked = || get("/a", &german);
    let inserted = talk
        .handle
        .insert(&asked(), response("Sun, 06 Nov 1994 08:49:47 GMT", "old"));
    inserted.expect("it may be stored");
    let other = another(&talk, |layer| layer);
    assert_eq!(restored(&other, &written(&talk.handle)).responses(), 1);
    other.clock.advance(1);
    let inserted = other
        .handle
        .insert(&asked(), response("Sun, 06 Nov 1994 08:49:38 GMT", "new"));
    inserted.expect("it may be stored");
    assert_eq!(other.send(asked()).await.assert_hit().text(), "new");
    assert_eq!(other.handle.len(), 1);
}
