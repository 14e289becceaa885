//! All rules of a cache.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderMap, Uri};

use super::Rule;
use crate::key::Text;
use crate::target::Target;

/// All rules of a cache.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub(super) rules: Arc<[Rule]>,
    /// Whether any ignores part of a query.
    ignore_queries: bool,
    /// Whether any says that a POST is safe.
    pub(super) have_safe_posts: bool,
}

impl Rules {
    pub(crate) fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let rules: Arc<[Rule]> = rules.into_iter().collect();
        let ignores_query = |rule: &Rule| !rule.says.ignored_query.is_empty();
        Self {
            ignore_queries: rules.iter().any(ignores_query),
            have_safe_posts: rules.iter().any(Rule::says_of_posts),
            rules,
        }
    }

    #[inline]
    pub(crate) fn are_there(&self) -> bool {
        !self.rules.is_empty()
    }

    #[inline]
    pub(crate) fn ignore_queries(&self) -> bool {
        self.ignore_queries
    }

    /// Leaves out of the text of a key the parameters that do not count there.
    #[cold]
    pub(crate) fn leave_out(&self, text: &mut Text, fields: &HeaderMap) {
        let normal = normal(text.as_bytes());
        let mut rules = self.rules.iter();
        let first = rules.find(|rule| {
            !rule.says.ignored_query.is_empty()
                && rule.responses.is_none()
                && rule.holds_for(&normal, fields)
        });
        if let Some(rule) = first {
            text.leave_out(&rule.says.ignored_query);
        }
    }

    /// The texts that the key of a URI may have, whatever fields it is asked for with.
    pub(crate) fn forms_of(&self, text: Text) -> Vec<Text> {
        let mut forms = Vec::new();
        let normal = normal(text.as_bytes()).into_owned();
        for rule in &*self.rules {
            let ignored = &rule.says.ignored_query;
            if ignored.is_empty() || rule.responses.is_some() || !rule.is_at(&normal) {
                continue;
            }
            let mut form = text.clone();
            form.leave_out(ignored);
            forms.push(form);
            if rule.requests.is_none() {
                return forms;
            }
        }
        forms.push(text);
        forms
    }
}

/// The normal form of a URI that stands as it does in a key. There it may be literal; what a rule says holds
/// however it is written (RFC 9110 §4.2.3).
pub(super) fn normal(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let uri = Uri::try_from(text).ok();
    let target = uri.as_ref().and_then(Target::of_uri);
    target.map_or(Cow::Borrowed(text), |target| {
        Cow::Owned(target.to_text().into_bytes())
    })
}
