//! The table of the documentation's page `precedence`, line by line.

use std::time::Duration;

use http::{Request, Uri};
use support::{Conversation, Reply, get, reply};
use tower_client_cache::{
    CacheLayer, CacheMode, Forward, Lifetime, LifetimeSource, Mode, NotStored, Outcome, Rule,
};

const HOUR: Duration = Duration::from_secs(3600);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn with(rules: impl IntoIterator<Item = Rule>) -> Conversation {
    Conversation::with(|layer| layer.rules(rules))
}

/// How long what is stored for `/a` is fresh, and who says so.
fn told(talk: &Conversation) -> (u64, LifetimeSource) {
    let stored = talk.handle.peek(&get("/a", &[])).expect("it is stored");
    (stored.lifetime().as_secs(), stored.lifetime_source())
}

fn fresh(seconds: u64) -> Reply {
    let control = format!("max-age={seconds}");
    reply(200)
        .control(&control)
        .field("etag", "\"1\"")
        .body("x")
}

/// Line 1 before line 2
#[tokio::test]
async fn the_mode_of_the_cache_outranks_that_of_a_request() {
    let talk = Conversation::default();
    talk.store(fresh(60)).await;
    talk.handle.set_mode(Mode::Refresh);
    let mut asked = get("/a", &[]);
    asked.extensions_mut().insert(CacheMode::OnlyIfCached);
    let answer = talk.send(asked).await;
    assert_ne!(answer.cache.outcome(), Outcome::Hit);
    talk.handle.set_mode(Mode::ReadOnly);
    let mut asked = get("/b", &[]);
    asked.extensions_mut().insert(Lifetime(HOUR));
    talk.origin.will(fresh(60));
    talk.send(asked)
        .await
        .assert_not_stored(NotStored::Disabled);
}

/// Line 2 before line 3, and before line 4
#[tokio::test]
async fn an_extension_outranks_what_the_request_says_and_the_limits_of_rules() {
    let limits = Rule::new()
        .min_lifetime(seconds(100))
        .max_lifetime(seconds(200));
    let talk = with([limits]);
    for lifetime in [10, 1000] {
        let mut asked = get("/a", &[("cache-control", "no-cache")]);
        asked.extensions_mut().insert(Lifetime(seconds(lifetime)));
        talk.origin.will(fresh(60));
        talk.send(asked).await.assert_stored();
        assert_eq!(told(&talk), (lifetime, LifetimeSource::Request));
    }
    let mut asked = get("/a", &[("cache-control", "no-cache")]);
    asked.extensions_mut().insert(CacheMode::ForceCache);
    talk.send(asked).await.assert_hit();
}

/// Line 3 before line 4: 9111-5.2.1.1-1
#[tokio::test]
async fn what_a_request_says_outranks_the_limits_of_rules() {
    let talk = with([Rule::new().min_lifetime(HOUR)]);
    talk.store(fresh(60)).await;
    talk.clock.advance(100);
    talk.get("/a").await.assert_hit();
    talk.origin.will(reply(304));
    let asked = [("cache-control", "max-age=50")];
    talk.get_with("/a", &asked)
        .await
        .assert_forwarded(Forward::Request);
}

/// Line 4 before lines 5 and 6
#[tokio::test]
async fn the_limits_of_rules_outrank_what_a_response_says_and_the_default() {
    let limits = || {
        Rule::new()
            .min_lifetime(seconds(100))
            .max_lifetime(seconds(200))
    };
    for (said, expected) in [(60, 100), (150, 150), (999, 200)] {
        let talk = with([limits()]);
        talk.store(fresh(said)).await.assert_stored();
        let source = if said == expected {
            LifetimeSource::MaxAge
        } else {
            LifetimeSource::Rule
        };
        assert_eq!(told(&talk), (expected, source));
    }
    let talk = with([limits().default_lifetime(HOUR)]);
    talk.store(reply(200).body("x")).await.assert_stored();
    assert_eq!(told(&talk), (200, LifetimeSource::Rule));
    let talk = with([Rule::new()
        .min_lifetime(seconds(300))
        .max_lifetime(seconds(200))]);
    talk.store(fresh(1)).await;
    assert_eq!(
        told(&talk),
        (200, LifetimeSource::Rule),
        "the limit upwards counts"
    );
}

/// Line 5 before line 6
#[tokio::test]
async fn what_a_response_says_outranks_the_default_of_a_rule() {
    let talk = with([Rule::new().default_lifetime(HOUR)]);
    talk.store(fresh(60)).await;
    assert_eq!(told(&talk), (60, LifetimeSource::MaxAge));
    let expires = reply(200)
        .field("expires", talk.clock.date(30))
        .field("etag", "\"1\"");
    talk.clock.advance(60);
    talk.store(expires.body("x")).await;
    assert_eq!(told(&talk).1, LifetimeSource::Expires);
    let shared =
        Conversation::shared_with(|layer| layer.rules([Rule::new().default_lifetime(HOUR)]));
    shared
        .store(reply(200).control("s-maxage=7, max-age=9").body("x"))
        .await;
    assert_eq!(told(&shared), (7, LifetimeSource::SMaxage));
}

