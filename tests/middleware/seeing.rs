//! Looking at what is stored: it says what is there, leaves no trace, and gives nothing secret away.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use support::{Conversation, Reply, get, reply, request};
use tower_client_cache::StoredInfo;

fn fresh(body: &'static str) -> Reply {
    reply(200).control("max-age=60").body(body)
}

fn paths(stored: impl Iterator<Item = StoredInfo>) -> BTreeSet<String> {
    stored.map(|stored| stored.uri().into_owned()).collect()
}

#[tokio::test]
async fn what_is_stored_is_told_as_it_is() {
    let talk = Conversation::default();
    talk.origin.will(
        fresh("news")
            .field("vary", "Accept-Language, accept")
            .field("etag", "\"1\"")
            .field("age", "10"),
    );
    let fields = [("accept-language", "de"), ("authorization", "Bearer 1")];
    let asked = || request(Method::GET, "HTTP://user@O.test:80/a?b#c", &fields);
    talk.send(asked()).await.assert_stored();
    talk.clock.advance(5);
    talk.send(asked()).await.assert_hit();
    let stored = talk.handle.peek(&asked()).expect("it is stored");
    assert_eq!(stored.uri(), "http://o.test/a?b");
    assert_eq!(stored.method(), Method::GET);
    assert_eq!(stored.status(), StatusCode::OK);
    assert_eq!(stored.fields()["etag"], "\"1\"");
    assert_eq!(stored.body().expect("it is whole"), "news");
    assert_eq!((stored.body_len(), stored.is_part()), (4, false));
    assert!(stored.vary().eq(["accept", "accept-language"]));
    assert_eq!(
        stored.response_time() + Duration::from_secs(5),
        talk.clock.now()
    );
    assert_eq!(stored.age(), Duration::from_secs(15));
    assert_eq!(stored.lifetime(), Duration::from_secs(60));
    assert_eq!(stored.fresh_for(), Some(Duration::from_secs(45)));
    assert!(!stored.is_stale() && !stored.needs_validation() && stored.has_validator());
    assert_eq!(stored.size(), talk.handle.bytes());
    assert_eq!(stored.hits(), 1);
    let partition = stored
        .partition()
        .expect("it was asked for with credentials");
    assert_eq!(partition.to_string().len(), 8);
    talk.clock.advance(45);
    let stored = talk.handle.peek(&asked()).expect("stale or not");
    assert!(stored.is_stale() && stored.fresh_for().is_none());
}

/// RFC 9111 §4.4: what an unsafe request has made wrong is still there, and says so.
#[tokio::test]
async fn what_was_made_wrong_says_that_it_needs_validation() {
    let talk = Conversation::default();
    talk.store(fresh("old").field("etag", "\"1\"")).await;
    talk.origin.will(reply(204));
    talk.send(request(Method::DELETE, "/a", &[])).await;
    let stored = talk
        .handle
        .peek(&get("/a", &[]))
        .expect("it has a validator");
    assert!(stored.needs_validation() && !stored.is_stale());
}

/// C-33, 9111-4.1-1
#[tokio::test]
async fn a_request_finds_what_it_would_select() {
    let talk = Conversation::default();
    for (language, body) in [("de", "Neues"), ("fr", "nouvelles")] {
        talk.origin
            .will(fresh(body).field("vary", "accept-language"));
        talk.get_with("/a", &[("accept-language", language)]).await;
    }
    let body = |fields: &[(&str, &str)]| {
        let stored = talk.handle.peek(&get("/a", fields))?;
        stored
            .body()
            .map(|body| String::from_utf8_lossy(body).into_owned())
    };
    assert_eq!(body(&[("accept-language", "de")]).as_deref(), Some("Neues"));
    assert_eq!(
        body(&[("accept-language", "fr")]).as_deref(),
        Some("nouvelles")
    );
    assert_eq!(body(&[("accept-language", "en")]), None);
    assert_eq!(body(&[("accept-language", "de"), ("cookie", "a=1")]), None);
    let head = request(Method::HEAD, "/a", &[("accept-language", "de")]);
    assert!(talk.handle.contains(&head));
    let post = request(Method::POST, "/a", &[("accept-language", "de")]);
    assert!(!talk.handle.contains(&post));
    assert!(!talk.handle.contains(&request(Method::GET, "*", &[])));
    let no_cache = get(
        "/a",
        &[("accept-language", "de"), ("cache-control", "no-cache")],
    );
    assert!(talk.handle.contains(&no_cache), "it says what is there");
    talk.handle.disable();
    assert!(talk.handle.contains(&head));
}

