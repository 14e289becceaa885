//! Fetch's modes: `CacheMode` in the extensions of a request.

use http::{HeaderMap, Method, Request};
use http_body_util::Empty;
use support::{Conversation, OriginError, Reply, get, reply, request};
use tower_client_cache::{CacheLayer, CacheMode, Forward, NotStored, Outcome};

const TAG: &str = "\"e\"";

const MODES: [CacheMode; 6] = [
    CacheMode::Default,
    CacheMode::NoStore,
    CacheMode::Reload,
    CacheMode::NoCache,
    CacheMode::ForceCache,
    CacheMode::OnlyIfCached,
];

fn whole(control: &str) -> Reply {
    let reply = reply(200).control(control).field("etag", TAG);
    reply.field("content-length", "3").body("one")
}

fn other(control: &str) -> Reply {
    let reply = reply(200).control(control).field("etag", "\"f\"");
    reply.field("content-length", "3").body("two")
}

/// `GET /a` in this mode.
fn asking(mode: CacheMode, fields: &[(&str, &str)]) -> Request<Empty<bytes::Bytes>> {
    let mut request = get("/a", fields);
    request.extensions_mut().insert(mode);
    request
}

/// One that has a response with this `Cache-Control` stored, of so many seconds ago.
async fn with_a_response(control: &str, age: u64) -> Conversation {
    let talk = Conversation::default();
    talk.store(whole(control)).await.assert_stored();
    talk.clock.advance(age);
    talk
}

/// What the cache wrote itself: the fields of the last request, but for the tag.
fn written(talk: &Conversation) -> (Option<String>, Option<String>) {
    let seen = talk.origin.last();
    (seen.field("cache-control"), seen.field("pragma"))
}

/// FETCH-1 to FETCH-6, FETCH-8, FETCH-10, FETCH-14: fresh, in the window, stale, and nothing stored
#[tokio::test]
async fn each_mode_has_its_own_way_with_what_is_stored() {
    const HIT: Outcome = Outcome::Hit;
    const NONE: Outcome = Outcome::Unsatisfiable;
    const REQUEST: Outcome = Outcome::Forwarded(Forward::Request);
    const STALE: Outcome = Outcome::Forwarded(Forward::Stale);
    const MISS: Outcome = Outcome::Forwarded(Forward::UriMiss);
    const BYPASS: Outcome = Outcome::Forwarded(Forward::Bypass);
    for (mode, fresh, in_window, stale, nothing) in [
        (CacheMode::Default, HIT, HIT, STALE, MISS),
        (CacheMode::NoStore, BYPASS, BYPASS, BYPASS, BYPASS),
        (CacheMode::Reload, REQUEST, REQUEST, REQUEST, MISS),
        (CacheMode::NoCache, REQUEST, STALE, STALE, MISS),
        (CacheMode::ForceCache, HIT, HIT, HIT, MISS),
        (CacheMode::OnlyIfCached, HIT, HIT, HIT, NONE),
    ] {
        let control = "max-age=60, stale-while-revalidate=60";
        for (age, expected) in [(30, fresh), (90, in_window), (150, stale), (999_999, stale)] {
            let talk = with_a_response(control, age).await;
            if matches!(expected, Outcome::Forwarded(_)) || (mode == CacheMode::Default) {
                talk.origin.will(other(control));
            }
            let answer = talk.send(asking(mode, &[])).await;
            assert_eq!(answer.cache.outcome(), expected, "{mode:?} {age}");
            let content = if expected == HIT { "one" } else { "two" };
            assert_eq!(answer.text(), content, "{mode:?} {age}");
            if expected == HIT {
                assert_eq!(answer.field("age"), Some(age.to_string()), "{mode:?}");
            }
        }
        let talk = Conversation::default();
        if mode != CacheMode::OnlyIfCached {
            talk.origin.will(other(control));
        }
        let answer = talk.send(asking(mode, &[])).await;
        assert_eq!(answer.cache.outcome(), nothing, "{mode:?}");
        if mode == CacheMode::OnlyIfCached {
            assert_eq!((answer.status.as_u16(), talk.origin.calls()), (504, 0));
        }
        let stores = !matches!(mode, CacheMode::NoStore | CacheMode::OnlyIfCached);
        assert_eq!(talk.handle.len(), usize::from(stores), "{mode:?}");
    }
}

