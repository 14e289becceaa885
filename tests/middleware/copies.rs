//! A response that is reused again and again is answered with copies, which are to be told from it by nothing.

use http::{Method, Uri};
use support::{Answer, Conversation, Reply, get, reply, request};
use tower_client_cache::Forward;

/// More hits than it takes to make a copy.
const MANY: usize = 20;

fn page(content: &'static str) -> Reply {
    reply(200)
        .control("max-age=60")
        .field("etag", format!("\"{content}\""))
        .body(content)
}

/// Asks for a path so often that it is hot.
async fn heat(talk: &Conversation, path: &str, fields: &[(&str, &str)]) -> Answer {
    let calls = talk.origin.calls();
    for _ in 1..MANY {
        talk.get_with(path, fields).await.assert_hit();
    }
    let last = talk.get_with(path, fields).await;
    last.assert_hit();
    assert_eq!(talk.origin.calls(), calls, "promise 3");
    last
}

/// A conversation about `/a`, which is hot.
async fn hot() -> Conversation {
    let talk = Conversation::default();
    talk.store(page("old")).await.assert_stored();
    assert_eq!(talk.handle.stats().copies(), 0);
    heat(&talk, "/a", &[]).await;
    assert!(talk.handle.stats().copies() > 0, "there is a copy");
    talk
}

/// Promises 1 and 2: whatever takes a response away takes its copies away.
#[tokio::test]
async fn what_takes_a_response_away_takes_its_copies_away() {
    type Verb = fn(&Conversation);
    let uri = || Uri::from_static("http://o.test/a");
    assert_eq!(get("/a", &[]).uri(), &uri());
    let verbs: [(&str, Verb); 5] = [
        ("clear", |talk| {
            talk.handle.clear();
        }),
        ("purge", |talk| {
            talk.handle.purge(&Uri::from_static("http://o.test/a"));
        }),
        ("disable_and_clear", |talk| {
            talk.handle.disable_and_clear();
            talk.handle.enable();
        }),
        ("max_responses", |talk| {
            talk.handle.set_max_responses(0);
            talk.handle.set_max_responses(10);
        }),
        ("capacity", |talk| {
            let capacity = talk.handle.capacity();
            talk.handle.set_capacity(0);
            talk.handle.set_capacity(capacity);
        }),
    ];
    for (name, verb) in verbs {
        let talk = hot().await;
        verb(&talk);
        assert_eq!(talk.handle.stats().copies(), 0, "{name}");
        assert_eq!(talk.handle.bytes(), 0, "{name}");
        talk.origin.will(page("new"));
        let next = talk.get("/a").await;
        assert_eq!(next.assert_forwarded(Forward::UriMiss).text(), "new");
    }
}

/// Promise 2
#[tokio::test]
async fn no_copy_answers_while_the_cache_is_off() {
    let talk = hot().await;
    talk.handle.disable();
    talk.origin.will(page("new"));
    let passed = talk.get("/a").await;
    assert_eq!(passed.assert_forwarded(Forward::Bypass).text(), "new");
    talk.handle.enable();
    assert_eq!(heat(&talk, "/a", &[]).await.text(), "old");
}

/// 9111-4.4-1: what an unsafe request has made wrong is not answered with, whoever has a copy.
#[tokio::test]
async fn no_copy_answers_for_what_was_made_wrong() {
    let talk = hot().await;
    talk.origin.will(reply(204));
    talk.send(request(Method::PUT, "/a", &[])).await;
    talk.origin.will(page("new"));
    let next = talk.get("/a").await;
    assert_eq!(next.assert_forwarded(Forward::Stale).text(), "new");
    assert_eq!(heat(&talk, "/a", &[]).await.text(), "new");
}

/// 9111-4.2-1, 9111-4.3.4-2: a copy grows old with its response, and gives way to what freshens it.
#[tokio::test]
async fn a_copy_is_as_old_as_its_response() {
    let talk = hot().await;
    for seconds in [0, 59] {
        talk.clock.advance(seconds);
        let hit = heat(&talk, "/a", &[]).await;
        assert_eq!(hit.field("age"), Some(seconds.to_string()));
    }
    talk.clock.advance(1);
    talk.origin
        .will(reply(304).field("etag", "\"old\"").field("x", "1"));
    talk.get("/a").await.assert_validated();
    let fresh = heat(&talk, "/a", &[]).await;
    let fields = (fresh.field("x"), fresh.field("age"));
    assert_eq!(fields, (Some("1".into()), Some("0".into())));
}

