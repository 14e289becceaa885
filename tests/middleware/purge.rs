//! What a purge takes, and what it and a clear report.

use http::{Method, Uri};
use support::{Conversation, begun, get, reply, request};
use tower_client_cache::{Forward, Selector};

/// Method, path and fields.
type Asked<'a> = (Method, &'a str, &'a [(&'a str, &'a str)]);

/// Stores an answer to each of these requests.
async fn store(talk: &Conversation, asked: &[Asked<'_>]) {
    for (method, path, fields) in asked {
        let body = if *method == Method::HEAD {
            ""
        } else {
            "stored"
        };
        talk.origin.will(
            reply(200)
                .control("max-age=60")
                .field("vary", "accept-language")
                .body(body),
        );
        let answer = talk.send(request(method.clone(), path, fields)).await;
        answer
            .assert_forwarded(answer.cache.forwarded().expect("forwarded"))
            .assert_stored();
    }
}

/// Promise 1, 9111-7-1: every variant, method and partition.
#[tokio::test]
async fn a_purge_takes_all_that_is_stored_for_a_uri_and_nothing_else() {
    let talk = Conversation::default();
    let asked: &[Asked<'_>] = &[
        (Method::GET, "/a", &[]),
        (Method::GET, "/a", &[("accept-language", "de")]),
        (Method::HEAD, "/a", &[("accept-language", "fr")]),
        (Method::GET, "/a", &[("authorization", "Bearer 1")]),
        (Method::GET, "/a", &[("authorization", "Bearer 2")]),
        (
            Method::GET,
            "/a",
            &[("authorization", "Bearer 2"), ("accept-language", "de")],
        ),
        (Method::GET, "/a", &[("cookie", "id=1")]),
        (Method::GET, "http://user:word@o.test/a", &[]),
    ];
    let others: &[Asked<'_>] = &[
        (Method::GET, "/a?", &[]),
        (Method::GET, "/a?b", &[]),
        (Method::GET, "/a/", &[]),
        (Method::GET, "/A", &[("authorization", "Bearer 1")]),
        (Method::GET, "http://other.test/a", &[]),
        (Method::GET, "http://o.test:81/a", &[]),
        (Method::GET, "https://o.test/a", &[("cookie", "id=1")]),
    ];
    store(&talk, others).await;
    let kept = talk.handle.bytes();
    store(&talk, asked).await;
    assert_eq!(talk.handle.len(), asked.len() + others.len());
    let taken = talk.handle.bytes() - kept;
    let purged = talk.handle.purge(&Uri::from_static("http://o.test/a"));
    assert_eq!(purged.responses(), asked.len());
    assert_eq!(purged.bytes(), taken);
    assert_eq!(purged.in_flight(), 0);
    assert_eq!(talk.handle.bytes(), kept);
    for (method, path, fields) in others {
        let asked = request(method.clone(), path, fields);
        talk.send(asked).await.assert_hit();
    }
    for (method, path, fields) in asked {
        talk.origin.will(reply(200).control("no-store"));
        let asked = request(method.clone(), path, fields);
        talk.send(asked).await.assert_forwarded(Forward::UriMiss);
    }
    let again = talk.handle.purge(&Uri::from_static("http://o.test/a"));
    assert_eq!((again.responses(), again.bytes()), (0, 0));
}

/// EDGE-35, C-01: the URI as in the key.
#[tokio::test]
async fn a_purge_compares_uris_as_the_key_does() {
    for (uri, expected) in [
        ("http://o.test/a", 1),
        ("HTTP://O.Test/a", 1),
        ("http://o.test:80/a", 1),
        ("http://user@o.test/a", 1),
        ("http://o.test/%61", 1),
        ("http://o.test/a?", 0),
        ("http://o.test/A", 0),
        ("http://o.test:443/a", 0),
        ("/a", 0),
        ("o.test:80", 0),
        ("*", 0),
    ] {
        let talk = Conversation::default();
        store(&talk, &[(Method::GET, "/a", &[])]).await;
        let purged = talk.handle.purge(&uri.parse::<Uri>().unwrap());
        assert_eq!(purged.responses(), expected, "{uri}");
        assert_eq!(talk.handle.len(), 1 - expected, "{uri}");
    }
}

/// Promise 1: the same, said in two ways.
#[tokio::test]
async fn a_selector_is_a_uri() {
    let talk = Conversation::default();
    store(&talk, &[(Method::GET, "/a", &[])]).await;
    let uri = Uri::from_static("http://o.test/a");
    let printed = |selector: Selector| format!("{selector:?}");
    assert_eq!(printed(Selector::uri(&uri)), printed(Selector::from(&uri)));
    assert_ne!(
        printed(Selector::uri(&uri)),
        printed(Selector::origin(&uri))
    );
    assert_eq!(talk.handle.purge(Selector::uri(&uri)).responses(), 1);
}

/// Promise 1: what was under way is counted, from the call to the end of the body.
#[tokio::test]
async fn a_clear_reports_what_it_took_and_what_was_under_way() {
    let talk = Conversation::with(|layer| layer.finish_abandoned(0));
    store(&talk, &[(Method::GET, "/a", &[]), (Method::GET, "/b", &[])]).await;
    let bytes = talk.handle.bytes();
    let (_gate, held) = reply(200).control("max-age=60").held();
    talk.origin.will(held);
    let head = begun(talk.get("/c"));
    let (_frames, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin.will(streamed);
    let body = talk.start(get("/d", &[])).await.unwrap();
    let hit = talk.start(get("/a", &[])).await.unwrap();
    let purged = talk.handle.clear();
    assert_eq!((purged.responses(), purged.bytes()), (2, bytes));
    assert_eq!(purged.in_flight(), 2, "a hit is no exchange");
    assert_eq!((talk.handle.len(), talk.handle.bytes()), (0, 0));
    drop((head, body, hit));
    let purged = talk.handle.clear();
    assert_eq!((purged.responses(), purged.in_flight()), (0, 0));
}

/// Promise 1: what will not be stored anyway is nothing to be fenced.
#[tokio::test]
async fn a_body_that_is_not_stored_is_not_under_way() {
    let talk = Conversation::default();
    let (_frames, streamed) = reply(200).control("no-store").streamed();
    talk.origin.will(streamed);
    let body = talk.start(get("/a", &[])).await.unwrap();
    assert_eq!(talk.handle.clear().in_flight(), 0);
    drop(body);
}

/// Promise 6: the room is there again, for a store as full as before.
#[tokio::test]
async fn what_was_purged_makes_room() {
    let talk = Conversation::with(|layer| layer.max_responses(2));
    let paths = ["/a", "/b"].map(|path| (Method::GET, path, &[][..]));
    store(&talk, &paths).await;
    talk.handle.purge(&Uri::from_static("http://o.test/b"));
    store(&talk, &[(Method::GET, "/c", &[])]).await;
    assert_eq!(talk.handle.stats().evictions(), 0);
    talk.get("/a").await.assert_hit();
    talk.get("/c").await.assert_hit();
    talk.handle.clear();
    store(&talk, &paths).await;
    assert_eq!(talk.handle.len(), 2);
    assert_eq!(talk.handle.stats().evictions(), 0);
}
