//! No-Vary-Search: which queries a stored response stands for.

mod wrong;

use http::Method;
use support::{Answer, Conversation, Reply, begun, get, reply, request};
use tower_client_cache::{Forward, Selector};

const TAG: &str = "\"e\"";

fn obeying() -> Conversation {
    Conversation::with(|layer| layer.no_vary_search(true))
}

/// A response that can be validated, with this rule.
fn ruled(rule: &str, content: &'static str) -> Reply {
    let tagged = reply(200).control("max-age=60").field("etag", TAG);
    tagged.field("no-vary-search", rule).body(content)
}

/// One that obeys, with a response stored for this URI.
async fn with(uri: &str, rule: &str) -> Conversation {
    let talk = obeying();
    talk.origin.will(ruled(rule, "stored"));
    talk.get(uri).await.assert_stored();
    talk
}

/// Nothing that is stored stands for this URI.
async fn assert_miss(talk: &Conversation, uri: &str) {
    talk.origin.will(reply(404).control("no-store"));
    let next = talk.get(uri).await;
    assert_eq!(
        next.cache.forwarded(),
        Some(Forward::UriMiss),
        "{uri}: {}",
        next.cache
    );
}

/// NVS-3-1, NVS-5.1-2, NVS-5.1-3, NVS-5.3-1, NVS-6-3, NVS-6-4, NVS-7-1, C-44
#[tokio::test]
async fn a_response_answers_for_the_queries_that_its_rule_says_are_the_same() {
    for (rule, stored, presented) in [
        ("params=(\"x\")", "/a?x=1&y=2", "/a?y=2&x=3"),
        ("params=(\"x\")", "/a?x=1", "/a"),
        ("params=(\"x\")", "/a", "/a?x"),
        ("params=(\"x\")", "/a?", "/a?x=1"),
        ("params=(\"x\" \"y\")", "/a?y&x&z=1", "/a?z=1"),
        ("params=(\"%C3%A9+x\")", "/a?%C3%A9+x=1", "/a?%c3%a9%20x=2"),
        ("except=()", "/a?x=1", "/a"),
        ("except=(\"id\")", "/a?id=1&x", "/a?y&id=1"),
        ("key-order", "/a?a=1&b=2", "/a?b=2&a=1"),
        ("key-order, params=(\"x\")", "/a?a=1&b=2", "/a?b=2&x=0&a=1"),
        ("key-order", "/a?a=x", "/a?%61=%78&&"),
        ("key-order;p=1, unknown=1", "/a?a", "/a?a="),
    ] {
        let talk = with(stored, rule).await;
        let answer = talk.get(presented).await;
        assert!(answer.cache.is_hit(), "{rule}: {stored} {presented}");
        assert_eq!(answer.text(), "stored");
        let head = request(Method::HEAD, presented, &[]);
        talk.send(head).await.assert_hit();
        assert_eq!(talk.handle.len(), 1);
    }
}

/// NVS-6-1, NVS-6-2, NVS-6-3, NVS-5.1-1, NVS-5.1-3, PRJ-NVS-2
#[tokio::test]
async fn a_response_answers_for_no_other_queries_and_paths() {
    for (rule, stored, presented) in [
        ("params=(\"x\")", "/a?x=1&y=2", "/a?x=1&y=3"),
        ("params=(\"x\")", "/a?x=1", "/a?X=1"),
        ("params=(\"x\")", "/a?y=1&z=1", "/a?z=1&y=1"),
        ("params=(\"x\")", "/a?x=1", "/b?x=1"),
        ("params=(\"x\")", "/a?x=1", "/a/?x=1"),
        ("params=(\"x\")", "/a?x=1", "http://o.test:81/a?x=1"),
        ("params=(\"x\")", "/a?x=1", "http://other.test/a?x=1"),
        ("params=(\"x\")", "/a?x=1", "https://o.test/a?x=1"),
        ("params=(\"x\")", "/a?x=1", "http://user@o.test/a?x=2"),
        ("except=(\"id\")", "/a?id=1", "/a?id=2"),
        ("key-order", "/a?a=1&a=2", "/a?a=2&a=1"),
        ("key-order", "/a?a=1", "/a?a=1&b=2"),
        ("params=()", "/a?x=1", "/a?x=1&"),
        ("key-order=?0", "/a?a=1&b=2", "/a?b=2&a=1"),
        ("params=?1", "/a?x=1", "/a?x=2"),
        ("params=(x)", "/a?x=1", "/a?x=2"),
        ("params=(\"x\"), except=(\"y\")", "/a?x=1", "/a?x=2"),
        ("params", "/a?x=1", "/a?x=2"),
        ("params=(\"x\"", "/a?x=1", "/a?x=2"),
    ] {
        let talk = with(stored, rule).await;
        talk.origin.will(reply(404).control("no-store"));
        let answer = talk.get(presented).await;
        let cache = answer.cache;
        assert!(!cache.is_hit(), "{rule}: {stored} {presented}");
        assert_eq!(cache.forwarded(), Some(Forward::UriMiss));
        talk.get(stored).await.assert_hit();
    }
}

