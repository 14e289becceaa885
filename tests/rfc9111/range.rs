//! RFC 9110 §14 and RFC 9111 §3.3 and §3.4: ranges out of what is stored, and parts of it that are put
//! together.

mod complete;
mod conditional;
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
