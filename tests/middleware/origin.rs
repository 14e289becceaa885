//! A purge of everything of one origin (9111-7-1).

use http::{Method, Uri};
use support::{Answer, Conversation, Reply, begun, get, reply, request};
use tower_client_cache::{Forward, NotStored, Purged, Selector};

const TAG: &str = "\"e\"";

fn tagged(content: &'static str) -> Reply {
    let tagged = reply(200).control("max-age=60").field("etag", TAG);
    tagged.field("vary", "foo").body(content)
}

fn purge(talk: &Conversation, uri: &str) -> Purged {
    let uri: Uri = uri.parse().expect("a URI");
    talk.handle.purge(Selector::origin(&uri))
}

/// 9111-7-1: each path and query, variant, method and partition
#[tokio::test]
async fn a_purge_takes_all_that_is_stored_for_an_origin_and_nothing_else() {
    let talk = Conversation::default();
    let of_origin = [
        request(Method::GET, "/", &[]),
        request(Method::GET, "/a", &[]),
        request(Method::GET, "/a", &[("foo", "1")]),
        request(Method::HEAD, "/a", &[("foo", "2")]),
        request(Method::GET, "/a?b", &[]),
        request(Method::GET, "/a//b", &[("authorization", "Bearer 1")]),
        request(Method::GET, "/a//b", &[("authorization", "Bearer 2")]),
        request(Method::GET, "http://user:word@O.test:80/c", &[]),
    ];
    let others = [
        request(Method::GET, "https://o.test/a", &[]),
        request(Method::GET, "http://o.test:81/a", &[]),
        request(Method::GET, "http://o.test.other.test/a", &[]),
        request(Method::GET, "http://o.tes/a", &[]),
        request(Method::GET, "http://other.test/?http://o.test/", &[]),
    ];
    for asked in others.iter().chain(&of_origin) {
        let is_head = *asked.method() == Method::HEAD;
        talk.origin.will(tagged(if is_head { "" } else { "old" }));
        talk.send(asked.clone()).await.assert_stored();
    }
    let before = talk.handle.bytes();
    let purged = purge(&talk, "http://user@O.TEST:80/elsewhere?x");
    assert_eq!(purged.responses(), of_origin.len());
    assert_eq!(purged.bytes(), before - talk.handle.bytes());
    assert_eq!(talk.handle.len(), others.len());
    for asked in others {
        talk.send(asked).await.assert_hit();
    }
    for asked in of_origin {
        talk.origin.will(reply(200).control("no-store"));
        talk.send(asked).await.assert_forwarded(Forward::UriMiss);
    }
    assert_eq!(purge(&talk, "http://o.test/").responses(), 0);
}

/// 9111-7-1: more than are looked at in one go
#[tokio::test]
async fn a_purge_of_an_origin_goes_through_the_whole_store() {
    let talk = Conversation::default();
    for n in 0..200 {
        for origin in ["http://o.test", "http://other.test"] {
            talk.origin.will(tagged("old"));
            let asked = request(Method::GET, &format!("{origin}/{n}"), &[]);
            talk.send(asked).await.assert_stored();
        }
    }
    assert_eq!(purge(&talk, "http://o.test").responses(), 200);
    assert_eq!(purge(&talk, "http://other.test").responses(), 200);
    assert!(talk.handle.is_empty());
}

/// 9111-7-1: a URI that is not absolute is of no origin
#[tokio::test]
async fn what_has_no_origin_means_nothing() {
    let talk = Conversation::default();
    talk.store(tagged("old")).await.assert_stored();
    for uri in ["/a", "o.test:80", "*"] {
        assert_eq!(purge(&talk, uri).responses(), 0, "{uri}");
    }
    talk.get("/a").await.assert_hit();
}

/// Promise 1: a head that was on its way, and a body half read
#[tokio::test]
async fn what_was_asked_for_before_is_not_stored_afterwards() {
    let talk = Conversation::default();
    let (gate, held) = tagged("old").held();
    talk.origin.will(held);
    let head = begun(talk.get("/a"));
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin.will(streamed);
    let user = [("authorization", "Bearer a")];
    let body = talk.start(get("/b", &user)).await.unwrap();
    assert!(frames.data("ol"));
    assert_eq!(purge(&talk, "http://o.test").in_flight(), 2);
    assert!(frames.data("d"));
    drop(frames);
    gate.open();
    assert_eq!(Answer::read(body).await.unwrap().text(), "old");
    let head = head.await;
    assert_eq!(head.assert_not_stored(NotStored::Purged).text(), "old");
    assert!(talk.handle.is_empty());
}

/// Promise 1: a 304 that was asked for before brings nothing back
#[tokio::test]
async fn a_304_on_its_way_stores_nothing() {
    let talk = Conversation::default();
    talk.store(tagged("old")).await;
    talk.clock.advance(60);
    let (gate, held) = reply(304).field("etag", TAG).held();
    talk.origin.will(held);
    let slow = begun(talk.get("/a"));
    assert_eq!(purge(&talk, "http://o.test").responses(), 1);
    gate.open();
    assert_eq!(slow.await.text(), "old");
    assert!(talk.handle.is_empty());
}

/// Promise 1: what is of another origin, or was asked for afterwards, is stored as ever
#[tokio::test]
async fn what_is_not_meant_is_stored() {
    let talk = Conversation::default();
    let (gate, held) = tagged("other").held();
    talk.origin.will(held);
    let slow = begun(talk.get("http://other.test/a"));
    // Remembered for the sake of this one.
    purge(&talk, "http://o.test");
    talk.store(tagged("new")).await.assert_stored();
    gate.open();
    slow.await.assert_stored();
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
    talk.get("http://other.test/a").await.assert_hit();
}
