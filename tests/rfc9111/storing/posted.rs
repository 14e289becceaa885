//! RFC 9110 §9.3.3, RFC 5789 §2: answers to POST and PATCH that are stored for GET.

use http::Method;
use support::{Conversation, OriginError, Reply, begun, reply, request};
use tower_client_cache::{CacheMode, Forward, NotStored, Selector};

/// Fresh for a minute, and of what a GET of `/a` would get.
fn located() -> Reply {
    reply(200)
        .control("max-age=60")
        .field("content-location", "/a")
        .field("x", "posted")
        .body("posted")
}

async fn post(talk: &Conversation, reply: Reply) -> support::Answer {
    talk.origin.will(reply);
    talk.send(request(Method::POST, "/a", &[])).await
}

/// 9110-9.3.3-1, 5789-2-2, 9111-4-2, 9110-8.7-1, C-31, EDGE-38
#[tokio::test]
async fn an_answer_that_is_of_its_target_answers_a_later_get_or_head() {
    for method in [Method::POST, Method::PATCH] {
        let talk = Conversation::default();
        talk.origin.will(located());
        let posted = talk.send(request(method.clone(), "/a", &[])).await;
        posted.assert_forwarded(Forward::Method).assert_stored();
        assert_eq!(posted.text(), "posted", "{method}");
        talk.clock.advance(10);
        let got = talk.get("/a").await;
        assert_eq!(got.assert_hit().text(), "posted", "{method}");
        assert_eq!(got.field("age").as_deref(), Some("10"), "{method}");
        let head = talk.send(request(Method::HEAD, "/a", &[])).await;
        assert_eq!(head.assert_hit().field("x").as_deref(), Some("posted"));
        assert_eq!(talk.origin.calls(), 1, "{method}");
    }
}

/// 9110-9.3.3-1, 5789-2-2, 9111-4-7: it never answers another POST
#[tokio::test]
async fn a_stored_answer_to_a_post_never_answers_a_post() {
    for method in [Method::POST, Method::PATCH, Method::PUT] {
        let talk = Conversation::default();
        post(&talk, located()).await.assert_stored();
        talk.origin.will(reply(200).body("again"));
        let again = talk.send(request(method.clone(), "/a", &[])).await;
        assert_eq!(again.assert_forwarded(Forward::Method).text(), "again");
    }
}

/// 9110-9.3.3-1, 9110-8.7-1: both conditions, of a success that a GET could have got
#[tokio::test]
async fn without_a_lifetime_and_its_own_location_an_answer_to_a_post_is_not_stored() {
    let heuristic = "Thu, 27 Oct 1994 08:49:37 GMT";
    let table = [
        ("no lifetime", reply(200).field("content-location", "/a")),
        (
            "a lifetime that would be guessed",
            reply(200)
                .field("content-location", "/a")
                .field("last-modified", heuristic),
        ),
        ("no location", reply(200).control("max-age=60")),
        (
            "another location",
            reply(200)
                .control("max-age=60")
                .field("content-location", "/b"),
        ),
        (
            "another origin",
            reply(200)
                .control("max-age=60")
                .field("content-location", "http://other.test/a"),
        ),
        (
            "created",
            reply(201)
                .control("max-age=60")
                .field("content-location", "/a"),
        ),
        (
            "an error",
            reply(404)
                .control("max-age=60")
                .field("content-location", "/a"),
        ),
        ("no-store", located().control("no-store")),
    ];
    for (case, answer) in table {
        let talk = Conversation::default();
        let posted = post(&talk, answer.body("posted")).await;
        assert!(!posted.cache.is_stored(), "{case}: {}", posted.cache);
        assert_eq!(talk.handle.len(), 0, "{case}");
    }
    let talk = Conversation::default();
    talk.origin.will(located());
    let delete = talk.send(request(Method::DELETE, "/a", &[])).await;
    delete.assert_not_stored(NotStored::Method);
}

/// EDGE-38, 9111-4.4-1: what was stored before is gone, whether the answer takes its place or not
#[tokio::test]
async fn the_answer_to_a_post_takes_the_place_of_what_was_stored() {
    let talk = Conversation::default();
    let before = || reply(200).control("max-age=60").body("before");
    talk.store(before()).await.assert_stored();
    post(&talk, located()).await.assert_stored();
    assert_eq!(talk.get("/a").await.assert_hit().text(), "posted");
    assert_eq!(talk.handle.len(), 1);
    post(&talk, reply(200).body("done")).await;
    talk.origin.will(before());
    talk.get("/a").await.assert_forwarded(Forward::UriMiss);
}

