//! Who asks, and where the cache has to be to know.

use clients::{ApiServer, http_client};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::{Api, Client};
use support::Clock;
use tower::buffer::BufferLayer;
use tower::{BoxError, ServiceBuilder};

use super::{cache, client, config};

/// Who asks, as the server sees it.
async fn user(client: &Client) -> String {
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let me = maps.get("me").await.expect("a config map");
    me.data.expect("it has data")["user"].clone()
}

/// Promise 8: clients through one cache are kept apart by their tokens, and by `Impersonate-User` where the cache is told
/// that it says who asks.
#[tokio::test]
async fn different_users_never_share_a_response() {
    let clock = Clock::default();
    let server = ApiServer::with_lifetimes(&clock).await;
    let cache = cache(&clock).credential("impersonate-user".parse().expect("a name"));
    for _ in 0..2 {
        for (token, name, seen) in [
            ("alice", None, "Bearer alice as nobody"),
            ("bob", None, "Bearer bob as nobody"),
            ("alice", Some("carol"), "Bearer alice as carol"),
        ] {
            let client = client(&config(&server, token, name), &cache);
            assert_eq!(user(&client).await, seen);
        }
    }
    assert_eq!(server.calls(), 3);
}

/// The stack that kube builds by itself is a box, and has its auth inside: a cache around it sees neither where a request
/// goes nor who sends it, and stores nothing.
#[tokio::test]
async fn around_the_whole_of_kubes_own_stack_nothing_is_stored() {
    let clock = Clock::default();
    let server = ApiServer::with_lifetimes(&clock).await;
    let cache = cache(&clock);
    let client = ClientBuilder::try_from(config(&server, "alice", None))
        .expect("a stack")
        .with_layer(&BufferLayer::new(16))
        .with_layer(&cache)
        .build();
    for _ in 0..2 {
        assert_eq!(user(&client).await, "Bearer alice as nobody");
    }
    assert_eq!(server.calls(), 2);
    assert!(cache.handle().is_empty());
}

/// The cache below where the URI is made absolute and above where the token is put on: it cannot tell users apart.
#[tokio::test]
async fn above_the_auth_layer_the_cache_gives_one_users_answer_to_another() {
    let clock = Clock::default();
    let server = ApiServer::with_lifetimes(&clock).await;
    let cache = cache(&clock);
    for token in ["alice", "bob"] {
        let config = config(&server, token, None);
        let service = ServiceBuilder::new()
            .layer(config.base_uri_layer())
            .layer(&cache)
            .option_layer(config.auth_layer().expect("a token"))
            .map_err(BoxError::from)
            .service(http_client::<Body>());
        let client = Client::new(service, "default");
        assert_eq!(user(&client).await, "Bearer alice as nobody");
    }
    assert_eq!(server.calls(), 1);
}
