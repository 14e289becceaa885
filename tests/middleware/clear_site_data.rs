//! `Clear-Site-Data` (CSD-1).

use bytes::Bytes;
use http::uri::Scheme;
use http::{Method, Request};
use http_body_util::Empty;
use support::{Answer, Conversation, Reply, begun, get, reply, request};
use tower_client_cache::{Forward, NotStored};

const TAG: &str = "\"e\"";
const SITE: &str = "https://o.test/a";

fn tagged(content: &'static str) -> Reply {
    let tagged = reply(200).control("max-age=60").field("etag", TAG);
    tagged.body(content)
}

/// An answer that has the cache cleared.
fn clearing(reply: Reply) -> Reply {
    reply.field("clear-site-data", "\"cache\"")
}

/// One that obeys, with a response stored for each of these.
async fn with(uris: &[&str]) -> Conversation {
    let talk = Conversation::with(|layer| layer.clear_site_data(true));
    for uri in uris {
        talk.origin.will(tagged("old"));
        talk.get(uri).await.assert_stored();
    }
    talk
}

/// CSD-1: of that origin, and of no other
#[tokio::test]
async fn a_response_over_https_clears_what_is_stored_for_its_origin() {
    for value in ["\"cache\"", "\"*\"", "\"cookies\", \"cache\""] {
        let others = ["http://o.test/a", "https://o.test:80/a", "https://p.test/a"];
        let talk = with(&others).await;
        let user = [("authorization", "Bearer a")];
        for asked in [get(SITE, &[]), get("https://o.test/b?c", &user)] {
            talk.origin.will(tagged("old"));
            talk.send(asked).await.assert_stored();
        }
        let answer = reply(200).control("no-store");
        talk.origin.will(answer.field("clear-site-data", value));
        talk.get("https://O.test:443/log-out").await;
        assert_eq!(talk.handle.len(), others.len(), "{value}");
        for uri in others {
            talk.get(uri).await.assert_hit();
        }
        talk.origin.will(reply(404));
        talk.get(SITE).await.assert_forwarded(Forward::UriMiss);
    }
}

/// CSD-1: whatever the request and the status, stored or passed on, switched off or not
#[tokio::test]
async fn any_answer_clears() {
    let range = [("range", "lines=0-4")];
    let stale = [("cache-control", "no-cache")];
    for (asked, status) in [
        (request(Method::GET, SITE, &[]), 404),
        (request(Method::GET, SITE, &range), 206),
        (request(Method::GET, SITE, &stale), 500),
        (request(Method::GET, SITE, &stale), 304),
        (request(Method::HEAD, "https://o.test/b", &[]), 200),
        (request(Method::POST, "https://o.test/b", &[]), 403),
        (request(Method::OPTIONS, "https://o.test/b", &[]), 204),
    ] {
        let case = format!("{} {} {status}", asked.method(), asked.uri());
        let talk = with(&[SITE, "https://o.test/c"]).await;
        talk.clock.advance(60);
        talk.origin
            .will(clearing(reply(status).control("no-store")));
        talk.send(asked).await;
        assert!(talk.handle.is_empty(), "{case}");
    }
    let talk = with(&[SITE]).await;
    talk.handle.disable();
    talk.origin.will(clearing(reply(200)));
    talk.get("https://o.test/b").await;
    assert!(talk.handle.is_empty());
}

/// CSD-1: the scheme of a connection is the one that was said
#[tokio::test]
async fn a_request_in_origin_form_is_of_the_scheme_that_is_set() {
    for (scheme, is_cleared) in [(Scheme::HTTPS, true), (Scheme::HTTP, false)] {
        let talk = Conversation::with(|layer| {
            let layer = layer.origin_form_scheme(scheme);
            layer.clear_site_data(true)
        });
        for method in [Method::GET, Method::POST] {
            let asked = |path: &str| {
                let mut asked = Request::new(Empty::<Bytes>::new());
                *asked.uri_mut() = path.parse().unwrap();
                asked
                    .headers_mut()
                    .insert("host", "o.test".parse().unwrap());
                asked
            };
            talk.origin.will(tagged("old"));
            talk.send(asked("/a")).await.assert_stored();
            let mut clears = asked("/b");
            *clears.method_mut() = method;
            talk.origin.will(clearing(reply(200).control("no-store")));
            talk.send(clears).await;
            assert_eq!(talk.handle.is_empty(), is_cleared);
            talk.handle.clear();
        }
    }
}

/// CSD-1: anybody on the way can have put it there
#[tokio::test]
async fn a_response_that_came_in_clear_clears_nothing() {
    let uris = ["http://o.test/a", SITE];
    let talk = with(&uris).await;
    talk.origin.will(clearing(reply(200)));
    talk.get("http://o.test/b").await;
    talk.origin.will(clearing(reply(204)));
    talk.send(request(Method::POST, "http://o.test/b", &[]))
        .await;
    for uri in uris {
        talk.get(uri).await.assert_hit();
    }
}

