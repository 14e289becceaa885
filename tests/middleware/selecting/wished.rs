//! What selectors mean of what was stored as its request wished.

use bytes::Bytes;
use http::{Method, Request, Uri};
use http_body_util::Empty;
use support::{Conversation, get, reply, request};
use tower_client_cache::{CacheLayer, Invalidates, Key, Partition, Selector};

fn of(tenant: &'static str, fields: &[(&str, &str)]) -> Request<Empty<Bytes>> {
    let mut asked = get("/a", fields);
    let tenant = Partition(Bytes::from_static(tenant.as_bytes()));
    asked.extensions_mut().insert(tenant);
    asked
}

async fn store(talk: &Conversation, asked: Request<Empty<Bytes>>) {
    talk.origin
        .will(reply(200).control("max-age=60").body("old"));
    talk.send(asked).await.assert_stored();
}

/// C-33: whoever else the response is for.
#[tokio::test]
async fn a_partition_is_found_by_each_of_its_names() {
    let site = |_: &Uri, fields: &http::HeaderMap, _: &http::Extensions| {
        let site = fields.get("site")?;
        Some(Bytes::copy_from_slice(site.as_bytes()))
    };
    for (name, removed) in [
        ("t1", 2),
        ("t2", 1),
        ("s1", 2),
        ("s2", 1),
        ("1", 0),
        ("", 0),
    ] {
        let talk = Conversation::through(CacheLayer::new().partition(site));
        store(&talk, of("t1", &[("site", "s1")])).await;
        store(&talk, of("t1", &[("site", "s2"), ("cookie", "1")])).await;
        store(&talk, of("t2", &[("site", "s1"), ("authorization", "1")])).await;
        let purged = talk.handle.purge(Selector::partition(name));
        assert_eq!(purged.responses(), removed, "{name}");
        assert_eq!(talk.handle.len(), 3 - removed, "{name}");
    }
}

/// What is stored by a name is found by it, by whoever it is for, and not by its URI.
#[tokio::test]
async fn a_key_is_found_by_a_request_that_has_it() {
    let named = |name: &str, path| {
        let mut asked = get(path, &[]);
        asked.extensions_mut().insert(Key::new(name));
        asked
    };
    let uri = Uri::from_static("http://o.test/a");
    for (selector, removed) in [
        (Selector::request(&named("file", "/b")), 1),
        (Selector::request(&named("other", "/a")), 0),
        (Selector::request(&get("/a", &[])), 0),
        (Selector::uri(&uri), 0),
        (Selector::prefix(&uri), 0),
        (Selector::origin(&uri), 1),
    ] {
        let talk = Conversation::default();
        store(&talk, named("file", "/a")).await;
        let what = format!("{selector:?}");
        assert_eq!(talk.handle.purge(selector).responses(), removed, "{what}");
    }
}

/// 9111-4.4-2: what an unsafe request is said to change goes with what it changes, whatever selects it.
#[tokio::test]
async fn an_unsafe_request_purges_what_it_says_beside() {
    for (selector, removed) in [
        (Selector::prefix(&Uri::from_static("http://o.test/b")), 2),
        (Selector::filter(|info| info.uri().ends_with('c')), 1),
        (Selector::all(), 3),
    ] {
        let talk = Conversation::default();
        for path in ["/b", "/b/c", "/d"] {
            store(&talk, get(path, &[])).await;
        }
        let mut unsafe_request = request(Method::PUT, "/a", &[]);
        unsafe_request
            .extensions_mut()
            .insert(Invalidates(selector));
        talk.origin.will(reply(204));
        talk.send(unsafe_request).await;
        assert_eq!(talk.handle.len(), 3 - removed);
    }
}
