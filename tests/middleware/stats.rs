//! The numbers of what the cache has done.

use http::Method;
use support::{Conversation, Reply, get, reply, request};
use tower_client_cache::{Forward, Stats};

use crate::{text, until};

/// Each of the numbers, by name.
fn numbers(stats: &Stats) -> Vec<(String, u64)> {
    let mut numbers = vec![
        ("hits".to_owned(), stats.hits()),
        ("unsatisfiable".to_owned(), stats.unsatisfiable()),
        ("forwarded".to_owned(), stats.forwarded()),
        ("validations".to_owned(), stats.validations()),
        ("validated".to_owned(), stats.validated()),
        ("stores".to_owned(), stats.stores()),
        ("evictions".to_owned(), stats.evictions()),
    ];
    for reason in [
        Forward::Bypass,
        Forward::Method,
        Forward::UriMiss,
        Forward::VaryMiss,
        Forward::Miss,
        Forward::Request,
        Forward::Stale,
    ] {
        numbers.push((reason.to_string(), stats.forwards(reason)));
    }
    numbers
}

/// What has grown by one in between; nothing ever falls, and nothing grows by more.
fn grown(before: &Stats, after: &Stats) -> Vec<String> {
    let pairs = numbers(before).into_iter().zip(numbers(after));
    pairs
        .filter_map(|((name, before), (_, after))| {
            assert!(after == before || after == before + 1, "{name}: {after}");
            (after > before).then_some(name)
        })
        .collect()
}

type Fields<'a> = &'a [(&'a str, &'a str)];

/// Method, path, fields, what the origin answers if it is asked, and the numbers that grow.
type Row<'a> = (Method, &'a str, Fields<'a>, Option<Reply>, &'a [&'a str]);

/// PRJ-L-5, 9211-2.2-1: one request after the other, and what it counts as.
#[tokio::test]
async fn each_request_is_counted_as_what_it_was() {
    let talk = Conversation::with(|layer| layer.max_responses(2));
    let fresh = || {
        reply(200)
            .control("max-age=60")
            .field("etag", "\"1\"")
            .field("vary", "accept-language")
            .body("x")
    };
    let head = || reply(200).control("max-age=60");
    let reload: Fields<'_> = &[("cache-control", "no-cache")];
    let plain: Fields<'_> = &[];
    let table: Vec<Row<'_>> = vec![
        (
            Method::GET,
            "/a",
            plain,
            Some(fresh()),
            &["forwarded", "stores", "uri-miss"],
        ),
        (Method::GET, "/a", plain, None, &["hits"]),
        (Method::HEAD, "/a", plain, None, &["hits"]),
        (
            Method::GET,
            "/a",
            &[("if-none-match", "\"1\"")],
            None,
            &["hits"],
        ),
        (
            Method::GET,
            "/b",
            &[("cache-control", "only-if-cached")],
            None,
            &["unsatisfiable"],
        ),
        (
            Method::GET,
            "/a",
            reload,
            Some(reply(304)),
            &["forwarded", "validations", "validated", "request"],
        ),
        (
            Method::GET,
            "/a",
            reload,
            Some(fresh()),
            &["forwarded", "validations", "stores", "request"],
        ),
        (
            Method::GET,
            "/a",
            &[("accept-language", "de")],
            Some(fresh()),
            &["forwarded", "stores", "vary-miss"],
        ),
        (
            Method::HEAD,
            "/h",
            plain,
            Some(head()),
            &["forwarded", "stores", "evictions", "uri-miss"],
        ),
        (
            Method::GET,
            "/h",
            plain,
            Some(fresh().control("no-store")),
            &["forwarded", "miss"],
        ),
        (
            Method::POST,
            "/p",
            plain,
            Some(reply(204)),
            &["forwarded", "method"],
        ),
        (
            Method::GET,
            "/a",
            &[("range", "lines=0-0")],
            Some(reply(206)),
            &["forwarded", "bypass"],
        ),
        (
            Method::POST,
            "/a",
            plain,
            Some(reply(204)),
            &["forwarded", "method"],
        ),
        (
            Method::GET,
            "/a",
            &[("accept-language", "de")],
            Some(reply(304)),
            &["forwarded", "validations", "validated", "stale"],
        ),
    ];
    assert_eq!(talk.handle.stats(), Stats::default());
    for (row, (method, path, fields, will, expected)) in table.into_iter().enumerate() {
        let before = talk.handle.stats();
        let asks = usize::from(will.is_some());
        let calls = talk.origin.calls();
        if let Some(will) = will {
            talk.origin.will(will);
        }
        talk.send(request(method, path, fields)).await;
        assert_eq!(talk.origin.calls(), calls + asks, "row {row}");
        let grown = grown(&before, &talk.handle.stats());
        assert_eq!(grown, expected, "row {row}");
    }
}

/// 5861-3-1: the caller is answered from the store; the validation is counted beside.
#[tokio::test]
async fn a_background_validation_is_counted_as_a_validation() {
    let talk = Conversation::default();
    let control = "max-age=60, stale-while-revalidate=60";
    let stored = reply(200).control(control).field("etag", "\"1\"");
    talk.store(stored.body("x")).await;
    talk.clock.advance(61);
    let before = talk.handle.stats();
    talk.origin.will(reply(304));
    talk.get("/a").await.assert_hit();
    until(|| talk.handle.stats().validated() == 1).await;
    let grown = grown(&before, &talk.handle.stats());
    assert_eq!(grown, ["hits", "validations", "validated"]);
}

/// Promise 6: octets being recorded are counted beside those that are stored.
#[tokio::test]
async fn octets_being_recorded_are_counted_while_they_are() {
    let talk = Conversation::default();
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin.will(streamed);
    let mut body = talk.start(get("/a", &[])).await.unwrap().into_body();
    let mut octets = 0;
    for data in ["some", "and", "some", "more"] {
        frames.data(data);
        assert_eq!(text(&mut body), data);
        octets += data.len();
        assert!(talk.handle.stats().recording() >= octets);
        assert_eq!(talk.handle.bytes(), 0);
    }
    drop(frames);
    assert!(crate::frame(&mut body).is_none());
    let stats = talk.handle.stats();
    assert_eq!((stats.recording(), stats.stores()), (0, 1));
    assert!(talk.handle.bytes() >= octets);
}

/// Promise 1: a clear is no eviction, and what was done is not undone.
#[tokio::test]
async fn a_clear_resets_no_number() {
    let talk = Conversation::default();
    talk.store(reply(200).control("max-age=60").body("x")).await;
    talk.get("/a").await.assert_hit();
    let before = talk.handle.stats();
    talk.handle.clear();
    assert_eq!(talk.handle.stats(), before);
    assert_eq!(
        (before.hits(), before.stores(), before.evictions()),
        (1, 1, 0)
    );
}

/// A validation that found nothing still good is a validation all the same.
#[tokio::test]
async fn a_304_about_nothing_has_validated_nothing() {
    let talk = Conversation::default();
    talk.store(
        reply(200)
            .control("max-age=10")
            .field("etag", "\"e\"")
            .body("one"),
    )
    .await;
    talk.clock.advance(10);
    talk.origin.will(reply(304).field("etag", "\"other\""));
    assert_eq!(talk.get("/a").await.status, 504);
    let stats = talk.handle.stats();
    assert_eq!((stats.validations(), stats.validated()), (1, 0));
}
