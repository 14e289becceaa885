//! Where a part ends.

use bytes::Bytes;
use http_body::Frame;
use support::{Conversation, reply};

use super::{TAG, ask, assert_part};

/// C-54, 9111-3.3-3: it says itself how long it is, where a whole that is cut off does not
#[tokio::test]
async fn a_part_that_ends_with_its_connection_is_stored_by_a_shared_cache() {
    let talk = Conversation::shared();
    let part = reply(206).control("max-age=10").field("etag", TAG);
    let part = part.field("content-range", "bytes 0-4/10");
    talk.origin
        .will(part.frames([Ok(Frame::data(Bytes::from_static(b"01234")))]));
    ask(&talk, "bytes=0-4").await.assert_stored();
    let answer = ask(&talk, "bytes=1-3").await;
    assert_part(answer.assert_hit(), "bytes 1-3/10", "123");
}
