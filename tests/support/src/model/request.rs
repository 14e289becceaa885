//! A request: which answers are allowed without the origin, and what the origin may be asked.

use http::{HeaderMap, HeaderValue, Method};
use tower_client_cache::CacheMode;

use super::control::Control;
use super::fields::{joined, lines};
use super::reuse::{Reuse, is_only_if_cached};
use super::selection::chosen;
use super::target::Target;
use super::validation::{Tag, tags};
use super::{Asked, Flight, Given, Mark, Model};

/// The answers that the rules allow to a request.
#[derive(Debug)]
pub struct Answers {
    /// Without the origin.
    pub reuse: Vec<Given>,
    /// 504, without the origin.
    pub may_time_out: bool,
    /// The origin may be asked.
    pub may_forward: bool,
    /// Why the first of what is stored may not be reused.
    pub reason: Option<&'static str>,
}

impl Model {
    /// What may be done with a request.
    pub fn asked(&self, asked: &Asked, now: u64) -> Answers {
        let forwarded = Answers {
            reuse: Vec::new(),
            may_time_out: false,
            may_forward: true,
            reason: None,
        };
        let says_only = Control::of(&asked.headers).has("only-if-cached");
        if self.is_bypass(asked) || !is_reading(asked) || asked.mode == CacheMode::Reload {
            let may_time_out = is_reading(asked) && (is_only_if_cached(asked) || says_only);
            return Answers {
                may_time_out,
                ..forwarded
            };
        }
        let chosen = chosen(&self.records, asked);
        let mut reuse = Vec::new();
        let mut must_reuse = chosen.iter().any(|record| record.is_sure) && !self.is_forgetful;
        let mut reason = None;
        for record in chosen {
            let verdict = record.reuse(self.kind, asked, now);
            match verdict {
                Reuse::Never(rule) => reason = Some(rule),
                Reuse::May | Reuse::Must => reuse.extend(record.reused(asked, now)),
            }
            must_reuse &= verdict == Reuse::Must;
        }
        let is_only = is_only_if_cached(asked);
        if self.is_hop_local(asked) {
            return Answers {
                reuse,
                may_time_out: is_only || says_only,
                reason,
                ..forwarded
            };
        }
        Answers {
            reuse,
            may_time_out: (is_only || says_only) && !must_reuse,
            may_forward: !is_only && !must_reuse,
            reason,
        }
    }

    /// The origin was asked. `seen` is what it saw; `asked` what the caller sent, or what a background
    /// validation was made of.
    ///
    /// # Errors
    ///
    /// What it should not have seen, or should have.
    pub fn forwarded(
        &mut self,
        number: usize,
        asked: &Asked,
        seen: &HeaderMap,
        now: u64,
    ) -> Result<(), String> {
        let moment = self.moment();
        let mut flight = self.flight_of(number, asked, now);
        if flight.is_bypass || !is_reading(asked) {
            if asked.background.is_none() {
                unchanged(&asked.headers, seen, &[])
                    .or_else(|_| unchanged(&told(asked), seen, &[]))?;
            }
        } else {
            let chosen = chosen(&self.records, asked);
            flight.chosen = chosen.into_iter().cloned().collect();
            if asked.mode == CacheMode::Reload {
                unchanged(&told(asked), seen, &[])?;
            } else {
                self.check_validators(&mut flight, seen)?;
            }
            // What was begun earlier may find other things than it was begun for.
            let is_late = asked.background.is_some_and(|begun| begun != moment);
            let is_doubtful = self.is_hop_local(asked) || is_late;
            flight.is_switched |=
                asked.background.is_some() && flight.nominated.len() != 1 || is_doubtful;
            flight.is_disturbed |= is_doubtful;
        }
        self.flights.push(flight);
        Ok(())
    }