/// Line 6 before line 7
#[tokio::test]
async fn the_default_of_a_rule_outranks_a_guess() {
    let modified = |talk: &Conversation| {
        let date = talk.clock.date(-1000);
        reply(200).field("last-modified", date).body("x")
    };
    let talk = with([Rule::new().default_lifetime(HOUR)]);
    talk.store(modified(&talk)).await;
    assert_eq!(told(&talk), (3600, LifetimeSource::Rule));
    let talk = with([Rule::new()]);
    talk.store(modified(&talk)).await;
    assert_eq!(told(&talk), (100, LifetimeSource::Heuristic));
    let talk = with([Rule::new().no_heuristics()]);
    talk.store(modified(&talk)).await;
    assert_eq!(told(&talk), (0, LifetimeSource::None));
}

#[tokio::test]
async fn of_two_rules_the_first_counts() {
    let first = Rule::new().default_lifetime(seconds(10)).tags(["one"]);
    let second = Rule::new()
        .default_lifetime(seconds(20))
        .max_lifetime(seconds(5))
        .tags(["two"]);
    let talk = with([first, second]);
    talk.store(reply(200).body("x")).await.assert_stored();
    assert_eq!(told(&talk), (5, LifetimeSource::Rule));
    let stored = talk.handle.peek(&get("/a", &[])).expect("it is stored");
    assert!(stored.tags().eq(["one", "two"]));
}

/// Path and fields of a request, what answers it, and the tags that it has then.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], Reply, &'a [&'a str]);

type Set = fn(CacheLayer) -> CacheLayer;

/// What stands outside of the table: 9111-5.2.2.5-1, 9111-5.2.2.7-1, 9111-5.2.2.4-1, 9111-5.2.2.2-1, C-33
#[tokio::test]
async fn nothing_lifts_what_keeps_users_safe() {
    let set: Set = |layer| layer.rules([Rule::new().default_lifetime(HOUR).min_lifetime(HOUR)]);
    let asking = |fields: &[(&str, &str)]| {
        let mut asked = get("/a", fields);
        asked.extensions_mut().insert(Lifetime(HOUR));
        asked
    };
    let talk = Conversation::with(set);
    talk.origin.will(fresh(60).control("no-store"));
    talk.send(asking(&[]))
        .await
        .assert_not_stored(NotStored::NoStore);
    talk.origin.will(fresh(60));
    let no_store = asking(&[("cache-control", "no-store")]);
    talk.send(no_store)
        .await
        .assert_not_stored(NotStored::RequestNoStore);
    talk.origin.will(reply(500).body("x"));
    talk.send(asking(&[]))
        .await
        .assert_not_stored(NotStored::NotCacheable);
    let (frames, cut_off) = fresh(60).field("content-length", "5").streamed();
    frames.data("1234");
    drop(frames);
    talk.origin.will(cut_off);
    talk.send(asking(&[])).await;
    assert!(talk.handle.is_empty());

    for control in [
        "max-age=0, must-revalidate",
        "max-age=60, no-cache",
        "max-age=9, must-revalidate",
    ] {
        talk.origin.will(fresh(60).control(control));
        talk.send(asking(&[])).await.assert_stored();
        talk.clock.advance(10);
        talk.origin.will(reply(304));
        talk.send(asking(&[])).await.assert_validated();
        talk.handle.clear();
    }
    talk.origin.will(fresh(60));
    talk.send(asking(&[("authorization", "Bearer 1")]))
        .await
        .assert_stored();
    talk.origin.will(fresh(60).body("another's"));
    let other = talk.send(asking(&[("authorization", "Bearer 2")])).await;
    assert_eq!(other.text(), "another's");

    let shared = Conversation::shared_with(set);
    shared.origin.will(fresh(60).control("private, max-age=60"));
    shared
        .send(asking(&[]))
        .await
        .assert_not_stored(NotStored::Private);
}

