//! RFC 9111 §4.1: which of the stored responses of a URI a request selects.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, header};

use super::comparing::Comparing;
use super::{Asked, range};
use crate::cache_status::Forward;
use crate::header::Fields;
use crate::header::connection::Connection;
use crate::header::vary::Vary;
use crate::seed::Digest;
use crate::stored::{Selection, StoredResponse};

/// The request fields that a response's `Vary` names, but for those that are ignored, as they stand in the request.
/// `None` where no later request could be compared: `Vary: *`, or a field that is for the next hop alone (C-41).
pub(crate) fn selection(
    comparing: Comparing<'_>,
    response: &HeaderMap,
    request: &impl Fields,
    ignored: &[HeaderName],
) -> Option<Selection> {
    let Vary::Fields(mut names) = Vary::parse(response) else {
        return None;
    };
    // The authority is in the key (PRJ-4.1-8).
    names.retain(|name| name != header::HOST && !ignored.contains(name));
    if names.is_empty() {
        return Some(Selection::default());
    }
    let connection = Connection::of(request);
    if names.iter().any(|name| connection.names(name)) {
        return None;
    }
    let names = names.into_iter();
    let fields: Arc<[_]> = names
        .map(|name| {
            let digest = comparing.digest(request, &name);
            (name, digest)
        })
        .collect();
    let may_tell = !connection.is_there();
    Some(Selection {
        presented: may_tell.then(|| comparing.octets(request, &fields)),
        fields,
        key: None,
    })
}

/// The place of the stored response that a request selects: of those that match, one that has `Vary`
/// before one that has none (RFC 9111 §4.1), then the newest by `Date` (§4, C-17). The error says why
/// there is none.
pub(crate) fn select<'a>(
    comparing: Comparing<'_>,
    asked: &Asked,
    request: &HeaderMap,
    stored: impl Iterator<Item = &'a StoredResponse>,
) -> Result<usize, Forward> {
    let mut miss = Forward::UriMiss;
    let mut presented = Presented::of(comparing, asked, request);
    let mut best: Option<(usize, &StoredResponse)> = None;
    for (place, candidate) in stored.enumerate() {
        // The head of what is not held whole may not say how long it is.
        let is_part = candidate.parts.is_some();
        if candidate.head.is_of_head && !asked.is_head || is_part && asked.is_head {
            if miss == Forward::UriMiss {
                miss = Forward::Miss;
            }
        } else if !presented.matches(candidate) {
            miss = Forward::VaryMiss;
        } else if best
            .is_none_or(|(_, held)| preference(asked, candidate) >= preference(asked, held))
        {
            best = Some((place, candidate));
        }
    }
    best.map(|(place, _)| place).ok_or(miss)
}

/// Whether a request selects a stored response that is the only one it could select.
#[inline]
pub(crate) fn selects(
    comparing: Comparing<'_>,
    asked: &Asked,
    request: &HeaderMap,
    stored: &StoredResponse,
) -> bool {
    let Selection {
        fields, presented, ..
    } = &stored.selected_by;
    let is_as_before = |before| comparing.octets(request, fields) == before;
    // Most requests are those of before, octet for octet.
    fields.is_empty()
        || (!asked.has_connection && presented.is_some_and(is_as_before))
        || Presented::of(comparing, asked, request).matches(stored)
}

/// Whether a request is one that an answer is for which was selected by these fields.
pub(crate) fn is_for(
    comparing: Comparing<'_>,
    selected_by: &Selection,
    request: &HeaderMap,
) -> bool {
    Presented::by(comparing, request).has(selected_by)
}

/// The fields that `Vary` names in which a request has something else than a response was selected by.
pub(crate) fn differing(
    comparing: Comparing<'_>,
    selected_by: &Selection,
    request: &HeaderMap,
) -> Vec<HeaderName> {
    let mut presented = Presented::by(comparing, request);
    let fields = selected_by.fields.iter();
    let differing = fields.filter(|(name, held)| !presented.has_in(name, *held, selected_by));
    differing.map(|(name, _)| name.clone()).collect()
}

/// Of two that match: one that has all that is asked for; the one with `Vary`; the newer; one with a body,
/// which answers HEAD as well.
fn preference(asked: &Asked, stored: &StoredResponse) -> impl PartialOrd + use<> {
    (
        range::has_all(asked, stored),
        Vary::parse(&stored.head.fields.only([header::VARY])) != Vary::Fields(Vec::new()),
        stored.terms.date,
        !stored.head.is_of_head,
    )
}

/// What a request has in the fields that `Vary` names, each digested once however many stored responses
/// it is compared with.
pub(crate) struct Presented<'a> {
    comparing: Comparing<'a>,
    fields: &'a HeaderMap,
    // Read where a stored response has `Vary`, and not before.
    connection: Option<Connection>,
    digests: [Option<(HeaderName, Option<Digest>)>; REMEMBERED],
    // One that is not as before, octet for octet, is not compared so again.
    may_be_as_before: bool,
}

/// Of more fields than this the others are digested anew: a list that grows would be an allocation.
const REMEMBERED: usize = 4;

impl<'a> Presented<'a> {
    pub(crate) fn by(comparing: Comparing<'a>, fields: &'a HeaderMap) -> Self {
        Self {
            comparing,
            fields,
            connection: None,
            digests: [const { None }; REMEMBERED],
            may_be_as_before: false,
        }
    }

    /// Of a request that has been read.
    fn of(comparing: Comparing<'a>, asked: &Asked, fields: &'a HeaderMap) -> Self {
        Self {
            connection: (!asked.has_connection).then(Connection::default),
            may_be_as_before: !asked.has_connection,
            ..Self::by(comparing, fields)
        }
    }

    /// Whether every field that `Vary` names holds what it held. Absent matches only absent.
    pub(crate) fn matches(&mut self, stored: &StoredResponse) -> bool {
        self.has(&stored.selected_by)
    }

    fn has(&mut self, selected_by: &Selection) -> bool {
        if std::mem::take(&mut self.may_be_as_before)
            && selected_by.presented.is_some()
            && selected_by.presented
                == Some(self.comparing.octets(self.fields, &selected_by.fields))
        {
            return true;
        }
        let mut fields = selected_by.fields.iter();
        fields.all(|(name, held)| self.has_in(name, *held, selected_by))
    }

    /// Whether this field holds what it held.
    fn has_in(&mut self, name: &HeaderName, held: Option<Digest>, selected_by: &Selection) -> bool {
        let connection = &mut self.connection;
        let connection = connection.get_or_insert_with(|| Connection::of(self.fields));
        if connection.names(name) {
            return false;
        }
        let digest = match &selected_by.key {
            None => self.digest(name),
            Some(key) => self.comparing.with(key).digest(self.fields, name),
        };
        digest == held
    }

    fn digest(&mut self, name: &HeaderName) -> Option<Digest> {
        for place in &mut self.digests {
            match place {
                Some((known, digest)) if known == name => return *digest,
                Some(_) => {}
                None => {
                    let digest = self.comparing.digest(self.fields, name);
                    *place = Some((name.clone(), digest));
                    return digest;
                }
            }
        }
        self.comparing.digest(self.fields, name)
    }
}
