//! A 304: which stored responses it is about, and what it makes of them (RFC 9111 §4.3.3, §4.3.4, §3.2).

use http::{HeaderMap, HeaderName};

use super::control::Control;
use super::fields::{age, not_stored};
use super::selection::Vary;
use super::validation::{Match, Tag, tags};
use super::{Flight, Given, Heads, Kind, Mark, Model, Record, Replied, date};

/// Whether a 304 is about a stored response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Yes,
    Perhaps,
    No,
}

impl Model {
    pub(super) fn not_modified(&mut self, flight: &Flight, replied: &Replied, now: u64) -> Heads {
        let mut given = Vec::new();
        // Those that the request selects (9111-4.3.4-1), and those that were being validated.
        let mut candidates = flight.chosen.clone();
        for record in &self.records {
            let is_nominated = flight.nominated.contains(&record.id);
            if record.is_selected_by(&flight.asked) || is_nominated {
                candidates.retain(|held| held.id != record.id || held.begun != record.begun);
                candidates.push(record.clone());
            }
        }
        let mut is_about_any = About::No;
        for record in &candidates {
            let about = self.is_about(flight, record, &candidates, replied, now);
            if about == About::No {
                continue;
            }
            let fresh = record.freshened(flight, replied, now);
            // 9111-5.1-4, C-35; a field that says nothing may count as one that is not there.
            let has_age = replied.headers.contains_key("age");
            if has_age {
                given.extend(fresh.validated(&flight.asked, Some(fresh.age(now))));
            }
            if !has_age || age(&replied.headers).is_none() {
                given.extend(fresh.validated(&flight.asked, None));
            }
            if is_about_any != About::Yes {
                is_about_any = match record.is_sure {
                    true => about,
                    false => About::Perhaps,
                };
            }
            if !flight.is_fenced {
                self.freshen(flight, record, fresh, replied, about);
            }
        }
        if is_about_any != About::Yes {
            let is_answer = flight.is_conditional && answers_caller(flight, replied);
            if is_answer || flight.nominated.is_empty() {
                given.push(Given::AsSent);
            }
            if !flight.nominated.is_empty() {
                given.push(match self.asks_twice {
                    true => Given::Again,
                    false => Given::Timeout,
                });
                for record in &mut self.records {
                    if flight.nominated.contains(&record.id) {
                        // The origin does not know it any more.
                        record.outdate(Mark::Doubtful);
                        record.is_sure = false;
                    }
                }
            }
        }
        Heads {
            given,
            may_store: is_about_any != About::No,
        }
    }

    fn is_about(
        &self,
        flight: &Flight,
        record: &Record,
        candidates: &[Record],
        replied: &Replied,
        now: u64,
    ) -> About {
        let is_selected = record.is_selected_by(&flight.asked);
        let is_nominated = flight.nominated.contains(&record.id);
        let compare = |record: &Record| record.compare(&replied.headers, now);
        match compare(record) {
            Match::Other => About::No,
            // C-18: a variant that the request does not select.
            Match::Strong if !is_selected => About::Perhaps,
            Match::Strong => About::Yes,
            Match::Weak => {
                let mut others = candidates.iter().filter(|other| other.id != record.id);
                let is_last = others.any(|other| compare(other) == Match::Weak);
                match is_last || !is_selected {
                    true => About::Perhaps,
                    false => About::Yes,
                }
            }
            Match::Doubtful => About::Perhaps,
            // C-19, 9111-4.3.4-4
            Match::Nothing if is_nominated && flight.nominated.len() == 1 => {
                match flight.is_conditional || !is_selected {
                    true => About::Perhaps,
                    false => About::Yes,
                }
            }
            Match::Nothing if is_nominated => About::Perhaps,
            Match::Nothing if !record.has_validator() && candidates.len() == 1 => About::Perhaps,
            Match::Nothing => About::No,
        }
    }

