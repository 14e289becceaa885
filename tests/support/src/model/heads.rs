//! What a response to HEAD says of what is stored for GET (RFC 9111 §4.3.5).

use http::{Method, StatusCode};

use super::control::Control;
use super::fields::{lines, trim};
use super::{Flight, Mark, Model, Record, Replied};

impl Model {
    /// Freshens the responses that it could have been the head of, and marks the others that the request
    /// selects. Whether there was one to freshen.
    pub(super) fn hear_head(&mut self, flight: &Flight, replied: &Replied, now: u64) -> bool {
        let is_head = flight.asked.method == Method::HEAD;
        if !is_head || replied.status != StatusCode::OK || flight.is_fenced || !self.is_on() {
            return false;
        }
        // 9111-5.2.1.5-2
        let is_no_store = Control::of(&flight.asked.headers).has("no-store");
        let is_plain = !flight.is_disturbed && !flight.is_switched;
        let (mut has_any, mut new) = (false, Vec::new());
        for record in &mut self.records {
            let is_other = record.method == Method::HEAD || !record.is_selected_by(&flight.asked);
            if is_other {
                continue;
            }
            let is_same = record.has_head(replied);
            if is_no_store || !is_same {
                record.outdate(match is_no_store || !is_plain {
                    true => Mark::Doubtful,
                    false => Mark::Outdated,
                });
                continue;
            }
            has_any = true;
            let mut fresh = record.freshened(flight, replied, now);
            if !fresh.may_stay(self.kind) {
                // PRJ-3.2-12; it may as well stay what it was, as long as it is not reused.
                record.outdate(match is_plain {
                    true => Mark::Outdated,
                    false => Mark::Doubtful,
                });
                record.is_sure = false;
                continue;
            }
            // What has to be validated has not been (9111-4.4-5).
            let has_tag = replied.headers.contains_key("etag");
            fresh.mark = match record.mark {
                Mark::Outdated if has_tag => Mark::Doubtful,
                Mark::Outdated => Mark::Outdated,
                _ => fresh.mark,
            };
            let is_odd = fresh.varies_by_hop(&flight.asked);
            if !is_plain || is_odd || record.is_of_unsaid_length(replied) {
                record.is_sure = false;
                record.outdate(Mark::Doubtful);
                fresh.is_sure = false;
                new.push(fresh);
            } else {
                *record = fresh;
            }
        }
        for mut record in new {
            record.id = self.next();
            self.records.push(record);
        }
        has_any
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