/// C-44
#[tokio::test]
async fn the_field_is_not_obeyed_by_default() {
    let talk = Conversation::default();
    talk.origin.will(ruled("params=(\"x\")", "stored"));
    talk.get("/a?x=1").await.assert_stored();
    assert_miss(&talk, "/a?x=2").await;
    talk.get("/a?x=1").await.assert_hit();
}

/// PRJ-NVS-1: the URI itself, fresh or stale, and whatever its own rule
#[tokio::test]
async fn what_is_stored_for_the_uri_itself_comes_first() {
    let talk = obeying();
    talk.origin
        .will(reply(200).control("max-age=30").field("etag", TAG));
    talk.get("/a?x=1").await.assert_stored();
    talk.clock.advance(10);
    talk.origin.will(ruled("params=(\"x\")", "newer"));
    talk.get("/a?x=2").await.assert_stored();
    assert_eq!(talk.get("/a?x=1").await.assert_hit().text(), "");
    talk.clock.advance(20);
    talk.origin.will(reply(304).field("etag", TAG));
    let validated = talk.get("/a?x=1").await;
    assert_eq!(validated.assert_validated().text(), "");
}

/// PRJ-NVS-1, 9111-4-9: the newest by `Date`, whichever was stored last, and by whichever rule
#[tokio::test]
async fn of_several_the_newest_is_selected() {
    let talk = obeying();
    let mut asked = Vec::new();
    // What is asked for one by one is found stored already.
    for (uri, rule, seconds, content) in [
        ("/a?x=1", "params=(\"x\")", -10, "old"),
        ("/a?x=2", "except=(\"y\")", 0, "new"),
        ("/a?x=3", "params=(\"x\")", -5, "between"),
    ] {
        let dated = ruled(rule, content).field("date", talk.clock.date(seconds));
        let (gate, held) = dated.held();
        talk.origin.will(held);
        asked.push((gate, begun(talk.get(uri))));
    }
    for (gate, slow) in asked {
        gate.open();
        slow.await.assert_stored();
    }
    assert_eq!(talk.handle.len(), 3);
    assert_eq!(talk.get("/a?x=4").await.assert_hit().text(), "new");
    assert_eq!(talk.get("/a?x=3").await.assert_hit().text(), "between");
}

/// NVS-7-1: all other conditions stay
#[tokio::test]
async fn vary_still_selects() {
    let talk = obeying();
    talk.origin
        .will(ruled("params=(\"x\")", "one").field("vary", "foo"));
    let one = [("foo", "1")];
    talk.get_with("/a?x=1", &one).await.assert_stored();
    talk.get_with("/a?x=2", &one).await.assert_hit();
    talk.origin
        .will(ruled("params=(\"x\")", "two").field("vary", "foo"));
    let two = [("foo", "2")];
    let answer = talk.get_with("/a?x=2", &two).await;
    answer.assert_forwarded(Forward::UriMiss).assert_stored();
    assert_eq!(talk.get_with("/a?x=3", &two).await.text(), "two");
    assert_eq!(talk.get_with("/a?x=3", &one).await.text(), "one");
    // Here the URI itself has a variant, and it is not the one.
    let answer = talk.get_with("/a?x=1", &two).await;
    assert_eq!(answer.assert_hit().text(), "two");
}

/// NVS-7-1, 9111-4-2: the answer to a HEAD is no answer to a GET
#[tokio::test]
async fn the_method_still_counts() {
    let talk = obeying();
    talk.origin.will(ruled("params=(\"x\")", ""));
    let head = request(Method::HEAD, "/a?x=1", &[]);
    talk.send(head).await.assert_stored();
    let head = request(Method::HEAD, "/a?x=2", &[]);
    talk.send(head).await.assert_hit();
    talk.origin.will(ruled("params=(\"x\")", "whole"));
    talk.get("/a?x=2").await.assert_stored();
    assert_eq!(talk.get("/a?x=3").await.assert_hit().text(), "whole");
}