/// 9111-4.1-1, 9111-4.1-5: which of several a request selects is asked anew when another is stored.
#[tokio::test]
async fn a_copy_answers_only_who_selects_its_response() {
    let talk = Conversation::default();
    let varied = |content| page(content).field("vary", "foo");
    for value in ["1", "2"] {
        talk.origin.will(varied(value));
        let asked = talk.get_with("/a", &[("foo", value)]);
        asked.await.assert_forwarded(match value {
            "1" => Forward::UriMiss,
            _ => Forward::VaryMiss,
        });
    }
    for value in ["1", "2", "1"] {
        let hit = heat(&talk, "/a", &[("foo", value)]).await;
        assert_eq!(hit.text(), value);
    }
    talk.origin.will(varied("none"));
    let none = talk.get("/a").await;
    assert_eq!(none.assert_forwarded(Forward::VaryMiss).text(), "none");
    // Now one that every request selects, and that is newer.
    talk.clock.advance(1);
    talk.origin.will(page("any").field("vary", "bar"));
    talk.get_with("/a", &[("foo", "3")]).await.assert_stored();
    assert_eq!(talk.get_with("/a", &[("foo", "1")]).await.text(), "any");
}

/// C-33
#[tokio::test]
async fn a_copy_answers_nobody_else() {
    let talk = Conversation::default();
    for user in ["a", "b"] {
        talk.origin
            .will(reply(200).control("max-age=60").body(user));
        let asked = talk.get_with("/a", &[("authorization", user)]);
        asked.await.assert_forwarded(Forward::UriMiss);
        let hit = heat(&talk, "/a", &[("authorization", user)]).await;
        assert_eq!(hit.text(), user);
    }
    let with_userinfo = get("http://u@o.test/a", &[]);
    for request in [get("/a", &[("cookie", "a")]), with_userinfo, get("/a", &[])] {
        talk.origin.will(reply(200).body("another"));
        let answer = talk.send(request).await;
        assert_eq!(answer.assert_forwarded(Forward::UriMiss).text(), "another");
    }
}

/// 9110-9.3.2-1, 9111-4.3.2-1, 9110-14.2-1: all that is made of a stored response is made of its copies.
#[tokio::test]
async fn a_copy_answers_head_and_conditions_and_ranges() {
    let talk = hot().await;
    let calls = talk.origin.calls();
    let head = talk.send(request(Method::HEAD, "/a", &[])).await;
    assert_eq!((head.assert_hit().text(), head.status.as_u16()), ("", 200));
    let same = talk.get_with("/a", &[("if-none-match", "\"old\"")]).await;
    assert_eq!(same.assert_hit().status, 304);
    let part = talk.get_with("/a", &[("range", "bytes=1-")]).await;
    assert_eq!(
        (part.assert_hit().text(), part.status.as_u16()),
        ("ld", 206)
    );
    assert_eq!(talk.origin.calls(), calls);
}

/// A copy has the same head, octet for octet, and trailers.
#[tokio::test]
async fn a_copy_is_to_be_told_from_its_response_by_nothing() {
    let talk = Conversation::default();
    let mut reply = reply(200).control("max-age=60").body("x");
    for (name, value) in [("x-b", "1"), ("b", ""), ("x-b", "caf\u{e9}")] {
        reply = reply.field(name, value);
    }
    let first = talk.store(reply).await;
    let first = first.assert_stored();
    let at_rest = talk.get("/a").await;
    let copied = heat(&talk, "/a", &[]).await;
    assert!(copied.headers.iter().eq(at_rest.headers.iter()));
    assert_eq!(copied.headers.get_all("x-b"), first.headers.get_all("x-b"));
    assert_eq!(copied.body, first.body);
    assert_eq!(copied.version, first.version);
}

