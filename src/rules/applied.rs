//! What the rules say of one response.

use http::{HeaderMap, HeaderName, StatusCode};

use super::all::normal;
use super::{Rule, Rules};
use crate::policy::Lifetimes;
use crate::tags::{self, Tags};

/// What the rules say of one response.
#[derive(Debug, Clone, Default)]
pub(crate) struct Applied {
    pub(crate) lifetimes: Lifetimes,
    pub(crate) never_stored: bool,
    pub(crate) tags: Tags,
    pub(crate) ignored_vary: Vec<HeaderName>,
}

impl Rules {
    /// What they say of a response with this status and these fields, to a request of which `text` is the text of the
    /// key.
    pub(crate) fn applied(
        &self,
        (text, asked): (&[u8], &HeaderMap),
        status: StatusCode,
        fields: &HeaderMap,
    ) -> Applied {
        let mut applied = Applied::default();
        let uri = normal(text);
        for rule in self.rules.iter() {
            let holds = rule.holds_for(&uri, asked)
                && rule
                    .responses
                    .as_ref()
                    .is_none_or(|holds| holds(status, fields));
            if holds {
                applied.add(rule);
            }
        }
        applied
    }
}

impl Applied {
    /// What one more rule says, where none has said it before.
    fn add(&mut self, rule: &Rule) {
        let (says, lifetimes) = (&rule.says, &mut self.lifetimes);
        lifetimes.default = lifetimes.default.or(says.default_lifetime);
        lifetimes.least = lifetimes.least.or(says.min_lifetime);
        lifetimes.most = lifetimes.most.or(says.max_lifetime);
        lifetimes.never_guessed |= says.never_guessed;
        self.never_stored |= says.never_stored;
        self.tags = tags::joined(&self.tags, &says.tags);
        if self.ignored_vary.is_empty() {
            self.ignored_vary.clone_from(&says.ignored_vary);
        }
    }
}
