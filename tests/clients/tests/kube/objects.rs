//! Objects, lists and watches.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt};
use http::{Request, StatusCode};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{
    DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use kube::client::Body;
use kube::{Api, Error};
use serde_json::json;
use tower_client_cache::{CacheMode, CacheStatus, Forward, NotStored};

use super::{cluster, cluster_with_lifetimes, status};

fn data(map: ConfigMap) -> BTreeMap<String, String> {
    map.data.expect("it has data")
}

async fn colour(maps: &Api<ConfigMap>) -> String {
    let map = maps.get("a").await.expect("a config map");
    data(map)["colour"].clone()
}

async fn names(maps: &Api<ConfigMap>) -> Vec<String> {
    let list = maps.list(&ListParams::default()).await.expect("a list");
    let names = list.items.into_iter().map(|map| map.metadata.name);
    names.map(|name| name.expect("a name")).collect()
}

/// 9111-5.2.2.4-1: what an API server says of an object is that it may not be reused without validation, and it gives
/// nothing to validate with. So each request is answered as without the cache, and nothing is held.
#[tokio::test]
async fn objects_and_lists_come_from_the_server_each_time() {
    let (server, cache, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    for _ in 0..2 {
        assert_eq!(colour(&maps).await, "red");
        assert_eq!(names(&maps).await, ["a"]);
    }
    assert_eq!(server.calls(), 4);
    assert!(cache.is_empty());

    let path = "/api/v1/namespaces/default/configmaps/a";
    for mode in [CacheMode::Default, CacheMode::ForceCache] {
        let request = Request::get(path).extension(mode).body(Body::empty());
        let status = status(&client, request.expect("a request")).await;
        assert_eq!(status.forwarded(), Some(Forward::UriMiss), "{mode:?}");
        assert!(status.not_stored().is_some(), "{status}");
    }
}

/// Promise 4: each event is there before the server has written the next one.
#[tokio::test]
async fn a_watch_streams_through_the_cache_and_is_not_stored() {
    let (server, cache, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    for _ in 0..2 {
        let frames = server.will_tell();
        let events = maps.watch(&WatchParams::default(), "0").await;
        let mut events = events.expect("a head").boxed();
        for event in [
            r#"{"type":"ADDED","object":{"metadata":{"name":"b"}}}"#,
            r#"{"type":"DELETED","object":{"metadata":{"name":"b"}}}"#,
        ] {
            assert!(frames.data(event) && frames.data("\n"), "somebody reads");
            let told = events.try_next().await.expect("no error");
            let (WatchEvent::Added(map) | WatchEvent::Deleted(map)) = told.expect("an event")
            else {
                panic!("another event than {event}");
            };
            assert_eq!(map.metadata.name.as_deref(), Some("b"));
        }
        drop(frames);
        assert!(events.try_next().await.expect("no error").is_none());
    }
    assert_eq!(server.calls(), 2);
    assert!(cache.is_empty());
    assert_eq!(cache.stats().recording(), 0);
}

/// Promise 6: kube makes its error of what the server says, as without the cache.
#[tokio::test]
async fn an_error_of_kubernetes_is_as_without_the_cache() {
    let (_server, cache, client) = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let mut told = Vec::new();
    for _ in 0..2 {
        assert!(maps.get_opt("none").await.expect("no error").is_none());
        let error = maps.get("none").await.expect_err("there is none");
        let Error::Api(status) = error else {
            panic!("{error:?}");
        };
        assert_eq!(status.code, 404);
        assert_eq!(status.reason, "NotFound");
        told.push(format!("{status:?}"));
        cache.disable();
    }
    assert_eq!(told[0], told[1]);
    assert!(cache.is_empty());
}

/// Promise 6: a server that is not there, too.
#[tokio::test]
async fn an_error_of_the_client_below_reaches_kube_as_it_is() {
    let (server, _, client) = cluster().await;
    drop(server);
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let error = maps.get("a").await.expect_err("nobody listens");
    let Error::Service(error) = error else {
        panic!("{error:?}");
    };
    let error = error.downcast::<hyper_util::client::legacy::Error>();
    assert!(error.expect("the client's own").is_connect());
}

/// 9111-4.2-1: where a server does give lifetimes, they count.
#[tokio::test]
async fn an_object_that_is_fresh_is_not_asked_for_again() {
    let (server, cache, client) = cluster_with_lifetimes().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    for _ in 0..3 {
        assert_eq!(colour(&maps).await, "red");
        assert_eq!(names(&maps).await, ["a"]);
    }
    assert_eq!(server.calls(), 2);
    assert_eq!(cache.stats().hits(), 4);
}

/// 9111-4.4-1, and `Invalidates`: kube writes to `/a?`, which is not the URI that it reads.
#[tokio::test]
async fn a_write_makes_the_object_and_its_lists_be_asked_for_anew() {
    let (server, cache, client) = cluster_with_lifetimes().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    assert_eq!(colour(&maps).await, "red");
    assert_eq!(names(&maps).await, ["a"]);

    let patch = Patch::Merge(json!({ "data": { "colour": "blue" } }));
    let patched = maps.patch("a", &PatchParams::default(), &patch).await;
    assert_eq!(data(patched.expect("a config map"))["colour"], "blue");
    assert!(cache.is_empty());
    assert_eq!(colour(&maps).await, "blue");

    let new = json!({ "metadata": { "name": "b" }, "data": { "colour": "green" } });
    let new: ConfigMap = serde_json::from_value(new).expect("a config map");
    maps.create(&PostParams::default(), &new)
        .await
        .expect("it is made");
    assert_eq!(names(&maps).await, ["a", "b"]);

    maps.delete("a", &DeleteParams::default())
        .await
        .expect("it is done");
    assert!(maps.get_opt("a").await.expect("no error").is_none());
    assert_eq!(names(&maps).await, ["b"]);

    let writes = server.asked().into_iter();
    let writes = writes.filter(|(head, _)| !head.method.is_safe());
    let writes: Vec<_> = writes.map(|(head, _)| head.uri.to_string()).collect();
    assert!(writes.iter().all(|uri| uri.contains('?')), "{writes:?}");
}

/// What the server says of an object: kept in mind here, so that the tests above show what they say.
#[tokio::test]
async fn the_server_sends_what_api_servers_send() {
    let (_server, _, client) = cluster().await;
    let path = "/api/v1/namespaces/default/configmaps/a";
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let response = client.send(request).await.expect("a head");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-cache, private");
    assert!(!response.headers().contains_key("etag"));
    let status: &CacheStatus = response.extensions().get().expect("a status");
    assert_eq!(status.not_stored(), Some(NotStored::NoValidator));
}
