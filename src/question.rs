//! What the origin is asked: the caller's request, and whether what is stored is still good.

use std::pin::Pin;
use std::sync::Arc;

use http::{Method, Request, header};
use http_body::Body;
use tower::Service;

use crate::background::{Background, Claim, TIME_LIMIT, Task, Timer};
use crate::cache_status::Forward;
use crate::caller::Caller;
use crate::collapse::Company;
use crate::content::Content;
use crate::events::ToldOf;
use crate::exchange::{Exchange, Purpose};
use crate::fill::{Beside, Fill};
use crate::future::{Forwarding, ResponseFuture, Unsent};
use crate::header::cache_control;
use crate::key::Wanted;
use crate::mode::CacheMode;
use crate::policy::{Asked, parts, validation};
use crate::request_body::{Replay, RequestBody};
use crate::service::CacheService;
use crate::store::Exchanging;
use crate::stored::StoredResponse;
use crate::switch::Forbidden;

/// Why a request is forwarded that was looked up.
pub(crate) struct Missed {
    pub(crate) reason: Forward,
    /// What it has selected and could not be answered with.
    pub(crate) selected: Option<Arc<StoredResponse>>,
    pub(crate) company: Company,
}

impl<S, X, P> CacheService<S, X, P> {
    pub(crate) fn exchange(&self, reason: Forward, has_waited: bool, purpose: Purpose) -> Exchange {
        Exchange {
            cache: self.cache.clone(),
            settings: self.settings.clone(),
            reason,
            has_waited,
            purpose,
            has_caller: false,
            is_counted: false,
            site: None,
            told_of: None,
        }
    }

    pub(crate) fn told_of<Q>(&self, request: &Request<Q>) -> Option<Box<ToldOf>> {
        let are_there = self.cache.observers.are_there();
        are_there.then(|| ToldOf::by(request.uri(), request.method()))
    }

    /// Forwards a request for which nothing could be reused; as a question about the stored response
    /// that was selected, where there is one and it can be asked about.
    pub(crate) fn forward<Q: Body, R>(
        &self,
        mut forwarding: Pin<Box<Forwarding<S, Q>>>,
        wanted: &Wanted<'_>,
        asked: Asked,
        missed: Missed,
    ) -> ResponseFuture<S, Q, R, X, P>
    where
        S: Service<Request<Q>> + Clone,
        X: Timer,
        P: RequestBody<Q>,
    {
        let request = forwarding.as_mut().unsent().request;
        let caller = Caller::of(wanted, request.headers());
        CacheMode::of(request.extensions()).tell(request.headers_mut());
        self.ask(forwarding.as_mut(), caller, asked, missed);
        let unsent = forwarding.as_mut().unsent();
        if let Some(exchange) = unsent.exchange {
            exchange.has_caller = true;
            exchange.told_of = self.told_of(unsent.request);
        }
        ResponseFuture::forwarding(forwarding, self.background.clone())
    }

    /// Sends the caller's own request, which has been answered already, to validate the response that
    /// it was answered with.
    pub(crate) fn validate_in_background<Q: Body, R>(
        &self,
        mut request: Request<Q>,
        wanted: &Wanted<'_>,
        stored: Arc<StoredResponse>,
        asked: Asked,
        claim: Claim,
    ) where
        S: Service<Request<Q>> + Clone,
        X: Background<Task<S, Q, R>>,
        P: RequestBody<Q>,
    {
        // What is asked about is the stored response, and not what the caller has: all of it, or where it
        // is not held whole, what the caller has asked for.
        let is_part = stored.parts.is_some();
        let fields = request.headers_mut();
        for field in [
            header::IF_NONE_MATCH,
            header::IF_MODIFIED_SINCE,
            header::IF_RANGE,
        ] {
            fields.remove(field);
        }
        if !is_part {
            fields.remove(header::RANGE);
        }
        let takes_less = ["max-stale", "only-if-cached"];
        cache_control::remove_directives(request.headers_mut(), &takes_less);
        let asked = Asked {
            range: asked.range.filter(|_| is_part),
            is_head: stored.head.is_of_head,
            has_authorization: asked.has_authorization,
            forbidden: asked.forbidden,
            // How it is stored; nobody is answered.
            wishes: asked.wishes,
            content: asked.content,
            ..Asked::default()
        };
        if !asked.is_head && asked.content.is_none() {
            *request.method_mut() = Method::GET;
        }
        let caller = Caller::of(wanted, request.headers());
        let missed = Missed {
            reason: Forward::Stale,
            selected: Some(stored),
            company: Company::default(),
        };
        let mut forwarding = Forwarding::readying(self.inner.clone(), request);
        self.ask(forwarding.as_mut(), caller, asked, missed);
        self.background
            .spawn(Task::validating(forwarding, claim), TIME_LIMIT);
    }

