//! What holds whatever is mixed: every response with every request, each in a conversation of its own.

use support::{Answer, Conversation, Reply, get, reply, request};
use tower_client_cache::{CacheLayer, CacheMode, Outcome};

const RESPONSES: [&str; 16] = [
    "",
    "max-age=60",
    "max-age=60, public",
    "max-age=60, private",
    "max-age=60, private=\"x\"",
    "max-age=60, immutable",
    "max-age=60, proxy-revalidate",
    "max-age=60, must-understand",
    "max-age=60, no-cache=\"x\"",
    "max-age=0, stale-while-revalidate=600",
    "max-age=0, stale-if-error=600",
    "s-maxage=60",
    "s-maxage=0, stale-while-revalidate=600",
    "public",
    "max-age=x",
    "no-transform, foo=\"bar, baz\"",
];

const REQUESTS: [&str; 9] = [
    "x",
    "no-cache",
    "no-store",
    "max-age=5",
    "max-age=0",
    "min-fresh=5",
    "max-stale",
    "stale-if-error=600",
    "only-if-cached, max-stale",
];

const LAYERS: [fn() -> CacheLayer; 2] = [CacheLayer::new, CacheLayer::shared];

/// A case: whose cache, what is said, who asks, how long after, what the origin says then.
#[derive(Debug, Clone, Copy)]
struct Case {
    is_shared: bool,
    asked: &'static str,
    mode: CacheMode,
    is_authorized: bool,
    seconds: u64,
    status: u16,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for is_shared in [false, true] {
        for asked in REQUESTS {
            for mode in [CacheMode::Default, CacheMode::ForceCache] {
                for is_authorized in [false, true] {
                    for (seconds, status) in [(0, 503), (30, 304), (90, 304), (90, 503)] {
                        cases.push(Case {
                            is_shared,
                            asked,
                            mode,
                            is_authorized,
                            seconds,
                            status,
                        });
                    }
                }
            }
        }
    }
    cases
}

impl Case {
    /// The answer to the second of two requests, where the first was answered with this.
    async fn answer(self, stored: Reply, fields: &[(&str, &str)]) -> Answer {
        let layer = LAYERS[usize::from(self.is_shared)];
        let talk = Conversation::through(layer());
        let mut said = vec![("cache-control", self.asked)];
        said.extend(self.is_authorized.then_some(("authorization", "x")));
        said.extend(fields);
        talk.origin.will(stored);
        talk.get_with("/a", &said[1..]).await;
        talk.clock.advance(self.seconds);
        talk.origin.will(reply(self.status));
        let mut second = get("/a", &said);
        second.extensions_mut().insert(self.mode);
        talk.send(second).await
    }
}

fn with_control(control: &str) -> Reply {
    let tagged = reply(200).field("etag", "\"e\"");
    let dated = tagged.field("last-modified", "Thu, 27 Oct 1994 08:49:37 GMT");
    let dated = dated.field("content-length", "5").body("hello");
    if control.is_empty() {
        dated
    } else {
        dated.control(control)
    }
}

/// INV-9, INV-1: with no-store or no-cache nothing is reused unvalidated, and with must-revalidate no more than without,
/// save what it lets a shared cache store at all (9111-3.5-2)
#[tokio::test]
async fn adding_a_directive_that_forbids_allows_nothing() {
    for control in RESPONSES {
        for case in cases() {
            let without = case.answer(with_control(control), &[]).await;
            for forbidding in ["no-store", "no-cache", "must-revalidate"] {
                let more = [control, forbidding].join(",");
                let with = case.answer(with_control(&more), &[]).await;
                let told = format!("{more}: {case:?}: {}", with.cache);
                let may_be_hit = forbidding == "must-revalidate"
                    && (without.cache.is_hit() || (case.is_shared && case.is_authorized));
                // A status that is understood lifts no-store (9111-5.2.2.3-2).
                let is_lifted = forbidding == "no-store" && control.contains("must-understand");
                if is_lifted {
                    assert_eq!(with.cache.is_hit(), without.cache.is_hit(), "{told}");
                    continue;
                }
                assert!(!with.cache.is_hit() || may_be_hit, "{told}");
                let is_fresh = with.cache.ttl().is_none_or(|ttl| ttl > 0);
                assert!(!with.cache.is_hit() || is_fresh, "{told}");
                let may_ask = with.cache.outcome() != Outcome::Unsatisfiable;
                if case.status == 503 && may_ask && !with.cache.is_hit() {
                    let told_by = with.status.as_u16();
                    assert_eq!(told_by, 503, "nothing stands in for the error: {told}");
                }
            }
        }
    }
}

/// INV-8, 9213-2.2-3, C-46: where no targeted field is listed there is none
#[tokio::test]
async fn fields_that_look_targeted_change_nothing() {
    let strict = [
        ("cdn-cache-control", "no-store"),
        ("ours-cache-control", "no-cache, private, must-revalidate"),
    ];
    let lenient = [
        ("cdn-cache-control", "max-age=6000, stale-if-error=600"),
        ("surrogate-control", "max-age=6000"),
    ];
    for control in RESPONSES {
        for case in cases().into_iter().filter(|case| !case.is_shared) {
            let plain = case.answer(with_control(control), &[]).await;
            for fields in [strict, lenient] {
                let looks = with_control(control);
                let looks = fields
                    .iter()
                    .fold(looks, |reply, (name, value)| reply.field(name, value));
                let other = case.answer(looks, &fields).await;
                assert_eq!(other.cache, plain.cache, "{control} {fields:?} {case:?}");
                assert_eq!((other.status, &other.body), (plain.status, &plain.body));
                assert_eq!(other.field("age"), plain.field("age"));
            }
        }
    }
}

/// INV-2: whatever else is said
#[tokio::test]
async fn what_forbids_to_store_is_not_outweighed() {
    let never = [
        101, 199, 206, 226, 304, 401, 407, 412, 416, 417, 421, 425, 428, 429, 431, 511, 600, 999,
    ];
    for (is_shared, layer) in LAYERS.into_iter().enumerate() {
        for control in RESPONSES {
            let forbidden = never.map(|status| (status, control.to_owned(), &[][..]));
            let no_store = (200, format!("{control}, no-store"), &[][..]);
            let private = (200, format!("{control}, private"), &[][..]);
            let authorized = (200, control.to_owned(), &[("authorization", "x")][..]);
            let mut table = Vec::from(forbidden);
            if !control.contains("must-understand") {
                table.push(no_store);
            }
            if is_shared == 1 {
                table.push(private);
                if !control.contains("public") && !control.contains("s-maxage") {
                    table.push(authorized);
                }
            }
            for (status, said, fields) in table {
                for method in ["GET", "HEAD"] {
                    let talk = Conversation::through(layer());
                    let stored = reply(status).control(&said).field("etag", "\"e\"");
                    talk.origin.will(stored.field("content-length", "0"));
                    let method = method.parse().unwrap();
                    let answer = talk.send(request(method, "/a", fields)).await;
                    let case = format!("{status} {said} {fields:?}: {}", answer.cache);
                    assert!(talk.handle.is_empty(), "{case}");
                    assert!(!answer.cache.is_stored(), "{case}");
                }
            }
        }
    }
}
