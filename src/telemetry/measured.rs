//! What happens, as counters and histograms of the crate `metrics`.

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use super::telling::{is_instead, is_stale, outcome};
use crate::cache_status::{CacheStatus, Forward, NotStored};
use crate::events::{Answered, Event};
use crate::stats::Stats;

const REQUESTS: &str = "http.client.cache.requests";
const SERVED: &str = "http.client.cache.served.size";
const AGE: &str = "http.client.cache.response.age";
const VALIDATIONS: &str = "http.client.cache.validations";
const STORES: &str = "http.client.cache.stores";
const REFUSALS: &str = "http.client.cache.refusals";
const EVICTIONS: &str = "http.client.cache.evictions";
const REMOVALS: &str = "http.client.cache.removals";
const RESPONSES: &str = "http.client.cache.stored.responses";
const SIZE: &str = "http.client.cache.stored.size";
const IN_FLIGHT: &str = "http.client.cache.in_flight";

/// Tells the recorder the units of all that is measured, and what it means. To be called once, when the recorder is
/// installed; a recorder that needs neither can do without.
pub fn describe() {
    describe_counter!(
        REQUESTS,
        Unit::Count,
        "Requests that were answered, or have failed"
    );
    describe_histogram!(
        SERVED,
        Unit::Bytes,
        "Octets of a body that came out of the store"
    );
    describe_histogram!(
        AGE,
        Unit::Seconds,
        "Age of a stored response when it was reused"
    );
    describe_counter!(
        VALIDATIONS,
        Unit::Count,
        "Stored responses that the origin was asked about"
    );
    describe_counter!(STORES, Unit::Count, "Responses that were stored");
    describe_counter!(REFUSALS, Unit::Count, "Responses that were not stored");
    describe_counter!(
        EVICTIONS,
        Unit::Count,
        "Stored responses that had to give way"
    );
    describe_counter!(
        REMOVALS,
        Unit::Count,
        "Stored responses that were removed by hand"
    );
    describe_gauge!(RESPONSES, Unit::Count, "Stored responses");
    describe_gauge!(SIZE, Unit::Bytes, "Octets that stored responses take");
    describe_gauge!(
        IN_FLIGHT,
        Unit::Count,
        "Exchanges with the origin that may store something"
    );
}

/// Sets the gauges to what was held when these [`Stats`] were read. A cache does not set them by itself: much of what
/// changes them is nothing that is told of. To be called where the recorder is read, or every few seconds.
///
/// They are of one cache. Who has several sets gauges of another name for each, from the same numbers.
///
/// ```
/// use tower_client_cache::{CacheLayer, telemetry};
///
/// let handle = CacheLayer::new().handle();
/// telemetry::set_gauges(&handle.stats());
/// ```
pub fn set_gauges(stats: &Stats) {
    gauge!(RESPONSES).set(stats.responses() as f64);
    gauge!(SIZE).set(stats.bytes() as f64);
    gauge!(IN_FLIGHT).set(stats.in_flight() as f64);
}

pub(super) fn answered(answered: &Answered<'_>) {
    let status = &answered.status;
    match status.forwarded() {
        _ if status.is_hit() => hit(status),
        Some(reason) if is_instead(status) => counter!(
            REQUESTS,
            "cache.outcome" => "forwarded",
            "cache.forward.reason" => reason.as_str(),
            "cache.stale" => if is_stale(status) { "true" } else { "false" }
        )
        .increment(1),
        Some(reason) => forwarded(outcome(status), reason),
        None => counter!(REQUESTS, "cache.outcome" => outcome(status)).increment(1),
    }
    match status.not_stored() {
        // There was no response that could have been.
        None | Some(NotStored::Failed) => {}
        Some(reason) => refused(reason),
    }
    if answered.held > 0 {
        histogram!(SERVED).record(answered.held as f64);
    }
}

/// Nothing is allocated for what is counted here.
fn hit(status: &CacheStatus) {
    let hits = if is_stale(status) {
        counter!(REQUESTS, "cache.outcome" => "hit", "cache.stale" => "true")
    } else {
        counter!(REQUESTS, "cache.outcome" => "hit", "cache.stale" => "false")
    };
    hits.increment(1);
    if let Some(age) = status.age() {
        histogram!(AGE).record(age.as_secs_f64());
    }
}

fn forwarded(outcome: &'static str, reason: Forward) {
    counter!(
        REQUESTS,
        "cache.outcome" => outcome,
        "cache.forward.reason" => reason.as_str()
    )
    .increment(1);
}

fn refused(reason: NotStored) {
    counter!(REFUSALS, "cache.not_stored.reason" => reason.as_str()).increment(1);
}

pub(super) fn told(event: &Event) {
    match event {
        Event::Answered { .. } | Event::Mode { .. } => {}
        Event::Failed { reason, .. } => forwarded("failed", *reason),
        Event::Validated { outcome, .. } => {
            counter!(VALIDATIONS, "cache.validation.outcome" => outcome.as_str()).increment(1);
        }
        Event::Stored { .. } => counter!(STORES).increment(1),
        Event::Refused { reason, .. } => refused(*reason),
        Event::Evicted { cause, .. } => {
            counter!(EVICTIONS, "cache.eviction.cause" => cause.as_str()).increment(1);
        }
        Event::Removed { by, report } => {
            let removed = counter!(REMOVALS, "cache.removal.verb" => by.as_str());
            removed.increment(report.responses() as u64);
        }
    }
}