/// FETCH-2 to FETCH-6, 9111-5.2-5: what other caches on the way are told, unquoted
#[tokio::test]
async fn each_mode_tells_other_caches_what_it_wants() {
    let no_cache = (Some("no-cache"), Some("no-cache"));
    for (mode, told) in [
        (CacheMode::Default, (None, None)),
        (CacheMode::NoStore, no_cache),
        (CacheMode::Reload, no_cache),
        (CacheMode::NoCache, (Some("max-age=0"), None)),
        (CacheMode::ForceCache, (None, None)),
    ] {
        for is_stored in [false, true] {
            let talk = Conversation::default();
            if is_stored {
                talk.store(whole("no-cache")).await.assert_stored();
            }
            talk.origin.will(other("max-age=60"));
            talk.send(asking(mode, &[])).await;
            let told = (told.0.map(str::to_owned), told.1.map(str::to_owned));
            assert_eq!(written(&talk), told, "{mode:?}");
        }
    }
}

/// FETCH-2, FETCH-4: what the caller says itself stands
#[tokio::test]
async fn a_mode_adds_no_second_line_to_what_the_caller_says() {
    let fields = [("cache-control", "no-transform"), ("pragma", "x")];
    for mode in [CacheMode::NoStore, CacheMode::Reload, CacheMode::NoCache] {
        let talk = Conversation::default();
        talk.origin.will(other("max-age=60"));
        talk.send(asking(mode, &fields)).await;
        let said = (Some("no-transform".to_owned()), Some("x".to_owned()));
        assert_eq!(written(&talk), said, "{mode:?}");
    }
}

/// FETCH-1 to FETCH-6, FETCH-15: nothing else is written
#[tokio::test]
async fn a_mode_adds_no_other_field() {
    for mode in MODES {
        let talk = with_a_response("max-age=60, must-revalidate", 90).await;
        talk.origin.will(other("max-age=60"));
        let asked = asking(mode, &[("accept", "a/b"), ("range", "bytes=0-1")]);
        if mode == CacheMode::OnlyIfCached {
            continue;
        }
        talk.send(asked).await;
        let mut seen: HeaderMap = talk.origin.last().headers;
        for ours in [
            "accept",
            "range",
            "cache-control",
            "pragma",
            "if-none-match",
        ] {
            seen.remove(ours);
        }
        assert!(seen.is_empty(), "{mode:?}: {seen:?}");
    }
}

/// FETCH-2
#[tokio::test]
async fn no_store_neither_reads_nor_writes() {
    let talk = with_a_response("max-age=60", 1).await;
    talk.origin.will(other("max-age=60"));
    let answer = talk.send(asking(CacheMode::NoStore, &[])).await;
    answer.assert_not_stored(NotStored::Bypass);
    assert_eq!(talk.origin.last().field("if-none-match"), None);
    assert_eq!(talk.get("/a").await.assert_hit().text(), "one");
}

/// FETCH-3, FETCH-16, PRJ-4.3.3-4, EDGE-49
#[tokio::test]
async fn a_reload_is_unconditional_and_replaces_or_outdates_what_is_stored() {
    for (answer, stays) in [(other("max-age=60"), true), (other("no-store"), false)] {
        let talk = with_a_response("max-age=60", 1).await;
        talk.origin.will(answer);
        let reloaded = talk.send(asking(CacheMode::Reload, &[])).await;
        assert_eq!(reloaded.text(), "two");
        assert_eq!(talk.origin.last().field("if-none-match"), None);
        if stays {
            assert_eq!(talk.get("/a").await.assert_hit().text(), "two");
            assert_eq!(talk.handle.len(), 1);
        } else {
            for lenient in ["x", "max-stale", "stale-if-error=60"] {
                talk.origin.will(reply(503));
                let next = talk.get_with("/a", &[("cache-control", lenient)]).await;
                assert_eq!(next.status, 503, "{lenient}");
            }
            let any_age = talk.send(asking(CacheMode::OnlyIfCached, &[])).await;
            assert_eq!(any_age.status, 504);
        }
    }
}

