//! Ranges of what is stored whole.

use http::Method;
use support::{Conversation, request};

use super::{OLD, TAG, ask, assert_part, whole};

async fn with_a_whole() -> Conversation {
    let talk = Conversation::default();
    talk.store(whole().field("etag", TAG)).await.assert_stored();
    talk
}

/// 9110-14.1.2-1, 9110-14.2-3, EDGE-25
#[tokio::test]
async fn a_range_of_a_fresh_response_comes_from_the_store() {
    let talk = with_a_whole().await;
    for (range, enclosed, text) in [
        ("bytes=0-1", "bytes 0-1/10", "01"),
        ("bytes=0-0", "bytes 0-0/10", "0"),
        ("bytes=1-", "bytes 1-9/10", "123456789"),
        ("bytes=-1", "bytes 9-9/10", "9"),
        ("bytes=9-999", "bytes 9-9/10", "9"),
        ("bytes=0-", "bytes 0-9/10", "0123456789"),
        ("BYTES=3-4", "bytes 3-4/10", "34"),
        ("bytes=-99999999999999999999", "bytes 0-9/10", "0123456789"),
        // Of several, one that can be had is one.
        ("bytes=2-3, 20-", "bytes 2-3/10", "23"),
    ] {
        let part = ask(&talk, range).await;
        assert_part(part.assert_hit(), enclosed, text);
    }
    assert_eq!(talk.get("/a").await.assert_hit().text(), "0123456789");
    assert_eq!(talk.origin.calls(), 1);
}

/// 9110-14.2-3
#[tokio::test]
async fn what_lies_beyond_the_end_is_answered_with_416() {
    let talk = with_a_whole().await;
    talk.clock.advance(3);
    for range in ["bytes=10-", "bytes=10-11, 99-", "bytes=-0"] {
        let answer = ask(&talk, range).await;
        assert_eq!(answer.assert_hit().status, 416, "{range}");
        let enclosed = answer.field("content-range");
        assert_eq!(enclosed.as_deref(), Some("bytes */10"));
        assert_eq!(answer.field("age").as_deref(), Some("3"));
        assert_eq!((answer.text(), answer.field("cache-control")), ("", None));
    }
}

/// 9110-14.2-4, C-28: they are ignored
#[tokio::test]
async fn ranges_that_cannot_be_read_or_are_in_disorder_get_the_whole() {
    let talk = with_a_whole().await;
    for range in [
        "bytes=5-2",
        "bytes=",
        "bytes=a-b",
        "0-1",
        "bytes=4-5, 0-1",
        "bytes=0-3, 3-4",
        "bytes=0-9, 0-9, 0-9",
        "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8",
    ] {
        let answer = ask(&talk, range).await;
        assert_eq!(answer.assert_hit().status, 200, "{range}");
        assert_eq!(answer.text(), "0123456789", "{range}");
        assert_eq!(answer.field("content-range"), None);
    }
}

/// 9110-15.3.7.2-1, C-28
#[tokio::test]
async fn several_ranges_are_parts_of_one_body() {
    let talk = Conversation::default();
    talk.store(whole().field("content-type", "text/plain"))
        .await
        .assert_stored();
    let answer = ask(&talk, "bytes=0-1, 4-5, -1").await;
    assert_eq!(answer.assert_hit().status, 206);
    assert_eq!(answer.field("content-range"), None);
    let media_type = answer.field("content-type").unwrap();
    let boundary = media_type.strip_prefix("multipart/byteranges; boundary=");
    let boundary = boundary.expect("a boundary");
    let part = |range: &str, text: &str| {
        format!(
            "--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes {range}/10\r\n\r\n{text}\r\n"
        )
    };
    let expected = [
        part("0-1", "01"),
        part("4-5", "45"),
        part("9-9", "9"),
        format!("--{boundary}--\r\n"),
    ];
    assert_eq!(answer.text(), expected.concat());
    let length = answer.field("content-length");
    assert_eq!(length, Some(answer.body.len().to_string()));
    let again = ask(&talk, "bytes=0-1, 4-5").await;
    assert!(!again.text().contains(boundary), "each has its own");
}

