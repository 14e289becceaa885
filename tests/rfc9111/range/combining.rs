//! Parts that are put together.

use support::{Conversation, begun, get, reply};
use tower_client_cache::{Forward, NotStored};

use super::{OLD, TAG, add_part, ask, assert_part, part, whole, with_a_part};

/// 9111-3.4-1, 9110-15.3.7.3-3: parts that are all there is are the whole
#[tokio::test]
async fn parts_with_the_same_strong_validator_become_the_whole() {
    let talk = with_a_part(0, 4).await;
    let second = add_part(&talk, 5, 9).await;
    second.assert_forwarded(Forward::Partial).assert_stored();
    let answer = talk.get("/a").await;
    assert_eq!(
        (answer.assert_hit().status.as_u16(), answer.text()),
        (200, "0123456789")
    );
    assert_eq!(answer.field("content-length").as_deref(), Some("10"));
    assert_eq!(talk.handle.len(), 1);
    assert_part(
        ask(&talk, "bytes=3-6").await.assert_hit(),
        "bytes 3-6/10",
        "3456",
    );
}

/// 9110-15.3.7.3-4, 9111-3.4-1: in whatever order, and overlapping
#[tokio::test]
async fn parts_answer_what_lies_in_several_of_them() {
    let talk = with_a_part(6, 8).await;
    add_part(&talk, 1, 3).await.assert_stored();
    add_part(&talk, 2, 6).await.assert_stored();
    let answer = ask(&talk, "bytes=1-8").await;
    assert_part(answer.assert_hit(), "bytes 1-8/10", "12345678");
    talk.origin.will(reply(503));
    ask(&talk, "bytes=0-8")
        .await
        .assert_forwarded(Forward::Partial);
    assert_eq!(talk.handle.len(), 1);
}

/// 9111-3.4-2, 9110-15.3.7.3-2: the new part's fields take the place of those that have the same name
#[tokio::test]
async fn a_new_part_brings_the_fields_up_to_date() {
    let talk = Conversation::default();
    let named = |value: &str| part(0, 4).field("a", value);
    talk.origin.will(
        named("1")
            .field("b", "1")
            .field("content-type", "text/plain"),
    );
    ask(&talk, "bytes=0-4").await.assert_stored();
    talk.clock.advance(5);
    talk.origin.will(part(5, 8).field("a", "2").field("c", "2"));
    ask(&talk, "bytes=5-8").await.assert_stored();
    talk.clock.advance(5);
    let answer = ask(&talk, "bytes=0-8").await;
    assert_part(answer.assert_hit(), "bytes 0-8/10", "012345678");
    let field = |name| answer.field(name);
    assert_eq!(
        [field("a"), field("b"), field("c"), field("content-type")],
        ["2", "1", "2", "text/plain"].map(|value| Some(value.to_owned()))
    );
    assert_eq!(
        answer.field("age").as_deref(),
        Some("5"),
        "it is as old as the new one"
    );
}

/// 9111-3.4-1: what differs is not put together; the newer counts
#[tokio::test]
async fn parts_of_different_representations_are_not_combined() {
    for tag in ["\"f\"", "W/\"e\""] {
        let talk = with_a_part(0, 4).await;
        let other = reply(206).control("max-age=10").field("etag", tag);
        let other = other.field("content-range", "bytes 5-9/10").body("fghij");
        talk.origin.will(other);
        let answer = ask(&talk, "bytes=5-9").await;
        assert_eq!(answer.cache.is_stored(), tag == "\"f\"", "{tag}");
        talk.origin.will(whole());
        talk.get("/a").await.assert_forwarded(Forward::Partial);
    }
    let talk = with_a_part(0, 4).await;
    let other = reply(206).control("max-age=10").field("etag", "\"f\"");
    talk.origin
        .will(other.field("content-range", "bytes 5-9/10").body("fghij"));
    ask(&talk, "bytes=5-9").await.assert_stored();
    talk.origin.will(reply(503));
    ask(&talk, "bytes=1-2")
        .await
        .assert_forwarded(Forward::Partial);
    assert_part(
        ask(&talk, "bytes=6-7").await.assert_hit(),
        "bytes 6-7/10",
        "gh",
    );
}