    /// The store after it.
    fn freshen(
        &mut self,
        flight: &Flight,
        record: &Record,
        mut fresh: Record,
        replied: &Replied,
        about: About,
    ) {
        let control = Control::of(&flight.asked.headers);
        // 9111-5.2.1.5-2
        if control.has("no-store") || !self.is_on() {
            return;
        }
        let at = self.records.iter().position(|held| held.id == record.id);
        let is_same = at.is_some_and(|at| self.records[at].begun == record.begun);
        // Rules that are for one connection only: what becomes of what is stored is left open.
        let is_odd = not_stored(&replied.headers).contains(&"cache-control".to_owned())
            || fresh.varies_by_hop(&flight.asked);
        let is_plain = !is_odd && is_same && !flight.is_switched && !flight.is_disturbed;
        let Some(at) = at else {
            return;
        };
        // PRJ-3.2-12, C-16
        let is_kept = fresh.may_stay(self.kind);
        if about == About::Yes && is_plain && record.is_selected_by(&flight.asked) {
            self.records.remove(at);
        } else {
            self.records[at].is_sure = false;
            self.records[at].outdate(Mark::Doubtful);
            fresh.is_sure = false;
            fresh.id = self.next();
        }
        if is_kept {
            let is_double = |held: &Record| held.is_same_variant(&fresh);
            if self.records.iter().any(is_double) {
                fresh.is_sure = false;
            }
            for held in &mut self.records {
                held.is_sure &= !held.is_same_variant(&fresh);
            }
            let is_known = |held: &Record| held.is_equal(&fresh);
            if !self.records.iter().any(is_known) {
                self.records.push(fresh);
            }
        }
    }
}

impl Record {
    /// RFC 9111 §3.2
    pub(super) fn freshened(&self, flight: &Flight, replied: &Replied, now: u64) -> Self {
        let mut fresh = self.clone();
        let mut new = replied.headers.clone();
        if date::is_missing(&new) {
            new.insert("date", date::print(now).parse().expect("a date"));
        }
        // PRJ-3.2-8
        let mut kept = not_stored(&replied.headers);
        kept.extend(
            [
                "content-length",
                "content-range",
                "content-encoding",
                "trailer",
            ]
            .map(str::to_owned),
        );
        for fields in [&mut fresh.head, &mut fresh.rules] {
            // PRJ-3.2-9
            fields.remove("age");
            replace(fields, &new, &kept);
        }
        let vary = Vary::of(&self.rules);
        if vary != Vary::of(&fresh.rules) || !self.is_selected_by(&flight.asked) {
            // PRJ-3.2-11
            fresh.request = flight.asked.headers.clone();
        }
        fresh.begun = flight.begun;
        fresh.request_time = flight.request_time;
        fresh.response_time = now;
        fresh.mark = match flight.is_outdated {
            true => Mark::Outdated,
            false if flight.is_switched => Mark::Doubtful,
            false => Mark::Good,
        };
        fresh
    }

    /// It makes no difference which of both is stored.
    fn is_equal(&self, other: &Self) -> bool {
        self.number == other.number
            && self.begun == other.begun
            && self.head == other.head
            && self.rules == other.rules
            && self.mark == other.mark
            && self.is_sure == other.is_sure
    }

    /// It may stay stored with the fields that it has now.
    pub(super) fn may_stay(&self, kind: Kind) -> bool {
        let control = Control::of(&self.rules);
        let is_no_store = control.has("no-store") && !control.has("must-understand");
        let is_private = kind == Kind::Shared && control.has_unqualified("private");
        !is_no_store && !is_private && Vary::of(&self.rules) != Vary::Never
    }
}

/// All lines of a field that is there take the place of all that were (9111-3.2-1).
fn replace(fields: &mut HeaderMap, new: &HeaderMap, kept: &[String]) {
    for name in new.keys() {
        if kept.iter().any(|kept| kept == name.as_str()) {
            continue;
        }
        let name: HeaderName = name.clone();
        fields.remove(&name);
        for line in new.get_all(&name) {
            fields.append(name.clone(), line.clone());
        }
    }
}

/// The 304 may be about what the caller has itself (9110-15.4.5-2).
fn answers_caller(flight: &Flight, replied: &Replied) -> bool {
    if !flight.asked.headers.contains_key("if-none-match") {
        return true;
    }
    match (tags(&flight.asked.headers), Tag::of(&replied.headers)) {
        (Some(own), Some(tag)) => own.iter().any(|own| own.is_weakly(&tag)),
        (None, _) | (_, None) => true,
    }
}
