//! Putting responses into the store by hand: by the same rules as those that come from the origin.

use bytes::Bytes;
use http::{Method, Response};
use support::{Conversation, Reply, get, reply, request};
use tower_client_cache::NotStored;

fn fresh(body: &'static str) -> Reply {
    reply(200).control("max-age=60").body(body)
}

/// Method and fields of a request, a response, and why that is not stored.
type Row<'a> = (Method, &'a [(&'a str, &'a str)], Response<Bytes>, NotStored);

/// A response with these fields and this body.
fn response(status: u16, fields: &[(&str, &str)], body: &'static str) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(Bytes::from(body)).expect("a response")
}

#[tokio::test]
async fn what_is_inserted_is_answered_with() {
    let talk = Conversation::default();
    let fields = [
        ("cache-control", "max-age=60"),
        ("vary", "accept-language"),
        ("age", "5"),
    ];
    let asked = || {
        get(
            "/a",
            &[("accept-language", "de"), ("authorization", "Bearer 1")],
        )
    };
    talk.handle
        .insert(&asked(), response(200, &fields, "Neues"))
        .expect("it may be stored");
    talk.clock.advance(10);
    let hit = talk.send(asked()).await;
    assert_eq!(hit.assert_hit().text(), "Neues");
    assert_eq!(hit.field("age").as_deref(), Some("15"));
    talk.origin.will(reply(200).control("no-store").body("new"));
    let other = talk.get_with("/a", &[("accept-language", "de")]).await;
    assert_eq!(other.text(), "new", "C-33: it is another's");
    assert_eq!(talk.handle.stats().stores(), 1);
}

#[tokio::test]
async fn it_takes_the_place_of_what_was_stored() {
    let talk = Conversation::default();
    talk.store(reply(200).control("max-age=60").body("old"))
        .await;
    talk.clock.advance(1);
    let fields = [("cache-control", "max-age=60")];
    talk.handle
        .insert(&get("/a", &[]), response(200, &fields, "new"))
        .expect("stored");
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
    assert_eq!(talk.handle.len(), 1);
}

/// 9111-3-1, 9111-5.2.1.5-1, 9111-5.2.2.5-1
#[tokio::test]
async fn what_may_not_be_stored_is_refused() {
    let talk = Conversation::with(|layer| layer.max_body(8));
    let (plain, fresh) = (Method::GET, ("cache-control", "max-age=60"));
    let table: [Row<'_>; 9] = [
        (
            plain.clone(),
            &[],
            response(200, &[("cache-control", "no-store")], "x"),
            NotStored::NoStore,
        ),
        (
            plain.clone(),
            &[("cache-control", "no-store")],
            response(200, &[fresh], "x"),
            NotStored::RequestNoStore,
        ),
        (
            Method::POST,
            &[],
            response(200, &[fresh], "x"),
            NotStored::Method,
        ),
        (
            plain.clone(),
            &[("if-match", "*")],
            response(200, &[fresh], "x"),
            NotStored::Bypass,
        ),
        (
            plain.clone(),
            &[],
            response(206, &[fresh, ("content-range", "bytes 0-0/2")], "x"),
            NotStored::Partial,
        ),
        (
            plain.clone(),
            &[],
            response(200, &[fresh, ("vary", "*")], "x"),
            NotStored::Vary,
        ),
        (
            plain.clone(),
            &[],
            response(200, &[fresh], "123456789"),
            NotStored::TooLarge,
        ),
        (
            plain.clone(),
            &[],
            response(200, &[fresh, ("content-length", "2")], "x"),
            NotStored::Incomplete,
        ),
        (
            Method::HEAD,
            &[],
            response(200, &[fresh], "x"),
            NotStored::Incomplete,
        ),
    ];
    for (method, fields, response, expected) in table {
        let asked = request(method, "/a", fields);
        let before = talk.handle.stats();
        assert_eq!(talk.handle.insert(&asked, response), Err(expected));
        let since = talk.handle.stats().since(&before);
        assert_eq!(
            (since.refusals(expected), since.refused()),
            (1, 1),
            "{expected}"
        );
        assert!(talk.handle.is_empty(), "{expected}");
    }
    let asked = request(Method::HEAD, "/a", &[]);
    let answer = response(200, &[fresh, ("content-length", "100")], "");
    talk.handle
        .insert(&asked, answer)
        .expect("a head says how long the body is that it has not");
    talk.handle.disable();
    let refused = talk
        .handle
        .insert(&get("/b", &[]), response(200, &[fresh], "x"));
    assert_eq!(refused, Err(NotStored::Disabled));
}

/// 9111-4.1-6: what was selected by other fields would be preferred.
#[tokio::test]
async fn it_takes_the_place_of_what_was_selected_by_other_fields() {
    let talk = Conversation::default();
    talk.store(fresh("old").field("vary", "accept")).await;
    talk.clock.advance(1);
    let head = response(200, &[("cache-control", "max-age=60")], "");
    talk.handle
        .insert(&request(Method::HEAD, "/a", &[]), head)
        .expect("stored");
    let hit = talk.get("/a").await;
    assert_eq!(
        hit.assert_hit().text(),
        "old",
        "a head takes the place of no body"
    );
    let fields = [("cache-control", "max-age=60")];
    talk.handle
        .insert(&get("/a", &[]), response(200, &fields, "new"))
        .expect("stored");
    assert_eq!(talk.get("/a").await.assert_hit().text(), "new");
    assert_eq!(talk.handle.len(), 1);
}

/// 9111-3-1, C-47: of a QUERY the content would be part of the key, and an answer that is none is none by hand either.
#[tokio::test]
async fn what_could_answer_nothing_is_refused() {
    let talk = Conversation::with(|layer| layer.query(true));
    let fresh = ("cache-control", "max-age=60");
    let query = Method::from_bytes(b"QUERY").expect("a method");
    let json = [("content-type", "application/json")];
    for (method, fields, status) in [
        (query, &json[..], 200),
        (Method::GET, &[], 304),
        (Method::GET, &[], 101),
        (Method::GET, &[("range", "bytes=0-")], 416),
        (
            Method::GET,
            &[("connection", "x"), ("if-range", "\"1\"")],
            206,
        ),
    ] {
        let asked = request(method, "/a", fields);
        let refused = talk.handle.insert(&asked, response(status, &[fresh], ""));
        refused.expect_err("it is no answer to be kept");
        assert!(talk.handle.is_empty(), "{status}");
    }
    let empty = response(204, &[fresh], "x");
    let refused = talk.handle.insert(&get("/a", &[]), empty);
    assert_eq!(refused, Err(NotStored::Incomplete));
}
