//! Trace.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response, header};
use stacks::Site;
use tower::ServiceBuilder;
use tower_client_cache::{CacheLayer, CacheStatus};
use tower_http::auth::AddAuthorizationLayer;
use tower_http::trace::{OnRequest, OnResponse, TraceLayer};
use tracing::Span;

use crate::{ask, http_client};

/// What a trace layer is told.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<Line>>>);

#[derive(Debug, Clone, PartialEq)]
enum Line {
    Asked { has_token: bool },
    Answered { is_hit: Option<bool> },
}

impl Log {
    fn write(&self, line: Line) {
        self.0.lock().unwrap().push(line);
    }

    fn lines(&self) -> Vec<Line> {
        self.0.lock().unwrap().clone()
    }
}

impl<Q> OnRequest<Q> for Log {
    fn on_request(&mut self, request: &Request<Q>, _: &Span) {
        let has_token = request.headers().contains_key(header::AUTHORIZATION);
        self.write(Line::Asked { has_token });
    }
}

impl<R> OnResponse<R> for Log {
    fn on_response(self, response: &Response<R>, _: Duration, _: &Span) {
        let status = response.extensions().get::<CacheStatus>();
        let is_hit = status.map(CacheStatus::is_hit);
        self.write(Line::Answered { is_hit });
    }
}

/// PRJ-L-5
#[tokio::test]
async fn trace_below_the_cache_does_not_see_hits() {
    let site = Site::of_pages().await;
    let (below, above) = (Log::default(), Log::default());
    let trace = |log: &Log| {
        let layer = TraceLayer::new_for_http().on_request(());
        layer.on_response(log.clone())
    };

    let wrong = ServiceBuilder::new()
        .layer(CacheLayer::new())
        .layer(trace(&below))
        .service(http_client());
    let right = ServiceBuilder::new()
        .layer(trace(&above))
        .layer(CacheLayer::new())
        .service(http_client());
    for is_hit in [false, true] {
        for answer in [
            ask(&wrong, site.get("/a")).await,
            ask(&right, site.get("/a")).await,
        ] {
            assert_eq!(answer.cache.is_hit(), is_hit);
        }
    }
    let answered = |is_hit| Line::Answered { is_hit };
    assert_eq!(below.lines(), [answered(None)]);
    assert_eq!(above.lines(), [Some(false), Some(true)].map(answered));
}

/// What it is not shown it cannot write into a log.
#[tokio::test]
async fn trace_below_auth_is_shown_the_token() {
    let site = Site::of_pages().await;
    let auth = AddAuthorizationLayer::bearer("ann");
    let (below, above) = (Log::default(), Log::default());
    let trace = |log: &Log| {
        let layer = TraceLayer::new_for_http().on_request(log.clone());
        layer.on_response(())
    };

    let wrong = ServiceBuilder::new()
        .layer(auth.clone())
        .layer(trace(&below))
        .layer(CacheLayer::new())
        .service(http_client());
    ask(&wrong, site.get("/a")).await;
    assert_eq!(below.lines(), [Line::Asked { has_token: true }]);

    let right = ServiceBuilder::new()
        .layer(trace(&above))
        .layer(auth)
        .layer(CacheLayer::new())
        .service(http_client());
    ask(&right, site.get("/a")).await;
    assert_eq!(above.lines(), [Line::Asked { has_token: false }]);
}
