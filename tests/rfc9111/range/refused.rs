//! Parts that are not stored.

use support::{Conversation, Reply, reply};
use tower_client_cache::NotStored;

use super::{OLD, TAG, ask, part};

fn of(content_range: &str, body: &'static str) -> Reply {
    reply(206)
        .control("max-age=10")
        .field("content-range", content_range)
        .body(body)
}

/// 9111-3.3-3, 9110-14.4-1, PRJ-3.4-3, C-29, EDGE-26, EDGE-28, PRJ-8.8.3-2
#[tokio::test]
async fn a_part_that_could_not_be_put_together_with_others_is_passed_on() {
    let tagged = |range, body| of(range, body).field("etag", TAG);
    let recent = "Sun, 06 Nov 1994 08:49:00 GMT";
    for (name, reply) in [
        ("without a validator", of("bytes 0-4/10", "01234")),
        (
            "with a weak one",
            of("bytes 0-4/10", "01234").field("etag", "W/\"e\""),
        ),
        (
            "with an invalid one",
            of("bytes 0-4/10", "01234").field("etag", "e"),
        ),
        (
            "with a weak tag and a strong date",
            of("bytes 0-4/10", "01234")
                .field("etag", "W/\"e\"")
                .field("last-modified", OLD),
        ),
        (
            "with a weak date",
            of("bytes 0-4/10", "01234").field("last-modified", recent),
        ),
        ("of lines", tagged("lines 0-4/10", "01234")),
        (
            "that ends before it begins",
            tagged("bytes 5-4/10", "01234"),
        ),
        ("beyond the end", tagged("bytes 0-9/9", "0123456789")),
        (
            "longer than it says",
            tagged("bytes 0-4/10", "01234").field("content-length", "6"),
        ),
        (
            "of several parts",
            tagged("bytes 0-4/10", "01234")
                .field("content-type", "multipart/byteranges; boundary=x"),
        ),
        (
            "that does not say of what",
            reply(206)
                .control("max-age=10")
                .field("etag", TAG)
                .body("01234"),
        ),
    ] {
        let talk = Conversation::default();
        talk.origin.will(reply);
        let answer = ask(&talk, "bytes=0-4").await;
        answer.assert_not_stored(NotStored::Partial);
        assert_eq!(answer.status, 206, "{name}");
        assert!(talk.handle.is_empty(), "{name}");
    }
}

/// EDGE-26, PRJ-3.4-3: it is known when it has been read
#[tokio::test]
async fn a_part_of_another_length_than_it_says_is_not_stored() {
    for body in ["0123", "012345"] {
        let talk = Conversation::default();
        talk.origin
            .will(of("bytes 0-4/10", body).field("etag", TAG));
        assert_eq!(ask(&talk, "bytes=0-4").await.text(), body);
        assert!(talk.handle.is_empty(), "{body}");
    }
}

/// EDGE-28, 9111-3-3: nobody asked for a part
#[tokio::test]
async fn a_part_that_was_not_asked_for_is_not_stored() {
    for fields in [&[][..], &[("range", "bytes=5-2")]] {
        let talk = Conversation::default();
        talk.origin.will(part(0, 4));
        let answer = talk.get_with("/a", fields).await;
        answer.assert_not_stored(NotStored::Status);
        assert_eq!((answer.status.as_u16(), answer.text()), (206, "01234"));
        assert!(talk.handle.is_empty());
    }
}

/// 9111-3-1: what forbids to store the whole forbids to store a part
#[tokio::test]
async fn a_part_is_stored_where_the_whole_might_be() {
    for (control, refused) in [
        ("no-store", NotStored::NoStore),
        ("max-age=10, no-store", NotStored::NoStore),
    ] {
        let talk = Conversation::default();
        let reply = reply(206).control(control).field("etag", TAG);
        talk.origin
            .will(reply.field("content-range", "bytes 0-4/10").body("01234"));
        ask(&talk, "bytes=0-4").await.assert_not_stored(refused);
    }
    let shared = Conversation::shared();
    let reply = reply(206).control("private, max-age=10").field("etag", TAG);
    shared
        .origin
        .will(reply.field("content-range", "bytes 0-4/10").body("01234"));
    ask(&shared, "bytes=0-4")
        .await
        .assert_not_stored(NotStored::Private);
}

/// One that is too large is known before it is read.
#[tokio::test]
async fn a_part_larger_than_the_limit_is_not_stored() {
    let talk = Conversation::with(|layer| layer.max_body(4));
    talk.origin.will(part(0, 4));
    ask(&talk, "bytes=0-4")
        .await
        .assert_not_stored(NotStored::TooLarge);
    talk.origin.will(part(0, 2));
    ask(&talk, "bytes=0-2").await.assert_stored();
    talk.origin.will(part(3, 5));
    ask(&talk, "bytes=3-5")
        .await
        .assert_not_stored(NotStored::TooLarge);
    ask(&talk, "bytes=0-2").await.assert_hit();
}
