//! The part of Kubernetes' API that the tests ask for, with the fields that API servers send.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};
use support::{Clock, Frames, Loopback, OriginBody};

use crate::answer::{self, Body, set};

/// Where the config maps of the namespace `default` are.
const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// What the document at `/openapi/v3/apis/apps/v1` is known by.
const HASH: &str = "0F1E2D3C";

/// A server that behaves as an API server does to who asks for config maps, for what it serves, and for its
/// descriptions. It stops when it is dropped.
///
/// Objects and lists are `no-cache, private`, without a validator, as all API servers send them. Aggregated discovery
/// is `public` with an entity tag, and no lifetime. A description that is asked for by its hash is `public, immutable`,
/// and expires in a year.
#[derive(Debug)]
pub struct ApiServer {
    server: Loopback,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    clock: Clock,
    /// `Cache-Control` of objects; with an entity tag where it is not what all API servers send.
    objects: &'static str,
    maps: BTreeMap<String, Value>,
    version: usize,
    groups: usize,
    watched: Option<OriginBody>,
    asked: Vec<(Parts, StatusCode)>,
}

impl ApiServer {
    /// Starts one that tells the time by this clock, and has the config map `a`.
    pub async fn start(clock: &Clock) -> Self {
        Self::serve(clock, "no-cache, private").await
    }

    /// Starts one whose objects are fresh for a minute and have entity tags. No API server of Kubernetes itself sends
    /// that; one that extends it may, or a gateway in front of one.
    pub async fn with_lifetimes(clock: &Clock) -> Self {
        Self::serve(clock, "private, max-age=60").await
    }