    /// Asks the origin. `caller` is the request as it was made.
    fn ask<Q: Body>(
        &self,
        forwarding: Pin<&mut Forwarding<S, Q>>,
        caller: Caller,
        asked: Asked,
        missed: Missed,
    ) where
        S: Service<Request<Q>> + Clone,
        P: RequestBody<Q>,
    {
        let Missed {
            reason,
            selected,
            company,
        } = missed;
        let may_ask_about = selected.is_some() || asked.is_head || reason == Forward::VaryMiss;
        let Unsent {
            request,
            spare,
            exchange,
        } = forwarding.unsent();
        let has_waited = company.waited.is_some();
        // Before anything else is taken from the store: a clear from here on is held against it.
        let exchanging = self.exchanging(asked.forbidden);
        let fill = Fill::new(asked, caller, exchanging, company);
        let exchange = exchange.insert(self.exchange(reason, has_waited, Purpose::Fill(fill)));
        if may_ask_about {
            if let Purpose::Fill(fill) = &mut exchange.purpose {
                *spare = self.ask_about(request, fill, reason, selected);
            }
        }
    }

    /// Asks about what is stored of the same URI, where it can be asked about. The request as it was, where it
    /// may have to be sent once more.
    fn ask_about<Q: Body>(
        &self,
        request: &mut Request<Q>,
        fill: &mut Fill,
        reason: Forward,
        selected: Option<Arc<StoredResponse>>,
    ) -> Option<Box<Request<Q>>>
    where
        P: RequestBody<Q>,
    {
        let store = &self.cache.store;
        let asked = &fill.asked;
        // What has only part of what is asked for is asked about in no other way (RFC 9111 §4.3.2).
        let (selected, part) = match reason {
            Forward::Partial => (None, selected),
            _ => (selected, None),
        };
        let may_adopt = reason == Forward::VaryMiss && !asked.is_head;
        let may_ask =
            !asked.is_reload() && !asked.is_unconditional() && (selected.is_some() || may_adopt);
        let missing = part
            .as_ref()
            .and_then(|part| parts::missing(asked, &fill.caller.to_fields(), part));
        let may_need_spare = may_ask || missing.is_some();
        let content = asked.content.as_deref();
        let spare = may_need_spare
            .then(|| self.spare(request, content))
            .flatten();
        let variants = || store.variants(&fill.caller.to_key());
        // A 304 that is about none of them could not be answered without asking once more.
        let others = if may_adopt && spare.is_some() {
            validation::adoptable(variants(), &fill.caller.to_fields())
        } else {
            Vec::new()
        };
        // What is stored later is newer than what the answer is about.
        let mut described = if asked.is_head {
            variants()
        } else {
            Vec::new()
        };
        described.retain(|held| !held.head.is_of_head);
        fill.is_validation = may_ask
            && validation::make_conditional(
                request.headers_mut(),
                selected.as_deref(),
                others.iter().map(|other| &**other),
                spare.is_some(),
            );
        // What has not got the whole could not be answered with if the answer were good for nothing.
        let missing = missing.filter(|gap| {
            let fields = request.headers_mut();
            let part = part.as_deref().filter(|_| spare.is_some());
            part.is_some_and(|part| parts::ask_for_missing(fields, *gap, part))
        });
        let spare = spare.filter(|_| fill.is_validation || missing.is_some());
        fill.may_repeat = spare.is_some();
        fill.selected = selected;
        if part.is_some() || !others.is_empty() || !described.is_empty() {
            fill.beside = Some(Box::new(Beside {
                part,
                missing,
                others,
                described,
            }));
        }
        spare
    }

    /// An exchange begins, where this was forbidden when its request was read.
    pub(crate) fn exchanging(&self, forbidden: Forbidden) -> Exchanging {
        let exchanging = Exchanging::begin(&self.cache.store);
        let exchanging = if forbidden.storing() {
            exchanging.barred()
        } else {
            exchanging
        };
        // Credentials named since the key was made have put up a fence that this is behind already.
        if self.cache.version() == self.version {
            exchanging
        } else {
            exchanging.void()
        }
    }

    /// The request as it is, to be sent once more, where there can be a second body for it.
    fn spare<Q: Body>(
        &self,
        request: &Request<Q>,
        content: Option<&Content>,
    ) -> Option<Box<Request<Q>>>
    where
        P: RequestBody<Q>,
    {
        let replay = content.map_or_else(Replay::empty, Content::replay);
        let mut spare = Request::new(self.request_body.make(replay)?);
        *spare.method_mut() = request.method().clone();
        *spare.uri_mut() = request.uri().clone();
        *spare.version_mut() = request.version();
        *spare.headers_mut() = request.headers().clone();
        *spare.extensions_mut() = request.extensions().clone();
        Some(Box::new(spare))
    }
}
