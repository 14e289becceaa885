//! RFC 9111 §4.1: which of the stored responses of a URI a request selects.

mod credentials;
mod encodings;
mod heads;
mod matching;
mod searches;

use http::Method;
use support::{Conversation, OriginError, Reply, begun, get, reply, request};
use tower_client_cache::{Forward, NotStored};

const CONTROL: &str = "max-age=60";

fn varied(vary: &str, content: &'static str) -> Reply {
    reply(200)
        .control(CONTROL)
        .field("vary", vary)
        .body(content)
}

/// 9111-4.1-4, EDGE-23, C-16
#[tokio::test]
async fn a_response_whose_vary_cannot_be_compared_is_never_reused() {
    for lines in [
        &["*"][..],
        &["*, Foo"],
        &["Foo, *"],
        &["Foo", "*"],
        &[", *"],
        &["Foo Bar"],
        &["@"],
    ] {
        let talk = Conversation::default();
        for _ in 0..2 {
            let stored = reply(200).control(CONTROL).field("etag", "\"e\"");
            let stored = lines
                .iter()
                .fold(stored, |reply, vary| reply.field("vary", vary));
            let answer = talk.store(stored).await;
            let cache = answer.cache;
            assert_eq!(cache.forwarded(), Some(Forward::UriMiss), "{lines:?}");
            assert_eq!(cache.not_stored(), Some(NotStored::Vary), "{lines:?}");
        }
        assert!(talk.handle.is_empty(), "{lines:?}");
    }
}

/// EDGE-53: a list of names without end
#[tokio::test]
async fn a_response_with_an_endless_vary_is_not_stored() {
    let many: Vec<_> = (0..10_000).map(|n| format!("f{n}")).collect();
    let long = "f".repeat(10_000);
    for vary in [many.join(","), long] {
        let talk = Conversation::default();
        let answer = talk.store(varied(&vary, "hello")).await;
        answer.assert_not_stored(NotStored::Vary);
        assert_eq!(answer.text(), "hello");
    }
}

/// C-41: what `Connection` names is for the next hop, and no later request can be compared in it
#[tokio::test]
async fn a_field_that_connection_names_selects_nothing() {
    let talk = Conversation::default();
    let hop = [("foo", "1"), ("connection", "Foo")];
    talk.origin.will(varied("Foo", "for a hop"));
    let first = talk.get_with("/a", &hop).await;
    first.assert_not_stored(NotStored::Vary);
    talk.origin.will(varied("Foo", "hello"));
    talk.get_with("/a", &[("foo", "1")]).await.assert_stored();
    talk.origin.will(varied("Foo", "for a hop"));
    let second = talk.get_with("/a", &hop).await;
    second.assert_forwarded(Forward::VaryMiss);
    assert_eq!(second.text(), "for a hop");
}

/// PRJ-3.1-7, C-55: `Vary` is obeyed before `Connection` can take it away
#[tokio::test]
async fn connection_cannot_take_vary_away() {
    let talk = Conversation::default();
    let hidden = varied("Foo", "one").field("connection", "Vary");
    talk.origin.will(hidden.field("etag", "\"e\""));
    talk.get_with("/a", &[("foo", "1")]).await.assert_stored();
    talk.origin.will(reply(404));
    let other = talk.get_with("/a", &[("foo", "2")]).await;
    other.assert_forwarded(Forward::VaryMiss);
}

/// PRJ-4.1-9
#[tokio::test]
async fn variants_are_stored_side_by_side_and_replace_only_themselves() {
    let talk = Conversation::default();
    let languages = ["de", "fr", "it"];
    for language in languages {
        talk.origin.will(varied("Accept-Language", language));
        let answer = talk.get_with("/a", &[("accept-language", language)]).await;
        answer.assert_stored();
    }
    for language in languages {
        let answer = talk.get_with("/a", &[("accept-language", language)]).await;
        assert_eq!(answer.assert_hit().text(), language);
    }
    talk.origin.will(varied("Accept-Language", "new"));
    let reload = [("accept-language", "fr"), ("cache-control", "no-cache")];
    talk.get_with("/a", &reload).await.assert_stored();
    for (language, content) in [("de", "de"), ("fr", "new"), ("it", "it")] {
        let answer = talk.get_with("/a", &[("accept-language", language)]).await;
        assert_eq!(answer.assert_hit().text(), content);
    }
    assert_eq!((talk.handle.len(), talk.origin.calls()), (3, 4));
}