    async fn serve(clock: &Clock, objects: &'static str) -> Self {
        let mut state = State {
            clock: clock.clone(),
            objects,
            maps: BTreeMap::new(),
            version: 0,
            groups: 3,
            watched: None,
            asked: Vec::new(),
        };
        state.put("a", json!({ "colour": "red" }));
        let state = Arc::new(Mutex::new(state));
        let answering = state.clone();
        let server = Loopback::serve(move |request: Request<Incoming>| {
            let state = answering.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.expect("a whole body").to_bytes();
                let content = serde_json::from_slice(&body).unwrap_or_default();
                lock(&state).answer(head, &content)
            }
        });
        let server = server.await;
        Self { server, state }
    }

    /// Where it listens.
    pub fn uri(&self) -> Uri {
        self.server.uri("/")
    }

    /// The requests so far, and the status of the answers.
    pub fn asked(&self) -> Vec<(Parts, StatusCode)> {
        lock(&self.state).asked.clone()
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        lock(&self.state).asked.len()
    }

    /// The next watch tells of what is written here.
    pub fn will_tell(&self) -> Frames {
        let (frames, body) = OriginBody::channel();
        lock(&self.state).watched = Some(body);
        frames
    }

    /// Somebody else installs a group, beside the three that there are.
    pub fn install(&self) {
        lock(&self.state).groups += 1;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn answer(&mut self, request: Parts, content: &Value) -> Response<Body> {
        let mut response = match request.uri.path() {
            "/apis" => self.discovery(&request.headers),
            "/openapi/v3/apis/apps/v1" => self.description(&request),
            path => match path.strip_prefix(CONFIG_MAPS) {
                Some(name) => {
                    let name = name.trim_start_matches('/').to_owned();
                    self.config_maps(&request, &name, content)
                }
                None => status(StatusCode::NOT_FOUND, path),
            },
        };
        if !response.headers().contains_key(header::CACHE_CONTROL) {
            set(&mut response, header::CACHE_CONTROL, "no-cache, private");
        }
        set(&mut response, header::DATE, &self.clock.date(0));
        self.asked.push((request, response.status()));
        response
    }

    /// What is served, in one document where the request accepts that.
    fn discovery(&self, request: &HeaderMap) -> Response<Body> {
        let accepted = request.get(header::ACCEPT);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        if !accepted.is_some_and(|accepted| accepted.contains("as=APIGroupDiscoveryList")) {
            let groups = json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": [] });
            return answer::json(StatusCode::OK, &groups);
        }
        let groups: Value = (0..self.groups).map(group).collect();
        let list = json!({
            "kind": "APIGroupDiscoveryList",
            "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {},
            "items": groups,
        });
        let mut response = tagged(request, &format!("\"{:08X}\"", self.groups), &list);
        set(&mut response, header::VARY, "Accept");
        set(&mut response, header::CACHE_CONTROL, "public");
        response
    }

    /// One group's description. API servers write `Expires` with the name of their time zone, which is `UTC`.
    fn description(&self, request: &Parts) -> Response<Body> {
        let uri = &request.uri;
        if uri.query() != Some(&format!("hash={HASH}")) {
            let mut response = answer::empty(StatusCode::MOVED_PERMANENTLY);
            let location = format!("{}?hash={HASH}", uri.path());
            set(&mut response, header::LOCATION, &location);
            return response;
        }
        let description = json!({ "openapi": "3.0.0" });
        let mut response = tagged(&request.headers, &format!("\"{HASH}\""), &description);
        set(&mut response, header::VARY, "Accept");
        set(&mut response, header::CACHE_CONTROL, "public, immutable");
        let expires = self.clock.date(365 * 86_400).replace("GMT", "UTC");
        set(&mut response, header::EXPIRES, &expires);
        response
    }

    fn config_maps(&mut self, request: &Parts, name: &str, content: &Value) -> Response<Body> {
        let query = request.uri.query().unwrap_or_default();
        match request.method {
            Method::GET if query.contains("watch=true") => self.watch(),
            Method::GET if name.is_empty() => {
                let items: Value = self.maps.values().cloned().collect();
                self.object(&json!({
                    "kind": "ConfigMapList",
                    "apiVersion": "v1",
                    "metadata": { "resourceVersion": self.version.to_string() },
                    "items": items,
                }))
            }
            Method::GET if name == "me" => {
                let who = map("me", 0, json!({ "user": user(&request.headers) }));
                self.object(&who)
            }
            Method::POST if name.is_empty() => {
                let name = content["metadata"]["name"].as_str().unwrap_or_default();
                let made = self.put(name, content["data"].clone());
                answer::json(StatusCode::CREATED, &made)
            }
            _ if !self.maps.contains_key(name) => status(StatusCode::NOT_FOUND, name),
            Method::GET => self.object(&self.maps[name]),
            Method::PATCH | Method::PUT => {
                let written = self.put(name, content["data"].clone());
                answer::json(StatusCode::OK, &written)
            }
            Method::DELETE => {
                self.maps.remove(name);
                let done = json!({ "kind": "Status", "apiVersion": "v1", "status": "Success" });
                answer::json(StatusCode::OK, &done)
            }
            _ => status(StatusCode::METHOD_NOT_ALLOWED, name),
        }
    }

    fn put(&mut self, name: &str, data: Value) -> Value {
        self.version += 1;
        let written = map(name, self.version, data);
        self.maps.insert(name.to_owned(), written.clone());
        written
    }

    fn object(&self, object: &Value) -> Response<Body> {
        let mut response = answer::json(StatusCode::OK, object);
        set(&mut response, header::CACHE_CONTROL, self.objects);
        if self.objects.contains("max-age") {
            let version = &object["metadata"]["resourceVersion"];
            let version = version.as_str().unwrap_or_default();
            set(&mut response, header::ETAG, &format!("\"{version}\""));
        }
        response
    }

    fn watch(&mut self) -> Response<Body> {
        let Some(body) = self.watched.take() else {
            return status(StatusCode::GONE, "");
        };
        let mut response = answer::empty(StatusCode::OK);
        set(&mut response, header::CONTENT_TYPE, "application/json");
        response.map(|_| body.map_err(Into::into).boxed_unsync())
    }
}

/// A document that has this entity tag, or a 304 to who has it already.
fn tagged(request: &HeaderMap, tag: &str, content: &Value) -> Response<Body> {
    let asked = request.get(header::IF_NONE_MATCH);
    let mut response = if asked.is_some_and(|asked| asked.as_bytes() == tag.as_bytes()) {
        answer::empty(StatusCode::NOT_MODIFIED)
    } else {
        answer::json(StatusCode::OK, content)
    };
    set(&mut response, header::ETAG, tag);
    response
}

/// Who asks: by its token, and in whose name.
fn user(fields: &HeaderMap) -> String {
    let of = |name: &str| {
        let value = fields.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or("nobody").to_owned()
    };
    let (token, name) = (of("authorization"), of("impersonate-user"));
    format!("{token} as {name}")
}

fn map(name: &str, version: usize, data: Value) -> Value {
    json!({
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "namespace": "default",
            "resourceVersion": version.to_string(),
        },
        "data": data,
    })
}

fn group(number: usize) -> Value {
    json!({ "metadata": { "name": format!("group{number}.example.com") }, "versions": [] })
}

/// An error, as Kubernetes tells of it.
fn status(code: StatusCode, name: &str) -> Response<Body> {
    let reason = code.canonical_reason().unwrap_or_default().replace(' ', "");
    answer::json(
        code,
        &json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": format!("configmaps \"{name}\": {reason}"),
            "reason": reason,
            "details": { "name": name, "kind": "configmaps" },
            "code": code.as_u16(),
        }),
    )
}
