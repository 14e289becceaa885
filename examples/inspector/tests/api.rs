//! The endpoints over loopback: what they tell, what they do, and whom they refuse.

use std::net::SocketAddr;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use inspector::{Inspector, upstream};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Running {
    address: SocketAddr,
    client: Client<HttpConnector, Body>,
    ending: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Running {
    async fn start() -> Self {
        let upstream = upstream::serve().await.expect("a port");
        let inspector = Inspector::bind(0, upstream).await.expect("a port");
        let (ending, ended) = oneshot::channel();
        Self {
            address: inspector.address(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            ending,
            served: tokio::spawn(inspector.serve(async {
                let _ = ended.await;
            })),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        body: &Value,
    ) -> (StatusCode, String) {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header("content-type", "application/json");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_string()));
        let response = self.client.request(request.expect("a request")).await;
        let response = response.expect("an answer");
        let status = response.status();
        let body = response.into_body().collect().await.expect("a whole body");
        (
            status,
            String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        )
    }

    async fn get(&self, path: &str) -> String {
        let (status, body) = self.send(Method::GET, path, &[], &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).await).expect("it is JSON")
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.send(Method::POST, path, &[], &body).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).expect("it is JSON")
    }

    /// A GET without content: it is one for the store.
    async fn fetch(&self, path: &str) -> StatusCode {
        let uri = format!("http://{}{path}", self.address)
            .parse()
            .expect("a URI");
        let response = self.client.get(uri).await.expect("an answer");
        let status = response.status();
        response.into_body().collect().await.expect("a whole body");
        status
    }

    async fn end(self) {
        self.ending.send(()).expect("it runs");
        drop(self.client);
        self.served.await.expect("no panic").expect("it ends well");
    }
}

#[tokio::test]
async fn what_is_stored_is_told_explained_and_purged() {
    let running = Running::start().await;
    for path in ["/fresh/1", "/fresh/2", "/short/1", "/never/1", "/fresh/1"] {
        assert_eq!(running.fetch(path).await, StatusCode::OK);
    }
    let stats = running.json("/_cache/api/stats").await;
    assert_eq!(
        (&stats["hits"], &stats["forwarded"]),
        (&json!(1), &json!(4))
    );
    let listed = running
        .json("/_cache/api/entries?search=fresh&limit=1")
        .await;
    assert_eq!(listed["total"], 2);
    let entries = listed["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["tags"], json!(["fresh"]));
    assert_eq!(
        (&entries[0]["lifetime"], &entries[0]["source"]),
        (&json!(60), &json!("max-age"))
    );
    let explained = running.json("/_cache/api/explain?url=/fresh/1").await;
    assert_eq!(explained["verdict"], "answer with the stored response");
    let explained = running
        .json("/_cache/api/explain?url=/fresh/1&method=POST")
        .await;
    assert_eq!(explained["verdict"], "forward it (method)");

    let expired = json!({ "kind": "uri", "value": "/short/1" });
    assert_eq!(
        running.post("/_cache/api/expire", expired).await["responses"],
        1
    );
    let stale = json!({ "kind": "stale" });
    assert_eq!(
        running.post("/_cache/api/purge", stale).await["responses"],
        1
    );
    let tagged = json!({ "kind": "tag", "value": "fresh" });
    assert_eq!(
        running.post("/_cache/api/purge", tagged).await["responses"],
        2
    );
    assert_eq!(running.json("/_cache/api/entries").await["total"], 0);

    let offline = json!({ "mode": "Offline" });
    assert_eq!(
        running.post("/_cache/api/mode", offline).await["mode"],
        "Offline"
    );
    assert_eq!(running.fetch("/fresh/1").await, StatusCode::GATEWAY_TIMEOUT);
    let normal = json!({ "mode": "Normal" });
    running.post("/_cache/api/mode", normal).await;
    assert_eq!(running.fetch("/fresh/1").await, StatusCode::OK);
    assert_eq!(
        running.post("/_cache/api/clear", json!({})).await["responses"],
        1
    );
    running.end().await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_so_many_words() {
    let running = Running::start().await;
    for (path, body) in [
        ("/_cache/api/purge", json!({ "kind": "everything" })),
        (
            "/_cache/api/purge",
            json!({ "kind": "uri", "value": "no url" }),
        ),
        (
            "/_cache/api/expire",
            json!({ "kind": "older_than", "value": "soon" }),
        ),
        ("/_cache/api/mode", json!({ "mode": "Sometimes" })),
    ] {
        let (status, _) = running.send(Method::POST, path, &[], &body).await;
        assert!(status.is_client_error(), "{path} {body}: {status}");
    }
    let asked = running.send(
        Method::GET,
        "/_cache/api/explain?url=%20",
        &[],
        &Value::Null,
    );
    assert_eq!(asked.await.0, StatusCode::BAD_REQUEST);
    running.end().await;
}

#[tokio::test]
async fn another_site_is_refused() {
    let running = Running::start().await;
    running.fetch("/fresh/1").await;
    for fields in [
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
        [("origin", "https://evil.test")],
        [("host", "evil.test")],
    ] {
        for (method, path) in [
            (Method::POST, "/_cache/api/clear"),
            (Method::GET, "/_cache"),
        ] {
            let (status, _) = running.send(method, path, &fields, &Value::Null).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{path} {fields:?}");
        }
    }
    assert_eq!(running.json("/_cache/api/entries").await["total"], 1);
    running.end().await;
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let running = Running::start().await;
    let page = running.get("/_cache").await;
    assert!(!page.contains("{nonce}") && !page.contains("https://") && !page.contains("innerHTML"));
    assert_eq!(page.matches("nonce=").count(), 2);
    running.end().await;
}

#[tokio::test]
async fn ticks_are_told_until_it_ends() {
    let running = Running::start().await;
    let uri = format!("http://{}/_cache/api/events", running.address);
    let response = running
        .client
        .get(uri.parse().expect("a URI"))
        .await
        .expect("an answer");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut told = response.into_body();
    let first = told.frame().await.expect("a tick").expect("no error");
    let first = first.into_data().expect("content");
    let first = String::from_utf8_lossy(&first).into_owned();
    assert!(
        first.starts_with("event: tick\n") && first.contains("\"hits\":0"),
        "{first}"
    );
    running.end().await;
    while let Some(more) = told.frame().await {
        more.expect("it ends as it should");
    }
}
