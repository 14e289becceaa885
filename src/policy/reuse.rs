//! RFC 9111 §4: whether a stored response may answer a request.

use std::time::Duration;

use super::stale::{self, Stale};
use super::{Asked, range};
use crate::cache_status::Forward;
use crate::stored::{StoredResponse, Terms};

/// What is to be done with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Answer with the stored response.
    Reuse,
    /// Answer with the stored response, which is stale, and validate it in the background.
    ReuseAndValidate,
    /// Ask the origin, about the stored response if there is anything to ask about it with.
    Validate(Forward),
    /// Answer 504: the origin may not be asked (RFC 9111 §5.2.1.7).
    Unsatisfiable,
}

/// Decides about a request for which this response, of this age, was selected. One that is `invalid` was made
/// wrong by an unsafe request, and is as good as unknown until the origin has spoken (C-25). One whose age
/// is its lifetime is stale (C-09).
#[inline]
pub(crate) fn decide(
    asked: &Asked,
    stored: &StoredResponse,
    is_invalid: bool,
    age: Duration,
) -> Decision {
    let terms = &stored.terms;
    let reason = if !range::has_all(asked, stored) {
        Forward::Partial
    } else if is_invalid || terms.is_no_cache {
        Forward::Stale
    } else if asked.is_reload() {
        Forward::Request
    } else if asked.takes_any_age {
        if terms.is_fresh(age) || !terms.is_must_revalidate {
            return Decision::Reuse;
        }
        Forward::Stale
    } else if !is_acceptable(asked, terms, age) {
        // The request would take no response of this age, fresh or not.
        if terms.is_fresh(age) {
            Forward::Request
        } else {
            Forward::Stale
        }
    } else if terms.is_fresh(age) {
        if is_fresh_enough(asked, terms.lifetime - age) {
            return Decision::Reuse;
        }
        Forward::Request
    } else {
        match stale::weigh(asked, terms, age.saturating_sub(terms.lifetime)) {
            Stale::Accepted => return Decision::Reuse,
            Stale::WhileValidated => return Decision::ReuseAndValidate,
            Stale::Refused => Forward::Stale,
        }
    };
    if asked.directives.only_if_cached {
        Decision::Unsatisfiable
    } else {
        Decision::Validate(reason)
    }
}

/// `no-cache` and `max-age` of the request (RFC 9111 §5.2.1.4 and §5.2.1.1). An age of zero is what a
/// reload asks for, and nothing stored has it (C-11), but for what is never to change (RFC 8246).
fn is_acceptable(asked: &Asked, terms: &Terms, age: Duration) -> bool {
    let directives = &asked.directives;
    if directives.no_cache {
        return false;
    }
    match directives.max_age {
        None => true,
        Some(0) => terms.is_immutable && terms.is_fresh(age),
        Some(limit) => age <= Duration::from_secs(limit),
    }
}

/// `min-fresh` of the request (RFC 9111 §5.2.1.3).
fn is_fresh_enough(asked: &Asked, remaining: Duration) -> bool {
    asked
        .directives
        .min_fresh
        .is_none_or(|least| remaining >= least)
}