/// PRJ-4.1-9: they do not evict each other
#[tokio::test]
async fn two_variants_that_alternate_ten_times_are_asked_for_twice() {
    let talk = Conversation::default();
    for language in ["de", "fr"] {
        talk.origin.will(varied("Accept-Language", language));
    }
    for _ in 0..10 {
        for language in ["de", "fr"] {
            let answer = talk.get_with("/a", &[("accept-language", language)]).await;
            assert_eq!(answer.text(), language);
        }
    }
    assert_eq!((talk.origin.calls(), talk.handle.len()), (2, 2));
}

/// EDGE-53, PRJ-4.1-9: the one used least recently gives way
#[tokio::test]
async fn the_variants_of_a_uri_are_bounded() {
    let talk = Conversation::default();
    let asked = |n: u32| talk.get_with("/a", &[("foo", &n.to_string())]);
    talk.origin.will(varied("Foo", "first"));
    asked(0).await;
    for n in 1..10_000 {
        talk.origin.will(varied("Foo", "another"));
        asked(n).await.assert_forwarded(Forward::VaryMiss);
        assert_eq!(asked(0).await.assert_hit().text(), "first", "{n}");
    }
    let held = talk.handle.len();
    assert!((2..=100).contains(&held), "{held}");
    asked(9_999).await.assert_hit();
    talk.origin.will(varied("Foo", "again"));
    asked(1).await.assert_forwarded(Forward::VaryMiss);
}

/// EDGE-50
#[tokio::test]
async fn variants_that_are_asked_for_at_once_are_both_stored() {
    let talk = Conversation::default();
    let asked = |language| talk.get_with("/a", &[("accept-language", language)]);
    let (first_gate, first) = varied("Accept-Language", "de").held();
    talk.origin.will(first);
    let (second_gate, second) = varied("Accept-Language", "fr").held();
    talk.origin.will(second);
    let german = begun(asked("de"));
    let french = begun(asked("fr"));
    second_gate.open();
    french.await.assert_stored();
    first_gate.open();
    german.await.assert_stored();
    for language in ["de", "fr"] {
        assert_eq!(asked(language).await.assert_hit().text(), language);
    }
    assert_eq!(talk.handle.len(), 2);
}

/// 9111-4-9, 9111-4.1-5, C-17: by `Date`, not by arrival
#[tokio::test]
async fn of_several_that_match_the_newest_by_date_is_reused() {
    let talk = Conversation::default();
    talk.clock.advance(20);
    talk.origin.will(varied("Foo", "newer"));
    talk.get_with("/a", &[("foo", "1")]).await.assert_stored();
    talk.clock.advance(1);
    let date = talk.clock.date(-10);
    talk.origin.will(varied("Bar", "older").field("date", date));
    talk.get_with("/a", &[("bar", "1")]).await.assert_stored();

    let both = [("foo", "1"), ("bar", "1")];
    let answer = talk.get_with("/a", &both).await;
    assert_eq!(answer.assert_hit().text(), "newer");
    talk.clock.advance(1);
    talk.origin.will(varied("Bar", "newest"));
    let reload = [("bar", "1"), ("cache-control", "no-cache")];
    talk.get_with("/a", &reload).await.assert_stored();
    let answer = talk.get_with("/a", &both).await;
    assert_eq!(answer.assert_hit().text(), "newest");
}

/// 9111-4.1-6, EDGE-24
#[tokio::test]
async fn a_matching_variant_is_preferred_to_a_newer_response_without_vary() {
    let talk = Conversation::default();
    let gzip = [("accept-encoding", "gzip")];
    talk.origin.will(varied("Accept-Encoding", "gzip"));
    talk.get_with("/a", &gzip).await.assert_stored();
    talk.clock.advance(1);
    talk.store(reply(200).control(CONTROL).body("plain"))
        .await
        .assert_forwarded(Forward::VaryMiss);
    let answer = talk.get_with("/a", &gzip).await;
    assert_eq!(answer.assert_hit().text(), "gzip");
    let answer = talk.get_with("/a", &[("accept-encoding", "br")]).await;
    assert_eq!(answer.assert_hit().text(), "plain");
}

