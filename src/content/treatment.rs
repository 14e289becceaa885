//! What is done with a request that is neither GET nor HEAD.

use http::{Method, Request, header};

use super::{Judge, Kind, is_query};
use crate::cache_status::Outcome;
#[cfg(feature = "grpc")]
use crate::grpc;
use crate::header::cache_control::RequestDirectives;
use crate::header::content_type;
use crate::key::Text;
use crate::mode::CacheMode;
use crate::reading::Reader;
use crate::target::Target;

/// What is done with a request that is neither GET nor HEAD.
#[derive(Debug)]
pub(crate) enum Treatment {
    /// It is forwarded, and nobody says that it is safe.
    Unsafe,
    /// It is forwarded, and changes nothing.
    Safe,
    /// Its content is read, and is part of its key then, where it is as this has it.
    Read(Judge),
}

impl Reader<'_> {
    /// What is done with a request that is neither GET nor HEAD, where its content can be read.
    pub(crate) fn treatment<Q>(self, request: &Request<Q>) -> Treatment {
        let Some(judge) = self.judge(request) else {
            return Treatment::Unsafe;
        };
        // gRPC has rules of its own, and what is none has nothing of them (C-48).
        let is_grpc = content_type::is_grpc(request.headers());
        if is_grpc == (judge.kind() == Kind::Grpc) && self.is_for_store(request) {
            return Treatment::Read(judge);
        }
        if judge.is_certain() {
            Treatment::Safe
        } else {
            Treatment::Unsafe
        }
    }

    /// What is answered in the place of the origin, where a request that is neither GET nor HEAD would be forwarded:
    /// it may not be asked by anybody, or is not to be asked for what changes nothing.
    pub(crate) fn refusal<Q>(self, request: &Request<Q>, is_safe: bool) -> Option<Outcome> {
        if self.cache.switch.forbidden().forwarding() {
            return Some(Outcome::Offline);
        }
        let takes_only_stored = match CacheMode::of(request.extensions()) {
            CacheMode::OnlyIfCached => true,
            CacheMode::Default => RequestDirectives::parse(request.headers()).only_if_cached,
            _ => false,
        };
        (is_safe && takes_only_stored).then_some(Outcome::Unsatisfiable)
    }

    /// What says whether a request is safe; `None` where it is not, as far as anybody says.
    fn judge<Q>(self, request: &Request<Q>) -> Option<Judge> {
        let (settings, rules) = (self.settings, &self.settings.rules);
        if is_query(request.method()) {
            return settings.answers_query.then(Judge::default);
        }
        if *request.method() != Method::POST || !rules.have_safe_posts() {
            return None;
        }
        let fields = request.headers();
        let target = Target::of_request(request.uri(), fields, &settings.origin_form)?;
        let text = Text::of(&self.cache.seed, target);
        #[cfg(feature = "grpc")]
        if grpc::is_grpc(fields) {
            if let Some(judge) = rules.safe_grpc(&text, fields) {
                return Some(judge.clone());
            }
        }
        rules.safe_post(&text, fields).cloned()
    }

    /// Whether a safe request is one for the store, as far as its head says: it has content of a type (RFC 10008
    /// §2.1), and wants no part of an answer (§2.8) and nothing that only the origin knows.
    fn is_for_store<Q>(self, request: &Request<Q>) -> bool {
        let fields = request.headers();
        let is_none_of = |names: &[_]| names.iter().all(|name| !fields.contains_key(name));
        let forbidden = self.cache.switch.forbidden();
        let takes_no_part = forbidden.serving() && forbidden.storing();
        // What a condition on a POST means nobody says (RFC 9110 §13.2.1).
        let has_condition = !is_query(request.method())
            && !is_none_of(&[header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE]);
        !takes_no_part
            && !has_condition
            && CacheMode::of(request.extensions()) != CacheMode::NoStore
            && fields.contains_key(header::CONTENT_TYPE)
            && is_none_of(&[
                header::IF_MATCH,
                header::IF_RANGE,
                header::IF_UNMODIFIED_SINCE,
                header::RANGE,
                header::UPGRADE,
            ])
            && is_none_of(&self.settings.bypass)
    }
}