/// A rule speaks of what it is about.
#[tokio::test]
async fn a_rule_holds_where_all_its_conditions_do() {
    let (origin, below) = (
        Uri::from_static("http://O.test:80"),
        Uri::from_static("http://o.test/a/"),
    );
    let relative = Uri::from_static("/a");
    let talk = with([
        Rule::new().origin(&relative).never_store(),
        Rule::new().prefix(&below).tags(["below"]),
        Rule::new().origin(&origin).tags(["origin"]),
        Rule::new()
            .requests(|uri, fields| uri.path() == "/q" && fields.contains_key("x"))
            .tags(["asked"]),
        Rule::new()
            .responses(|status, fields| status == 404 && fields.contains_key("x"))
            .tags(["answered"]),
        Rule::new()
            .origin(&origin)
            .requests(|uri, _| uri.query() == Some("no"))
            .never_store(),
    ]);
    let x: &[(&str, &str)] = &[("x", "1")];
    let table: [Row<'_>; 7] = [
        ("/a", &[], fresh(60), &["origin"]),
        ("/a/b?c", &[], fresh(60), &["below", "origin"]),
        ("/ab", &[], fresh(60), &["origin"]),
        ("https://o.test/a/", &[], fresh(60), &[]),
        ("/q", x, fresh(60), &["asked", "origin"]),
        ("/q?", &[], fresh(60), &["origin"]),
        (
            "/n",
            &[],
            reply(404).control("max-age=60").field("x", "1"),
            &["answered", "origin"],
        ),
    ];
    for (path, fields, reply, expected) in table {
        talk.origin.will(reply);
        talk.get_with(path, fields).await.assert_stored();
        let stored = talk.handle.peek(&get(path, fields)).expect("it is stored");
        let mut tags: Vec<_> = stored.tags().collect();
        tags.sort_unstable();
        assert_eq!(tags, expected, "{path}");
    }
    talk.origin.will(fresh(60));
    talk.get("/a?no").await.assert_not_stored(NotStored::Rule);
}

/// Rules are one value: a request sees the old ones or the new ones. A 304 goes by the new ones.
#[tokio::test]
async fn rules_change_at_once() {
    let talk = with([Rule::new().min_lifetime(HOUR)]);
    talk.store(fresh(60)).await;
    talk.handle.set_rules([
        Rule::new().max_lifetime(seconds(10)),
        Rule::new().tags(["new"]),
    ]);
    assert_eq!(
        told(&talk),
        (3600, LifetimeSource::Rule),
        "as it was stored"
    );
    talk.origin.will(reply(304).control("max-age=60"));
    talk.get_with("/a", &[("cache-control", "no-cache")])
        .await
        .assert_validated();
    assert_eq!(told(&talk), (10, LifetimeSource::Rule));
    let stored = talk.handle.peek(&get("/a", &[])).expect("it is stored");
    assert!(stored.tags().eq(["new"]));
    talk.handle.set_rules([]);
    talk.origin.will(fresh(60));
    talk.get_with("/a", &[("cache-control", "no-cache")])
        .await
        .assert_stored();
    assert_eq!(told(&talk), (60, LifetimeSource::MaxAge));
    talk.handle.set_rules([Rule::new().never_store()]);
    talk.get("/a").await.assert_hit();
    talk.origin.will(reply(304));
    let refused = talk.get_with("/a", &[("cache-control", "no-cache")]).await;
    refused.assert_not_stored(NotStored::Rule);
}

/// 9111-4.1-1: fields that make no difference to anybody need not tell variants apart; credentials always do.
#[tokio::test]
async fn a_rule_can_ignore_fields_that_vary_names() {
    let ignored = ["user-agent", "cookie"].map(|name| name.parse().expect("a name"));
    let talk = with([Rule::new().ignore_vary(ignored)]);
    talk.origin
        .will(fresh(60).field("vary", "User-Agent, Cookie, Accept-Language"));
    talk.get_with("/a", &[("user-agent", "one"), ("accept-language", "de")])
        .await;
    talk.get_with("/a", &[("user-agent", "two"), ("accept-language", "de")])
        .await
        .assert_hit();
    talk.origin.will(fresh(60));
    talk.get_with("/a", &[("accept-language", "fr")])
        .await
        .assert_forwarded(Forward::VaryMiss);
    talk.origin.will(fresh(60));
    let other = [("accept-language", "de"), ("cookie", "id=1")];
    talk.get_with("/a", &other)
        .await
        .assert_forwarded(Forward::UriMiss);
    talk.origin.will(fresh(60).field("vary", "*"));
    talk.get("/b").await.assert_not_stored(NotStored::Vary);
}

