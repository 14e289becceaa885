//! RFC 9213: fields that are for some caches and not for others.

use http::HeaderName;
use support::{Conversation, Reply, reply};
use tower_client_cache::{CacheLayer, Forward, NotStored};

const CDN: HeaderName = HeaderName::from_static("cdn-cache-control");
const OURS: HeaderName = HeaderName::from_static("ours-cache-control");
const TEN_DAYS_AGO: &str = "Thu, 27 Oct 1994 08:49:37 GMT";

/// A cache that such fields are for, the first before the second.
fn targeted(layer: CacheLayer) -> CacheLayer {
    layer.targeted_fields([OURS, CDN])
}

fn both_kinds() -> [Conversation; 2] {
    [
        Conversation::with(targeted),
        Conversation::shared_with(targeted),
    ]
}

fn answer(fields: &[(&str, &str)]) -> Reply {
    let tagged = reply(200).field("etag", "\"e\"").body("hello");
    fields
        .iter()
        .fold(tagged, |reply, (name, value)| reply.field(name, value))
}

/// 9213-2.2-1, 9111-3-9, 9213-3-1: it decides alone, and is passed on
#[tokio::test]
async fn the_field_decides_in_the_place_of_cache_control_and_expires() {
    for talk in both_kinds() {
        let fields = [
            ("cdn-cache-control", "max-age=600"),
            ("cache-control", "no-store"),
            ("expires", "0"),
        ];
        talk.store(answer(&fields)).await.assert_stored();
        talk.clock.advance(599);
        let hit = talk.get("/a").await;
        assert_eq!(
            hit.assert_hit().field("cdn-cache-control").as_deref(),
            Some("max-age=600")
        );
        assert_eq!(hit.field("cache-control").as_deref(), Some("no-store"));
        assert_eq!(hit.field("age").as_deref(), Some("599"), "9213-2.3-1");
        talk.clock.advance(1);
        talk.origin.will(reply(304));
        talk.get("/a").await.assert_forwarded(Forward::Stale);
    }
}

/// 9213-2.2-1: `Expires` counts for nothing beside it, for better or worse
#[tokio::test]
async fn what_the_field_says_is_all_that_is_said() {
    for talk in both_kinds() {
        let in_a_day = talk.clock.date(86_400);
        let fields = [
            ("cdn-cache-control", "must-revalidate"),
            ("expires", &*in_a_day),
        ];
        talk.store(answer(&fields)).await.assert_stored();
        talk.origin.will(reply(304));
        talk.get("/a").await.assert_forwarded(Forward::Stale);

        talk.handle.clear();
        let fields = [
            ("cdn-cache-control", "no-store"),
            ("cache-control", "max-age=60"),
        ];
        talk.store(answer(&fields))
            .await
            .assert_not_stored(NotStored::NoStore);
    }
}

/// 9213-2.2-1: each response for itself
#[tokio::test]
async fn the_first_in_the_list_that_a_response_has_and_that_can_be_read_decides() {
    let table: [(&[(&str, &str)], i64); 8] = [
        (
            &[
                ("ours-cache-control", "max-age=7"),
                ("cdn-cache-control", "max-age=8"),
            ],
            7,
        ),
        (
            &[
                ("cdn-cache-control", "max-age=8"),
                ("ours-cache-control", "max-age=7"),
            ],
            7,
        ),
        (
            &[
                ("ours-cache-control", ""),
                ("cdn-cache-control", "max-age=8"),
            ],
            8,
        ),
        (
            &[
                ("ours-cache-control", "max-age=7, &&&"),
                ("cdn-cache-control", "max-age=8"),
            ],
            8,
        ),
        (
            &[
                ("ours-cache-control", "MAX-AGE=7"),
                ("cache-control", "max-age=9"),
            ],
            9,
        ),
        (
            &[
                ("cdn-cache-control", "max-age=1234567890123456"),
                ("cache-control", "max-age=9"),
            ],
            9,
        ),
        (
            &[
                ("cdn-cache-control", "max-age=1, max-age=6;x=1"),
                ("cache-control", "max-age=9"),
            ],
            6,
        ),
        (
            &[
                ("cdn-cache-control", "max-age=60.5"),
                ("cache-control", "max-age=9"),
            ],
            0,
        ),
    ];
    for (fields, expected) in table {
        for talk in both_kinds() {
            let stored = talk.store(answer(fields)).await;
            // 9213-2.1-1, 9213-2.1-2, 9213-2.1-3, 9213-2.1-4, PRJ-9213-2
            assert_eq!(
                stored.assert_stored().cache.ttl(),
                Some(expected),
                "{fields:?}"
            );
        }
    }
}

