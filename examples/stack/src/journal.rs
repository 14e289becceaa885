//! What each layer did with a request.

use std::fmt::Display;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use http::{HeaderMap, Request, Response, StatusCode, Uri};
use tower::{Layer, Service};
use tower_client_cache::CacheStatus;

/// Goes with a request, in its extensions, and is written in by the marks round each layer. It has the names of fields,
/// and never their values. Clones are the same journal.
#[derive(Debug, Clone, Default)]
pub struct Journal(Arc<Mutex<Written>>);

#[derive(Debug, Default)]
struct Written {
    lines: Vec<String>,
    request: HeaderMap,
    passed: Vec<(&'static str, Uri)>,
    result: Option<Result<Head, ()>>,
}

/// As much of a response as layers change.
#[derive(Debug, Clone)]
struct Head {
    status: StatusCode,
    fields: HeaderMap,
    cache: Option<CacheStatus>,
}

impl Journal {
    /// What has been written, line by line: `→` where a layer passed the request on, `←` where it answered otherwise
    /// than it was answered itself.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lock().lines.clone()
    }

    fn passed<Q>(&self, layer: &'static str, request: &Request<Q>) {
        let mut written = self.lock();
        let mut did = added("+", request.headers(), &written.request);
        let (uri, last) = (request.uri(), written.passed.last());
        if written.passed.contains(&(layer, uri.clone())) {
            did.push("again".to_owned());
        } else if last.is_some_and(|(_, last)| last != uri) {
            did.push(format!("to {}", uri.path()));
        }
        written.lines.push(line("→", layer, &did));
        written.request = request.headers().clone();
        written.passed.push((layer, uri.clone()));
        written.result = None;
    }

    fn answered(&self, layer: &'static str, head: Head) {
        let mut written = self.lock();
        let mut did = Vec::new();
        let before = written.result.take();
        let before = before.and_then(Result::ok);
        if before.as_ref().map(|before| before.status) != Some(head.status) {
            did.push(head.status.as_str().to_owned());
        }
        if let Some(before) = &before {
            did.extend(added("-", &before.fields, &head.fields));
            did.extend(added("+", &head.fields, &before.fields));
        }
        if let Some(status) = head.cache
            && before.is_none_or(|before| before.cache.is_none())
        {
            did.push(status.to_string());
        }
        if !did.is_empty() {
            written.lines.push(line("←", layer, &did));
        }
        written.result = Some(Ok(head));
    }

    fn failed(&self, layer: &'static str, error: &impl Display) {
        let mut written = self.lock();
        if !matches!(written.result, Some(Err(()))) {
            let did = [format!("fails: {error}")];
            written.lines.push(line("←", layer, &did));
        }
        written.result = Some(Err(()));
    }

    fn remember(&self, result: Result<Head, ()>) {
        self.lock().result = Some(result);
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(arrow: &str, layer: &str, did: &[String]) -> String {
    let line = format!("{arrow} {layer:14}{}", did.join(", "));
    line.trim_end().to_owned()
}

/// The names of the fields that are here and not there.
fn added(sign: &str, here: &HeaderMap, there: &HeaderMap) -> Vec<String> {
    let names = here.keys().filter(|name| !there.contains_key(*name));
    names.map(|name| format!("{sign}{name}")).collect()
}

/// A layer, with a mark outside of it and one inside.
#[derive(Debug, Clone)]
pub struct Told<L> {
    name: &'static str,
    layer: L,
}

/// Tells what this layer does.
pub fn told<L>(name: &'static str, layer: L) -> Told<L> {
    Told { name, layer }
}

impl<L, S> Layer<S> for Told<L>
where
    L: Layer<Mark<S>>,
{
    type Service = Mark<L::Service>;

    fn layer(&self, inner: S) -> Self::Service {
        let inside = Mark {
            name: self.name,
            is_inside: true,
            inner,
        };
        Mark {
            name: self.name,
            is_inside: false,
            inner: self.layer.layer(inside),
        }
    }
}

/// Writes down what passes it.
#[derive(Debug, Clone)]
pub struct Mark<S> {
    name: &'static str,
    is_inside: bool,
    inner: S,
}

impl<S> Mark<S> {
    /// Outside of something that is no layer: the client.
    pub fn outside(name: &'static str, inner: S) -> Self {
        Self {
            name,
            is_inside: false,
            inner,
        }
    }
}

impl<S, Q, R> Service<Request<Q>> for Mark<S>
where
    S: Service<Request<Q>, Response = Response<R>, Error: Display, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let (name, is_inside) = (self.name, self.is_inside);
        let journal = request.extensions().get::<Journal>().cloned();
        let journal = journal.unwrap_or_default();
        if is_inside {
            journal.passed(name, &request);
        }
        let response = self.inner.call(request);
        Box::pin(async move {
            let result = response.await;
            match &result {
                Ok(response) if is_inside => journal.remember(Ok(Head::of(response))),
                Ok(response) => journal.answered(name, Head::of(response)),
                Err(_) if is_inside => journal.remember(Err(())),
                Err(error) => journal.failed(name, error),
            }
            result
        })
    }
}

impl Head {
    fn of<R>(response: &Response<R>) -> Self {
        Self {
            status: response.status(),
            fields: response.headers().clone(),
            cache: response.extensions().get().copied(),
        }
    }
}
