//! What a request is looked for by, in the corners.

use http::{Extensions, Method, Uri};
use support::{Conversation, get, reply, request};
use tower_client_cache::{Forward, IgnoreQuery, Key, NotStored, Rule};

use super::{fresh, wishing};

/// A name of one's own is no way round a rule for the URI.
#[tokio::test]
async fn rules_hold_for_the_uri_whatever_the_name() {
    let secret = Uri::from_static("http://o.test/secret");
    let rules = || {
        let prefix = Rule::new().prefix(&secret).never_store();
        let requests = Rule::new().requests(|uri, _| uri.path() == "/other");
        [prefix, requests.never_store()]
    };
    let talk = Conversation::with(|layer| layer.rules(rules()));
    for path in ["/secret/a?b", "/other?b"] {
        talk.origin.will(fresh("x"));
        let answer = talk.send(wishing(get(path, &[]), Key::new("name"))).await;
        answer.assert_not_stored(NotStored::Rule);
    }
    let located = fresh("x").field("content-location", "/secret/a");
    talk.origin.will(located);
    let post = request(Method::POST, "/secret/a", &[]);
    let answer = talk.send(wishing(post, Key::new("name"))).await;
    answer.assert_not_stored(NotStored::Rule);
    talk.origin.will(fresh("x"));
    let answer = talk.send(wishing(get("/a", &[]), Key::new("secret"))).await;
    answer.assert_stored();
}

/// What a rule says of queries is not said of names, and what an origin says of them neither.
#[tokio::test]
async fn a_name_has_no_query() {
    let talk = Conversation::with(|layer| {
        let layer = layer.rules([Rule::new().ignore_query(["id"])]);
        #[cfg(feature = "structured-fields")]
        let layer = layer.no_vary_search(true);
        layer
    });
    for name in ["item?id=1", "item?id=2", "item"] {
        talk.origin
            .will(fresh("x").field("no-vary-search", "except=()"));
        let named = || wishing(get("/a", &[]), Key::new(name));
        let answer = talk.send(named()).await;
        answer.assert_forwarded(Forward::UriMiss).assert_stored();
        talk.send(named()).await.assert_hit();
    }
}

/// One that some origins would take for two is not left out: what it hides from the cache would be in the answer to
/// everybody.
#[tokio::test]
async fn a_parameter_that_may_be_two_makes_a_difference() {
    for talk in [Conversation::default(), Conversation::shared()] {
        let without = |path: &str| wishing(get(path, &[]), IgnoreQuery::new(["t"]));
        talk.origin.will(fresh("x"));
        talk.send(without("/a?b")).await.assert_stored();
        for path in [
            "/a?b&t",
            "/a?t=1&b",
            "/a?t=%3Bb=2&b&t=",
            "/a?t==&b",
            "/a?%74=1&b",
        ] {
            talk.send(without(path)).await.assert_hit();
        }
        for path in [
            "/a?b&t=1;b=2",
            "/a?b&t;b=2",
            "/a?b&t=1?b=2",
            "/a?b;t=1",
            "/a?&b",
            "/a?b&",
        ] {
            talk.origin.will(reply(200).control("no-store"));
            let answer = talk.send(without(path)).await;
            answer.assert_forwarded(Forward::UriMiss);
        }
    }
}

/// C-53: also where what is left out depends on the request's fields.
#[tokio::test]
async fn an_answer_is_of_its_own_uri_whatever_is_left_out_of_that() {
    let rule = Rule::new().requests(|_, fields| fields.contains_key("x"));
    let talk = Conversation::with(|layer| {
        let layer = layer.final_uri(|extensions: &Extensions| extensions.get::<Uri>().cloned());
        layer.rules([rule.ignore_query(["t"])])
    });
    let asked = || wishing(get("/a?t=1&u=1&b", &[("x", "")]), IgnoreQuery::new(["u"]));
    for (from, is_stored) in [
        ("/c?b", false),
        ("/a?t=1&u=1&c", false),
        ("/a?t=1&u=1&b", true),
    ] {
        let from: Uri = format!("http://o.test{from}").parse().unwrap();
        talk.origin.will(fresh("x").extension(from.clone()));
        let answer = talk.send(asked()).await;
        assert_eq!(answer.cache.is_stored(), is_stored, "{from}");
    }
    talk.send(asked()).await.assert_hit();
    // 9111-4.4-1: whoever changes it may have other fields.
    talk.origin.will(reply(204));
    let put = request(Method::PUT, "/a?t=1&u=1&b", &[]);
    talk.send(wishing(put, IgnoreQuery::new(["u"]))).await;
    let stored = talk.handle.peek(&asked()).expect("it has a validator");
    assert!(stored.needs_validation());
}

/// 9111-2-1, EDGE-36
#[tokio::test]
async fn a_query_of_which_nothing_is_left_is_none() {
    let talk = Conversation::default();
    let without = |path: &str| wishing(get(path, &[]), IgnoreQuery::new(["t"]));
    talk.origin.will(fresh("none"));
    talk.send(without("/a?t=1")).await.assert_stored();
    talk.get("/a").await.assert_hit();
    talk.send(without("/a?t&t=2&%74=3")).await.assert_hit();
    for path in ["/a?", "/a?&t=1"] {
        talk.origin.will(reply(200).control("no-store"));
        let answer = talk.send(without(path)).await;
        answer.assert_forwarded(Forward::UriMiss);
    }
    // However long it is, and whatever is left of it.
    let long = "x".repeat(300);
    for (path, same) in [
        (format!("/{long}?t=1"), format!("/{long}")),
        (format!("/b?t={long}"), "/b".to_owned()),
        (format!("/b?c={long}&t=1"), format!("/b?c={long}")),
    ] {
        talk.origin.will(fresh("long"));
        talk.send(without(&path)).await.assert_stored();
        talk.get(&same).await.assert_hit();
    }
}
