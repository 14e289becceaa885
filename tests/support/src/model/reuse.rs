//! Whether a stored response may be the answer without the origin (RFC 9111 §4, §4.2.4, §5.2).

use super::control::Control;
use super::fields::joined;
use tower_client_cache::CacheMode;

use super::{Asked, Kind, Mark, Record};

/// What the rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reuse {
    /// A rule forbids it.
    Never(&'static str),
    /// Nothing forbids it, and nothing asks for it.
    May,
    /// Nothing forbids it, and this cache does (9111-2-3).
    Must,
}

/// What a request says about what it takes.
#[derive(Debug, Clone)]
pub(super) struct Wishes {
    pub(super) control: Control,
    pub(super) is_no_cache: bool,
    pub(super) max_age: Option<u64>,
    min_fresh: Option<u64>,
    /// `u64::MAX` where it may be as stale as it is.
    max_stale: Option<u64>,
    is_sure: bool,
}

impl Wishes {
    /// All of §5.2.1 is honoured (C-10); what cannot be read is taken to be restrictive (PRJ-5.2.1-8).
    pub(super) fn of(asked: &Asked) -> Self {
        let control = Control::of(&asked.headers);
        let pragma = joined(&asked.headers, "pragma", b",").unwrap_or_default();
        let is_pragma = pragma.eq_ignore_ascii_case(b"no-cache");
        let (max_age, are_ages) = control.least("max-age");
        let min_fresh = control.numbers("min-fresh");
        let stale = control.numbers("max-stale");
        let bare = control.has_bare("max-stale");
        let numbers: Vec<_> = stale.iter().flatten().copied().collect();
        let max_stale = match numbers.iter().min() {
            Some(least) => Some(*least),
            None if bare => Some(u64::MAX),
            None => None,
        };
        Self {
            is_no_cache: control.has("no-cache")
                || is_pragma && !control.is_there
                || !are_ages
                || min_fresh.contains(&None),
            max_age,
            min_fresh: min_fresh.into_iter().flatten().max(),
            max_stale,
            // A number and something that is none.
            is_sure: !control.is_torn && (numbers.len() == stale.len() || numbers.is_empty()),
            control,
        }
    }
}

impl Wishes {
    /// It wants something fresh, and takes something stale.
    fn is_torn(&self, freshness: Result<u64, u64>) -> bool {
        self.min_fresh.is_some() && freshness.is_err()
    }

    /// `min-fresh`: it wants the lifetime to be at least the age and so much more (9111-5.2.1.3-1).
    pub(super) fn is_too_stale(&self, freshness: Result<u64, u64>) -> bool {
        match (self.min_fresh, freshness) {
            (None, _) => false,
            (Some(more), Ok(rest)) => rest < 10 * more,
            (Some(more), Err(staleness)) => more > 0 || staleness > 0,
        }
    }
}

impl Record {
    pub(super) fn reuse(&self, kind: Kind, asked: &Asked, now: u64) -> Reuse {
        let wishes = Wishes::of(asked);
        let control = Control::of(&self.rules);
        match asked.mode {
            CacheMode::NoCache | CacheMode::Reload | CacheMode::NoStore => {
                return Reuse::Never("FETCH-4");
            }
            CacheMode::ForceCache | CacheMode::OnlyIfCached => return self.force(kind, now),
            _ => {}
        }
        if wishes.is_no_cache {
            return Reuse::Never("9111-5.2.1.4-1");
        }
        if control.has_unqualified("no-cache") {
            return Reuse::Never("9111-4-4");
        }
        if self.mark == Mark::Outdated {
            return Reuse::Never("9111-4.4-5");
        }
        let verdict = self.weigh(kind, asked, now, &wishes, &control);
        let is_sure = wishes.is_sure && !control.is_torn && self.mark == Mark::Good;
        // As large as is convenient (9111-1.2.2-1): what is compared with what may be as large.
        let is_endless = self.age(now) >= 1 << 31;
        let is_sure = is_sure && !is_endless;
        if is_endless && verdict == Reuse::Never("9111-4.2.4-2") {
            return Reuse::May;
        }
        match verdict {
            Reuse::Must if !is_sure || wishes.is_torn(self.freshness(kind, now)) => Reuse::May,
            verdict => verdict,
        }
    }

    /// FETCH-8, FETCH-9
    fn force(&self, kind: Kind, now: u64) -> Reuse {
        let control = Control::of(&self.rules);
        let is_stale = self.freshness(kind, now).is_err();
        if control.has_unqualified("no-cache") || is_stale && self.forbids_stale(kind) {
            return Reuse::Never("FETCH-9");
        }
        match self.mark {
            Mark::Outdated => Reuse::Never("FETCH-9"),
            Mark::Good if !control.is_torn => Reuse::Must,
            _ => Reuse::May,
        }
    }

    fn weigh(
        &self,
        kind: Kind,
        asked: &Asked,
        now: u64,
        wishes: &Wishes,
        control: &Control,
    ) -> Reuse {
        let age = self.age(now);
        let freshness = self.freshness(kind, now);
        if wishes.max_age.is_some_and(|most| most == 0 || age > most) {
            // 8246-2-1, 8246-3-1, 8246-3-3
            let is_https = asked.uri.scheme_str() == Some("https");
            if !(freshness.is_ok() && control.has("immutable") && is_https) {
                return Reuse::Never("9111-5.2.1.1-1");
            }
            if wishes.max_age != Some(0) || !self.head.contains_key("content-length") {
                return Reuse::May;
            }
        }
        if wishes.is_too_stale(freshness) {
            return Reuse::Never("9111-5.2.1.3-1");
        }
        let Err(staleness) = freshness else {
            return Reuse::Must;
        };
        if self.forbids_stale(kind) {
            return Reuse::Never("9111-4.2.4-1");
        }
        if wishes
            .max_stale
            .is_some_and(|most| staleness <= most.saturating_mul(10))
        {
            return Reuse::Must;
        }
        match self.window("stale-while-revalidate") {
            // 9111-5.2.1.1-1: who names an age wants nothing stale, unless max-stale says otherwise.
            Some(window) if staleness <= 10 * window => {
                let is_plain = wishes.max_age.is_none()
                    && !wishes.control.has("max-stale")
                    && !wishes.control.has("min-fresh")
                    && !wishes.control.has("only-if-cached")
                    && !wishes.control.has("no-store");
                if is_plain { Reuse::Must } else { Reuse::May }
            }
            _ => Reuse::Never("9111-4.2.4-2"),
        }
    }

    /// 9111-4.2.4-1
    pub(super) fn forbids_stale(&self, kind: Kind) -> bool {
        let control = Control::of(&self.rules);
        let mut names = vec!["must-revalidate"];
        if kind == Kind::Shared {
            names.extend(["proxy-revalidate", "s-maxage"]);
        }
        control.has_unqualified("no-cache") || names.iter().any(|name| control.has(name))
    }

    /// The seconds of an extension of RFC 5861; what is no number is ignored (PRJ-5861-3).
    pub(super) fn window(&self, name: &str) -> Option<u64> {
        Control::of(&self.rules).least(name).0.filter(|n| *n > 0)
    }
}

/// `only-if-cached`: the origin is not asked, whatever there is (9111-5.2.1.7-1).
pub(super) fn is_only_if_cached(asked: &Asked) -> bool {
    let says_so = Control::of(&asked.headers).has("only-if-cached");
    asked.mode == CacheMode::OnlyIfCached || asked.mode == CacheMode::Default && says_so
}
