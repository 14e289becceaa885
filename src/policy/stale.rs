//! RFC 9111 §4.2.4 and RFC 5861: when a stale response may be reused.

use std::time::Duration;

use super::Asked;
use crate::stored::Terms;

/// What may be done with a stored response that is stale by so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stale {
    /// The request accepts it as it is (RFC 9111 §5.2.1.2).
    Accepted,
    /// The origin lets it be reused while it is being validated (RFC 5861 §3).
    WhileValidated,
    /// It has to be validated first.
    Refused,
}

/// Weighs a stale response. `must-revalidate` outranks every permission.
pub(super) fn weigh(asked: &Asked, terms: &Terms, staleness: Duration) -> Stale {
    let directives = &asked.directives;
    if terms.is_must_revalidate || directives.min_fresh.is_some() {
        return Stale::Refused;
    }
    match directives.max_stale {
        Some(limit) if staleness <= Duration::from_secs(limit) => return Stale::Accepted,
        _ => {}
    }
    // A request that limits age or staleness wants no other stale response (RFC 9111 §5.2.1), and one
    // that may not be stored validates nothing for anybody.
    let has_no_say = directives.max_age.is_none()
        && directives.max_stale.is_none()
        && !directives.only_if_cached
        && !directives.no_store;
    if has_no_say
        && staleness <= terms.stale_while_revalidate
        && !terms.stale_while_revalidate.is_zero()
    {
        return Stale::WhileValidated;
    }
    Stale::Refused
}
