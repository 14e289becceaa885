//! A 304: which stored responses it is about, and what it makes of them (RFC 9111 §4.3.3, §4.3.4, §3.2).

use http::{HeaderMap, HeaderName, Method};

use super::control::Control;
use super::fields::{age, not_stored};
use super::selection::Vary;
use super::storing::{has_hidden_cookie, is_for_all, is_refused_cookie};
use super::validation::{Match, Tag, tags};
use super::{Flight, Given, Heads, Kind, Mark, Model, Record, Replied, date};

/// Whether a 304 is about a stored response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Yes,
    Perhaps,
    /// The stored response is the answer, as it is.
    Answered,
    No,
}

impl Model {
    pub(super) fn not_modified(&mut self, flight: &Flight, replied: &Replied, now: u64) -> Heads {
        let mut given = Vec::new();
        // Those that the request selects (9111-4.3.4-1), and those that were being validated.
        let mut candidates = [flight.chosen.clone(), flight.others.clone()].concat();
        for record in &self.records {
            let is_nominated = flight.nominated.contains(&record.id);
            let is_beside = record.is_of(&flight.asked) && record.method == Method::HEAD;
            if record.is_selected_by(&flight.asked) || is_nominated || is_beside {
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
            if about == About::Answered {
                let mut confirmed = record.clone();
                if replied.headers.contains_key("set-cookie") {
                    // What is said to the caller is the caller's.
                    confirmed.head.remove("set-cookie");
                    for line in replied.headers.get_all("set-cookie") {
                        confirmed.head.append("set-cookie", line.clone());
                    }
                }
                given.extend(confirmed.validated(&flight.asked, None));
                continue;
            }
            let fresh = record.freshened(flight, replied, now);
            let before = given.len();
            // 9111-5.1-4, C-35; a field that says nothing may count as one that is not there.
            let has_age = replied.headers.contains_key("age");
            if has_age {
                given.extend(fresh.validated(&flight.asked, Some(fresh.age(now))));
            }
            if !has_age || age(&replied.headers).is_none() {
                given.extend(fresh.validated(&flight.asked, None));
            }
            if !record.can_answer(&flight.asked) {
                given.truncate(before);
            }
            if is_about_any != About::Yes {
                is_about_any = match record.is_sure {
                    true => about,
                    false => About::Perhaps,
                };
            }
            // What is newer than a clear may be freshened by what is older.
            let about = match flight.is_fenced {
                true => About::Perhaps,
                false => about,
            };
            self.freshen(flight, record, fresh, replied, about);
        }
        let is_unasked = !flight.has_added;
        if is_about_any != About::Yes || is_unasked {
            let is_answer = flight.is_conditional && answers_caller(flight, replied);
            if is_answer || is_unasked {
                given.push(Given::AsSent);
            }
            let is_ours = !flight.nominated.is_empty() || !flight.chosen.is_empty();
            if self.asks_twice && (is_ours || !is_unasked) {
                given.push(Given::Again);
            } else if !is_unasked || is_ours && !is_answer {
                given.push(Given::Timeout);
            }
            if is_about_any != About::Yes {
                for record in &mut self.records {
                    let mut chosen = flight.chosen.iter();
                    let is_chosen = chosen.any(|chosen| chosen.id == record.id);
                    if is_chosen || flight.nominated.contains(&record.id) {
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
        let is_only = matches!(&flight.chosen[..], [chosen] if chosen.id == record.id);
        let compare = |record: &Record| record.compare(&replied.headers, now);
        match compare(record) {
            Match::Other => About::No,
            Match::Confirmed => About::Answered,
            // A stored HEAD that a GET cannot select may as well be freshened.
            Match::Strong if !record.can_answer(&flight.asked) => About::Perhaps,
            // Nobody has asked (EDGE-31).
            _ if !is_nominated && !flight.is_conditional => About::Perhaps,
            // C-18: a variant that the request does not select.
            Match::Strong if !is_selected => About::Perhaps,
            // A stored GET and a stored HEAD: which one is asked about is the cache's choice.
            Match::Strong if flight.asked.method == Method::HEAD && candidates.len() > 1 => {
                About::Perhaps
            }
            // It may be the caller's own that it is about.
            Match::Strong | Match::Weak
                if flight.is_conditional && Tag::of(&replied.headers).is_none() =>
            {
                About::Perhaps
            }
            Match::Strong if !is_only && flight.is_conditional => About::Perhaps,
            Match::Strong if candidates.iter().any(|c| compare(c) == Match::Confirmed) => {
                About::Perhaps
            }
            Match::Strong if !is_nominated => About::Perhaps,
            Match::Strong => About::Yes,
            Match::Weak if !is_only && flight.is_conditional => About::Perhaps,
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
            Match::Nothing if !record.has_validator() => About::Perhaps,
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
        if control.has("no-store") {
            return;
        }
        if !self.may_store(flight) {
            self.doubt(flight);
            return;
        }
        // Rules that are for one connection only: what becomes of what is stored is left open.
        let is_odd = not_stored(&replied.headers).contains(&"cache-control".to_owned())
            || fresh.varies_by_hop(&flight.asked)
            || self.kind == Kind::Shared && has_hidden_cookie(&fresh.rules);
        // 9111-3.5-1
        let is_apart = self.kind == Kind::Shared && flight.asked.has_credentials();
        let are_for_all = (is_for_all(&fresh.rules), is_for_all(&replied.headers));
        if is_apart && are_for_all == (false, false) {
            for held in &mut self.records {
                let is_kept = fresh.may_stay(self.kind) && !is_odd;
                held.is_sure &= held.id != record.id || is_kept;
            }
            return;
        }
        let is_doubtful = is_apart && are_for_all != (true, true);
        let at = self.records.iter().position(|held| held.id == record.id);
        let is_same = at.is_some_and(|at| self.records[at].begun == record.begun);
        let is_plain =
            !is_doubtful && !is_odd && is_same && !flight.is_switched && !flight.is_disturbed;
        let Some(at) = at else {
            return;
        };
        // PRJ-3.2-12, C-16
        let is_kept = fresh.may_stay(self.kind);
        if about == About::Yes && is_plain && record.is_selected_by(&flight.asked) {
            self.records.remove(at);
        } else if !record.is_selected_by(&flight.asked) {
            // The other stays what it is (C-18).
            fresh.is_sure = false;
            fresh.id = self.next();
        } else {
            self.records[at].is_sure = false;
            self.records[at].outdate(Mark::Doubtful);
            fresh.is_sure = false;
            fresh.id = self.next();
        }
        if is_kept {
            fresh.strip(self.kind);
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
        fresh.is_adopted |= !self.is_selected_by(&flight.asked);
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
            && self.is_adopted == other.is_adopted
    }

    /// A shared cache does not store the fields that `private` lists (9111-5.2.2.7-2).
    pub(super) fn strip(&mut self, kind: Kind) {
        if kind == Kind::Shared {
            for name in Control::of(&self.rules).listed("private") {
                self.head.remove(&name);
                self.rules.remove(&name);
            }
        }
    }

    pub(super) fn is_no_store(&self) -> bool {
        let control = Control::of(&self.rules);
        control.has("no-store") && !control.has("must-understand")
    }

    /// It may stay stored with the fields that it has now.
    pub(super) fn may_stay(&self, kind: Kind) -> bool {
        let control = Control::of(&self.rules);
        let is_no_store = self.is_no_store();
        let is_private = kind == Kind::Shared && control.has_unqualified("private");
        let is_refused = kind == Kind::Shared && !self.is_adopted && is_refused_cookie(&self.rules);
        !is_no_store && !is_private && !is_refused && Vary::of(&self.rules) != Vary::Never
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
