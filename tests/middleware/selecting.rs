//! What selectors mean of what is stored.

mod expired;
mod keys;
mod meanwhile;
mod under_way;
mod wished;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Method, Uri};
use support::{Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::{CacheHandle, CacheLayer, Selector};

/// Method, path or URI, fields of the request; `Cache-Control` of the response, which varies by language.
type Stored = (
    &'static str,
    Method,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

const STORED: [Stored; 13] = [
    ("a", Method::GET, "/a", &[], "max-age=100"),
    (
        "a-de",
        Method::GET,
        "/a",
        &[("accept-language", "de")],
        "max-age=100",
    ),
    (
        "a-head",
        Method::HEAD,
        "/a",
        &[("accept-language", "fr")],
        "max-age=100",
    ),
    (
        "a-user",
        Method::GET,
        "/a",
        &[("authorization", "1")],
        "max-age=100",
    ),
    ("a-site", Method::GET, "/a", &[("site", "b")], "max-age=100"),
    (
        "a-user-site",
        Method::GET,
        "/a",
        &[("authorization", "1"), ("site", "b")],
        "max-age=100",
    ),
    ("a?q", Method::GET, "/a?q", &[], "max-age=5"),
    (
        "a/",
        Method::GET,
        "/a/",
        &[],
        "max-age=5, stale-while-revalidate=100",
    ),
    (
        "a/b",
        Method::GET,
        "/a/b?/a",
        &[],
        "max-age=5, stale-if-error=100",
    ),
    (
        "ab",
        Method::GET,
        "/ab",
        &[],
        "max-age=5, stale-if-error=100, must-revalidate",
    ),
    ("top", Method::GET, "/", &[], "max-age=100"),
    ("https", Method::GET, "https://o.test/a", &[], "max-age=100"),
    (
        "port",
        Method::GET,
        "http://o.test:81/a",
        &[],
        "max-age=100",
    ),
];

/// What is stored ten seconds apart: those with `max-age=5` first, and then the others.
async fn stored() -> Conversation {
    let layer = CacheLayer::new().partition(|_, fields, _| {
        let site = fields
            .get("site")
            .map(|site| Bytes::copy_from_slice(site.as_bytes()));
        Some(site.unwrap_or_default())
    });
    let layer = layer.tag_field(HeaderName::from_static("tags"));
    let talk = Conversation::through(layer);
    for is_short in [true, false] {
        for (name, method, path, fields, control) in &STORED {
            if control.starts_with("max-age=5") != is_short {
                continue;
            }
            let answer = reply(200).control(control).field("vary", "accept-language");
            let length = if is_short { "short" } else { "long" };
            let answer = answer.field("tags", format!("{length} {name}"));
            talk.origin
                .will(answer.field("etag", "\"e\"").field("name", name));
            let answer = talk.send(request(method.clone(), path, fields)).await;
            answer.assert_stored();
        }
        if is_short {
            talk.clock.advance(10);
        }
    }
    talk
}

/// The names of what is stored.
fn names(handle: &CacheHandle) -> BTreeSet<String> {
    let name = |info: tower_client_cache::StoredInfo| {
        let fields = info.fields();
        fields["name"].to_str().expect("text").to_owned()
    };
    handle.entries().map(name).collect()
}

fn uri(uri: &'static str) -> Uri {
    Uri::from_static(uri)
}

fn asking(fields: &[(&str, &str)]) -> Selector {
    Selector::request(&get("/a", fields))
}

fn panicking() -> Selector {
    Selector::filter(|_| panic!("this is meant to panic"))
}

/// What each of these means, of what is stored.
fn table(talk: &Conversation) -> Vec<(Selector, &'static [&'static str])> {
    let seconds = Duration::from_secs;
    let (now, a) = (talk.clock.now(), uri("http://o.test/a"));
    let at = |path| Selector::prefix(&uri(path));
    let german = [("accept-language", "de")];
    let named = |name: &'static str| Selector::filter(move |info| info.fields()["name"] == name);
    vec![
        (Selector::all(), &ALL),
        (Selector::all().not(), &[]),
        (
            Selector::uri(&a),
            &["a", "a-de", "a-head", "a-user", "a-site", "a-user-site"],
        ),
        (Selector::uri(&uri("HTTP://user@O.test:80/a?q")), &["a?q"]),
        (Selector::uri(&uri("/a")), &[]),
        (Selector::uri(&uri("/a")).not(), &ALL),
        (asking(&[]), &["a"]),
        (asking(&german), &["a-de"]),
        (asking(&[("accept-language", "fr")]), &[]),
        (asking(&[("authorization", "1")]), &["a-user"]),
        (asking(&[("authorization", "2")]), &[]),
        (
            asking(&[("authorization", "1"), ("site", "b")]),
            &["a-user-site"],
        ),
        (
            Selector::request(&request(Method::HEAD, "/a", &german)),
            &["a-de"],
        ),
        (
            Selector::request(&request(Method::HEAD, "/a", &[("accept-language", "fr")])),
            &["a-head"],
        ),
        (Selector::request(&request(Method::POST, "/a", &[])), &[]),
        (
            Selector::request(&request(Method::GET, "/nothing", &[])),
            &[],
        ),
        (
            at("http://o.test/a"),
            &[
                "a",
                "a-de",
                "a-head",
                "a-user",
                "a-site",
                "a-user-site",
                "a?q",
                "a/",
                "a/b",
            ],
        ),
        (at("http://o.test/a/"), &["a/", "a/b"]),
        (at("http://o.test/a/b"), &["a/b"]),
        (at("http://o.test/a/b?c"), &["a/b"]),
        (at("http://o.test/%61b"), &["ab"]),
        (at("https://o.test"), &["https"]),
        (at("/a"), &[]),
        (
            at("http://o.test"),
            &[
                "a",
                "a-de",
                "a-head",
                "a-user",
                "a-site",
                "a-user-site",
                "a?q",
                "a/",
                "a/b",
                "ab",
                "top",
            ],
        ),
        (Selector::origin(&uri("http://o.test:81")), &["port"]),
        (Selector::partition("b"), &["a-site", "a-user-site"]),
        (Selector::partition("1"), &[]),
        (Selector::tag("short"), &["a?q", "a/", "a/b", "ab"]),
        (Selector::tag("Short"), &[]),
        (
            Selector::any_tag(["top", "ab", "none", "top"]),
            &["ab", "top"],
        ),
        (Selector::any_tag::<&str>([]), &[]),
        (
            Selector::tag("short").and(at("http://o.test/a/")),
            &["a/", "a/b"],
        ),
        (Selector::tag("short").and(Selector::uri(&a)), &[]),
        (Selector::tag("short").and(Selector::tag("ab")), &["ab"]),
        (Selector::tag("top").or(asking(&[])), &["a", "top"]),
        (Selector::tag("top").or(named("ab")), &["ab", "top"]),
        (Selector::tag("long").not(), &["a?q", "a/", "a/b", "ab"]),
        (
            Selector::older_than(seconds(9)),
            &["a?q", "a/", "a/b", "ab"],
        ),
        (Selector::older_than(seconds(10)), &[]),
        (
            Selector::since(now),
            &[
                "a",
                "a-de",
                "a-head",
                "a-user",
                "a-site",
                "a-user-site",
                "top",
                "https",
                "port",
            ],
        ),
        (Selector::since(now - seconds(10)), &ALL),
        (Selector::since(now + seconds(1)), &[]),
        (Selector::stale(), &["a?q", "a/", "a/b", "ab"]),
        (named("top"), &["top"]),
        (panicking(), &ALL),
        (panicking().not(), &ALL),
        (named("top").and(panicking().not()), &["top"]),
        ((named("top").not().or(panicking())).not(), &["top"]),
        (
            Selector::uri(&a).and(Selector::partition("b")),
            &["a-site", "a-user-site"],
        ),
        (Selector::uri(&a).and(named("a-de")), &["a-de"]),
        (named("a-de").and(asking(&german)), &["a-de"]),
        (named("a-de").and(asking(&[])), &[]),
        (asking(&[]).or(asking(&german)), &["a", "a-de"]),
        (asking(&[]).or(named("top")), &["a", "top"]),
        (
            Selector::stale()
                .and(at("http://o.test/a"))
                .and(named("a/").not()),
            &["a?q", "a/b"],
        ),
        (
            Selector::stale().and(at("http://o.test/a").or(named("a/")).not()),
            &["ab"],
        ),
        (
            !(Selector::stale().not().or(named("ab"))),
            &["a?q", "a/", "a/b"],
        ),
        (Selector::uri(&a).and(Selector::stale()), &[]),
    ]
}

const ALL: [&str; 13] = {
    let mut all = [""; 13];
    let mut n = 0;
    while n < 13 {
        all[n] = STORED[n].0;
        n += 1;
    }
    all
};

/// Promise 1
#[tokio::test]
async fn a_purge_removes_what_its_selector_means_and_nothing_else() {
    for row in 0..table(&stored().await).len() {
        let talk = stored().await;
        let (selector, expected) = table(&talk).swap_remove(row);
        let what = format!("{row}: {selector:?}");
        let (before, bytes) = (names(&talk.handle), talk.handle.bytes());
        let purged = talk.handle.purge(selector);
        let after = names(&talk.handle);
        let removed: BTreeSet<&str> = before.difference(&after).map(String::as_str).collect();
        assert_eq!(removed, expected.iter().copied().collect(), "{what}");
        assert_eq!(purged.responses(), expected.len(), "{what}");
        assert_eq!(purged.bytes(), bytes - talk.handle.bytes(), "{what}");
        assert_eq!(purged.in_flight(), 0, "{what}");
    }
}

/// What is meant by the one verb is meant by the other.
#[tokio::test]
async fn an_expiry_makes_stale_what_its_selector_means_and_nothing_else() {
    for row in 0..table(&stored().await).len() {
        let talk = stored().await;
        let (selector, expected) = table(&talk).swap_remove(row);
        let what = format!("{row}: {selector:?}");
        let bytes = talk.handle.bytes();
        let fresh = |talk: &Conversation| {
            let fresh = talk.handle.entries().filter(|info| !info.is_stale());
            let name = |info: tower_client_cache::StoredInfo| info.fields()["name"].clone();
            fresh.map(name).collect::<Vec<_>>()
        };
        let mut left = fresh(&talk);
        left.retain(|name| !expected.iter().any(|meant| name == meant));
        let expired = talk.handle.expire(selector.clone());
        let mut found = fresh(&talk);
        left.sort();
        found.sort();
        assert_eq!(found, left, "{what}");
        assert_eq!(expired.responses(), expected.len(), "{what}");
        assert_eq!(talk.handle.bytes(), bytes, "{what}");
        assert_eq!(names(&talk.handle).len(), STORED.len(), "{what}");
    }
}

/// That it could be validated keeps nothing, and `must-revalidate` permits nothing.
#[tokio::test]
async fn what_has_expired_is_removed_when_it_may_be_used_for_nothing() {
    let talk = stored().await;
    let left = |talk: &Conversation| {
        let all: BTreeSet<_> = ALL.map(str::to_owned).into();
        let held = names(&talk.handle);
        all.difference(&held).cloned().collect::<Vec<_>>()
    };
    let removed = talk.handle.remove_expired();
    assert_eq!(removed.responses(), 2);
    assert_eq!(left(&talk), ["a?q", "ab"]);
    for (seconds, removed) in [(95, 0), (1, 2), (3, 0), (1, 9)] {
        talk.clock.advance(seconds);
        assert_eq!(talk.handle.remove_expired().responses(), removed);
    }
    assert!(talk.handle.is_empty());
}

/// C-22: what may be used where the origin cannot be reached is of use.
#[tokio::test]
async fn what_may_be_used_without_a_connection_has_not_expired() {
    let talk = Conversation::with(|layer| layer.stale_if_disconnected(Duration::from_secs(100)));
    for (path, control) in [("/a", "max-age=10"), ("/b", "max-age=10, must-revalidate")] {
        talk.origin.will(reply(200).control(control).body("old"));
        talk.get(path).await.assert_stored();
    }
    for (seconds, removed) in [(9, 0), (1, 1), (100, 0)] {
        talk.clock.advance(seconds);
        assert_eq!(talk.handle.remove_expired().responses(), removed);
    }
    talk.origin.will(Reply::fails(OriginError("down")));
    assert_eq!(talk.get("/a").await.text(), "old");
    talk.clock.advance(1);
    assert_eq!(talk.handle.remove_expired().responses(), 1);
}
