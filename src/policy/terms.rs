//! What is decided about a response's reuse when it is stored, once for as long as it is.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, header};

use super::{Policy, Received, validation};
use crate::header::age;
use crate::header::cache_control::{ResponseDirectives, Scope};
use crate::header::connection::Connection;
use crate::stored::Terms;

/// What says how a response may be stored and reused.
#[derive(Debug)]
pub(crate) struct Control {
    pub(super) directives: ResponseDirectives,
    /// Whether it was said in a field for caches like this one.
    is_targeted: bool,
}

impl Control {
    /// Whether there is an `Expires` that counts.
    pub(super) fn has_expires(&self, fields: &HeaderMap) -> bool {
        !self.is_targeted && fields.contains_key(header::EXPIRES)
    }
}

impl Policy {
    /// The first of the fields that are for caches like this one (RFC 9213 §2.2); else `Cache-Control` and
    /// `Expires` (RFC 9111 §5.2 and §5.3), which count for nothing beside one of these.
    pub(super) fn control(&self, fields: &HeaderMap) -> Control {
        #[cfg(feature = "structured-fields")]
        for target in &self.targets {
            if let Some(directives) = ResponseDirectives::of_dictionary(fields, target) {
                return Control {
                    directives,
                    is_targeted: true,
                };
            }
        }
        Control {
            directives: ResponseDirectives::parse(fields),
            is_targeted: false,
        }
    }

    /// Decides about a response with these fields, that came as `received`, and with this `Date`.
    pub(super) fn terms(
        &self,
        received: Received<'_>,
        fields: &HeaderMap,
        control: &Control,
        date: Option<SystemTime>,
    ) -> Terms {
        let Received {
            request_time,
            response_time,
            ..
        } = received;
        let directives = &control.directives;
        let seconds = |seconds: Option<u64>| Duration::from_secs(seconds.unwrap_or(0));
        let date = date.unwrap_or(response_time);
        let (lifetime, lifetime_from) = self.lifetime(received, fields, control, date);
        Terms {
            request_time,
            response_time,
            date,
            has_validator: validation::has_validator(fields),
            lifetime,
            lifetime_from,
            initial_age: self.initial_age(
                age::parse(received.fields),
                date,
                request_time,
                response_time,
            ),
            stale_while_revalidate: seconds(directives.stale_while_revalidate),
            stale_if_error: seconds(directives.stale_if_error),
            // An age that was reckoned without the time means nothing (RFC 9111 §4).
            is_no_cache: directives.no_cache.is_whole() || !received.is_timed,
            is_must_revalidate: self.is_must_revalidate(directives),
            is_immutable: directives.immutable && received.is_secure && received.is_delimited,
            is_delimited: received.is_delimited,
            is_expired: false,
            may_be_freshened: !self.decides_for_one_hop(fields),
            withheld: match &directives.no_cache {
                Scope::Fields(names) => withheld(fields, names),
                Scope::Absent | Scope::Whole => Box::default(),
            },
        }
    }

    /// `must-revalidate`; in a shared cache also `proxy-revalidate`, which `s-maxage` includes (RFC 9111
    /// §5.2.2.8 and §5.2.2.10, C-62).
    pub(super) fn is_must_revalidate(&self, directives: &ResponseDirectives) -> bool {
        let is_for_shared = directives.proxy_revalidate
            || (directives.s_maxage.is_some() && !self.stale_despite_s_maxage);
        directives.must_revalidate || (self.is_shared() && is_for_shared)
    }

    /// Whether `Connection` names a field that decides about reuse. It was obeyed when the response was
    /// stored and is gone since, so that nothing can be decided anew from what was kept (PRJ-3.1-7).
    pub(super) fn decides_for_one_hop(&self, fields: &HeaderMap) -> bool {
        let connection = Connection::of(fields);
        if !connection.is_there() {
            return false;
        }
        #[cfg(feature = "structured-fields")]
        if self.targets.iter().any(|name| connection.names(name)) {
            return true;
        }
        [
            header::CACHE_CONTROL,
            header::EXPIRES,
            header::DATE,
            header::VARY,
        ]
        .iter()
        .any(|name| connection.names(name))
    }
}

/// The fields that are there of those that `no-cache` lists (RFC 9111 §5.2.2.4, C-13). `Age` is ours (§4).
fn withheld(fields: &HeaderMap, listed: &[HeaderName]) -> Box<[HeaderName]> {
    let listed: HashSet<&HeaderName> = listed.iter().collect();
    fields
        .keys()
        .filter(|name| listed.contains(name) && *name != header::AGE)
        .cloned()
        .collect()
}