    /// The origin was asked once more (PRJ-4.3.4-8).
    ///
    /// # Errors
    ///
    /// Where it was not the caller's own request.
    pub fn forwarded_again(
        &mut self,
        number: usize,
        asked: &Asked,
        seen: &HeaderMap,
        now: u64,
    ) -> Result<(), String> {
        let mut flight = self.flight_of(number, asked, now);
        // It goes on with the first one.
        flight.is_switched = self.was_disturbed;
        flight.is_disturbed = self.was_disturbed;
        flight.others.clone_from(&self.was_about);
        unchanged(&told(asked), seen, &[])?;
        flight.chosen = chosen(&self.records, asked).into_iter().cloned().collect();
        self.flights.push(flight);
        Ok(())
    }

    fn flight_of(&mut self, number: usize, asked: &Asked, now: u64) -> Flight {
        let is_conditional = ["if-none-match", "if-modified-since"]
            .iter()
            .any(|name| asked.headers.contains_key(*name));
        Flight {
            number,
            begun: self.next(),
            asked: asked.clone(),
            request_time: now,
            is_bypass: self.is_bypass(asked),
            is_barred: self.is_read_only,
            is_fenced: false,
            is_outdated: false,
            is_switched: false,
            is_disturbed: false,
            chosen: Vec::new(),
            nominated: Vec::new(),
            others: Vec::new(),
            is_conditional,
            has_added: false,
            record: None,
        }
    }

    /// Validators come from stored responses of the same URI and user, and from nowhere else
    /// (9111-4.3.1-2, PRJ-4.3.1-6); the rest of the request is the caller's (PRJ-4.3.1-7).
    fn check_validators(&self, flight: &mut Flight, seen: &HeaderMap) -> Result<(), String> {
        let asked = &flight.asked;
        unchanged(&told(asked), seen, &["if-none-match", "if-modified-since"])?;
        let (own, sent) = (tags(&asked.headers), tags(seen));
        let since = lines(seen, "if-modified-since");
        let is_own_since = since == lines(&asked.headers, "if-modified-since");
        let (Some(own), Some(sent)) = (own, sent) else {
            // A `*` stays what it is.
            return unchanged(&told(asked), seen, &["if-modified-since"]);
        };
        for tag in &own {
            if !sent.contains(tag) {
                return Err(format!("the caller's {tag:?} was not sent"));
            }
        }
        let held = self.records.iter().filter(|record| record.is_of(asked));
        let chosen = flight.chosen.iter();
        let all: Vec<_> = held.chain(chosen).collect();
        for tag in sent.iter().filter(|tag| !own.contains(tag)) {
            let is_held = all.iter().any(|record| record.tag().as_ref() == Some(tag));
            if !is_held && asked.background.is_none() {
                return Err(format!("9111-4.3.1-2: {tag:?} is of no stored response"));
            }
        }
        let is_open = !flight.chosen.iter().any(|chosen| chosen.is_sure);
        let mut has_date = false;
        for record in all {
            let is_chosen = flight.chosen.iter().any(|chosen| chosen.id == record.id);
            let modified = lines(&record.head, "last-modified");
            let is_meant = is_chosen || is_open && record.can_answer(asked);
            let is_tagged = record.tag().is_some_and(|tag| {
                let mut sent = sent.iter();
                is_meant && sent.any(|sent| sent.is_weakly(&tag))
            });
            let is_dated =
                is_meant && !since.is_empty() && since == modified[..modified.len().min(1)];
            has_date |= is_dated;
            if is_tagged || is_dated && (is_chosen || !is_own_since) {
                flight.nominated.push(record.id);
                if !is_chosen {
                    flight.others.push(record.clone());
                }
            }
        }
        if !is_own_since && !since.is_empty() && !has_date && asked.background.is_none() {
            return Err("C-58: If-Modified-Since is no Last-Modified".to_owned());
        }
        flight.has_added = sent.iter().any(|tag| !own.contains(tag)) || !is_own_since;
        flight.nominated.sort_unstable();
        flight.nominated.dedup();
        match asked.background {
            Some(_) => Ok(()),
            None => self.check_due(flight, seen, &sent),
        }
    }

