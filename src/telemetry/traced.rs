//! What happens, as events of the crate `tracing`.

use http::StatusCode;
use tracing::field::{DisplayValue, display};
use tracing::level_filters::LevelFilter;
use tracing::{Level, event};

use super::telling::{is_instead, is_stale, outcome};
use crate::cache_status::Outcome;
use crate::events::{About, Answered, Event, Redacted, Validation};

/// Of all events.
const TARGET: &str = "tower_client_cache";

/// Whether any subscriber takes what is gravest of all that is told.
#[cfg(not(feature = "metrics"))]
#[inline]
pub(super) fn is_on() -> bool {
    tracing::level_enabled!(Level::WARN)
}

/// A field that holds what was asked for.
type Text<'a> = Option<DisplayValue<Redacted<'a>>>;

/// What was asked for, as `url.full`; or where that is not known as `url.path`.
fn url(about: About<'_>) -> (Text<'_>, Text<'_>) {
    let text = || Some(display(about.redacted()));
    match about {
        About::Request(uri) if uri.scheme().is_none() => {
            (None, uri.path_and_query().and_then(|_| text()))
        }
        About::Key(_) | About::Request(_) => (text(), None),
    }
}

fn level(answered: &Answered<'_>) -> Level {
    let Answered { code, status, .. } = answered;
    let is_made_here = *code == StatusCode::GATEWAY_TIMEOUT && !status.is_of_a_response(*code);
    match status.outcome() {
        Outcome::Unsatisfiable | Outcome::Offline => Level::INFO,
        #[cfg(feature = "grpc")]
        Outcome::DeadlineExceeded => Level::WARN,
        _ if is_instead(status) || is_made_here => Level::WARN,
        _ => Level::DEBUG,
    }
}

pub(super) fn answered(answered: &Answered<'_>) {
    let level = level(answered);
    if level > LevelFilter::current() {
        return;
    }
    let status = &answered.status;
    let (full, path) = url(answered.about);
    macro_rules! tell {
        ($level:ident) => {
            event!(
                target: TARGET,
                Level::$level,
                url.full = full,
                url.path = path,
                http.request.method = answered.method.as_str(),
                http.response.status_code = answered.code.as_u16(),
                cache.outcome = outcome(status),
                cache.stale = is_stale(status),
                cache.forward.reason = status.forwarded().map(|reason| reason.as_str()),
                cache.forward.status_code = status.forward_status().map(|code| code.as_u16()),
                cache.stored = status.is_stored(),
                cache.not_stored.reason = status.not_stored().map(|reason| reason.as_str()),
                cache.age = status.age().map(|age| age.as_secs()),
                cache.ttl = status.ttl(),
                cache.collapsed = status.collapsed(),
                cache.served.size = answered.held,
                "{status}"
            )
        };
    }
    match level {
        Level::WARN => tell!(WARN),
        Level::INFO => tell!(INFO),
        _ => tell!(DEBUG),
    }
}

pub(super) fn told(event: &Event) {
    match event {
        Event::Answered { .. } => {}
        Event::Failed {
            uri,
            method,
            reason,
        } => {
            let (full, path) = url(uri.about());
            event!(
                target: TARGET,
                Level::WARN,
                url.full = full,
                url.path = path,
                http.request.method = method.as_str(),
                cache.outcome = "failed",
                cache.forward.reason = reason.as_str(),
                "failed"
            );
        }
        Event::Validated { uri, outcome } => {
            let (full, path) = url(uri.about());
            macro_rules! tell {
                ($level:ident) => {
                    event!(
                        target: TARGET,
                        Level::$level,
                        url.full = full,
                        url.path = path,
                        cache.validation.outcome = outcome.as_str(),
                        "validation"
                    )
                };
            }
            match outcome {
                Validation::Failed => tell!(INFO),
                Validation::Validated | Validation::Replaced => tell!(DEBUG),
            }
        }
        Event::Stored { uri, size } => {
            let (full, path) = url(uri.about());
            event!(
                target: TARGET,
                Level::TRACE,
                url.full = full,
                url.path = path,
                cache.response.size = *size,
                "stored"
            );
        }
        Event::Refused { uri, reason } => {
            let (full, path) = url(uri.about());
            event!(
                target: TARGET,
                Level::TRACE,
                url.full = full,
                url.path = path,
                cache.not_stored.reason = reason.as_str(),
                "not stored"
            );
        }
        Event::Evicted { uri, cause, size } => {
            let (full, path) = url(uri.about());
            event!(
                target: TARGET,
                Level::TRACE,
                url.full = full,
                url.path = path,
                cache.eviction.cause = cause.as_str(),
                cache.response.size = *size,
                "evicted"
            );
        }
        Event::Removed { by, report } => event!(
            target: TARGET,
            Level::INFO,
            cache.removal.verb = by.as_str(),
            cache.removal.responses = report.responses(),
            cache.removal.size = report.bytes(),
            cache.removal.in_flight = report.in_flight(),
            "{by}"
        ),
        Event::Mode { mode } => event!(
            target: TARGET,
            Level::INFO,
            cache.mode = mode.as_str(),
            "mode"
        ),
    }
}