/// PRJ-4-13: one that is older by its `Date` is not stored, and harms nothing
#[tokio::test]
async fn an_older_part_of_another_representation_is_passed_on() {
    let talk = with_a_part(0, 4).await;
    let other = reply(206).control("max-age=99").field("etag", "\"f\"");
    let other = other.field("date", talk.clock.date(-5));
    talk.origin
        .will(other.field("content-range", "bytes 5-9/10").body("fghij"));
    ask(&talk, "bytes=5-9")
        .await
        .assert_not_stored(NotStored::Outdated);
    assert_part(
        ask(&talk, "bytes=1-2").await.assert_hit(),
        "bytes 1-2/10",
        "12",
    );
}

/// PRJ-3.4-3: they cannot both be right
#[tokio::test]
async fn a_part_that_contradicts_the_length_is_discarded() {
    let talk = with_a_part(0, 4).await;
    for enclosed in ["bytes 5-9/11", "bytes 8-12/*", "bytes 8-12/13"] {
        let other = reply(206).control("max-age=10").field("etag", TAG);
        talk.origin
            .will(other.field("content-range", enclosed).body("fghij"));
        let answer = ask(&talk, "bytes=5-12").await;
        answer.assert_not_stored(NotStored::Partial);
        assert_part(
            ask(&talk, "bytes=0-4").await.assert_hit(),
            "bytes 0-4/10",
            "01234",
        );
    }
    assert_eq!(talk.handle.len(), 1);
}

/// 9111-3.4-1, 9110-8.8.2.2-1: a strong date will do where there is no tag
#[tokio::test]
async fn parts_with_the_same_strong_date_are_combined() {
    let talk = Conversation::default();
    for (range, enclosed, body) in [
        ("bytes=0-4", "bytes 0-4/10", "01234"),
        ("bytes=5-9", "bytes 5-9/10", "56789"),
    ] {
        let part = reply(206).control("max-age=10").field("last-modified", OLD);
        talk.origin
            .will(part.field("content-range", enclosed).body(body));
        ask(&talk, range).await.assert_stored();
    }
    assert_eq!(talk.get("/a").await.assert_hit().text(), "0123456789");
}

/// 9111-3.4-1, 9111-3.4-2: of what is whole nothing is missing but news
#[tokio::test]
async fn a_part_of_what_is_stored_whole_freshens_it() {
    let talk = Conversation::default();
    talk.store(whole().field("etag", TAG).field("a", "1"))
        .await
        .assert_stored();
    talk.clock.advance(10);
    talk.origin.will(part(2, 3).field("a", "2"));
    let answer = ask(&talk, "bytes=2-3").await;
    answer.assert_forwarded(Forward::Stale).assert_stored();
    assert_eq!((answer.status.as_u16(), answer.text()), (206, "23"));
    let answer = talk.get("/a").await;
    assert_eq!(answer.assert_hit().text(), "0123456789");
    assert_eq!(answer.field("a").as_deref(), Some("2"));
    assert_eq!(answer.field("content-range"), None);
}

/// PRJ-4.3.3-4: part of something else shows that what is stored is out of date
#[tokio::test]
async fn a_part_of_another_representation_takes_the_place_of_the_whole() {
    for is_stored in [true, false] {
        let talk = Conversation::default();
        talk.store(whole().field("etag", TAG)).await.assert_stored();
        talk.clock.advance(5);
        let control = if is_stored { "max-age=10" } else { "no-store" };
        let part = reply(206).control(control).field("etag", "\"f\"");
        talk.origin
            .will(part.field("content-range", "bytes 2-3/4").body("cd"));
        let fields = [("range", "bytes=2-3"), ("cache-control", "no-cache")];
        let answer = talk.get_with("/a", &fields).await;
        assert_eq!(answer.cache.is_stored(), is_stored);
        talk.origin.will(whole());
        let reason = if is_stored {
            Forward::Partial
        } else {
            Forward::Stale
        };
        talk.get("/a").await.assert_forwarded(reason);
    }
}

