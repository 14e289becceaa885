//! octocrab: its own layers above the cache, against a server that behaves as GitHub's does.

use std::sync::Arc;

use clients::{GitHub, LIMIT, http_client, writes_collection};
use http::{HeaderValue, StatusCode, header};
use octocrab::models::Label;
use octocrab::service::middleware::auth_header::AuthHeaderLayer;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::{AuthState, Error, OctoBody, Octocrab, OctocrabBuilder};
use serde_json::Value;
use support::Clock;
use tower::util::MapRequestLayer;
use tower_client_cache::{CacheLayer, CacheStatus};

/// octocrab with the cache in it. The cache is the innermost layer: what is put on a request by octocrab's own, the token
/// among it, the cache sees.
fn octocrab(github: &GitHub, cache: &CacheLayer, token: Option<&str>) -> Octocrab {
    let token = token.map(|token| {
        let value = format!("Bearer {token}").parse();
        value.expect("a field value")
    });
    let agent = HeaderValue::from_static("octocrab");
    let Ok(octocrab) = OctocrabBuilder::new_empty()
        .with_service(http_client::<OctoBody>())
        .with_layer(cache)
        .with_layer(&MapRequestLayer::new(writes_collection))
        .with_layer(&BaseUriLayer::new(github.uri()))
        .with_layer(&ExtraHeadersLayer::new(Arc::new(vec![(
            header::USER_AGENT,
            agent,
        )])))
        .with_layer(&AuthHeaderLayer::new(token, github.uri(), github.uri()))
        .with_auth(AuthState::None)
        .build();
    octocrab
}

/// A cache that tells the time by a clock of the test, a server that does too, and octocrab with a token.
struct Setting {
    clock: Clock,
    cache: CacheLayer,
    github: GitHub,
    octocrab: Octocrab,
}

const LABELS: [&str; 5] = ["bug", "docs", "help", "idea", "wish"];

async fn setting() -> Setting {
    let clock = Clock::default();
    let cache = CacheLayer::new().clock(clock.clone());
    let github = GitHub::start(&clock, &LABELS).await;
    Setting {
        octocrab: octocrab(&github, &cache, Some("alice")),
        clock,
        cache,
        github,
    }
}

/// All labels of the repository, which are three pages.
async fn labels(octocrab: &Octocrab) -> Vec<String> {
    let issues = octocrab.issues("owner", "repository");
    let first = issues.list_labels_for_repo().per_page(2).send().await;
    let first = first.expect("a first page");
    let labels = octocrab.all_pages(first).await.expect("all pages");
    labels.into_iter().map(|label: Label| label.name).collect()
}

/// What the cache says about a page that is asked for, and what the page says is left of the rate limit.
async fn remaining(octocrab: &Octocrab) -> (CacheStatus, usize) {
    let response = octocrab._get("/repos/owner/repository/labels/bug").await;
    let response = response.expect("a head");
    let status = *response.extensions().get().expect("a status");
    let left = response.headers()["x-ratelimit-remaining"].to_str();
    let left = left.expect("a number").parse().expect("a number");
    // A response is stored when it has been read.
    http_body_util::BodyExt::collect(response.into_body())
        .await
        .expect("a whole body");
    (status, left)
}

/// 9111-4.2-1, PRJ-L-5: `Link` is stored with each page, so octocrab finds the next one.
#[tokio::test]
async fn fresh_pages_spend_nothing_of_the_rate_limit() {
    let it = setting().await;
    assert_eq!(labels(&it.octocrab).await, LABELS);
    assert_eq!(it.github.used("alice"), 3);

    for _ in 0..5 {
        it.clock.advance(10);
        assert_eq!(labels(&it.octocrab).await, LABELS);
    }
    assert_eq!(it.github.used("alice"), 3);
    assert_eq!(it.github.answers(), [StatusCode::OK; 3]);
    assert_eq!(it.cache.handle().stats().hits(), 15);
}

/// 9111-4.3.1-3, 9111-4.3.3-1, 9111-3.2-1: GitHub counts no 304; and its 304 has no `Link`, which stays as it is stored.
#[tokio::test]
async fn stale_pages_are_validated_and_spend_nothing_of_the_rate_limit() {
    let it = setting().await;
    labels(&it.octocrab).await;
    for _ in 0..5 {
        it.clock.advance(3_600);
        assert_eq!(labels(&it.octocrab).await, LABELS);
    }
    assert_eq!(it.github.used("alice"), 3);
    let answers = it.github.answers();
    assert_eq!(answers[..3], [StatusCode::OK; 3]);
    assert_eq!(answers[3..], [StatusCode::NOT_MODIFIED; 15]);
    assert_eq!(it.cache.handle().stats().validated(), 15);
}

/// The measure for the two above.
#[tokio::test]
async fn without_the_cache_each_page_spends_one_request_each_time() {
    let it = setting().await;
    it.cache.handle().disable();
    for _ in 0..5 {
        it.clock.advance(10);
        assert_eq!(labels(&it.octocrab).await, LABELS);
    }
    assert_eq!(it.github.used("alice"), 15);
}

