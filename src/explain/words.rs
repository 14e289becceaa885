//! What is known of a request and of what is stored for it, put into words.

use std::time::{Duration, SystemTime};

use http::StatusCode;

use super::Step;
use super::steps::Explaining;
use crate::info::{PartitionId, StoredInfo};
use crate::key::Wanted;
use crate::mode::{CacheMode, Mode};
use crate::policy::Asked;
use crate::policy::stale::Failure;
use crate::store::Seen;
use crate::stored::Terms;

impl Explaining<'_> {
    pub(super) fn modes(&mut self, mode: Mode, request_mode: CacheMode) {
        if mode != Mode::Normal {
            self.say("Mode", format!("the cache is {mode:?}"));
        }
        if request_mode != CacheMode::Default {
            self.say("CacheMode", format!("the request is {request_mode:?}"));
        }
    }

    pub(super) fn key(&mut self, wanted: &Wanted<'_>) {
        let uri = String::from_utf8_lossy(wanted.uri());
        let whose = match wanted.partition.map(PartitionId::from) {
            None => String::new(),
            Some(partition) => format!(", of partition {partition}"),
        };
        let text = |uri: &str| format!("the cache key is {uri}{whose}");
        let without_query = uri.split_once('?').map(|(path, _)| format!("{path}?.."));
        self.steps.push(Step {
            section: "RFC 9111 §2",
            text: text(&uri),
            redacted: without_query.as_deref().map(text),
        });
    }

    /// What the request says of how it may be answered.
    pub(super) fn directives(&mut self, asked: &Asked) {
        let directives = &asked.directives;
        let mut said = Vec::new();
        if let Some(seconds) = directives.max_age {
            said.push(format!("max-age={seconds}"));
        }
        match directives.max_stale {
            Some(Duration::MAX) => said.push("max-stale".to_owned()),
            Some(limit) => said.push(format!("max-stale={}", limit.as_secs())),
            None => {}
        }
        if let Some(least) = directives.min_fresh {
            said.push(format!("min-fresh={}", least.as_secs()));
        }
        for (is_said, directive) in [
            (directives.no_cache, "no-cache"),
            (directives.no_store, "no-store"),
            (
                directives.only_if_cached && !asked.forbidden.forwarding(),
                "only-if-cached",
            ),
        ] {
            if is_said {
                said.push(directive.to_owned());
            }
        }
        if !said.is_empty() {
            self.say(
                "RFC 9111 §5.2.1",
                format!("the request asks for {}", said.join(", ")),
            );
        }
    }

    /// The arithmetic of RFC 9111 §4.2.3.
    pub(super) fn age(&mut self, terms: &Terms, now: SystemTime) -> Duration {
        let since = |later: SystemTime, earlier: SystemTime| {
            later.duration_since(earlier).unwrap_or(Duration::ZERO)
        };
        let delay = since(terms.response_time, terms.request_time);
        // Dates are in whole seconds.
        let apparent = since(terms.response_time, terms.date).as_secs();
        let apparent = Duration::from_secs(apparent);
        let initial = terms.initial_age;
        let text = format!(
            "corrected_initial_age {}: response_delay {}, apparent_age {}",
            seconds(initial),
            seconds(delay),
            seconds(apparent)
        );
        self.say("RFC 9111 §4.2.3", text);
        let (resident, age) = (since(now, terms.response_time), terms.current_age(now));
        let text = format!(
            "current_age {} = {} + resident_time {}",
            seconds(age),
            seconds(initial),
            seconds(resident)
        );
        self.say("RFC 9111 §4.2.3", text);
        age
    }

    pub(super) fn freshness(&mut self, terms: &Terms, age: Duration) {
        let (lifetime, from) = (seconds(terms.lifetime), terms.lifetime_from);
        self.say(
            "RFC 9111 §4.2.1",
            format!("freshness_lifetime {lifetime}, by {from}"),
        );
        let text = if terms.is_fresh(age) {
            format!("it is fresh for {}", seconds(terms.lifetime - age))
        } else {
            format!(
                "it is stale by {}",
                seconds(age.saturating_sub(terms.lifetime))
            )
        };
        self.say("RFC 9111 §4.2", text);
        if terms.is_no_cache {
            let text = "it says no-cache: it is validated before it is reused";
            self.say("RFC 9111 §5.2.2.4", text.to_owned());
        }
        if terms.is_must_revalidate && !terms.is_fresh(age) {
            let text = "it says must-revalidate: it is not reused stale";
            self.say("RFC 9111 §5.2.2.2", text.to_owned());
        }
    }

    /// What a failure would permit, as things stand.
    pub(super) fn failures(&mut self, asked: &Asked, seen: &Seen) {
        if seen.is_invalid || asked.directives.only_if_cached {
            return;
        }
        let policy = &self.settings.policy;
        let limit = |failure| policy.reusable_after(failure, asked, &seen.response.terms);
        let failed = limit(Failure::Status(StatusCode::SERVICE_UNAVAILABLE));
        let disconnected = limit(Failure::Disconnected);
        let text =
            |what, limit| format!("where the origin {what} it may be reused stale for {limit}");
        if let Some(limit) = failed {
            self.say("RFC 5861 §4", text("fails", seconds(limit)));
        }
        if let Some(limit) = disconnected.filter(|_| disconnected != failed) {
            self.say("RFC 9111 §4.2.4", text("cannot be reached", seconds(limit)));
        }
    }

    /// What the origin is asked with.
    pub(super) fn conditional(&mut self, info: &StoredInfo) {
        let fields = info.fields();
        let by: Vec<_> = [
            ("etag", "If-None-Match"),
            ("last-modified", "If-Modified-Since"),
        ]
        .into_iter()
        .filter(|(field, _)| fields.contains_key(*field))
        .map(|(_, condition)| condition)
        .collect();
        let text = format!("the origin is asked with {}", by.join(" and "));
        self.say("RFC 9111 §4.3.1", text);
    }
}

/// Whole seconds, or with their fraction.
pub(super) fn seconds(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{} s", time.as_secs()),
        _ => format!("{:.3} s", time.as_secs_f64()),
    }
}
