//! The numbers of what the cache has done.

use std::time::Duration;

use futures_util::FutureExt;
use http::Method;
use http_body_util::BodyExt;
use support::{Answer, Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::{CacheMode, Eviction, Forward, Mode, NotStored, Selector, Stats};

use crate::{in_flight, text, until};

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
    talk.handle.clear();
    let stats = talk.handle.stats();
    assert_eq!((stats.hits(), stats.stores(), stats.evictions()), (1, 1, 0));
    assert_eq!((stats.responses(), stats.bytes()), (0, 0));
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

/// PRJ-L-5: why responses were not stored, whether the head said so or only the body.
#[tokio::test]
async fn what_is_not_stored_is_counted_by_its_reason() {
    let talk = Conversation::with(|layer| layer.max_body(8).finish_abandoned(0));
    let fresh = || reply(200).control("max-age=60");
    let (frames, cut_off) = fresh().streamed();
    drop(frames);
    let (frames, failing) = fresh().streamed();
    frames.fail(OriginError("reset"));
    let (frames, grown) = fresh().streamed();
    frames.data("123456789");
    drop(frames);
    let (frames, short) = fresh().field("content-length", "5").streamed();
    frames.data("1234");
    drop(frames);
    let (frames, dropped) = fresh().streamed();
    frames.data("1");
    for (reply, expected) in [
        (fresh().control("no-store"), Some(NotStored::NoStore)),
        (fresh().field("vary", "*"), Some(NotStored::Vary)),
        (fresh().body("123456789"), Some(NotStored::TooLarge)),
        (grown, Some(NotStored::TooLarge)),
        (short, Some(NotStored::Incomplete)),
        (failing, Some(NotStored::Incomplete)),
        (dropped, Some(NotStored::Incomplete)),
        (cut_off, None),
        (fresh().body("1"), None),
    ] {
        let before = talk.handle.stats();
        talk.origin.will(reply);
        let response = talk.start(get("/a", &[])).await.expect("a head");
        let mut body = response.into_body();
        if expected != Some(NotStored::Incomplete) {
            while body.frame().await.is_some() {}
        } else if let Some(frame) = body.frame().now_or_never() {
            drop(frame);
            let _ = body.frame().now_or_never();
        }
        drop(body);
        let since = talk.handle.stats().since(&before);
        assert_eq!(
            since.refused(),
            u64::from(expected.is_some()),
            "{expected:?}"
        );
        assert_eq!(
            since.stores(),
            u64::from(expected.is_none()),
            "{expected:?}"
        );
        if let Some(expected) = expected {
            assert_eq!(since.refusals(expected), 1, "{expected}");
        }
        talk.handle.clear();
    }
    drop(frames);
}

#[tokio::test]
async fn what_gives_way_is_counted_by_its_cause() {
    let talk = Conversation::with(|layer| layer.capacity(100_000).max_responses(3));
    let fresh = |octets: usize| reply(200).control("max-age=60").body(vec![b'x'; octets]);
    for path in ["/a", "/b", "/c", "/d"] {
        talk.origin.will(fresh(1));
        talk.get(path).await;
    }
    let stats = talk.handle.stats();
    assert_eq!(stats.evictions_by(Eviction::Responses), 1);
    assert_eq!((stats.evictions(), stats.responses()), (1, 3));
    talk.handle.set_max_body(100_000);
    talk.origin.will(fresh(99_000));
    talk.get("/large").await;
    let since = talk.handle.stats().since(&stats);
    assert!(since.evictions_by(Eviction::Capacity) > 0);
    assert_eq!(
        since.evictions(),
        since.evictions_by(Eviction::Capacity) + since.evictions_by(Eviction::Responses)
    );
    talk.handle.clear();
    talk.handle.set_max_responses(1000);
    let before = talk.handle.stats();
    for language in 0..65 {
        talk.origin.will(fresh(1).field("vary", "accept-language"));
        let language = format!("x-{language}");
        talk.get_with("/v", &[("accept-language", &language)]).await;
    }
    let since = talk.handle.stats().since(&before);
    assert_eq!(since.evictions_by(Eviction::Variants), 1);
    assert_eq!(since.evictions(), 1);
}

/// 5861-3-1, 5861-4-1: stale answers are told apart, and so is what became of validations.
#[tokio::test]
async fn stale_answers_and_validations_are_counted_by_what_came_of_them() {
    let talk = Conversation::default();
    let stored = || {
        reply(200)
            .control("max-age=10, stale-if-error=60")
            .field("etag", "\"1\"")
            .body("12345")
    };
    talk.store(stored()).await;
    talk.clock.advance(20);
    let before = talk.handle.stats();
    talk.get_with("/a", &[("cache-control", "max-stale")])
        .await
        .assert_hit();
    talk.origin.will(reply(503));
    assert_eq!(talk.get("/a").await.status, 200);
    talk.origin.will(Reply::fails(OriginError("reset")));
    assert_eq!(talk.get("/a").await.status, 200);
    talk.origin.will(reply(304));
    talk.get("/a").await.assert_validated();
    talk.get("/a").await.assert_hit();
    talk.clock.advance(20);
    talk.origin.will(stored());
    talk.get("/a").await.assert_stored();
    let since = talk.handle.stats().since(&before);
    assert_eq!((since.hits(), since.stale_hits()), (2, 1));
    assert_eq!(since.stale_if_error(), 2);
    assert_eq!(
        (
            since.validated(),
            since.replaced(),
            since.failed_validations()
        ),
        (1, 1, 2)
    );
    assert_eq!(since.validations(), 4);
    assert_eq!(
        since.bytes_served(),
        5 * 5,
        "all but the last were out of the store"
    );
}

/// Octets count as they are answered with: none for HEAD and 304, and of a range its own.
#[tokio::test]
async fn the_octets_served_are_those_that_came_out_of_the_store() {
    let talk = Conversation::default();
    talk.store(
        reply(200)
            .control("max-age=60")
            .field("etag", "\"1\"")
            .body("0123456789"),
    )
    .await;
    assert_eq!(talk.handle.stats().bytes_served(), 0);
    let table: [(Method, Fields<'_>, u64); 4] = [
        (Method::GET, &[], 10),
        (Method::HEAD, &[], 0),
        (Method::GET, &[("if-none-match", "\"1\"")], 0),
        (Method::GET, &[("range", "bytes=2-4")], 3),
    ];
    for (method, fields, octets) in table {
        let before = talk.handle.stats();
        talk.send(request(method.clone(), "/a", fields))
            .await
            .assert_hit();
        let since = talk.handle.stats().since(&before);
        assert_eq!(since.bytes_served(), octets, "{method} {fields:?}");
    }
}

#[tokio::test]
async fn what_is_on_its_way_is_counted_while_it_is() {
    let talk = Conversation::default();
    let (gate, held) = reply(200).control("max-age=60").body("x").held();
    talk.origin.will(held);
    let mut answer = support::begun(talk.get("/a"));
    assert_eq!(talk.handle.stats().in_flight(), 1);
    gate.open();
    (&mut answer).await;
    let stats = talk.handle.stats();
    assert_eq!((stats.in_flight(), stats.responses()), (0, 1));
    assert_eq!(stats.bytes(), talk.handle.bytes());
}

/// Whatever happens, each request is one of four things, and what is held is what is there.
#[tokio::test]
async fn the_numbers_add_up_over_many_requests() {
    const REQUESTS: u64 = 3000;
    let talk = Conversation::with(|layer| layer.stale_if_disconnected(Duration::from_secs(5)));
    let mut seed = 1_u64;
    let mut below = |limit: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    };
    let mut removed = 0;
    for asked in 1..=REQUESTS {
        talk.origin.forget_replies();
        let control = [
            "max-age=5",
            "max-age=5, stale-while-revalidate=5",
            "no-store",
            "no-cache",
            "max-age=5, stale-if-error=9",
        ];
        let control = control[below(5) as usize];
        for _ in 0..2 {
            talk.origin.will(match below(6) {
                0 => Reply::fails(OriginError("down")),
                1 => reply(503),
                2 => reply(304).control(control),
                3 => reply(206)
                    .control(control)
                    .field("etag", "\"1\"")
                    .field("content-range", "bytes 0-1/8")
                    .body("01"),
                _ => reply(200)
                    .control(control)
                    .field("etag", "\"1\"")
                    .body("01234567"),
            });
        }
        let method = match below(9) {
            0 => Method::POST,
            1 => Method::HEAD,
            _ => Method::GET,
        };
        let fields: &[(&str, &str)] = match below(9) {
            0 => &[("range", "bytes=0-1")],
            1 => &[("cache-control", "only-if-cached")],
            2 => &[("cache-control", "no-store")],
            3 => &[("if-none-match", "\"1\"")],
            4 => &[("cache-control", "max-stale=9")],
            _ => &[],
        };
        let mut request = request(method, &format!("/{}", below(9)), fields);
        match below(12) {
            0 => drop(request.extensions_mut().insert(CacheMode::Reload)),
            1 => drop(request.extensions_mut().insert(CacheMode::ForceCache)),
            2 => drop(request.extensions_mut().insert(CacheMode::NoStore)),
            _ => {}
        }
        match below(12) {
            0 => talk.handle.set_mode(Mode::Offline),
            1 => talk.handle.set_mode(Mode::ReadOnly),
            2 => talk.handle.set_mode(Mode::Refresh),
            3 => talk.handle.set_mode(Mode::Bypass),
            4 => talk.handle.set_mode(Mode::Closed),
            5 => removed += talk.handle.remove_expired().responses(),
            6 => drop(
                talk.handle
                    .expire(Selector::older_than(Duration::from_secs(3))),
            ),
            _ => talk.handle.enable(),
        }
        talk.clock.advance(below(3));
        if let Ok(response) = talk.start(request).await {
            let _ = Answer::read(response).await;
        }
        until(|| in_flight(&talk.handle) == 0).await;
        let stats = talk.handle.stats();
        let all = stats.hits() + stats.forwarded() + stats.collapsed() + stats.unsatisfiable();
        assert_eq!(all, asked, "{stats:?}");
        let held: usize = talk.handle.entries().map(|info| info.size()).sum();
        assert_eq!(stats.bytes() - stats.copies(), held);
        assert_eq!(stats.responses(), talk.handle.entries().count());
        assert!(stats.stale_hits() <= stats.hits() && stats.stale_if_error() <= stats.forwarded());
    }
    let stats = talk.handle.stats();
    assert!(removed > 0 && stats.stale_if_error() > 0 && stats.validated() > 0);
    assert!(stats.stale_hits() > 0 && stats.unsatisfiable() > 0 && stats.replaced() > 0);
}