/// Promise 6: copies take their share of the capacity, and no more.
#[tokio::test]
async fn copies_are_within_bounds() {
    const CAPACITY: usize = 64 * 1024;
    let talk = Conversation::with(|layer| layer.capacity(CAPACITY));
    for n in 0..100 {
        let path = format!("/{n}");
        talk.origin.will(page("x"));
        talk.get(&path).await.assert_stored();
        heat(&talk, &path, &[]).await;
        let (copies, bytes) = (talk.handle.stats().copies(), talk.handle.bytes());
        assert!(copies > 0 && copies <= CAPACITY / 32, "{copies}");
        assert!(bytes > copies && bytes <= CAPACITY, "{bytes}");
    }
    // Where there is no room for one it goes without.
    let small = Conversation::with(|layer| layer.capacity(4096));
    small.store(page("x")).await.assert_stored();
    heat(&small, "/a", &[]).await;
    assert_eq!(small.handle.stats().copies(), 0);
}

/// Promise 6: what copies answer is used, and does not give way to what is used less.
#[tokio::test]
async fn what_copies_answer_is_used() {
    let talk = Conversation::with(|layer| layer.max_responses(30));
    talk.store(page("hot")).await.assert_stored();
    for n in 0..300 {
        heat(&talk, "/a", &[]).await;
        talk.origin.will(page("once"));
        talk.get(&format!("/{n}")).await.assert_stored();
    }
    assert_eq!(talk.handle.len(), 30);
    heat(&talk, "/a", &[]).await;
}

/// Promise 3: a hit is one hit, whichever thread it is on.
#[test]
fn hits_of_all_threads_are_counted() {
    use futures_executor::block_on;
    let talk = block_on(hot());
    let before = talk.handle.stats().hits();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1000 {
                    assert_eq!(block_on(talk.get("/a")).assert_hit().text(), "old");
                }
            });
        }
    });
    assert_eq!(talk.handle.stats().hits() - before, 4000);
}

/// Promise 6: where one response takes all there is it goes without copies.
#[tokio::test]
async fn the_copies_of_the_only_response_are_within_bounds() {
    let talk = Conversation::default();
    let large = reply(200).control("max-age=60").body(vec![b'x'; 100_000]);
    talk.store(large).await.assert_stored();
    talk.handle.set_capacity(talk.handle.bytes() + 100);
    heat(&talk, "/a", &[]).await;
    let (bytes, capacity) = (talk.handle.bytes(), talk.handle.capacity());
    assert!(bytes <= capacity, "{bytes} of {capacity}");
    assert_eq!(talk.handle.len(), 1);
}

/// Promise 6: what is recorded takes the room of copies before that of responses.
#[tokio::test]
async fn what_is_recorded_leaves_copies_no_room() {
    let talk = Conversation::with(|layer| layer.capacity(64 * 1024).max_body(64 * 1024));
    let content = "x".repeat(48_550);
    talk.store(reply(200).control("max-age=60").body(content))
        .await
        .assert_stored();
    heat(&talk, "/a", &[]).await;
    assert!(talk.handle.stats().copies() > 0);
    let (frames, streamed) = reply(200).control("max-age=60").streamed();
    talk.origin.will(streamed);
    let answer = talk.start(get("/b", &[])).await.expect("an answer");
    let mut body = answer.into_body();
    let piece: &str = "x".repeat(256).leak();
    for n in 0..60 {
        assert!(frames.data(piece));
        assert!(crate::frame(&mut body).is_some());
        let taken = talk.handle.bytes() + talk.handle.stats().recording();
        assert!(taken <= talk.handle.capacity(), "{n}: {taken}");
    }
    assert!(talk.handle.stats().recording() > 10_000);
}

/// One copy that is too large for its part drives no other out.
#[tokio::test]
async fn what_is_too_large_to_be_copied_drives_no_copies_out() {
    let talk = Conversation::with(|layer| layer.capacity(64 * 1024));
    talk.store(page("old")).await.assert_stored();
    heat(&talk, "/a", &[]).await;
    let copies = talk.handle.stats().copies();
    assert!(copies > 0);
    talk.origin.will(page("b").field("x", "x".repeat(3000)));
    talk.get("/b").await.assert_stored();
    heat(&talk, "/b", &[]).await;
    assert_eq!(talk.handle.stats().copies(), copies);
}