    /// 9111-4.3.1-3, -4: what is to be validated is named by all its validators.
    fn check_due(&self, flight: &Flight, seen: &HeaderMap, sent: &[Tag]) -> Result<(), String> {
        let [record] = &flight.chosen[..] else {
            return Ok(());
        };
        let is_due = record.is_sure
            && record.mark != Mark::Doubtful
            && !flight.is_conditional
            && !self.is_hop_local(&flight.asked)
            && !self.is_forgetful;
        if !is_due {
            return Ok(());
        }
        if let Some(tag) = record.tag() {
            let line = joined(seen, "if-none-match", b", ");
            if !sent.contains(&tag)
                || line.as_deref() != lines(&record.head, "etag").first().copied()
            {
                return Err(format!("9111-4.3.1-3: {tag:?} was not sent: {line:?}"));
            }
        }
        let modified = lines(&record.head, "last-modified");
        if !modified.is_empty() && lines(seen, "if-modified-since") != modified[..1] {
            return Err("9111-4.3.1-4: the Last-Modified was not sent".to_owned());
        }
        Ok(())
    }

    /// Neither looked up nor stored (§1, step 1).
    fn is_bypass(&self, asked: &Asked) -> bool {
        let fields = &asked.headers;
        let Some(target) = &asked.target else {
            return true;
        };
        let for_origin = ["if-match", "if-unmodified-since", "range", "upgrade"];
        let is_elsewhere = lines(fields, "host").iter().any(|host| {
            let uri = std::str::from_utf8(host).ok().and_then(|host| {
                let scheme = asked.uri.scheme_str()?;
                format!("{scheme}://{host}/").parse().ok()
            });
            let named = uri.and_then(|uri| Target::of(self.kind, &uri));
            named.is_none_or(|named| named.origin != target.origin)
        });
        let is_for_origin =
            is_reading(asked) && for_origin.iter().any(|name| fields.contains_key(*name));
        let is_no_store = asked.mode == CacheMode::NoStore;
        !self.is_on() || is_for_origin || is_elsewhere || is_no_store
    }

    /// `Vary` of something that is stored names a field that is for one connection only (C-41): it may be
    /// taken for a response to another request, or the request may pass the cache by.
    fn is_hop_local(&self, asked: &Asked) -> bool {
        let mut records = self.records.iter().filter(|record| record.is_of(asked));
        records.any(|record| record.varies_by_hop(asked))
    }
}

/// A method that a stored response can answer.
pub(super) fn is_reading(asked: &Asked) -> bool {
    asked.method == Method::GET || asked.method == Method::HEAD
}

/// What the origin saw is what the caller sent, but for these fields.
fn unchanged(sent: &HeaderMap, seen: &HeaderMap, but: &[&str]) -> Result<(), String> {
    for name in sent.keys().chain(seen.keys()) {
        let name = name.as_str();
        if !but.contains(&name) && lines(sent, name) != lines(seen, name) {
            return Err(format!("PRJ-4.3.1-7: the origin saw another {name}"));
        }
    }
    Ok(())
}

/// What the caller sent, and what its mode tells the caches on the way (FETCH-2 to -4).
fn told(asked: &Asked) -> HeaderMap {
    let mut fields = asked.headers.clone();
    let control = match asked.mode {
        CacheMode::NoStore | CacheMode::Reload => {
            if !fields.contains_key("pragma") {
                fields.insert("pragma", HeaderValue::from_static("no-cache"));
            }
            "no-cache"
        }
        CacheMode::NoCache => "max-age=0",
        _ => return fields,
    };
    if !fields.contains_key("cache-control") {
        fields.insert("cache-control", HeaderValue::from_static(control));
    }
    fields
}
