//! RFC 9110 §15.1: which status codes may be stored, and on what terms.

use support::{Conversation, Reply, reply};
use tower_client_cache::{Forward, NotStored};

use super::{TEN_DAYS_AGO, refused, with};

/// A reply of this status, with content where it may have some.
fn of(status: u16, fields: &[(&str, &str)]) -> Reply {
    let reply = with(status, fields);
    match status {
        100..200 | 204 | 205 | 304 => reply,
        _ => reply.body("hello"),
    }
}

/// The status of the second of two answers, where that one was reused.
async fn reused(reply: Reply) -> Option<u16> {
    let talk = Conversation::default();
    talk.store(reply).await;
    talk.origin.will(support::reply(500));
    let second = talk.get("/a").await;
    second.cache.is_hit().then(|| second.status.as_u16())
}

/// 9110-15.1-1, 7725-3-1, 9111-4.2.2-3, EDGE-39
#[tokio::test]
async fn a_status_that_is_cacheable_by_default_is_reused_for_as_long_as_is_guessed() {
    for status in [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 501] {
        let modified = of(status, &[("last-modified", TEN_DAYS_AGO)]);
        assert_eq!(reused(modified).await, Some(status));
        let reason = refused(of(status, &[])).await;
        assert_eq!(
            reason,
            Some(NotStored::NoValidator),
            "{status} is not forever"
        );
    }
}

/// 9110-15.1-3, 9111-3-11, 9111-5.2.2.7-1, 9111-5.2.2.9-1, 9110-15-1, EDGE-39, EDGE-41, C-60
#[tokio::test]
async fn any_other_status_is_stored_where_the_response_says_so_and_comes_back_the_same() {
    let modified = ("last-modified", TEN_DAYS_AGO);
    for status in [
        201, 202, 205, 299, 302, 303, 307, 400, 403, 406, 408, 409, 411, 413, 415, 422, 426, 471,
        499, 500, 502, 503, 504, 505, 599,
    ] {
        let reason = refused(of(status, &[modified])).await;
        assert_eq!(reason, Some(NotStored::NotCacheable), "{status}");
        for control in ["max-age=60", "public", "private"] {
            let says_so = of(status, &[modified, ("cache-control", control)]);
            assert_eq!(reused(says_so).await, Some(status), "{control}");
        }
    }
}

/// 9111-3-2, 9111-3-3, 9110-15.4.5-3, 6585-3-1, 6585-4-1, 6585-5-1, 6585-6-1, 8470-5.2-1, 9110-B.3-1,
/// 9110-15.2-1, PRJ-15-2, PRJ-15-3, PRJ-15-4, PRJ-15-5, 9110-15-1, EDGE-28, EDGE-41, C-57, C-60
#[tokio::test]
async fn a_status_about_the_exchange_is_never_stored() {
    let fields = [
        ("cache-control", "public, max-age=60"),
        ("etag", "\"e\""),
        ("last-modified", TEN_DAYS_AGO),
    ];
    for status in [
        100, 101, 102, 103, 206, 226, 304, 401, 407, 412, 416, 417, 421, 425, 428, 429, 431, 511,
        600, 700, 999,
    ] {
        let reason = refused(of(status, &fields)).await;
        assert_eq!(reason, Some(NotStored::Status), "{status}");
    }
}

/// 9111-3-3, 9111-5.2.2.3-1, 9111-5.2.2.3-2, C-14, EDGE-11
#[tokio::test]
async fn must_understand_admits_a_status_whose_rules_are_kept_and_no_other() {
    const KEPT: [u16; 11] = [200, 203, 204, 302, 400, 404, 410, 422, 451, 500, 505];
    const UNKNOWN: [u16; 8] = [208, 299, 305, 306, 402, 418, 506, 599];
    const FORBIDDEN: [u16; 4] = [428, 429, 431, 511];
    let orders = [
        "must-understand, max-age=60",
        "no-store, must-understand, max-age=60",
        "must-understand, no-store, max-age=60",
    ];
    for control in orders {
        let says = [("cache-control", control)];
        for status in KEPT {
            assert_eq!(reused(of(status, &says)).await, Some(status), "{control}");
        }
        for status in UNKNOWN.into_iter().chain(FORBIDDEN) {
            let reason = refused(of(status, &says)).await;
            assert_eq!(reason, Some(NotStored::Status), "{status} {control}");
        }
    }
}

/// 9110-15.1-3, PRJ-5861-5, C-21, EDGE-40
#[tokio::test]
async fn an_error_is_stored_but_takes_the_place_of_nothing_good() {
    let error = || of(500, &[("cache-control", "max-age=60")]);
    assert_eq!(reused(error()).await, Some(500));

    let talk = Conversation::default();
    let good = with(200, &[("cache-control", "max-age=1"), ("etag", "\"e\"")]);
    talk.store(good.body("good")).await.assert_stored();
    talk.clock.advance(2);
    talk.origin.will(error());
    let answer = talk.get("/a").await;
    assert_eq!(answer.status, 500);
    answer
        .assert_forwarded(Forward::Stale)
        .assert_not_stored(NotStored::ServerError);
    talk.origin.will(reply(304));
    let kept = talk.get("/a").await;
    assert_eq!(kept.assert_validated().text(), "good");
}
