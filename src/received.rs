//! What is known of an answer beside its head: when it came, and what the user says of it.

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::fill::Filling;
use crate::policy::{Lifetimes, Received};
use crate::rules::Applied;

impl Filling<'_> {
    /// How long an answer is to be fresh, where the caller says so.
    pub(crate) fn wished(&self) -> Option<Duration> {
        self.fill.asked.wishes.as_ref()?.lifetime
    }

    /// What the user says of an answer with this head, where that is anything.
    pub(crate) fn applied(&self, status: StatusCode, fields: &HeaderMap) -> Option<&Applied> {
        let are_any = self.settings.rules.are_there() || self.wished().is_some();
        are_any.then(|| self.applied.get_or_init(|| self.apply(status, fields)))
    }

    /// What the rules say of an answer with this head, and its caller.
    pub(crate) fn apply(&self, status: StatusCode, fields: &HeaderMap) -> Applied {
        let rules = &self.settings.rules;
        let mut applied = if rules.are_there() {
            let wishes = self.fill.asked.wishes.as_deref();
            // By a name it is stored, and not asked for.
            let uri = wishes.and_then(|wishes| wishes.uri.as_deref());
            let uri = uri.unwrap_or_else(|| &self.key().uri);
            rules.applied((uri, self.caller()), status, fields)
        } else {
            Applied::default()
        };
        applied.lifetimes.wished = self.wished();
        applied
    }

    /// An answer to what was asked for, with this head.
    pub(crate) fn received<'f>(
        &self,
        status: StatusCode,
        fields: &'f HeaderMap,
        is_delimited: bool,
    ) -> Received<'f> {
        Received {
            lifetimes: self.lifetimes(status, fields),
            ..self.heard(status, fields, is_delimited)
        }
    }

    /// What is said of lifetimes beside what a response says itself.
    fn lifetimes(&self, status: StatusCode, fields: &HeaderMap) -> Option<Lifetimes> {
        let said = self.applied(status, fields).map(|says| says.lifetimes);
        if !self.fill.asked.is_unconditional() {
            return said;
        }
        // Nothing is guessed of an answer to POST (RFC 9110 §9.3.3).
        Some(Lifetimes {
            never_guessed: true,
            ..said.unwrap_or_default()
        })
    }

    /// The same, whatever the user says of it.
    pub(crate) fn heard<'f>(
        &self,
        status: StatusCode,
        fields: &'f HeaderMap,
        is_delimited: bool,
    ) -> Received<'f> {
        Received {
            status,
            fields,
            request_time: self.fill.request_time,
            response_time: self.now(),
            is_secure: self.key().is_secure(),
            is_delimited,
            is_timed: self.settings.clock.is_known(),
            lifetimes: None,
        }
    }
}
