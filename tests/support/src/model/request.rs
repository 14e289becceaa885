//! A request: which answers are allowed without the origin, and what the origin may be asked.

use http::{HeaderMap, Method};

use super::fields::{joined, lines, members};
use super::reuse::{Reuse, is_only_if_cached};
use super::selection::{Vary, chosen};
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
        if self.is_bypass(asked) || !is_reading(asked) {
            let may_time_out = is_reading(asked) && is_only_if_cached(asked);
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
        Answers {
            reuse,
            may_time_out: is_only_if_cached(asked) && !must_reuse,
            may_forward: !is_only_if_cached(asked) && !must_reuse,
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
        let is_bypass = self.is_bypass(asked);
        let is_conditional = ["if-none-match", "if-modified-since"]
            .iter()
            .any(|name| asked.headers.contains_key(*name));
        let mut flight = Flight {
            number,
            begun: self.next(),
            asked: asked.clone(),
            request_time: now,
            is_bypass,
            is_fenced: false,
            is_outdated: false,
            is_switched: false,
            is_disturbed: false,
            chosen: Vec::new(),
            nominated: Vec::new(),
            is_conditional,
            record: None,
        };
        if is_bypass || !is_reading(asked) {
            unchanged(&asked.headers, seen, &[])?;
        } else {
            let chosen = chosen(&self.records, asked);
            flight.chosen = chosen.into_iter().cloned().collect();
            self.check_validators(&mut flight, seen)?;
        }
        self.flights.push(flight);
        Ok(())
    }

    /// Validators come from stored responses of the same URI and user, and from nowhere else
    /// (9111-4.3.1-2, PRJ-4.3.1-6); the rest of the request is the caller's (PRJ-4.3.1-7).
    fn check_validators(&self, flight: &mut Flight, seen: &HeaderMap) -> Result<(), String> {
        let asked = &flight.asked;
        unchanged(&asked.headers, seen, &["if-none-match", "if-modified-since"])?;
        let (own, sent) = (tags(&asked.headers), tags(seen));
        let since = lines(seen, "if-modified-since");
        let is_own_since = since == lines(&asked.headers, "if-modified-since");
        let (Some(own), Some(sent)) = (own, sent) else {
            // A `*` stays what it is.
            return unchanged(&asked.headers, seen, &["if-modified-since"]);
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
            if !all.iter().any(|record| record.tag().as_ref() == Some(tag)) {
                return Err(format!("9111-4.3.1-2: {tag:?} is of no stored response"));
            }
        }
        let is_chosen = |record: &&super::Record| {
            flight.chosen.is_empty() || flight.chosen.iter().any(|chosen| chosen.id == record.id)
        };
        for record in all.into_iter().filter(is_chosen) {
            let modified = lines(&record.head, "last-modified");
            let is_tagged = record.tag().is_some_and(|tag| sent.contains(&tag));
            let is_dated = !since.is_empty() && since == modified[..modified.len().min(1)];
            if is_tagged || is_dated {
                flight.nominated.push(record.id);
            }
            let dated = flight.chosen.iter().any(|chosen| chosen.id == record.id) && is_dated;
            if !is_own_since && !dated && !since.is_empty() && flight.chosen.len() == 1 {
                return Err("C-58: If-Modified-Since is no Last-Modified".to_owned());
            }
        }
        flight.nominated.sort_unstable();
        flight.nominated.dedup();
        if !is_own_since && flight.nominated.is_empty() {
            return Err("PRJ-4.3.1-6: a date of nothing".to_owned());
        }
        self.check_due(flight, seen, &sent)
    }

    /// 9111-4.3.1-3, -4: what is to be validated is named by all its validators.
    fn check_due(&self, flight: &Flight, seen: &HeaderMap, sent: &[Tag]) -> Result<(), String> {
        let [record] = &flight.chosen[..] else {
            return Ok(());
        };
        let is_due = record.is_sure
            && record.mark != Mark::Doubtful
            && !flight.is_conditional
            && !self.is_forgetful;
        if !is_due {
            return Ok(());
        }
        if let Some(tag) = record.tag() {
            let line = joined(seen, "if-none-match", b", ");
            if !sent.contains(&tag) || line.as_deref() != lines(&record.head, "etag").first().copied()
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
        let hop_local = members(fields, "connection");
        let is_hop_local = self.records.iter().any(|record| match Vary::of(&record.rules) {
            // C-41
            Vary::Names(names) if record.is_of(asked) => names.iter().any(|name| {
                let mut named = hop_local.iter();
                named.any(|named| named.eq_ignore_ascii_case(name.as_bytes()))
            }),
            _ => false,
        });
        let is_for_origin = for_origin.iter().any(|name| fields.contains_key(*name));
        !self.is_on() || is_for_origin || is_elsewhere || is_hop_local
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