/// 9111-4.3.3-2: only what has changed is sent and counted.
#[tokio::test]
async fn of_stale_pages_only_the_one_that_has_changed_is_counted() {
    let it = setting().await;
    labels(&it.octocrab).await;
    it.github.add("zeal");
    it.clock.advance(61);
    let labels = labels(&it.octocrab).await;
    assert_eq!(labels[..5], LABELS);
    assert_eq!(labels[5..], ["zeal"]);
    assert_eq!(it.github.used("alice"), 4);
    let answers = it.github.answers();
    let changed = [
        StatusCode::NOT_MODIFIED,
        StatusCode::NOT_MODIFIED,
        StatusCode::OK,
    ];
    assert_eq!(answers[3..], changed);
}

/// 9111-4.3.4-3, 9111-3.2-1: a hit says what was left when it was stored, and a 304 says it anew.
#[tokio::test]
async fn what_is_left_of_the_rate_limit_is_as_old_as_the_response() {
    let it = setting().await;
    let (status, left) = remaining(&it.octocrab).await;
    assert!(status.is_stored());
    assert_eq!(left, LIMIT - 1);

    labels(&it.octocrab).await;
    let (status, left) = remaining(&it.octocrab).await;
    assert!(status.is_hit());
    assert_eq!(left, LIMIT - 1);

    it.clock.advance(61);
    let (status, left) = remaining(&it.octocrab).await;
    assert_eq!(status.forward_status(), Some(StatusCode::NOT_MODIFIED));
    assert_eq!(left, LIMIT - 4);
}

/// GitHub counts a 304 to who sends no token; what is fresh is not asked for all the same.
#[tokio::test]
async fn without_a_token_only_what_is_fresh_spends_nothing() {
    let it = setting().await;
    let anonymous = octocrab(&it.github, &it.cache, None);
    for _ in 0..2 {
        labels(&anonymous).await;
    }
    assert_eq!(it.github.used(""), 3);
    it.clock.advance(61);
    labels(&anonymous).await;
    assert_eq!(it.github.used(""), 6);
    assert_eq!(it.github.answers()[3..], [StatusCode::NOT_MODIFIED; 3]);
}

async fn login(octocrab: &Octocrab) -> Value {
    let user: Value = octocrab.get("/user", None::<&()>).await.expect("a user");
    user["login"].clone()
}

/// Promise 8, 9111-4.1-1: two clients through one cache, and one client that is given another token. Both keep them apart:
/// this cache, and GitHub's `Vary`.
#[tokio::test]
async fn different_tokens_never_share_a_response() {
    let it = setting().await;
    let anonymous = octocrab(&it.github, &it.cache, None);
    let bob = anonymous.user_access_token("bob").expect("a client");
    for _ in 0..2 {
        assert_eq!(login(&it.octocrab).await, "alice");
        assert_eq!(login(&bob).await, "bob");
        assert_eq!(login(&anonymous).await, "");
    }
    for token in ["alice", "bob", ""] {
        assert_eq!(it.github.used(token), 1, "{token}");
    }
    let stored: Vec<_> = it.cache.handle().entries().collect();
    assert_eq!(stored.len(), 3);
    assert!(!format!("{stored:?}{:?}", it.cache).contains("alice"));
}

/// 9111-4.4-1: what is stored for the written URI.
#[tokio::test]
async fn after_a_patch_the_page_is_asked_for_anew() {
    let it = setting().await;
    let issues = it.octocrab.issues("owner", "repository");
    for _ in 0..2 {
        issues.get_label("bug").await.expect("a label");
    }
    assert_eq!(it.github.answers().len(), 1);

    issues
        .update_label("bug", "flaw", "", "f29513")
        .await
        .expect("the new one");
    let gone = issues.get_label("bug").await.expect_err("it has gone");
    assert!(
        matches!(&gone, Error::GitHub { source, .. } if source.status_code == StatusCode::NOT_FOUND),
        "{gone:?}"
    );
}

/// 9111-4.4-1, and `Invalidates` for what HTTP does not know of: the pages that the written label is on.
#[tokio::test]
async fn after_a_write_the_pages_of_its_list_are_asked_for_anew() {
    let it = setting().await;
    let issues = it.octocrab.issues("owner", "repository");
    labels(&it.octocrab).await;
    let user = login(&it.octocrab).await;

    let made = issues.create_label("zeal", "f29513", "").await;
    assert_eq!(made.expect("a label").name, "zeal");
    assert_eq!(labels(&it.octocrab).await.last().expect("labels"), "zeal");

    let renamed = issues.update_label("zeal", "zest", "", "f29513").await;
    renamed.expect("a label");
    assert_eq!(labels(&it.octocrab).await.last().expect("labels"), "zest");

    issues.delete_label("zest").await.expect("it is done");
    assert_eq!(labels(&it.octocrab).await, LABELS);

    // What lies elsewhere stays.
    let before = it.github.answers().len();
    assert_eq!(login(&it.octocrab).await, user);
    assert_eq!(it.github.answers().len(), before);
}

/// Promise 6: octocrab makes its error of what GitHub says, as without the cache.
#[tokio::test]
async fn an_error_of_github_is_as_without_the_cache() {
    let it = setting().await;
    let mut told = Vec::new();
    for _ in 0..2 {
        let issues = it.octocrab.issues("owner", "repository");
        let error = issues.get_label("none").await.expect_err("there is none");
        let Error::GitHub { source, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(source.status_code, StatusCode::NOT_FOUND);
        told.push((source.message.clone(), source.documentation_url.clone()));
        it.cache.handle().disable();
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].0, "Not Found");
}