/// FETCH-4, FETCH-11
#[tokio::test]
async fn no_cache_validates_and_freshens() {
    let talk = with_a_response("max-age=60", 30).await;
    talk.origin.will(reply(304).field("x", "new"));
    let answer = talk.send(asking(CacheMode::NoCache, &[])).await;
    assert_eq!(answer.assert_validated().text(), "one");
    assert_eq!(
        talk.origin.last().field("if-none-match").as_deref(),
        Some(TAG)
    );
    let again = talk.get("/a").await;
    assert_eq!(again.assert_hit().field("x").as_deref(), Some("new"));
}

/// FETCH-5, FETCH-6, FETCH-8: the mode outranks what the request says
#[tokio::test]
async fn any_age_will_do_whatever_else_the_request_says() {
    for mode in [CacheMode::ForceCache, CacheMode::OnlyIfCached] {
        for control in ["no-cache", "max-age=0", "min-fresh=100", "max-age=1"] {
            let talk = with_a_response("max-age=60", 90).await;
            let answer = talk.send(asking(mode, &[("cache-control", control)])).await;
            assert_eq!(answer.assert_hit().text(), "one", "{mode:?} {control}");
        }
    }
}

/// FETCH-9, C-61, 9111-4.2.4-1
#[tokio::test]
async fn what_the_response_forbids_no_mode_allows() {
    for (layer, control, is_hit) in [
        (CacheLayer::new(), "max-age=60", true),
        (CacheLayer::new(), "max-age=60, no-cache", false),
        (CacheLayer::new(), "max-age=60, must-revalidate", false),
        (CacheLayer::new(), "max-age=60, proxy-revalidate", true),
        (CacheLayer::new(), "max-age=60, s-maxage=60", true),
        (CacheLayer::shared(), "max-age=60", true),
        (CacheLayer::shared(), "max-age=60, proxy-revalidate", false),
        (CacheLayer::shared(), "s-maxage=60", false),
    ] {
        let talk = Conversation::through(layer);
        talk.store(whole(control)).await.assert_stored();
        talk.clock.advance(90);
        let only = talk.send(asking(CacheMode::OnlyIfCached, &[])).await;
        assert_eq!(only.status, if is_hit { 200 } else { 504 }, "{control}");
        talk.origin.will(reply(304));
        let forced = talk.send(asking(CacheMode::ForceCache, &[])).await;
        assert_eq!(forced.cache.is_hit(), is_hit, "{control}");
        assert_eq!(forced.text(), "one", "{control}");
    }
}

/// FETCH-9, FETCH-11, 9111-4.4-5
#[tokio::test]
async fn what_an_unsafe_request_has_made_wrong_is_reused_in_no_mode() {
    for mode in MODES {
        let talk = with_a_response("max-age=60", 1).await;
        let mut post = request(Method::POST, "/a", &[]);
        post.extensions_mut().insert(mode);
        talk.origin.will(reply(204));
        talk.send(post).await.assert_forwarded(Forward::Method);
        talk.origin.will(other("max-age=60"));
        let next = talk.send(asking(CacheMode::ForceCache, &[])).await;
        assert_eq!(next.text(), "two", "{mode:?}");
    }
}

/// FETCH-7
#[tokio::test]
async fn vary_selects_in_every_mode() {
    for mode in MODES {
        let talk = Conversation::default();
        talk.origin.will(whole("max-age=60").field("vary", "Foo"));
        talk.get_with("/a", &[("foo", "1")]).await.assert_stored();
        if mode != CacheMode::OnlyIfCached {
            talk.origin.will(other("no-store"));
        }
        let answer = talk.send(asking(mode, &[("foo", "2")])).await;
        assert_ne!(answer.text(), "one", "{mode:?}");
        assert!(!answer.cache.is_hit(), "{mode:?}");
    }
}

