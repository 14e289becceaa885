//! What a server serves, and its descriptions.

use std::time::Duration;

use clients::ApiServer;
use http::{Request, StatusCode, Uri};
use kube::Client;
use kube::client::Body;
use support::Clock;
use tower_client_cache::{CacheHandle, CacheLayer, Rule};

use super::{cache, client, config, status};

const DESCRIPTION: &str = "/openapi/v3/apis/apps/v1?hash=0F1E2D3C";

struct Setting {
    clock: Clock,
    server: ApiServer,
    cache: CacheHandle,
    client: Client,
}

async fn setting(set: impl FnOnce(CacheLayer, &Uri) -> CacheLayer) -> Setting {
    let clock = Clock::default();
    let server = ApiServer::start(&clock).await;
    let cache = set(cache(&clock), &server.uri());
    Setting {
        client: client(&config(&server, "alice", None), &cache),
        cache: cache.handle(),
        clock,
        server,
    }
}

impl Setting {
    /// The groups that are served.
    async fn groups(&self) -> usize {
        let groups = self.client.list_api_groups_aggregated().await;
        groups.expect("a list").items.len()
    }

    fn answers(&self) -> Vec<StatusCode> {
        let asked = self.server.asked().into_iter();
        asked.map(|(_, status)| status).collect()
    }

    async fn description(&self, path: &str) -> String {
        let request = Request::get(path).body(Vec::new()).expect("a request");
        self.client.request_text(request).await.expect("a document")
    }
}

/// 9111-4.3.1-3, 9111-4.3.3-1: it has an entity tag and no lifetime. So it is always up to date, and is sent only when
/// it has changed.
#[tokio::test]
async fn aggregated_discovery_is_validated_each_time_and_sent_once() {
    let it = setting(|cache, _| cache).await;
    for _ in 0..3 {
        assert_eq!(it.groups().await, 3);
        it.clock.advance(10);
    }
    let (once, not_again) = (StatusCode::OK, StatusCode::NOT_MODIFIED);
    assert_eq!(it.answers(), [once, not_again, not_again]);
    assert_eq!(it.cache.stats().validated(), 2);

    it.server.install();
    assert_eq!(it.groups().await, 4);
    assert_eq!(it.answers()[3..], [StatusCode::OK]);
}

/// Discovery is fresh for a minute, whatever the server does not say.
fn for_a_minute(cache: CacheLayer, base: &Uri) -> CacheLayer {
    let apis = format!("{base}apis").parse().expect("a URI");
    cache.rules([Rule::new()
        .prefix(&apis)
        .default_lifetime(Duration::from_secs(60))])
}

/// A user who can live with a list that is a minute old says so by a rule, and the server is not asked at all.
#[tokio::test]
async fn by_a_rule_discovery_is_fresh_for_as_long_as_the_user_says() {
    let it = setting(for_a_minute).await;
    for _ in 0..3 {
        assert_eq!(it.groups().await, 3);
        it.clock.advance(10);
    }
    assert_eq!(it.answers(), [StatusCode::OK]);

    it.clock.advance(31);
    assert_eq!(it.groups().await, 3);
    assert_eq!(it.answers()[1..], [StatusCode::NOT_MODIFIED]);
}

/// 9111-4.1-1: the same URI has the short list for who does not ask for the long one.
#[tokio::test]
async fn the_list_of_groups_is_not_confused_with_aggregated_discovery() {
    let it = setting(for_a_minute).await;
    for _ in 0..2 {
        assert_eq!(it.groups().await, 3);
        let groups = it.client.list_api_groups().await.expect("a list");
        assert!(groups.groups.is_empty());
    }
    // The long one once; the short one, which is `no-cache` and has no validator, each time.
    assert_eq!(it.answers(), [StatusCode::OK; 3]);
}

/// 9111-4.2-5, 9111-5.3-1: API servers write `UTC` into `Expires`, which is no date of HTTP and means that it has passed.
#[tokio::test]
async fn a_description_is_validated_because_its_expiry_is_no_date() {
    let it = setting(|cache, _| cache).await;
    for _ in 0..2 {
        assert!(it.description(DESCRIPTION).await.contains("3.0.0"));
    }
    assert_eq!(it.answers(), [StatusCode::OK, StatusCode::NOT_MODIFIED]);
}

/// A description's URI has the hash of its content, so by a rule it is as fresh as the server means it to be.
#[tokio::test]
async fn by_a_rule_a_description_is_not_asked_for_again() {
    let year = |cache: CacheLayer, base: &Uri| {
        let descriptions = format!("{base}openapi/v3").parse().expect("a URI");
        let year = Duration::from_secs(365 * 86_400);
        cache.rules([Rule::new().prefix(&descriptions).min_lifetime(year)])
    };
    let it = setting(year).await;
    for _ in 0..3 {
        assert!(it.description(DESCRIPTION).await.contains("3.0.0"));
        it.clock.advance(86_400);
    }
    assert_eq!(it.answers(), [StatusCode::OK]);

    // What says `no-cache` no rule makes fresh: here, that the hash is another one by now.
    for _ in 0..2 {
        let old = Request::get("/openapi/v3/apis/apps/v1?hash=0").body(Body::empty());
        let status = status(&it.client, old.expect("a request")).await;
        assert!(!status.is_hit(), "{status}");
    }
}
