//! A store that can hold nothing, beside no cache at all.

use http::Method;
use support::{Conversation, Reply, reply, request};
use tower_client_cache::CacheLayer;

fn replies() -> [Reply; 8] {
    let whole = |status, control| {
        let reply = reply(status).control(control).field("etag", "\"e\"");
        reply.field("last-modified", "Sun, 30 Oct 1994 08:49:37 GMT")
    };
    [
        whole(200, "max-age=60")
            .field("set-cookie", "a=1")
            .body("one"),
        whole(200, "max-age=60").field("vary", "accept").body("two"),
        whole(404, "max-age=60, stale-while-revalidate=60").body("three"),
        whole(200, "no-store")
            .field("connection", "x")
            .field("x", "y")
            .body("four"),
        whole(304, "max-age=60"),
        whole(503, "stale-if-error=60").body("five"),
        whole(301, "max-age=60").field("location", "/b"),
        whole(200, "max-age=60").field("age", "10").body("six"),
    ]
}

/// PRJ-7-3, INV-10: each answer is the origin's own, and each request reaches it as it was
#[tokio::test]
async fn a_store_that_fails_every_time_is_like_no_cache() {
    type Set = fn(CacheLayer) -> CacheLayer;
    let failing: [Set; 3] = [
        |layer| layer.capacity(0),
        |layer| layer.max_responses(0),
        |layer| layer.capacity(1),
    ];
    for set in failing {
        for method in [Method::GET, Method::HEAD, Method::POST] {
            for fields in [
                &[][..],
                &[("if-none-match", "\"e\"")],
                &[("cache-control", "max-stale")],
                &[("authorization", "x"), ("accept", "a/b")],
            ] {
                let with = Conversation::with(set);
                let without = Conversation::default();
                let _off = without.handle.pause();
                for (one, other) in replies().into_iter().zip(replies()) {
                    with.origin.will(one);
                    without.origin.will(other);
                    let asked = || request(method.clone(), "/a", fields);
                    let answer = with.send(asked()).await;
                    let expected = without.send(asked()).await;
                    let case = format!("{method} {fields:?} {}", answer.cache);
                    assert_eq!(answer.status, expected.status, "{case}");
                    assert_eq!(answer.headers, expected.headers, "{case}");
                    assert_eq!(answer.body, expected.body, "{case}");
                    assert_eq!(with.origin.last().headers, without.origin.last().headers);
                }
                assert_eq!(with.origin.calls(), 8);
                assert!(with.handle.is_empty());
            }
        }
    }
}
