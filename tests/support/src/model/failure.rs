//! What the caller may be given when the origin fails (RFC 5861 §4, RFC 9111 §4.2.4).

use tower_client_cache::CacheMode;

use super::control::Control;
use super::reuse::{Reuse, Wishes};
use super::selection::chosen;
use super::{Asked, Flight, Given, Kind, Mark, Model, Record};

impl Model {
    /// Stale responses that may be given instead, and whether one has to be.
    pub(super) fn stale(&self, flight: &Flight, now: u64) -> (Vec<Given>, bool) {
        let mut given = Vec::new();
        let mut must = !flight.chosen.is_empty() && !self.is_forgetful && !flight.is_disturbed;
        for chosen in &flight.chosen {
            let mut held = self.records.iter().filter(|held| held.id == chosen.id);
            let verdict = match held.next() {
                Some(held) => held.when_failing(self.kind, &flight.asked, now),
                // It is no longer stored, and was when it was asked about.
                None => match chosen.when_failing(self.kind, &flight.asked, now) {
                    Reuse::Must => Reuse::May,
                    verdict => verdict,
                },
            };
            must &= verdict == Reuse::Must && chosen.is_sure;
            if !matches!(verdict, Reuse::Never(_)) {
                given.extend(chosen.reused(&flight.asked, now));
            }
        }
        // What has been stored meanwhile may be taken as well.
        for record in chosen(&self.records, &flight.asked) {
            let verdict = record.when_failing(self.kind, &flight.asked, now);
            if flight.is_disturbed && !matches!(verdict, Reuse::Never(_)) {
                given.extend(record.reused(&flight.asked, now));
            }
        }
        (given, must && self.is_on() && !flight.is_switched)
    }

    /// What a caller is given of a failure: the error, or 504 where a stale response is held that may not be
    /// the answer (9111-5.2.2.2-2, C-39).
    pub(super) fn error(&self, flight: &Flight, now: u64) -> Vec<Given> {
        if self.kind == Kind::Private || flight.chosen.is_empty() {
            return vec![Given::Error];
        }
        let is_forbidden = |record: &Record| {
            let is_stale = record.freshness(self.kind, now).is_err();
            record.is_sure && is_stale && record.forbids_stale(self.kind)
        };
        match flight.chosen.iter().all(is_forbidden) && !flight.is_disturbed {
            true => vec![Given::Timeout],
            false => vec![Given::Error, Given::Timeout],
        }
    }
}

impl Record {
    /// Whether it may be the answer to a request that the origin fails to answer.
    fn when_failing(&self, kind: Kind, asked: &Asked, now: u64) -> Reuse {
        let wishes = Wishes::of(asked);
        let age = self.age(now);
        let freshness = self.freshness(kind, now);
        let is_too_old = wishes.max_age.is_some_and(|most| most == 0 || age > most);
        let is_too_stale = wishes.is_too_stale(freshness);
        let is_default = asked.mode == CacheMode::Default;
        // PRJ-5861-1
        if self.forbids_stale(kind)
            || self.mark == Mark::Outdated
            || is_default && (wishes.is_no_cache || is_too_old || is_too_stale)
            || matches!(asked.mode, CacheMode::NoCache | CacheMode::Reload)
        {
            return Reuse::Never("PRJ-5861-1");
        }
        let Err(staleness) = freshness else {
            return Reuse::May;
        };
        let own = wishes.control.least("stale-if-error").0;
        let own = own.filter(|_| kind == Kind::Private);
        if own == Some(0) && staleness == 0 {
            return Reuse::May;
        }
        let window = self.window("stale-if-error").max(own);
        if window.is_some_and(|window| staleness <= 10 * window) {
            let is_plain = !Control::of(&self.rules).is_torn
                && !wishes.control.has("max-stale")
                && !wishes.control.has("min-fresh")
                && wishes.max_age.is_none()
                && self.mark == Mark::Good
                && is_default;
            return if is_plain && age < 1 << 31 {
                Reuse::Must
            } else {
                Reuse::May
            };
        }
        match self.window("stale-while-revalidate") {
            Some(window) if staleness <= 10 * window => Reuse::May,
            // As large as is convenient (9111-1.2.2-1).
            _ if age >= 1 << 31 => Reuse::May,
            _ => Reuse::Never("9111-4.2.4-2"),
        }
    }
}
