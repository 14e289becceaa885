//! `Accept-Encoding` in a normal form, where that is set.

use support::{Conversation, reply};

/// C-15, 9111-4.1-1, 9111-4.1-2
#[tokio::test]
async fn encodings_that_are_refused_are_not_served() {
    for (coding, stored_for, asked_by) in [
        (Some("gzip"), "*", "*, gzip;q=0"),
        (None, "gzip", "gzip, identity;q=0"),
        (Some("compress"), "gzip, compress", "gzip"),
        (Some("dcb"), "gzip, br, dcb", "gzip, br"),
    ] {
        let talk = Conversation::with(|layer| layer.normalize_accept_encoding(true));
        let mut encoded = reply(200)
            .control("max-age=60")
            .field("vary", "Accept-Encoding")
            .body("encoded");
        if let Some(coding) = coding {
            encoded = encoded.field("content-encoding", coding);
        }
        talk.origin.will(encoded);
        talk.get_with("/a", &[("accept-encoding", stored_for)])
            .await
            .assert_stored();
        talk.origin.will(reply(200).body("other"));
        let answer = talk.get_with("/a", &[("accept-encoding", asked_by)]).await;
        assert_eq!(answer.text(), "other", "{coding:?} for {asked_by}");
    }
}
