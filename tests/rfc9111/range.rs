//! RFC 9110 §14 and RFC 9111 §3.3 and §3.4: ranges out of what is stored, and parts of it that are put
//! together.

mod combining;
mod complete;
mod completing;
mod conditional;
mod delimited;
mod incomplete;
mod parts;
mod random;
mod refused;
mod stale;

use support::{Answer, Conversation, Reply, reply};

const TAG: &str = "\"e\"";
const OLD: &str = "Sun, 30 Oct 1994 08:49:37 GMT";

/// Ten octets, fresh for ten seconds.
fn whole() -> Reply {
    reply(200).control("max-age=10").body("0123456789")
}

/// What the caller gets who asks for these ranges.
async fn ask(talk: &Conversation, range: &str) -> Answer {
    talk.get_with("/a", &[("range", range)]).await
}

#[track_caller]
fn assert_part(answer: &Answer, content_range: &str, text: &str) {
    assert_eq!(answer.status, 206, "{}", answer.cache);
    assert_eq!(answer.text(), text);
    let enclosed = answer.field("content-range");
    assert_eq!(enclosed.as_deref(), Some(content_range));
    let length = answer.field("content-length");
    assert_eq!(length, Some(text.len().to_string()));
}

/// Part of ten octets, with a strong tag, fresh for ten seconds.
fn part(first: usize, last: usize) -> Reply {
    reply(206)
        .control("max-age=10")
        .field("etag", TAG)
        .field("content-range", format!("bytes {first}-{last}/10"))
        .body(&"0123456789"[first..=last])
}

/// One that has part of something stored, as the answer to a request for just that.
async fn with_a_part(first: usize, last: usize) -> Conversation {
    let talk = Conversation::default();
    add_part(&talk, first, last).await.assert_stored();
    talk
}

/// Asks for a part, which the origin has.
async fn add_part(talk: &Conversation, first: usize, last: usize) -> Answer {
    talk.origin.will(part(first, last));
    let answer = ask(talk, &format!("bytes={first}-{last}")).await;
    assert_eq!(answer.status, 206);
    answer
}
