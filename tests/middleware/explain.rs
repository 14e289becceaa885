//! What would be done with a request is said without doing it, and printed so that it can be read.

use std::time::Duration;

use http::Request;
use http_body_util::Empty;
use support::{Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::{CacheMode, Forward, Lifetime, Mode, Outcome, StaleIfError, Verdict};

fn stored() -> Reply {
    reply(200)
        .control("max-age=60, stale-if-error=300")
        .field("etag", "\"1\"")
        .field("vary", "accept-language")
        .field("age", "5")
        .body("x")
}

fn asked() -> Request<Empty<bytes::Bytes>> {
    get("/a?b", &[("accept-language", "de")])
}

async fn with_one() -> Conversation {
    let talk = Conversation::default();
    talk.origin.will(stored());
    talk.send(asked()).await.assert_stored();
    talk
}

/// What is printed, which says the same as the fields.
#[track_caller]
fn assert_explained<B>(talk: &Conversation, asked: &Request<B>, verdict: Verdict, expected: &str) {
    let before = talk.handle.stats();
    let explanation = talk.handle.explain(asked);
    assert_eq!(explanation.to_string(), expected);
    assert_eq!(explanation.verdict(), verdict);
    let steps = explanation.steps().iter();
    assert!(steps.into_iter().all(|step| expected.contains(step.text())));
    assert_eq!(talk.handle.stats(), before, "nothing is counted");
}

#[tokio::test]
async fn a_fresh_hit() {
    let talk = with_one().await;
    talk.clock.advance(10);
    assert_explained(
        &talk,
        &asked(),
        Verdict::Reuse,
        "\
answer with the stored response
  RFC 9111 §2        the cache key is http://o.test/a?b
  RFC 9111 §4.1      it selects the stored 200, by accept-language
  RFC 9111 §4.2.3    corrected_initial_age 5 s: response_delay 0 s, apparent_age 0 s
  RFC 9111 §4.2.3    current_age 15 s = 5 s + resident_time 10 s
  RFC 9111 §4.2.1    freshness_lifetime 60 s, by max-age
  RFC 9111 §4.2      it is fresh for 45 s
  RFC 5861 §4        where the origin fails it may be reused stale for 300 s
",
    );
    let explanation = talk.handle.explain(&asked());
    assert_eq!(explanation.uri(), Some("http://o.test/a?b"));
    assert_eq!(
        explanation
            .stored()
            .expect("it selects one")
            .age()
            .as_secs(),
        15
    );
    talk.send(asked()).await.assert_hit();
}

#[tokio::test]
async fn what_is_stale_and_has_a_validator() {
    let talk = with_one().await;
    talk.clock.advance(70);
    let mut asked = asked();
    let control = http::HeaderValue::from_static("max-stale=3");
    asked.headers_mut().insert("cache-control", control);
    assert_explained(
        &talk,
        &asked,
        Verdict::Validate(Forward::Stale),
        "\
ask the origin whether it is still good (stale)
  RFC 9111 §2        the cache key is http://o.test/a?b
  RFC 9111 §5.2.1    the request asks for max-stale=3
  RFC 9111 §4.1      it selects the stored 200, by accept-language
  RFC 9111 §4.2.3    corrected_initial_age 5 s: response_delay 0 s, apparent_age 0 s
  RFC 9111 §4.2.3    current_age 75 s = 5 s + resident_time 70 s
  RFC 9111 §4.2.1    freshness_lifetime 60 s, by max-age
  RFC 9111 §4.2      it is stale by 15 s
  RFC 5861 §4        where the origin fails it may be reused stale for 3 s
  RFC 9111 §4.3.1    the origin is asked with If-None-Match
",
    );
    talk.origin.will(reply(304));
    talk.send(asked).await.assert_forwarded(Forward::Stale);
}

/// 9111-4.1-1
#[tokio::test]
async fn a_vary_that_does_not_match() {
    let talk = with_one().await;
    let asked = get("/a?b", &[("accept-language", "fr, secret")]);
    assert_explained(
        &talk,
        &asked,
        Verdict::Forward(Forward::VaryMiss),
        "\
forward it (vary-miss)
  RFC 9111 §2        the cache key is http://o.test/a?b
  RFC 9111 §4.1      1 stored, and none for what the request has in accept-language
",
    );
}

/// 9111-5.2.1.5-1
#[tokio::test]
async fn a_request_that_says_no_store() {
    let talk = Conversation::default();
    assert_explained(
        &talk,
        &get("/a", &[("cache-control", "no-store")]),
        Verdict::Forward(Forward::UriMiss),
        "\
forward it (uri-miss)
  RFC 9111 §2        the cache key is http://o.test/a
  RFC 9111 §5.2.1    the request asks for no-store
  RFC 9111 §4        nothing is stored
  RFC 9111 §5.2.1.5  the request says no-store: no answer is stored
",
    );
}

/// C-33: that there is something for others is said, and nothing of who they are.
#[tokio::test]
async fn other_credentials() {
    let talk = with_one().await;
    let asked = get(
        "http://user:secret@o.test/a?b",
        &[("accept-language", "de"), ("cookie", "secret")],
    );
    let explanation = talk.handle.explain(&asked);
    assert_eq!(explanation.verdict(), Verdict::Forward(Forward::UriMiss));
    let partition = explanation.partition().expect("it has credentials");
    let expected = format!(
        "\
forward it (uri-miss)
  RFC 9111 §2        the cache key is http://o.test/a?b, of partition {partition}
  RFC 9111 §4        nothing is stored for these credentials; for others there is
"
    );
    assert_eq!(explanation.to_string(), expected);
    let printed = format!("{explanation}{explanation:?}{:?}", explanation.steps());
    assert!(!printed.contains("secret"), "{printed}");
    assert!(!format!("{explanation:?} {:?}", explanation.steps()).contains("?b"));
}

/// Promise 2
#[tokio::test]
async fn a_cache_that_is_disabled() {
    let talk = with_one().await;
    talk.handle.disable();
    assert_explained(
        &talk,
        &asked(),
        Verdict::Forward(Forward::Bypass),
        "\
forward it (bypass)
  Mode               the cache is Bypass
  RFC 9111 §4        it is not for the store: see `Forward::Bypass`; its answer is not stored (disabled)
",
    );
    talk.origin.will(stored());
    talk.send(asked()).await.assert_forwarded(Forward::Bypass);
}

#[tokio::test]
async fn a_cache_that_is_offline() {
    let talk = with_one().await;
    talk.handle.set_mode(Mode::Offline);
    talk.clock.advance(70);
    assert_explained(
        &talk,
        &asked(),
        Verdict::Reuse,
        "\
answer with the stored response
  Mode               the cache is Offline
  RFC 9111 §2        the cache key is http://o.test/a?b
  RFC 9111 §4.1      it selects the stored 200, by accept-language
  RFC 9111 §4.2.3    corrected_initial_age 5 s: response_delay 0 s, apparent_age 0 s
  RFC 9111 §4.2.3    current_age 75 s = 5 s + resident_time 70 s
  RFC 9111 §4.2.1    freshness_lifetime 60 s, by max-age
  RFC 9111 §4.2      it is stale by 15 s
",
    );
    assert_explained(
        &talk,
        &get("/b", &[]),
        Verdict::Refuse(Outcome::Offline),
        "\
answer 504
  Mode               the cache is Offline
  RFC 9111 §2        the cache key is http://o.test/b
  RFC 9111 §4        nothing is stored
  Mode               the origin may not be asked
",
    );
    assert_explained(
        &talk,
        &request(http::Method::POST, "/a?b", &[]),
        Verdict::Refuse(Outcome::Offline),
        "\
answer 504
  Mode               the cache is Offline
  Mode               nothing stored is looked at, and the origin may not be asked
",
    );
}

/// Methods, modes of requests, and what has been made wrong.
#[tokio::test]
async fn whatever_else_there_is() {
    let talk = with_one().await;
    let verdict = |asked: &Request<Empty<bytes::Bytes>>| talk.handle.explain(asked).verdict();
    let post = request(http::Method::POST, "/a?b", &[]);
    assert_eq!(verdict(&post), Verdict::Forward(Forward::Method));
    for (mode, expected) in [
        (CacheMode::Reload, Verdict::Forward(Forward::Request)),
        (CacheMode::NoCache, Verdict::Validate(Forward::Request)),
        (CacheMode::ForceCache, Verdict::Reuse),
        (CacheMode::NoStore, Verdict::Forward(Forward::Bypass)),
        (CacheMode::OnlyIfCached, Verdict::Reuse),
    ] {
        let mut asked = asked();
        asked.extensions_mut().insert(mode);
        assert_eq!(verdict(&asked), expected, "{mode:?}");
        assert_eq!(talk.handle.explain(&asked).request_mode(), mode);
    }
    let only = get("/c", &[("cache-control", "only-if-cached")]);
    assert_eq!(verdict(&only), Verdict::Refuse(Outcome::Unsatisfiable));
    talk.origin.will(reply(204));
    talk.send(request(http::Method::DELETE, "/a?b", &[])).await;
    let explanation = talk.handle.explain(&asked());
    assert_eq!(explanation.verdict(), Verdict::Validate(Forward::Stale));
    assert!(
        explanation.to_string().contains("RFC 9111 §4.4"),
        "{explanation}"
    );
    talk.handle.clear();
    let mut wished = asked();
    wished
        .extensions_mut()
        .insert(Lifetime(Duration::from_millis(1500)));
    talk.origin.will(stored());
    talk.send(wished).await.assert_stored();
    let printed = talk.handle.explain(&asked()).to_string();
    assert!(
        printed.contains("freshness_lifetime 1.500 s, by request"),
        "{printed}"
    );
    talk.handle
        .expire(&http::Uri::from_static("http://o.test/a?b"));
    let printed = talk.handle.explain(&asked()).to_string();
    assert!(printed.contains("by expired"), "{printed}");
}

/// 5861-4-1, 9111-4.2.4-2, C-22: what is said of a failure is what would come of one.
#[tokio::test]
async fn what_a_failure_would_permit() {
    let seconds = Duration::from_secs;
    for (control, asks, wish, expected) in [
        ("stale-if-error=30", "x", None, (Some(30), Some(50))),
        ("x", "x", None, (None, Some(50))),
        ("stale-if-error=90", "x", None, (Some(90), None)),
        ("stale-if-error=90", "x", Some(5), (Some(5), None)),
        ("stale-if-error=90", "x", Some(0), (None, None)),
        ("stale-if-error=90", "max-stale=7", None, (Some(7), None)),
        ("stale-if-error=90", "max-age=100", None, (None, None)),
        ("stale-if-error=90", "no-cache", None, (None, None)),
        (
            "stale-if-error=90, must-revalidate",
            "x",
            None,
            (None, None),
        ),
        ("stale-if-error=90, no-cache", "x", None, (None, None)),
        ("x", "stale-if-error=60", None, (Some(60), None)),
    ] {
        let what = format!("{control}; {asks}; {wish:?}");
        let (failed, disconnected) = expected;
        for (says, fails, limit) in [
            ("fails", reply(503), failed),
            (
                "cannot be reached",
                Reply::fails(OriginError("down")),
                disconnected.or(failed),
            ),
        ] {
            let talk = Conversation::with(|layer| layer.stale_if_disconnected(seconds(50)));
            let control = format!("max-age=10, {control}");
            let stored = reply(200).control(&control).field("etag", "\"1\"");
            talk.store(stored.body("old")).await.assert_stored();
            let mut asked = get("/a", &[("cache-control", asks)]);
            if let Some(limit) = wish {
                asked.extensions_mut().insert(StaleIfError(seconds(limit)));
            }
            talk.clock.advance(10 + limit.unwrap_or(0));
            let printed = talk.handle.explain(&asked).to_string();
            let expected = match says {
                "fails" => failed,
                _ => disconnected,
            };
            let line = format!("where the origin {says} it may be reused stale for ");
            match expected {
                Some(limit) => assert!(
                    printed.contains(&format!("{line}{limit} s")),
                    "{what}: {printed}"
                ),
                None => assert!(!printed.contains(&line), "{what}: {printed}"),
            }
            if asks == "max-stale=7" {
                continue; // it is answered at once
            }
            talk.origin.will(fails);
            let answer = talk.start(asked).await;
            let is_reused = answer.is_ok_and(|answer| answer.status() == 200);
            assert_eq!(is_reused, limit.is_some(), "{what}");
        }
    }
}