/// 9111-3.4-1: two parts that are read at the same time are both kept
#[tokio::test]
async fn parts_that_come_at_the_same_time_are_combined() {
    let talk = with_a_part(0, 1).await;
    let streamed = |enclosed: &str| {
        let part = reply(206).control("max-age=10").field("etag", TAG);
        part.field("content-range", enclosed).streamed()
    };
    let mut bodies = Vec::new();
    for (range, enclosed, text) in [
        ("bytes=2-5", "bytes 2-5/10", "2345"),
        ("bytes=6-9", "bytes 6-9/10", "6789"),
    ] {
        let (frames, part) = streamed(enclosed);
        talk.origin.will(part);
        let response = talk.start(get("/a", &[("range", range)])).await.unwrap();
        bodies.push((frames, text, response.into_body()));
    }
    for (frames, text, body) in bodies {
        frames.data(text);
        drop(frames);
        let body = http_body_util::BodyExt::collect(body).await.unwrap();
        assert_eq!(body.to_bytes(), text);
    }
    assert_eq!(talk.get("/a").await.assert_hit().text(), "0123456789");
}

/// 9111-3.3-5: the whole, when it comes, takes the place of its parts
#[tokio::test]
async fn the_whole_takes_the_place_of_parts() {
    let talk = with_a_part(0, 4).await;
    talk.store(whole().field("etag", TAG)).await.assert_stored();
    assert_eq!(talk.get("/a").await.assert_hit().text(), "0123456789");
    assert_eq!(talk.handle.len(), 1);
}

/// What is held is counted, and no more.
#[tokio::test]
async fn parts_are_counted_by_their_octets() {
    let large = "x".repeat(10_000);
    let talk = Conversation::default();
    let add = async |first: usize, length: usize| {
        let last = first + length - 1;
        let enclosed = format!("bytes {first}-{last}/100000");
        let part = reply(206).control("max-age=10").field("etag", TAG);
        talk.origin.will(
            part.field("content-range", enclosed)
                .body(large[..length].to_owned()),
        );
        ask(&talk, &format!("bytes={first}-{last}"))
            .await
            .assert_stored();
        talk.handle.bytes()
    };
    let one = add(0, 1000).await;
    let two = add(1000, 1000).await;
    assert!((1000..1200).contains(&(two - one)), "{one} {two}");
    // Of these a thousand are held already.
    let three = add(1500, 1500).await;
    assert!((1000..1200).contains(&(three - two)), "{two} {three}");
    assert_eq!(talk.handle.stats().recording(), 0);
}

/// PRJ-4-13, 9111-4-9: of the same second, what was asked for afterwards is newer
#[tokio::test]
async fn a_part_asked_for_before_does_not_outdate_a_whole_asked_for_after() {
    let talk = Conversation::default();
    let now = talk.clock.date(0);
    let part = |range: &str, body: &'static str| {
        reply(206)
            .control("max-age=60")
            .field("date", &now)
            .field("etag", "\"old\"")
            .field("content-range", range)
            .body(body)
    };
    talk.origin.will(part("bytes 0-2/6", "old"));
    talk.get_with("/a", &[("range", "bytes=0-2")])
        .await
        .assert_stored();
    let (gate, held) = part("bytes 3-5/6", "OLD").held();
    talk.origin.will(held);
    let waiting = begun(talk.get_with("/a", &[("range", "bytes=3-5")]));
    talk.clock.advance(1);
    talk.origin.will(
        reply(200)
            .control("max-age=60")
            .field("date", &now)
            .field("etag", "\"new\"")
            .body("newNEW"),
    );
    assert_eq!(talk.get("/a").await.assert_stored().text(), "newNEW");
    gate.open();
    waiting.await;
    talk.origin.will(reply(200).body("asked again"));
    let next = talk.get_with("/a", &[("range", "bytes=3-5")]).await;
    assert_eq!(next.text(), "NEW", "{}", next.cache);
}