#[tokio::test]
async fn to_look_leaves_no_trace() {
    let talk = Conversation::with(|layer| layer.max_responses(2));
    for path in ["/a", "/b"] {
        talk.origin.will(fresh("x"));
        talk.get(path).await;
    }
    let before = talk.handle.stats();
    for _ in 0..20 {
        assert!(talk.handle.contains(&get("/a", &[])));
        assert_eq!(talk.handle.peek(&get("/a", &[])).expect("stored").hits(), 0);
        assert_eq!(talk.handle.entries().count(), 2);
    }
    assert_eq!(talk.handle.stats(), before);
    talk.origin.will(fresh("x"));
    talk.get("/c").await;
    assert_eq!(
        paths(talk.handle.entries()),
        BTreeSet::from(["http://o.test/b".to_owned(), "http://o.test/c".to_owned()]),
        "the one that was stored first has given way"
    );
}

#[tokio::test]
async fn entries_are_those_that_are_there_when_their_turn_comes() {
    let talk = Conversation::default();
    for n in 0..200 {
        talk.origin.will(fresh("x"));
        talk.get(&format!("/{n}")).await;
    }
    assert_eq!(paths(talk.handle.entries()).len(), 200);
    let mut entries = talk.handle.entries();
    assert_eq!(entries.size_hint(), (0, Some(200)));
    let first = entries.next().expect("there are 200");
    let mut told = BTreeSet::from([first.uri().into_owned()]);
    for n in 0..200 {
        let uri: Uri = format!("http://o.test/{n}").parse().expect("a URI");
        if n % 2 == 1 {
            talk.handle.purge(&uri);
        }
    }
    talk.origin.will(fresh("x"));
    talk.get("/new").await;
    for stored in entries {
        assert!(
            told.insert(stored.uri().into_owned()),
            "{} is told twice",
            stored.uri()
        );
    }
    for n in (0..200).step_by(2) {
        assert!(
            told.contains(&format!("http://o.test/{n}")),
            "{n} has not been told"
        );
    }
    // Beside those that stayed, what had been looked at before the purge.
    assert!(told.len() <= 100 + 64, "{}", told.len());
    talk.handle.clear();
    assert_eq!(talk.handle.entries().count(), 0);
    assert_eq!(first.body().expect("it is kept as it was"), "x");
}

/// Promise 8
#[tokio::test]
async fn nothing_secret_is_printed() {
    let talk = Conversation::default();
    talk.origin.will(
        fresh("secret")
            .field("set-cookie", "id=secret")
            .field("vary", "x-key"),
    );
    let fields = [("authorization", "secret"), ("x-key", "secret")];
    let asked = || {
        request(
            Method::GET,
            "http://secret:secret@o.test/a?token=secret",
            &fields,
        )
    };
    talk.send(asked()).await;
    let stored = talk.handle.peek(&asked()).expect("it is stored");
    let printed = format!(
        "{stored:?} {:?} {:?}",
        stored.fields(),
        talk.handle.entries()
    );
    assert!(!printed.contains("secret"), "{printed}");
    assert_eq!(stored.uri(), "http://o.test/a?token=secret");
}

/// What is hot is answered by copies, and counts all the same; freshened, it goes on counting.
#[tokio::test]
async fn every_hit_counts_for_its_response() {
    let talk = Conversation::default();
    talk.store(fresh("x").field("etag", "\"1\"")).await;
    let hits = || {
        talk.handle
            .peek(&get("/a", &[]))
            .expect("it is stored")
            .hits()
    };
    for n in 1..=50 {
        talk.get("/a").await.assert_hit();
        assert_eq!(hits(), n);
    }
    assert!(talk.handle.stats().copies() > 0);
    talk.clock.advance(60);
    talk.origin.will(reply(304).control("max-age=60"));
    talk.get("/a").await.assert_validated();
    let before = hits();
    assert!(before >= 50, "{before}");
    talk.get("/a").await.assert_hit();
    assert_eq!(hits(), before + 1);
    talk.handle.set_capacity(talk.handle.capacity() / 2);
    assert_eq!(talk.handle.stats().copies(), 0);
    assert_eq!(
        hits(),
        before + 1,
        "copies that are gone have answered all the same"
    );
}