/// NVS-7-1, C-33: users are kept apart
#[tokio::test]
async fn a_response_of_another_user_is_never_selected() {
    let users = [
        &[][..],
        &[("authorization", "Bearer a")],
        &[("authorization", "Bearer b")],
        &[("cookie", "a=1")],
    ];
    let contents = ["nobody's", "a's", "b's", "the cookie's"];
    let talk = obeying();
    for (fields, content) in users.iter().zip(contents) {
        talk.origin.will(ruled("params=(\"x\")", content));
        let answer = talk.get_with("/a?x=1", fields).await;
        answer.assert_forwarded(Forward::UriMiss).assert_stored();
    }
    for (fields, content) in users.iter().zip(contents) {
        let answer = talk.get_with("/a?x=2", fields).await;
        assert_eq!(answer.assert_hit().text(), content);
    }
}

/// PRJ-NVS-1, PRJ-NVS-2: asked about for the URI of the request, as it is written
#[tokio::test]
async fn a_304_freshens_the_response_that_was_selected() {
    let talk = with("/a?b=1&a=2", "key-order").await;
    talk.clock.advance(60);
    talk.origin.will(reply(304).field("etag", TAG));
    let answer = talk.get("/a?a=%32&b=1").await;
    assert_eq!(answer.assert_validated().text(), "stored");
    let asked = talk.origin.last();
    assert_eq!(asked.uri, "http://o.test/a?a=%32&b=1");
    assert_eq!(asked.field("if-none-match").as_deref(), Some(TAG));
    assert_eq!(talk.handle.len(), 1);
    talk.get("/a?b=1&a=2").await.assert_hit();
    talk.get("/a?a=2&b=1").await.assert_hit();
}

/// PRJ-NVS-1: and the old one is not good for the others any more either
#[tokio::test]
async fn a_new_response_is_stored_for_the_uri_of_the_request() {
    let talk = with("/a?x=1", "params=(\"x\")").await;
    talk.clock.advance(30);
    talk.origin.will(ruled("params=(\"x\")", "new"));
    let reload = [("cache-control", "no-cache")];
    let answer = talk.get_with("/a?x=2", &reload).await;
    assert_eq!(answer.assert_stored().text(), "new");
    assert_eq!(talk.origin.last().uri, "http://o.test/a?x=2");
    assert_eq!(talk.get("/a?x=2").await.assert_hit().text(), "new");
    assert_eq!(talk.get("/a?x=3").await.assert_hit().text(), "new");
    talk.origin.will(ruled("params=(\"x\")", "newer"));
    let answer = talk.get("/a?x=1").await;
    assert_eq!(answer.assert_forwarded(Forward::Stale).text(), "newer");
}

/// NVS-7-1, 9111-5.2.1.7-1: nobody need be asked
#[tokio::test]
async fn only_if_cached_is_satisfied_by_an_equivalent() {
    let talk = with("/a?x=1", "params=(\"x\")").await;
    let only = [("cache-control", "only-if-cached")];
    talk.get_with("/a?x=2", &only).await.assert_hit();
    let answer = talk.get_with("/b?x=2", &only).await;
    assert_eq!(answer.status, 504);
}

/// NVS-7-1: a 304 may bring the rule, change it, or have it stay
#[tokio::test]
async fn a_304_may_change_the_rule() {
    let talk = with("/a?x=1&y=1", "params=(\"x\")").await;
    talk.clock.advance(60);
    let freshened = reply(304).field("etag", TAG);
    talk.origin
        .will(freshened.field("no-vary-search", "params=(\"y\")"));
    talk.get("/a?x=1&y=1").await.assert_validated();
    talk.get("/a?x=1&y=2").await.assert_hit();
    assert_miss(&talk, "/a?x=2&y=1").await;
}

/// NVS-7-2: rules of one path do not get in each other's way
#[tokio::test]
async fn each_response_has_its_own_rule() {
    let talk = obeying();
    for (uri, rule, content) in [
        ("/a?x=1&y=1", "params=(\"x\")", "by x"),
        ("/a?x=2&y=2", "params=(\"y\")", "by y"),
        ("/a?x=3&y=3", "params=()", "by none"),
    ] {
        talk.origin.will(ruled(rule, content));
        talk.get(uri).await.assert_stored();
    }
    assert_eq!(talk.get("/a?x=9&y=1").await.assert_hit().text(), "by x");
    assert_eq!(talk.get("/a?x=2&y=9").await.assert_hit().text(), "by y");
    for uri in ["/a?x=9&y=2", "/a?x=1&y=9", "/a?x=3&y=9"] {
        assert_miss(&talk, uri).await;
    }
}