/// C-28: eight in a private cache, four in a shared one
#[tokio::test]
async fn so_many_ranges_and_no_more() {
    let nine: Vec<_> = (0..9).map(|at| format!("{at}-{at}")).collect();
    let ask_for = |count: usize| format!("bytes={}", nine[..count].join(","));
    for (talk, most) in [(Conversation::default(), 8), (Conversation::shared(), 4)] {
        let stored = whole().field("content-length", "10");
        talk.store(stored).await.assert_stored();
        let answer = ask(&talk, &ask_for(most)).await;
        assert_eq!(answer.assert_hit().status, 206, "{most}");
        let answer = ask(&talk, &ask_for(most + 1)).await;
        assert_eq!(answer.assert_hit().status, 200, "{most}");
    }
}

/// 9110-15.3.7-1, 9111-4-7
#[tokio::test]
async fn a_part_has_the_fields_of_the_whole_and_its_age() {
    let talk = Conversation::default();
    let stored = whole()
        .field("etag", TAG)
        .field("last-modified", OLD)
        .field("expires", OLD)
        .field("vary", "accept")
        .field("content-location", "/b")
        .field("content-type", "text/plain")
        .field("content-encoding", "x")
        .field("content-length", "10")
        .field("x", "1")
        .field("x", "2");
    talk.store(stored).await.assert_stored();
    talk.clock.advance(5);
    let (part, whole) = (ask(&talk, "bytes=2-3").await, talk.get("/a").await);
    // EDGE-30: offsets are those of the octets that are sent.
    assert_part(part.assert_hit(), "bytes 2-3/10", "23");
    assert_eq!(part.field("age").as_deref(), Some("5"));
    assert_eq!(part.version, whole.version);
    let mut expected = whole.headers.clone();
    expected.insert("content-length", "2".parse().unwrap());
    expected.insert("content-range", "bytes 2-3/10".parse().unwrap());
    assert_eq!(part.headers, expected);
}

/// 9110-14.2-2: only what would be a 200 has ranges
#[tokio::test]
async fn another_status_than_200_has_no_ranges() {
    for status in [203, 301, 404, 410] {
        let talk = Conversation::default();
        let stored = support::reply(status).control("max-age=10").body("hello");
        talk.store(stored).await.assert_stored();
        let answer = ask(&talk, "bytes=0-1").await;
        assert_eq!(answer.assert_hit().status, status);
        assert_eq!(answer.text(), "hello");
    }
}

/// 9110-14.1.2-1, 9110-14.2-3: there are no octets, and no range of them but all
#[tokio::test]
async fn of_no_octets_there_is_no_range() {
    let talk = Conversation::default();
    let empty = support::reply(200).control("max-age=10");
    talk.store(empty.field("content-length", "0")).await;
    for (range, status) in [("bytes=0-", 416), ("bytes=-0", 416), ("bytes=-1", 200)] {
        let answer = ask(&talk, range).await;
        assert_eq!(answer.assert_hit().status, status, "{range}");
        assert_eq!(answer.text(), "");
    }
}

/// 9110-14.2-1: `Range` means something on GET alone
#[tokio::test]
async fn a_head_with_a_range_is_a_head() {
    let talk = with_a_whole().await;
    let ranged = [("range", "bytes=0-1"), ("if-range", TAG)];
    let head = talk.send(request(Method::HEAD, "/a", &ranged)).await;
    assert_eq!(head.assert_hit().status, 200);
    assert_eq!(head.field("content-range"), None);
}

/// 9110-14.2-3: in a unit that nobody here knows
#[tokio::test]
async fn ranges_in_another_unit_are_the_origins() {
    let talk = Conversation::default();
    for range in ["lines=0-1", "Lines=0-1"] {
        talk.origin.will(whole());
        let answer = ask(&talk, range).await;
        answer.assert_forwarded(tower_client_cache::Forward::Bypass);
        assert_eq!(talk.origin.last().field("range").as_deref(), Some(range));
        assert!(talk.handle.is_empty());
    }
}

/// 9111-3.1-1: they come behind the whole
#[tokio::test]
async fn a_part_has_no_trailers() {
    let talk = Conversation::default();
    let mut trailers = http::HeaderMap::new();
    trailers.insert("x-sum", "1".parse().unwrap());
    let frames = [
        Ok(http_body::Frame::data("0123456789".into())),
        Ok(http_body::Frame::trailers(trailers)),
    ];
    let stored = support::reply(200).control("max-age=10");
    let stored = stored.field("trailer", "x-sum").frames(frames);
    talk.store(stored).await.assert_stored();
    let part = ask(&talk, "bytes=0-1").await;
    assert_part(part.assert_hit(), "bytes 0-1/10", "01");
    assert_eq!((part.trailers, part.headers.get("trailer")), (None, None));
    assert!(talk.get("/a").await.assert_hit().trailers.is_some());
}