/// FETCH-10, 9111-5.2.1.7-1: the 504 of the cache and one of the origin's are told apart
#[tokio::test]
async fn a_504_says_whose_it_is() {
    let talk = Conversation::default();
    let ours = talk.send(asking(CacheMode::OnlyIfCached, &[])).await;
    assert_eq!(ours.status, 504);
    assert_eq!(ours.cache.outcome(), Outcome::Unsatisfiable);
    talk.origin.will(reply(504));
    let theirs = talk.get("/a").await;
    assert_eq!(theirs.status, 504);
    theirs.assert_forwarded(Forward::UriMiss);
}

/// FETCH-13, PRJ-5861-2: the mode is the caller's, and the caller has been answered
#[tokio::test]
async fn a_validation_in_the_background_says_nothing_to_other_caches() {
    let talk = with_a_response("max-age=60, stale-while-revalidate=60", 90).await;
    talk.origin.will(reply(304));
    talk.send(asking(CacheMode::Default, &[]))
        .await
        .assert_hit();
    while talk.origin.calls() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(written(&talk), (None, None));
    assert_eq!(
        talk.origin.last().field("if-none-match").as_deref(),
        Some(TAG)
    );
}

/// FETCH-1, C-26: the caller's own conditions are tried against what is stored, or bypass it
#[tokio::test]
async fn conditions_of_the_caller_can_be_left_to_the_origin() {
    for field in [
        ("if-none-match", TAG),
        ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ] {
        for is_on in [false, true] {
            let talk = Conversation::with(|layer| layer.conditional_bypass(is_on));
            talk.store(whole("max-age=60")).await.assert_stored();
            if is_on {
                talk.origin.will(reply(304).field("etag", TAG));
            }
            let answer = talk.get_with("/a", &[field]).await;
            assert_eq!(answer.status, 304, "{field:?}");
            let reason = is_on.then_some(Forward::Bypass);
            assert_eq!(answer.cache.forwarded(), reason, "{field:?}");
        }
    }
}

/// FETCH-12, 9111-7.2-1, 9111-2-2
#[tokio::test]
async fn requests_are_kept_apart_by_a_partition() {
    #[derive(Clone)]
    struct Site(&'static str);

    for layer in [CacheLayer::new(), CacheLayer::shared()] {
        let layer = layer.partition(|_, _, extensions| {
            let site = extensions.get::<Site>()?;
            Some(bytes::Bytes::from_static(site.0.as_bytes()))
        });
        let talk = Conversation::through(layer);
        let of = |site| {
            let mut request = get("/a", &[]);
            request.extensions_mut().insert(Site(site));
            request
        };
        for site in ["one", "two", ""] {
            talk.origin.will(whole("max-age=60"));
            let first = talk.send(of(site)).await;
            first.assert_forwarded(Forward::UriMiss).assert_stored();
            talk.send(of(site)).await.assert_hit();
        }
        // Nobody knows whose this would be.
        for _ in 0..2 {
            talk.origin.will(whole("max-age=60"));
            let unknown = talk.get("/a").await;
            unknown.assert_forwarded(Forward::Bypass);
            unknown.assert_not_stored(NotStored::Bypass);
        }
        assert_eq!(talk.handle.len(), 3);
        // An unsafe request reaches them all.
        talk.origin.will(reply(204));
        talk.send(request(Method::POST, "/a", &[])).await;
        for site in ["one", "two", ""] {
            talk.origin.will(reply(304));
            talk.send(of(site)).await.assert_validated();
        }
    }
}

/// FETCH-6, FETCH-10: whatever happens, the origin is not asked
#[tokio::test]
async fn only_if_cached_never_asks_the_origin() {
    for fields in [
        &[][..],
        &[("range", "bytes=0-1")],
        &[("if-match", TAG)],
        &[("cache-control", "no-store")],
    ] {
        let talk = Conversation::default();
        talk.origin.will(Reply::fails(OriginError("asked")));
        let answer = talk.send(asking(CacheMode::OnlyIfCached, fields)).await;
        assert_eq!(answer.status, 504, "{fields:?}");
        let disabled = talk.handle.pause();
        let answer = talk.send(asking(CacheMode::OnlyIfCached, fields)).await;
        assert_eq!(answer.status, 504, "{fields:?}");
        drop(disabled);
        assert_eq!(talk.origin.calls(), 0, "{fields:?}");
    }
}