/// Promise 6: so many rules of a path, and no more; all of it is given back
#[tokio::test]
async fn beyond_so_many_rules_a_response_stands_for_its_own_uri_alone() {
    let talk = obeying();
    let uri = |n: usize, x: usize| format!("/a?n={n}&x{n}={x}");
    for n in 0..17 {
        talk.origin.will(ruled(&format!("params=(\"x{n}\")"), ""));
        talk.get(&uri(n, 1)).await.assert_stored();
    }
    for n in 0..16 {
        talk.get(&uri(n, 2)).await.assert_hit();
    }
    assert_miss(&talk, &uri(16, 2)).await;
    talk.get(&uri(16, 1)).await.assert_hit();
    // Room for another.
    let gone = uri(0, 1);
    talk.handle
        .purge(&format!("http://o.test{gone}").parse::<http::Uri>().unwrap());
    talk.origin.will(ruled("params=(\"x17\")", ""));
    talk.get(&uri(17, 1)).await.assert_stored();
    talk.get(&uri(17, 2)).await.assert_hit();
    talk.handle
        .purge(Selector::origin(&"http://o.test".parse().unwrap()));
    assert_eq!((talk.handle.len(), talk.handle.bytes()), (0, 0));
}

/// Promise 6: to stand for another URI is to be used
#[tokio::test]
async fn a_response_that_stands_for_another_uri_is_used() {
    let talk = Conversation::with(|layer| layer.no_vary_search(true).max_responses(2));
    for (uri, rule) in [("/a?x=1", "params=(\"x\")"), ("/b", "")] {
        talk.origin.will(ruled(rule, "stored"));
        talk.get(uri).await.assert_stored();
    }
    talk.get("/a?x=2").await.assert_hit();
    talk.origin.will(ruled("", "stored"));
    talk.get("/c").await.assert_stored();
    talk.get("/a?x=1").await.assert_hit();
    assert_miss(&talk, "/b").await;
}

/// Promise 6: what it takes to find them is counted
#[tokio::test]
async fn rules_take_room() {
    let keys: Vec<_> = (0..100).map(|n| format!("\"{n:0100}\"")).collect();
    let rule = format!("params=({})", keys.join(" "));
    let default = Conversation::default();
    let obeying = obeying();
    for talk in [&default, &obeying] {
        talk.store(ruled(&rule, "")).await.assert_stored();
    }
    let room = obeying.handle.bytes() - default.handle.bytes();
    assert!(room >= 100 * 100, "{room}");
}

/// 5861-3-1: validated for the URI that was asked for
#[tokio::test]
async fn an_equivalent_is_reused_while_it_is_validated() {
    let talk = obeying();
    let control = "max-age=60, stale-while-revalidate=60";
    let first = reply(200).control(control).field("etag", TAG).body("old");
    talk.origin
        .will(first.field("no-vary-search", "params=(\"x\")"));
    talk.get("/a?x=1").await.assert_stored();
    talk.clock.advance(60);
    talk.origin.will(reply(304).field("etag", TAG));
    assert_eq!(talk.get("/a?x=2").await.assert_hit().text(), "old");
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(talk.origin.last().uri, "http://o.test/a?x=2");
    assert_eq!(talk.origin.calls(), 2);
    let answer = talk.get("/a?x=3").await;
    assert_eq!(answer.assert_hit().field("age"), Some("0".into()));
}

/// To look at what stands for a URI tells all there is to tell by its own.
#[tokio::test]
async fn what_stands_for_a_uri_has_all_its_hits() {
    let talk = with("/a?a=1", "params=(\"a\")").await;
    for _ in 0..50 {
        talk.get("/a?a=1").await.assert_hit();
    }
    assert!(talk.handle.stats().copies() > 0);
    for uri in ["/a?a=1", "/a?a=2"] {
        let asked = get(uri, &[]);
        let seen = talk.handle.peek(&asked).expect("it is stored");
        assert_eq!(seen.hits(), 50, "{uri}");
        let explanation = talk.handle.explain(&asked);
        let stored = explanation.stored().expect("it is stored");
        assert_eq!(stored.hits(), 50, "{uri}");
    }
}

/// What is put back is found as before: by its queries, its groups and its tags.
#[tokio::test]
async fn what_is_put_back_stands_for_the_same_queries() {
    let talk = with("/a?a=1", "params=(\"a\")").await;
    let mut octets = Vec::new();
    talk.handle.snapshot(&mut octets).expect("written");
    let other = obeying();
    let report = other.handle.restore(&*octets).expect("a snapshot");
    assert_eq!(report.responses(), 1);
    other.get("/a?a=2").await.assert_hit();
    other.handle.purge(Selector::request(&get("/a?a=2", &[])));
    assert!(other.handle.is_empty());
}