/// Where a response came from, in its extensions.
#[derive(Clone)]
struct CameFrom(&'static str);

/// CSD-1, C-53: where the client has followed a redirect the last origin speaks for itself
#[tokio::test]
async fn a_response_clears_what_is_stored_for_the_origin_that_it_came_from() {
    for (asked, came_from, is_cleared) in [
        (SITE, "https://elsewhere.test/", false),
        ("https://elsewhere.test/", SITE, true),
        ("http://elsewhere.test/", SITE, true),
        (SITE, "http://o.test/b", false),
        (SITE, "/b", false),
        (SITE, "https://O.test:443/b", true),
    ] {
        for method in [Method::GET, Method::POST] {
            let talk = Conversation::with(|layer| {
                let layer = layer.clear_site_data(true);
                layer.final_uri(|extensions| {
                    let CameFrom(uri) = extensions.get()?;
                    Some(uri.parse().expect("a URI"))
                })
            });
            talk.origin.will(tagged("old"));
            talk.get("https://o.test/stored").await.assert_stored();
            let answer = clearing(reply(200)).extension(CameFrom(came_from));
            talk.origin.will(answer);
            talk.send(request(method, asked, &[])).await;
            assert_eq!(talk.handle.is_empty(), is_cleared, "{asked} {came_from}");
        }
    }
}

/// CSD-1: by default it speaks to browsers
#[tokio::test]
async fn nothing_is_cleared_by_default_or_by_other_types() {
    let talk = Conversation::default();
    talk.origin.will(tagged("old"));
    talk.get(SITE).await.assert_stored();
    talk.origin.will(clearing(reply(404)));
    talk.get("https://o.test/b").await;
    talk.get(SITE).await.assert_hit();
    for value in ["\"cookies\"", "cache", "\"Cache\"", "*", ""] {
        let talk = with(&[SITE]).await;
        let answer = reply(404).field("clear-site-data", value);
        talk.origin.will(answer);
        talk.get("https://o.test/b").await;
        let next = talk.get(SITE).await;
        assert!(next.cache.is_hit(), "{value}: {}", next.cache);
    }
}

/// CSD-1: what says so is stored after that, and says so once: a hit is no response of the origin's
#[tokio::test]
async fn the_response_itself_is_stored() {
    for is_streamed in [false, true] {
        let talk = with(&["https://o.test/b"]).await;
        let answer = clearing(tagged("new"));
        if is_streamed {
            let (frames, streamed) = answer.streamed();
            talk.origin.will(streamed);
            let response = talk.start(get(SITE, &[])).await.unwrap();
            assert!(talk.handle.is_empty(), "as soon as the head is there");
            assert!(frames.data("new"));
            drop(frames);
            assert_eq!(Answer::read(response).await.unwrap().text(), "new");
        } else {
            talk.origin.will(answer);
            talk.get(SITE).await.assert_stored();
        }
        talk.origin.will(tagged("old"));
        talk.get("https://o.test/b").await.assert_stored();
        assert_eq!(talk.get(SITE).await.assert_hit().text(), "new");
        talk.get("https://o.test/b").await.assert_hit();
    }
}

/// CSD-1, promise 1: what was asked for before it came is not stored
#[tokio::test]
async fn what_is_on_its_way_meanwhile_is_not_stored() {
    let talk = with(&[]).await;
    let (gate, held) = tagged("old").held();
    talk.origin.will(held);
    let slow = begun(talk.get("https://o.test/b"));
    talk.origin.will(clearing(tagged("new")));
    talk.get(SITE).await.assert_stored();
    gate.open();
    slow.await.assert_not_stored(NotStored::Purged);
    talk.get(SITE).await.assert_hit();
    assert_eq!(talk.handle.len(), 1);
}

/// Promise 1: a response that clears is fenced off by whatever else was cleared meanwhile
#[tokio::test]
async fn a_response_that_clears_may_itself_have_been_cleared() {
    type Clear = fn(&Conversation);
    let clears: [(&str, Clear); 3] = [
        ("everything", |talk| {
            talk.handle.clear();
        }),
        ("its URI", |talk| {
            talk.handle.purge(&SITE.parse::<http::Uri>().unwrap());
        }),
        ("its origin", |talk| {
            let uri = SITE.parse::<http::Uri>().unwrap();
            talk.handle
                .purge(tower_client_cache::Selector::origin(&uri));
        }),
    ];
    for (case, clear) in clears {
        let talk = with(&[]).await;
        let (gate, held) = clearing(tagged("old")).held();
        talk.origin.will(held);
        let before = begun(talk.get(SITE));
        clear(&talk);
        gate.open();
        assert_eq!(before.await.text(), "old", "{case}");
        assert!(talk.handle.is_empty(), "{case}: before its head was there");
        let (frames, streamed) = clearing(tagged("old")).streamed();
        talk.origin.will(streamed);
        let response = talk.start(get(SITE, &[])).await.unwrap();
        clear(&talk);
        assert!(frames.data("old"));
        drop(frames);
        Answer::read(response).await.unwrap();
        assert!(talk.handle.is_empty(), "{case}: before its body was");
    }
}
