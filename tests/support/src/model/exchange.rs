//! What an answer of the origin does, and what the caller may be given.

use bytes::Bytes;
use http::{Method, StatusCode};

use super::fields::{lines, not_stored, trim};
use super::request::is_reading;
use super::storing::storing;
use super::target::Target;
use super::{Flight, Given, Mark, Model, Record, Replied, Storing, date};

/// What may become of the head of an answer.
#[derive(Debug)]
pub struct Heads {
    /// What the caller may be given.
    pub given: Vec<Given>,
    /// Whether what the origin said may be stored, or freshen what is.
    pub may_store: bool,
}

impl Model {
    /// The head of an answer has come.
    pub fn replied(&mut self, number: usize, replied: &Replied, now: u64) -> Heads {
        let mut flight = self.flight(number);
        self.disturb(&flight);
        self.invalidate_for(&flight, replied);
        let passed = Heads {
            given: vec![Given::AsSent],
            may_store: false,
        };
        if flight.is_bypass {
            if flight.asked.background.is_some() {
                self.doubt(&flight);
                let given = vec![Given::AsSent, Given::Again];
                return Heads { given, ..passed };
            }
            return passed;
        }
        if is_reading(&flight.asked) && replied.status == StatusCode::NOT_MODIFIED {
            return self.not_modified(&flight, replied, now);
        }
        let mut verdict = storing(self.kind, &flight.asked, replied, now);
        if replied.status.is_server_error() && !flight.chosen.is_empty() {
            // PRJ-5861-5, EDGE-40: the good response is kept.
            let is_held = flight.chosen.iter().all(|record| {
                record.is_sure && !record.status.is_server_error() && record.mark == Mark::Good
            });
            verdict = match verdict {
                Storing::Never(rule) => Storing::Never(rule),
                _ if is_held && !flight.nominated.is_empty() => Storing::Never("PRJ-5861-5"),
                _ => Storing::May,
            };
        }
        let has_freshened = self.hear_head(&flight, replied, now);
        self.mark_chosen(&flight, replied.status, verdict);
        let may_store = !matches!(verdict, Storing::Never(_)) && !flight.is_fenced;
        // 5861-4-3
        if [500, 502, 503, 504].contains(&replied.status.as_u16()) {
            let (mut given, must) = self.stale(&flight, now);
            if must {
                return Heads { given, ..passed };
            }
            given.insert(0, Given::AsSent);
            if may_store {
                flight.record = Some((self.record(&flight, replied, now), Storing::May));
                self.flights.push(flight);
            }
            return Heads { given, may_store };
        }
        if may_store {
            flight.record = Some((self.record(&flight, replied, now), verdict));
            self.flights.push(flight);
        }
        Heads {
            may_store: may_store || has_freshened,
            ..passed
        }
    }

    /// The whole body was read: its octets, as the origin has sent them.
    pub fn ended(&mut self, number: usize, body: &Bytes, is_seen: bool) {
        let Some(at) = self.flights.iter().position(|f| f.number == number) else {
            return;
        };
        let flight = self.flights.remove(at);
        self.disturb(&flight);
        let Some((mut record, verdict)) = flight.record.clone() else {
            return;
        };
        let length = lines(&record.rules, "content-length").first().copied();
        let is_head = flight.asked.method == Method::HEAD;
        let is_whole =
            length.is_none_or(|length| trim(length) == body.len().to_string().as_bytes());
        if flight.is_fenced || !self.may_store(&flight) || !(is_whole || is_head) {
            return;
        }
        record.body = body.clone();
        record.strip(self.kind);
        let is_plain = !flight.is_switched && !flight.is_outdated;
        record.is_sure = verdict == Storing::Must && is_plain && is_seen && !self.is_forgetful;
        if flight.is_outdated {
            record.mark = Mark::Outdated;
        }
        // Of others that the request selects the cache may keep what it likes.
        for old in &mut self.records {
            let is_other = !is_head || old.method == Method::HEAD;
            if is_other && old.is_selected_by(&flight.asked) && !old.is_same_variant(&record) {
                old.outdate(Mark::Doubtful);
                old.is_sure = false;
            }
        }
        self.keep(record, flight.is_disturbed);
    }

    /// The answer was given up by the caller, or broke off.
    pub fn dropped(&mut self, number: usize) {
        let Some(at) = self.flights.iter().position(|f| f.number == number) else {
            return;
        };
        let flight = self.flights.remove(at);
        self.disturb(&flight);
        if is_unsafe(&flight.asked.method) && flight.record.is_none() {
            self.outdate(flight.asked.target.as_ref(), Mark::Doubtful);
        }
    }

    /// The request has failed.
    pub fn failed(&mut self, number: usize, now: u64) -> Vec<Given> {
        let flight = self.flight(number);
        self.disturb(&flight);
        if is_unsafe(&flight.asked.method) {
            // PRJ-4.4-8, C-59
            self.outdate(flight.asked.target.as_ref(), Mark::Outdated);
        }
        if flight.is_bypass || !is_reading(&flight.asked) {
            return vec![Given::Error];
        }
        let (mut given, must) = self.stale(&flight, now);
        if !must {
            given.extend(self.error(&flight, now));
        }
        given
    }

    fn flight(&mut self, number: usize) -> Flight {
        let at = self.flights.iter().position(|f| f.number == number);
        let flight = self.flights.remove(at.expect("the origin was asked"));
        self.was_about.clone_from(&flight.chosen);
        self.was_disturbed = flight.is_fenced || flight.is_switched || flight.is_disturbed;
        flight
    }

