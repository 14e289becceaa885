//! The part of GitHub's REST API that the tests ask for, with its validators and its rate limit.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};
use support::{Clock, Loopback};

use crate::answer::{self, Body, set};

/// The requests that each token has. GitHub gives so many for an hour.
pub const LIMIT: usize = 5_000;

/// A server that behaves as GitHub's does to who asks for labels: `GET`, `POST`, `PATCH` and `DELETE` of
/// `/repos/{owner}/{repository}/labels`, in pages, and `GET /user`. It stops when it is dropped.
///
/// What it answers is fresh for a minute, has a weak entity tag of its own for each token, and says what is left of the
/// rate limit. Every answer costs one request of that, but a 304 to who has sent a token costs none.
#[derive(Debug)]
pub struct GitHub {
    server: Loopback,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    clock: Clock,
    labels: Vec<String>,
    used: HashMap<String, usize>,
    answers: Vec<StatusCode>,
}

impl GitHub {
    /// Starts one that tells the time by this clock and has these labels.
    pub async fn start(clock: &Clock, labels: &[&str]) -> Self {
        let state = Arc::new(Mutex::new(State {
            clock: clock.clone(),
            labels: labels.iter().map(|&label| label.to_owned()).collect(),
            used: HashMap::new(),
            answers: Vec::new(),
        }));
        let answering = state.clone();
        let server = Loopback::serve(move |request: Request<Incoming>| {
            let state = answering.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.expect("a whole body").to_bytes();
                let content = serde_json::from_slice(&body).unwrap_or_default();
                lock(&state).answer(&head, &content)
            }
        });
        let server = server.await;
        Self { server, state }
    }

    /// Where it listens.
    pub fn uri(&self) -> Uri {
        self.server.uri("/")
    }

    /// The requests that this token has spent. Who sends none has the token `""`.
    pub fn used(&self, token: &str) -> usize {
        lock(&self.state).used.get(token).copied().unwrap_or(0)
    }

    /// The status of each answer so far.
    pub fn answers(&self) -> Vec<StatusCode> {
        lock(&self.state).answers.clone()
    }

    /// Somebody else makes a label.
    pub fn add(&self, label: &str) {
        lock(&self.state).labels.push(label.to_owned());
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn answer(&mut self, request: &Parts, content: &Value) -> Response<Body> {
        let token = token(&request.headers);
        let (status, content, link) = self.resource(request, token, content);
        let mut response = match status {
            StatusCode::NO_CONTENT => answer::empty(status),
            _ => answer::json(status, &content),
        };
        if request.method == Method::GET && status == StatusCode::OK {
            let tag = tag(token, &content);
            let asked = request.headers.get(header::IF_NONE_MATCH);
            if asked.is_some_and(|asked| asked.as_bytes() == tag.as_bytes()) {
                response = answer::empty(StatusCode::NOT_MODIFIED);
            } else if let Some(link) = link {
                set(&mut response, header::LINK, &link);
            }
            set(&mut response, header::ETAG, &tag);
            let whose = if token.is_empty() {
                "public"
            } else {
                "private"
            };
            let fresh = format!("{whose}, max-age=60, s-maxage=60");
            set(&mut response, header::CACHE_CONTROL, &fresh);
            let vary = "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With";
            set(&mut response, header::VARY, vary);
        }
        self.charge(token, &mut response);
        set(&mut response, header::DATE, &self.clock.date(0));
        self.answers.push(response.status());
        response
    }

    /// Counts an answer, and has it say what is left.
    fn charge(&mut self, token: &str, response: &mut Response<Body>) {
        let used = self.used.entry(token.to_owned()).or_default();
        if response.status() != StatusCode::NOT_MODIFIED || token.is_empty() {
            *used += 1;
        }
        for (name, value) in [
            ("x-ratelimit-limit", LIMIT),
            ("x-ratelimit-remaining", LIMIT.saturating_sub(*used)),
            ("x-ratelimit-used", *used),
        ] {
            let name = HeaderName::from_static(name);
            set(response, name, &value.to_string());
        }
        let resource = HeaderName::from_static("x-ratelimit-resource");
        set(response, resource, "core");
    }

    fn resource(
        &mut self,
        request: &Parts,
        token: &str,
        content: &Value,
    ) -> (StatusCode, Value, Option<String>) {
        let path = request.uri.path();
        if path == "/user" {
            return (StatusCode::OK, json!({ "login": token }), None);
        }
        let host = request.headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        let Some((repository, name)) = path.split_once("/labels") else {
            return not_found();
        };
        let name = name.trim_start_matches('/');
        let base = format!("http://{host}{repository}/labels");
        let place = self.labels.iter().position(|label| label == name);
        let new_name = |field: &str| content[field].as_str().unwrap_or_default().to_owned();
        match (&request.method, place) {
            (&Method::GET, None) if name.is_empty() => self.page(&base, &request.uri),
            (&Method::POST, None) if name.is_empty() => {
                self.labels.push(new_name("name"));
                let made = label(&base, &new_name("name"));
                (StatusCode::CREATED, made, None)
            }
            (&Method::GET, Some(_)) => (StatusCode::OK, label(&base, name), None),
            (&Method::PATCH, Some(place)) => {
                self.labels[place] = new_name("new_name");
                (StatusCode::OK, label(&base, &self.labels[place]), None)
            }
            (&Method::DELETE, Some(place)) => {
                self.labels.remove(place);
                (StatusCode::NO_CONTENT, Value::Null, None)
            }
            _ => not_found(),
        }
    }

    fn page(&self, base: &str, uri: &Uri) -> (StatusCode, Value, Option<String>) {
        let (page, length) = (number(uri, "page", 1), number(uri, "per_page", 30));
        let page_of = |page: usize| self.labels.chunks(length).nth(page - 1);
        let labels = page_of(page).unwrap_or_default();
        let labels = labels.iter().map(|name| label(base, name)).collect();
        let link = page_of(page + 1).map(|_| {
            let next = page + 1;
            format!("<{base}?per_page={length}&page={next}>; rel=\"next\"")
        });
        (StatusCode::OK, labels, link)
    }
}

/// The token that a request was sent with.
fn token(fields: &HeaderMap) -> &str {
    let value = fields.get(header::AUTHORIZATION);
    let value = value.and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer "));
    token.unwrap_or_default()
}

fn number(uri: &Uri, name: &str, otherwise: usize) -> usize {
    let mut parameters = uri.query().unwrap_or_default().split('&');
    let value = parameters.find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
    value
        .and_then(|value| value.parse().ok())
        .filter(|&number| number > 0)
        .unwrap_or(otherwise)
}

fn tag(token: &str, content: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    (token, content.to_string()).hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

fn label(base: &str, name: &str) -> Value {
    json!({
        "id": 1,
        "node_id": "MDU6TGFiZWwx",
        "url": format!("{base}/{name}"),
        "name": name,
        "color": "f29513",
        "default": false,
    })
}

fn not_found() -> (StatusCode, Value, Option<String>) {
    let content = json!({
        "message": "Not Found",
        "documentation_url": "https://docs.github.com/rest",
        "status": "404",
    });
    (StatusCode::NOT_FOUND, content, None)
}