/// Parameters that make no difference are left out of the key, and of nothing else.
#[tokio::test]
async fn a_rule_can_ignore_parameters_of_a_query() {
    let talk = with([Rule::new().ignore_query(["utm_source", "utm medium"])]);
    talk.origin.will(fresh(60));
    talk.get("/a?b=1&utm_source=x&c").await.assert_stored();
    assert_eq!(talk.origin.last().uri.query(), Some("b=1&utm_source=x&c"));
    for same in [
        "/a?b=1&c",
        "/a?utm_source&b=1&c",
        "/a?b=1&utm%5fsource=%26&utm_source=y&c",
        "/a?utm%20medium=1&b=1&c",
    ] {
        talk.get(same).await.assert_hit();
    }
    for other in [
        "/a?c&b=1",
        "/a",
        "/a?b=1&c&UTM_SOURCE=x",
        "/a?b=1&c&utm_source2",
    ] {
        talk.origin.will(reply(200).control("no-store"));
        talk.get(other).await.assert_forwarded(Forward::UriMiss);
    }
    talk.origin.will(fresh(60));
    talk.get("/b?utm_source=x").await;
    talk.get("/b").await.assert_hit();
    talk.origin.will(reply(200).control("no-store"));
    talk.get("/b?").await.assert_forwarded(Forward::UriMiss);
    // What is unsafe, and what is purged, is so for what is stored.
    talk.origin.will(reply(204));
    let delete = Request::delete("http://o.test/b?utm_source=z").body(http_body_util::Empty::new());
    talk.send(delete.expect("a request")).await;
    let stored = talk
        .handle
        .peek(&get("/b", &[]))
        .expect("it has a validator");
    assert!(stored.needs_validation());
    let uri = Uri::from_static("http://o.test/b?utm_source=q");
    assert_eq!(talk.handle.purge(&uri).responses(), 1);
    talk.handle.set_rules([]);
    assert!(talk.handle.is_empty(), "keys are others now");
}

/// C-53: the last URI of a redirect is compared by what counts.
#[tokio::test]
async fn what_is_ignored_makes_no_redirect() {
    let talk = Conversation::with(|layer| {
        let layer = layer.rules([Rule::new().ignore_query(["t"])]);
        layer.final_uri(|extensions| extensions.get::<Uri>().cloned())
    });
    let came_from = Uri::from_static("http://o.test/a?t=2");
    talk.origin.will(fresh(60).extension(came_from));
    talk.get("/a?t=2").await.assert_stored();
}

/// 9111-5.2.2.10-1, C-34: what `s-maxage` says is not stretched, and no rule has one user answered with another's.
#[tokio::test]
async fn no_rule_makes_a_shared_cache_less_safe() {
    let set = |layer: CacheLayer| {
        let ignored = ["cookie", "x-other"].map(|name| name.parse().expect("a name"));
        layer.rules([Rule::new().min_lifetime(HOUR).ignore_vary(ignored)])
    };
    let talk = Conversation::shared_with(set);
    for control in ["s-maxage=10", "max-age=10, proxy-revalidate"] {
        talk.store(fresh(60).control(control)).await.assert_stored();
        assert_eq!(told(&talk).0, 10, "{control}");
        talk.handle.clear();
    }
    talk.store(fresh(10)).await.assert_stored();
    assert_eq!(told(&talk).0, 3600);
    talk.origin.will(fresh(60).field("vary", "cookie, x-other"));
    let alice = [("cookie", "id=1"), ("x-other", "1")];
    talk.get_with("/b", &alice).await.assert_stored();
    talk.get_with("/b", &[("cookie", "id=1"), ("x-other", "2")])
        .await
        .assert_hit();
    talk.origin.will(fresh(60));
    let bob = [("cookie", "id=2"), ("x-other", "1")];
    talk.get_with("/b", &bob)
        .await
        .assert_forwarded(Forward::VaryMiss);
}

/// C-01, 9110-4.2.3-1: a rule holds for a URI however that is written, though a shared cache keeps apart what is written in
/// two ways. Else who writes it in another way would have stored what is not to be.
#[tokio::test]
async fn a_rule_holds_for_a_uri_however_it_is_written() {
    for written in ["/~a", "/%7Ea", "/%7ea", "/%7E%61"] {
        let place: Uri = format!("http://o.test{written}").parse().expect("a URI");
        let rules = [
            Rule::new().prefix(&place).tags(["placed"]),
            Rule::new()
                .requests(|uri, _| uri.path().starts_with("/~a"))
                .tags(["asked"]),
            Rule::new().prefix(&place).ignore_query(["t"]),
        ];
        let set = |layer: CacheLayer| layer.rules(rules);
        for talk in [
            Conversation::with(set.clone()),
            Conversation::shared_with(set),
        ] {
            for asked in ["/~a/b?t=1", "/%7Ea/b?t=1", "/%7ea/b?t=1", "/~%61/b?t=1"] {
                talk.handle.clear();
                talk.origin.will(fresh(60));
                talk.get(asked).await.assert_stored();
                let stored = talk.handle.entries().next().expect("it is stored");
                let tags: Vec<_> = stored.tags().collect();
                assert_eq!(tags, ["asked", "placed"], "{written} {asked}");
                assert!(!stored.uri().contains('?'), "{written} {asked}");
                talk.get(&asked.replace("t=1", "t=2")).await.assert_hit();
                let uri: Uri = format!("http://o.test{asked}").parse().expect("a URI");
                assert_eq!(talk.handle.purge(&uri).responses(), 1, "{asked}");
            }
        }
    }
}