/// 9111-4-3, 9111-4.1-1: a response for somebody else is no fallback
#[tokio::test]
async fn a_variant_that_does_not_match_is_not_served_when_the_origin_fails() {
    let talk = Conversation::default();
    let control = "max-age=60, stale-while-revalidate=60, stale-if-error=60";
    let stored = reply(200).control(control).field("vary", "Foo");
    talk.origin.will(stored.body("of another"));
    talk.get_with("/a", &[("foo", "1")]).await.assert_stored();
    for seconds in [0, 90] {
        talk.clock.advance(seconds);
        let refused = OriginError("connection refused");
        talk.origin.will(Reply::fails(refused.clone()));
        let failed = talk.start(get("/a", &[("foo", "2")])).await;
        assert_eq!(failed.unwrap_err(), refused);
        for status in [500, 503] {
            talk.origin.will(reply(status).body("failed"));
            let answer = talk.get_with("/a", &[("foo", "2")]).await;
            answer.assert_forwarded(Forward::VaryMiss);
            assert_eq!((answer.status.as_u16(), answer.text()), (status, "failed"));
        }
    }
}

/// 9111-4.3.4-1, EDGE-47: the same tag on two variants
#[tokio::test]
async fn a_304_touches_only_the_variant_that_was_selected() {
    let talk = Conversation::default();
    let asked = |coding| talk.get_with("/a", &[("accept-encoding", coding)]);
    for coding in ["gzip", "br"] {
        let stored = varied("Accept-Encoding", coding).field("etag", "\"e\"");
        talk.origin.will(stored);
        asked(coding).await.assert_stored();
    }
    talk.clock.advance(60);
    let not_modified = || reply(304).field("etag", "\"e\"").field("x", "new");
    talk.origin.will(not_modified());
    assert_eq!(asked("gzip").await.assert_validated().text(), "gzip");
    let gzip = asked("gzip").await;
    assert_eq!(gzip.assert_hit().field("x").as_deref(), Some("new"));
    talk.origin.will(reply(304).field("etag", "\"e\""));
    let br = asked("br").await;
    br.assert_validated().assert_forwarded(Forward::Stale);
    assert_eq!((br.text(), br.field("x")), ("br", None));
    assert_eq!(talk.handle.len(), 2);
}

/// 9111-4-3: for HEAD as for GET
#[tokio::test]
async fn a_head_selects_as_a_get_does() {
    let talk = Conversation::default();
    let head = |foo| request(Method::HEAD, "/a", &[("foo", foo)]);
    talk.origin.will(varied("Foo", "one"));
    talk.get_with("/a", &[("foo", "1")]).await.assert_stored();
    talk.send(head("1")).await.assert_hit();
    talk.origin.will(varied("Foo", ""));
    let other = talk.send(head("2")).await;
    other.assert_forwarded(Forward::VaryMiss).assert_stored();
    talk.send(head("2")).await.assert_hit();
    let answer = talk.get_with("/a", &[("foo", "1")]).await;
    assert_eq!(answer.assert_hit().text(), "one");
    talk.origin.will(varied("Foo", "two"));
    let whole = talk.get_with("/a", &[("foo", "2")]).await;
    assert!(!whole.cache.is_hit(), "{}", whole.cache);
}

/// EDGE-23, 9111-4.1-6: a field that names nothing is as good as none
#[tokio::test]
async fn an_empty_vary_is_not_preferred() {
    let talk = Conversation::default();
    talk.store(
        reply(200)
            .control("max-age=10")
            .field("vary", "Foo")
            .body("one"),
    )
    .await
    .assert_stored();
    let empty = reply(200).control("max-age=0").field("etag", "\"b\"");
    talk.origin.will(empty.field("vary", "").body("two"));
    talk.get_with("/a", &[("foo", "1")]).await.assert_stored();
    assert_eq!(talk.get("/a").await.assert_hit().text(), "one");
}