    /// Whatever else is under way for the same URI may find things otherwise than it left them.
    fn disturb(&mut self, flight: &Flight) {
        for other in &mut self.flights {
            other.is_disturbed |= other.asked.target == flight.asked.target;
        }
    }

    /// 9111-4.4-1 to -4
    fn invalidate_for(&mut self, flight: &Flight, replied: &Replied) {
        let is_success = replied.status.is_success() || replied.status.is_redirection();
        if !is_unsafe(&flight.asked.method) || !is_success {
            return;
        }
        self.outdate(flight.asked.target.as_ref(), Mark::Outdated);
        let Some(target) = flight.asked.target.clone() else {
            return;
        };
        for name in ["location", "content-location"] {
            if let [line] = lines(&replied.headers, name)[..] {
                let named = target.named(self.kind, line);
                if named
                    .as_ref()
                    .is_some_and(|named| named.origin == target.origin)
                {
                    self.outdate(named.as_ref(), Mark::Outdated);
                }
            }
        }
    }

    /// What is stored of a URI, and what is on its way, may not be reused before it is validated.
    fn outdate(&mut self, target: Option<&Target>, mark: Mark) {
        let Some(target) = target else {
            return;
        };
        for record in &mut self.records {
            if record.target == *target {
                record.outdate(mark);
            }
        }
        for flight in &mut self.flights {
            if flight.asked.target.as_ref() == Some(target) {
                flight.is_switched = true;
                flight.is_outdated |= mark == Mark::Outdated;
            }
        }
    }

    /// What a full answer says of the response that it is not (PRJ-4.3.3-4, EDGE-33, EDGE-49).
    fn mark_chosen(&mut self, flight: &Flight, status: StatusCode, verdict: Storing) {
        let is_new = (status.is_success() || status.is_redirection())
            && ![206, 226].contains(&status.as_u16())
            || [404, 410].contains(&status.as_u16());
        let is_no_store = matches!(verdict, Storing::Never("9111-5.2.1.5-1"));
        let is_plain = !is_no_store && !flight.is_disturbed && self.is_on();
        let mark = match verdict {
            Storing::Never(_) if is_new && is_plain => Mark::Outdated,
            // The good one is kept.
            Storing::Never(_) if is_kept(status) => return,
            _ => Mark::Doubtful,
        };
        let is_only = flight.chosen.len() == 1;
        let ids: Vec<_> = flight.chosen.iter().map(|record| record.id).collect();
        for record in &mut self.records {
            // 9111-4.3.5-1
            let is_heard = flight.asked.method == Method::HEAD && status == StatusCode::OK;
            if is_heard && record.method != Method::HEAD {
                continue;
            }
            let is_chosen = ids.contains(&record.id);
            if is_chosen && is_only {
                record.outdate(mark);
            } else if is_chosen || flight.is_disturbed && record.is_selected_by(&flight.asked) {
                record.outdate(Mark::Doubtful);
            }
        }
    }

    fn record(&mut self, flight: &Flight, replied: &Replied, now: u64) -> Record {
        let mut rules = replied.headers.clone();
        if date::is_missing(&rules) {
            rules.insert("date", date::print(now).parse().expect("a date"));
        }
        let mut head = rules.clone();
        for name in not_stored(&replied.headers) {
            head.remove(&name);
        }
        Record {
            id: self.next(),
            number: flight.number,
            begun: flight.begun,
            target: flight.asked.target.clone().expect("it is no bypass"),
            user: flight.asked.user.clone(),
            method: flight.asked.method.clone(),
            status: replied.status,
            rules,
            head,
            request: flight.asked.headers.clone(),
            body: Bytes::new(),
            request_time: flight.request_time,
            response_time: now,
            mark: Mark::Good,
            is_sure: false,
            is_adopted: false,
        }
    }

    /// It takes the place of the same variant (PRJ-4.1-9), unless that is newer (PRJ-4-13).
    fn keep(&mut self, mut record: Record, is_disturbed: bool) {
        for old in &mut self.records {
            if !old.is_same_variant(&record) {
                continue;
            }
            let is_newer = old.date() > record.date();
            // The clock may have been set back between the two.
            let is_late = old.request_time >= record.request_time;
            if is_newer && old.begun > record.begun && old.is_sure && is_late {
                return;
            }
            if is_newer || is_disturbed || !record.is_sure {
                old.is_sure = false;
                old.outdate(Mark::Doubtful);
                record.is_sure &= !is_newer && !is_disturbed;
            }
        }
        if record.is_sure {
            self.records.retain(|old| !old.is_same_variant(&record));
        }
        self.records.push(record);
    }
}

impl Record {
    /// What cannot be validated may as well be removed (C-25).
    pub(super) fn outdate(&mut self, mark: Mark) {
        self.is_sure &= self.has_validator();
        match (mark, self.mark) {
            (Mark::Outdated, _) => self.mark = Mark::Outdated,
            (Mark::Doubtful, Mark::Good) => self.mark = Mark::Doubtful,
            _ => {}
        }
    }
}

/// Answers that say nothing about what is stored.
fn is_kept(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::PRECONDITION_FAILED
}

/// Unsafe, or not known to be safe (9111-4.4-1, §8.1).
pub(super) fn is_unsafe(method: &Method) -> bool {
    let safe = [
        "GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY", "CONNECT",
    ];
    !safe.contains(&method.as_str())
}