/// 9111-4.1-1: what `Vary` names is what the POST had
#[tokio::test]
async fn what_vary_names_is_taken_from_the_post() {
    let talk = Conversation::default();
    talk.origin.will(located().field("vary", "Accept"));
    let accept = [("accept", "text/plain")];
    talk.send(request(Method::POST, "/a", &accept))
        .await
        .assert_stored();
    talk.get_with("/a", &accept).await.assert_hit();
    talk.origin.will(reply(200));
    talk.get("/a").await.assert_forwarded(Forward::VaryMiss);
}

/// PRJ-4-14: its own invalidation is not held against it, anybody else's is
#[tokio::test]
async fn a_purge_while_a_post_is_on_its_way_keeps_its_answer_out() {
    let uri = "http://o.test/a".parse().unwrap();
    type Meanwhile = fn(&Conversation, &http::Uri);
    let meanwhile: [(&str, Meanwhile); 3] = [
        ("clear", |talk, _| {
            talk.handle.clear();
        }),
        ("purge", |talk, uri| {
            talk.handle.purge(Selector::uri(uri));
        }),
        ("disable", |talk, _| talk.handle.disable()),
    ];
    for (name, act) in meanwhile {
        let talk = Conversation::default();
        let (gate, held) = located().held();
        talk.origin.will(held);
        let waiting = begun(talk.send(request(Method::POST, "/a", &[])));
        act(&talk, &uri);
        gate.open();
        let posted = waiting.await;
        assert!(!posted.cache.is_stored(), "{name}: {}", posted.cache);
        assert_eq!(talk.handle.len(), 0, "{name}");
    }
}

/// PRJ-4-14: another request that changes the resource meanwhile has the last word
#[tokio::test]
async fn another_unsafe_request_meanwhile_keeps_the_answer_out() {
    let talk = Conversation::default();
    let (gate, held) = located().held();
    talk.origin.will(held);
    let waiting = begun(talk.send(request(Method::POST, "/a", &[])));
    talk.origin.will(reply(204));
    talk.send(request(Method::DELETE, "/a", &[])).await;
    gate.open();
    waiting.await.assert_not_stored(NotStored::Purged);
    assert_eq!(talk.handle.len(), 0);
}

/// C-33, 9111-3.5-4, FETCH-2: it is stored for whoever asked, and not for those who want nothing stored
#[tokio::test]
async fn the_answer_to_a_post_is_of_its_user_and_obeys_the_requests_no_store() {
    let talk = Conversation::default();
    talk.origin.will(located());
    let user = [("authorization", "Bearer a")];
    talk.send(request(Method::POST, "/a", &user))
        .await
        .assert_stored();
    talk.get_with("/a", &user).await.assert_hit();
    talk.origin.will(reply(200));
    talk.get("/a").await.assert_forwarded(Forward::UriMiss);

    let talk = Conversation::default();
    talk.origin.will(located());
    let no_store = [("cache-control", "no-store")];
    let posted = talk.send(request(Method::POST, "/a", &no_store)).await;
    posted.assert_not_stored(NotStored::RequestNoStore);
    talk.origin.will(located());
    let mut never = request(Method::POST, "/a", &[]);
    never.extensions_mut().insert(CacheMode::NoStore);
    talk.send(never).await.assert_not_stored(NotStored::Method);
    assert_eq!(talk.handle.len(), 0);
}

/// 9110-9.3.3-1, 9110-9.2.2-1: one that fails is neither stored nor sent again
#[tokio::test]
async fn a_post_that_fails_is_not_sent_again() {
    let talk = Conversation::with(|layer| layer);
    talk.origin.will(Reply::fails(OriginError("refused")));
    let failed = talk.start(request(Method::POST, "/a", &[])).await;
    assert_eq!(failed.err(), Some(OriginError("refused")));
    assert_eq!((talk.origin.calls(), talk.handle.len()), (1, 0));
}

/// 9111-3-6, 9111-3.5-1, 9110-4.2.4-1
#[tokio::test]
async fn a_posted_answer_to_userinfo_is_not_for_all() {
    let talk = Conversation::shared();
    let located = reply(200)
        .control("max-age=60")
        .field("content-location", "/a")
        .body("alice's");
    talk.origin.will(located);
    let uri = "http://alice:secret@o.test/a";
    talk.send(request(Method::POST, uri, &[])).await;
    talk.origin.will(reply(200).body("anybody's"));
    assert_eq!(talk.get("/a").await.text(), "anybody's");
}
