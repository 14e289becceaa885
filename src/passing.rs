//! What the origin is asked without a look at what is stored.

use http::{Method, Request};
use tower::Service;

use crate::background::Timer;
use crate::cache_status::{Forward, NotStored};
use crate::caller::Caller;
use crate::collapse::Company;
use crate::exchange::{Exchange, Purpose};
use crate::fill::Fill;
use crate::future::{Forwarding, ResponseFuture};
use crate::invalidation::Invalidation;
use crate::key::{Text, Wanted};
use crate::mode::CacheMode;
use crate::policy::Asked;
use crate::service::CacheService;
use crate::site;
use crate::target::Target;
use crate::wishes::Wishes;

/// Why a request is forwarded that was not looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passed {
    pub(crate) reason: Forward,
    pub(crate) refused: NotStored,
    pub(crate) has_waited: bool,
    /// Whether it changes nothing, whatever its method says.
    pub(crate) is_safe: bool,
}

impl<S, X, P> CacheService<S, X, P> {
    /// Forwards a request that was not looked up.
    pub(crate) fn pass<Q, R>(
        &self,
        mut request: Request<Q>,
        passed: Passed,
    ) -> ResponseFuture<S, Q, R, X, P>
    where
        S: Service<Request<Q>> + Clone,
        X: Timer,
    {
        let Passed {
            reason, refused, ..
        } = passed;
        let mode = CacheMode::of(request.extensions());
        mode.tell(request.headers_mut());
        let invalidation = if passed.is_safe {
            None
        } else {
            Invalidation::of(&self.cache, &request, &self.settings.origin_form)
        };
        let purpose = match invalidation {
            Some(invalidation) => match self.posting(&request, mode) {
                Some(fill) => Purpose::InvalidateAndFill(Box::new(invalidation), fill),
                None => Purpose::Invalidate(refused, invalidation),
            },
            None => Purpose::Pass(refused),
        };
        let exchange = Exchange {
            site: site::of(&self.settings, &request),
            told_of: self.told_of(&request),
            has_caller: true,
            ..self.exchange(reason, passed.has_waited, purpose)
        };
        let mut forwarding = Forwarding::readying(self.inner.clone(), request);
        *forwarding.as_mut().unsent().exchange = Some(exchange);
        ResponseFuture::forwarding(forwarding, self.background.clone())
    }

    /// A POST or PATCH, whose answer may be stored for GET where it says that it is of what that would get.
    pub(crate) fn posting<Q>(&self, request: &Request<Q>, mode: CacheMode) -> Option<Fill> {
        let (uri, fields) = (request.uri(), request.headers());
        let forbidden = self.cache.switch.forbidden();
        let may_be_stored = matches!(*request.method(), Method::POST | Method::PATCH)
            && mode != CacheMode::NoStore
            && !forbidden.storing()
            && !self
                .settings
                .bypass
                .iter()
                .any(|name| fields.contains_key(name));
        let mut asked = may_be_stored.then(|| Asked::posting(fields)).flatten()?;
        asked.set_wishes(Wishes::of(request.extensions()));
        asked.has_authorization |= self.reader().names_user(uri);
        let target = Target::of_request(uri, fields, &self.settings.origin_form)?;
        let mut text = Text::of(&self.cache.seed, target);
        if let Some(wishes) = &mut asked.wishes {
            wishes.remember(&text);
        }
        let wishes = asked.wishes.as_deref();
        self.settings.rewrite(&mut text, fields, wishes);
        let wanted = Wanted::new(
            &self.cache.seed,
            &text,
            self.reader().partition(request, wishes, true)?,
        );
        let caller = Caller::of(&wanted, fields);
        let (exchanging, company) = (self.exchanging(forbidden), Company::default());
        Some(Fill::new(asked, caller, exchanging, company))
    }
}
