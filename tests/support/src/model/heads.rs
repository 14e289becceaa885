//! What a response to HEAD says of what is stored for GET (RFC 9111 §4.3.5).

use http::{Method, StatusCode};

use super::control::Control;
use super::fields::{lines, not_stored, trim};
use super::storing::is_for_all;
use super::{Flight, Kind, Mark, Model, Record, Replied};

impl Model {
    /// Freshens the responses that it could have been the head of, and marks the others that the request
    /// selects. Whether there was one to freshen.
    pub(super) fn hear_head(&mut self, flight: &Flight, replied: &Replied, now: u64) -> bool {
        let is_head = flight.asked.method == Method::HEAD;
        if !is_head || replied.status != StatusCode::OK {
            return false;
        }
        if flight.is_fenced || !self.may_store(flight) {
            // What is newer than the clear need not have been known to it.
            self.doubt(flight);
            return false;
        }
        // 9111-5.2.1.5-2
        let is_no_store = Control::of(&flight.asked.headers).has("no-store");
        // 9111-3.5-1
        let is_apart = self.kind == Kind::Shared && flight.asked.has_credentials();

        let is_plain = !flight.is_disturbed && !flight.is_switched;
        let (mut has_any, mut new) = (false, Vec::new());
        for record in &mut self.records {
            let is_other = record.method == Method::HEAD || !record.is_selected_by(&flight.asked);
            if is_other {
                continue;
            }
            let is_same = record.has_head(replied);
            let fresh = record.freshened(flight, replied, now);
            let are_for_all = (is_for_all(&fresh.rules), is_for_all(&replied.headers));
            let is_no_store = is_no_store || is_apart && are_for_all == (false, false);
            record.is_sure &= !is_apart || fresh.may_stay(self.kind);
            if is_no_store || !is_same {
                record.outdate(match is_no_store || !is_plain {
                    true => Mark::Doubtful,
                    false => Mark::Outdated,
                });
                continue;
            }
            has_any = true;
            let mut fresh = fresh;
            if !fresh.may_stay(self.kind) {
                // PRJ-3.2-12; it may as well stay what it was, as long as it is not reused.
                record.outdate(match is_plain && fresh.is_no_store() {
                    true => Mark::Outdated,
                    false => Mark::Doubtful,
                });
                record.is_sure = false;
                continue;
            }
            // What has to be validated has not been (9111-4.4-5).
            let has_tag = ["etag", "last-modified"]
                .iter()
                .any(|name| replied.headers.contains_key(*name));
            fresh.mark = match record.mark {
                Mark::Outdated if has_tag => Mark::Doubtful,
                Mark::Outdated => Mark::Outdated,
                _ => fresh.mark,
            };
            // It was asked whether it is still good, and has not said so (PRJ-4.3.3-4); or it is known not to be.
            let is_outdated = record.mark != Mark::Good;
            let is_asked = is_outdated || flight.nominated.contains(&record.id);
            let is_odd = fresh.varies_by_hop(&flight.asked) || is_asked;
            let is_odd = is_odd || is_apart && are_for_all != (true, true);
            let is_odd = is_odd || record.status != StatusCode::OK;
            let is_odd =
                is_odd || not_stored(&replied.headers).contains(&"cache-control".to_owned());
            if !is_plain || is_odd || record.is_of_unsaid_length(replied) {
                record.is_sure = false;
                record.outdate(Mark::Doubtful);
                fresh.is_sure = false;
                fresh.strip(self.kind);
                new.push(fresh);
            } else {
                *record = fresh;
                record.strip(self.kind);
            }
        }
        for mut record in new {
            record.id = self.next();
            self.records.push(record);
        }
        has_any
    }
}

impl Model {
    /// The cache may think less of what the request selects.
    pub(super) fn doubt(&mut self, flight: &Flight) {
        for record in &mut self.records {
            if record.is_selected_by(&flight.asked) {
                record.outdate(Mark::Doubtful);
                record.is_sure = false;
            }
        }
    }
}

impl Record {
    /// All validators that were received are the same, and so is the length (9111-4.3.5-1).
    fn has_head(&self, replied: &Replied) -> bool {
        let is_same = |name: &str| {
            let received = lines(&replied.headers, name);
            received.is_empty() || received == lines(&self.head, name)
        };
        is_same("etag") && is_same("last-modified") && self.has_length(replied)
    }

    fn has_length(&self, replied: &Replied) -> bool {
        let length = lines(&replied.headers, "content-length");
        let own = self.body.len().to_string();
        length.iter().all(|length| trim(length) == own.as_bytes())
    }

    /// Nothing was said of the length of the one, and of the other something.
    fn is_of_unsaid_length(&self, replied: &Replied) -> bool {
        let name = "content-length";
        replied.headers.contains_key(name) && !self.head.contains_key(name)
    }
}
