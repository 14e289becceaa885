//! What a URI means where rules say which parameters of its query count.

use http::{HeaderMap, Method, Uri};
use support::{Conversation, begun, get, reply, request};
use tower_client_cache::{CacheHandle, CacheLayer, Rule, Selector};

fn uri() -> Uri {
    Uri::from_static("http://o.test/a?x=1&y=2")
}

/// To those who ask with a field `x` nothing but `y` counts, and to others nothing but `x`.
fn conversation() -> Conversation {
    let asks_so = |_: &Uri, fields: &HeaderMap| fields.contains_key("x");
    let rules = [
        Rule::new().requests(asks_so).ignore_query(["x"]),
        Rule::new().ignore_query(["y"]),
        Rule::new().ignore_query(["x", "y"]),
    ];
    Conversation::through(CacheLayer::new().rules(rules))
}

async fn store(talk: &Conversation, path: &str, fields: &[(&str, &str)]) {
    let stored = reply(200).control("max-age=60");
    talk.origin.will(stored.field("etag", "\"e\""));
    talk.send(get(path, fields)).await.assert_stored();
}

/// What is stored for a URI is found whoever has asked, with whatever fields, and nothing else is.
#[tokio::test]
async fn a_uri_means_every_key_that_it_may_have() {
    type Verb = fn(&CacheHandle) -> usize;
    let verbs: [Verb; 4] = [
        |handle| handle.purge(&uri()).responses(),
        |handle| {
            handle
                .purge(Selector::uri(&uri()).and(Selector::all()))
                .responses()
        },
        |handle| handle.purge(Selector::uri(&uri()).not().not()).responses(),
        |handle| handle.expire(&uri()).responses(),
    ];
    for (n, verb) in verbs.into_iter().enumerate() {
        let talk = conversation();
        store(&talk, "/a?x=1&y=2", &[]).await;
        store(&talk, "/a?x=1&y=2", &[("x", "")]).await;
        store(&talk, "/a?x=2", &[]).await;
        assert_eq!(talk.handle.len(), 3, "{n}");
        assert_eq!(verb(&talk.handle), 2, "{n}");
        talk.get("/a?x=2").await.assert_hit();
        for fields in [&[][..], &[("x", "")]] {
            talk.origin.will(reply(200).control("no-store").body("new"));
            let answer = talk.get_with("/a?x=1&y=2", fields).await;
            assert_eq!(answer.text(), "new", "{n}");
        }
    }
}

/// One for other places says nothing of it, and one that goes by responses nothing of any key.
#[tokio::test]
async fn a_uri_means_no_key_by_a_rule_that_makes_none_of_it() {
    let elsewhere = Uri::from_static("http://o.test/b");
    for rule in [
        Rule::new().prefix(&elsewhere),
        Rule::new().responses(|_, _| true),
    ] {
        let rules = [rule.ignore_query(["x"])];
        let talk = Conversation::through(CacheLayer::new().rules(rules));
        store(&talk, "/a", &[]).await;
        store(&talk, "/a?x=1", &[]).await;
        let whole = Uri::from_static("http://o.test/a?x=1");
        assert_eq!(talk.handle.purge(&whole).responses(), 1);
        talk.get("/a").await.assert_hit();
    }
}

/// 9111-4.4-2, and what is under way.
#[tokio::test]
async fn an_unsafe_request_invalidates_every_key_that_its_uri_may_have() {
    for fields in [&[][..], &[("x", "")]] {
        let talk = conversation();
        store(&talk, "/a?x=1&y=2", fields).await;
        talk.origin.will(reply(204));
        talk.send(request(Method::PUT, "/a?x=1&y=2", &[])).await;
        talk.origin.will(reply(304).control("max-age=60"));
        let answer = talk.get_with("/a?x=1&y=2", fields).await;
        answer.assert_validated();
        talk.handle.clear();
        let (gate, held) = reply(200).control("max-age=60").body("old").held();
        talk.origin.will(held);
        let old = begun(talk.get_with("/a?x=1&y=2", fields));
        talk.origin.will(reply(204));
        talk.send(request(Method::PUT, "/a?x=1&y=2", &[])).await;
        gate.open();
        assert_eq!(old.await.text(), "old");
        assert!(talk.handle.is_empty());
    }
}