/// 9213-2.2-4, 9213-2.2-5: every directive there is means what it means in `Cache-Control`
#[tokio::test]
async fn directives_mean_what_they_mean_in_cache_control() {
    let private = || Conversation::with(targeted);
    let shared = || Conversation::shared_with(targeted);
    let refused = [
        (private(), "no-store", Some(NotStored::NoStore)),
        (shared(), "private, max-age=60", Some(NotStored::Private)),
        (private(), "private, max-age=60", None),
        (private(), "no-store, must-understand, max-age=60", None),
        (shared(), "s-maxage=60", None),
    ];
    for (talk, control, expected) in refused {
        let stored = talk.store(answer(&[("cdn-cache-control", control)])).await;
        assert_eq!(stored.cache.not_stored(), expected, "{control}");
    }
    let validated = [
        "no-cache, max-age=60",
        "max-age=0, must-revalidate",
        "max-age=60, no-cache=?1",
    ];
    for control in validated {
        let talk = private();
        talk.store(answer(&[("cdn-cache-control", control)]))
            .await
            .assert_stored();
        talk.origin.will(reply(304));
        let tolerant = [("cache-control", "max-stale")];
        let asked = talk.get_with("/a", &tolerant).await;
        assert!(!asked.cache.is_hit(), "{control}: {}", asked.cache);
    }
    let talk = private();
    let fields = [
        ("cdn-cache-control", "max-age=60, no-cache=\"x, y\""),
        ("x", "1"),
        ("z", "1"),
    ];
    talk.store(answer(&fields)).await.assert_stored();
    let hit = talk.get("/a").await;
    assert_eq!(
        (hit.assert_hit().field("x"), hit.field("z").as_deref()),
        (None, Some("1"))
    );
    let talk = private();
    talk.store(answer(&[(
        "cdn-cache-control",
        "max-age=1, stale-if-error=60",
    )]))
    .await;
    talk.clock.advance(9);
    talk.origin.will(reply(503));
    assert_eq!(talk.get("/a").await.text(), "hello");
}

/// 9213-2.2-6: it lifts `no-store`, and says nothing of its own; what is left is a guess
#[tokio::test]
async fn a_field_that_says_nothing_known_leaves_only_heuristics() {
    for talk in both_kinds() {
        let fields = [
            ("cdn-cache-control", "none"),
            ("cache-control", "no-store, max-age=5"),
            ("last-modified", TEN_DAYS_AGO),
        ];
        let stored = talk.store(answer(&fields)).await;
        assert_eq!(stored.assert_stored().cache.ttl(), Some(86_400));
        talk.get("/a").await.assert_hit();
    }
}

/// 9213-2.2-3, 9213-2.4-1, C-46: by default there is no such field, and a name alone makes none
#[tokio::test]
async fn a_field_that_is_not_in_the_list_is_a_field_like_any_other() {
    for talk in [Conversation::default(), Conversation::shared()] {
        for name in [
            "cdn-cache-control",
            "ours-cache-control",
            "surrogate-control",
        ] {
            let fields = [(name, "no-store"), ("cache-control", "max-age=60")];
            talk.store(answer(&fields)).await.assert_stored();
            let hit = talk.get("/a").await;
            assert_eq!(hit.assert_hit().field(name).as_deref(), Some("no-store"));
            talk.handle.clear();
        }
    }
}

/// PRJ-9213-1: a 304 may bring the field, or bring another value of it
#[tokio::test]
async fn a_304_decides_anew_which_field_counts() {
    for talk in both_kinds() {
        talk.store(answer(&[("cache-control", "max-age=5")]))
            .await
            .assert_stored();
        talk.clock.advance(5);
        talk.origin
            .will(reply(304).field("cdn-cache-control", "max-age=600"));
        let validated = talk.get("/a").await;
        assert_eq!(validated.assert_validated().cache.ttl(), Some(600));
        talk.clock.advance(600);
        talk.origin
            .will(reply(304).field("cdn-cache-control", "no-store"));
        talk.get("/a").await.assert_not_stored(NotStored::NoStore);
        assert_eq!(talk.handle.len(), 0);
    }
}
