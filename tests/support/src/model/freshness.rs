//! Freshness lifetime and age (RFC 9111 §4.2).

use http::{HeaderMap, StatusCode};

use super::control::Control;
use super::fields::{age, date, lines};
use super::{Kind, Record};

const DAY: u64 = 24 * 60 * 60;

/// What a response says about its lifetime (9111-4.2.1-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifetime {
    Explicit(u64),
    Heuristic(u64),
}

impl Lifetime {
    /// In tenths of a second: a tenth is what is guessed.
    pub(super) fn tenths(self) -> u64 {
        match self {
            Self::Explicit(seconds) => 10 * seconds,
            Self::Heuristic(tenths) => tenths,
        }
    }
}

/// Statuses that are cacheable when nothing says so (§8.2).
pub(super) fn is_heuristically_cacheable(status: StatusCode) -> bool {
    let statuses = [
        200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 451, 501,
    ];
    statuses.contains(&status.as_u16())
}

/// The first that applies wins; one that cannot be read is an end (C-04, PRJ-5.2.2-11).
pub(super) fn lifetime(
    kind: Kind,
    status: StatusCode,
    fields: &HeaderMap,
    received: u64,
) -> Lifetime {
    let control = Control::of(fields);
    let mut directives = vec!["max-age"];
    if kind == Kind::Shared {
        directives.insert(0, "s-maxage");
    }
    for name in directives {
        if control.has(name) {
            let (least, are_all_numbers) = control.least(name);
            let seconds = least.filter(|_| are_all_numbers).unwrap_or(0);
            return Lifetime::Explicit(seconds);
        }
    }
    let dated = date(fields, "date").unwrap_or(received);
    if !lines(fields, "expires").is_empty() {
        let expires = date(fields, "expires").unwrap_or(0);
        return Lifetime::Explicit(expires.saturating_sub(dated));
    }
    let is_marked = control.has("public") || kind == Kind::Private && control.has("private");
    let modified = date(fields, "last-modified");
    let tenths = match modified {
        Some(modified) if is_heuristically_cacheable(status) || is_marked => {
            dated.saturating_sub(modified)
        }
        _ => 0,
    };
    Lifetime::Heuristic(tenths.min(10 * DAY))
}

impl Record {
    /// It is fresh for longer than its age; and if not, by how much it is stale. In tenths of a second.
    pub(super) fn freshness(&self, kind: Kind, now: u64) -> Result<u64, u64> {
        let lifetime = lifetime(kind, self.status, &self.rules, self.response_time).tenths();
        let age = 10 * self.age(now);
        match lifetime > age {
            true => Ok(lifetime - age),
            false => Err(age - lifetime),
        }
    }

    /// When the origin says it was made; else when it was received (9110-6.6.1-2).
    pub(super) fn date(&self) -> u64 {
        date(&self.rules, "date").unwrap_or(self.response_time)
    }

    /// RFC 9111 §4.2.3, the conservative form (C-08).
    pub(super) fn age(&self, now: u64) -> u64 {
        let apparent_age = self.response_time.saturating_sub(self.date());
        let response_delay = self.response_time.saturating_sub(self.request_time);
        let corrected_age_value = age(&self.rules).unwrap_or(0) + response_delay;
        let corrected_initial_age = apparent_age.max(corrected_age_value);
        let resident_time = now.saturating_sub(self.response_time);
        corrected_initial_age + resident_time
    }
}
