//! `Clear-Site-Data`: an origin has everything removed that is stored for it (CSD-1).

use http::{Request, Response};

use crate::exchange::{Exchange, Purpose};
use crate::header::clear_site_data;
use crate::selector::Selector;
use crate::settings::Settings;
use crate::target::Target;

/// The origin that a request goes to, where there is any use in knowing it.
pub(crate) fn of<Q>(settings: &Settings, request: &Request<Q>) -> Option<Box<[u8]>> {
    if !settings.clears_sites {
        return None;
    }
    let uri = request.uri();
    let target = Target::of_request(uri, request.headers(), &settings.origin_form);
    let target = target.or_else(|| Target::of_uri(uri))?;
    Some(target.origin().into_boxed_slice())
}

impl Exchange {
    /// Does as the origin says, where that is set and nobody on the way can have said it instead. What is
    /// still to be stored of this exchange is newer than what is removed.
    pub(crate) fn clear_site<B>(&mut self, answer: &Response<B>) {
        let settings = &self.settings;
        if !settings.clears_sites || !clear_site_data::lists_cache(answer.headers()) {
            return;
        }
        // Where a redirect was followed it is the last origin that speaks (C-53).
        let last = settings.came_from(answer.extensions()).map(|uri| {
            let target = Target::of_uri(&uri);
            target.map(|target| target.origin()).unwrap_or_default()
        });
        let key;
        let (origin, by) = match (&mut self.purpose, &self.site) {
            (Purpose::Fill(fill) | Purpose::InvalidateAndFill(_, fill), _) => {
                key = fill.caller.to_key();
                (key.origin(), Some(fill.exchanging_mut()))
            }
            (Purpose::Pass(_) | Purpose::Invalidate(..), Some(origin)) => (&**origin, None),
            (Purpose::Pass(_) | Purpose::Invalidate(..), None) => return,
        };
        let (origin, by) = match last.as_deref() {
            Some(last) if last != origin => (last, None),
            _ => (origin, by),
        };
        if origin.starts_with(b"https:") {
            self.cache.purge(&Selector::of_origin(origin), by);
        }
    }
}
