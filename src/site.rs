//! `Clear-Site-Data`: an origin has everything removed that is stored for it (CSD-1).

use http::{HeaderMap, Request};

use crate::exchange::{Exchange, Purpose};
use crate::fill::Fill;
use crate::header::clear_site_data;
use crate::settings::Settings;
use crate::target::Target;

/// The origin that a request goes to, where there is any use in knowing it.
pub(crate) fn of<Q>(settings: &Settings, request: &Request<Q>) -> Option<Box<[u8]>> {
    if !settings.clears_sites {
        return None;
    }
    let uri = request.uri();
    let target = Target::of_request(uri, request.headers(), &settings.scheme);
    let target = target.or_else(|| Target::of_uri(uri))?;
    Some(target.origin().into_boxed_slice())
}

impl Exchange {
    /// Does as the origin says, where that is set and nobody on the way can have said it instead. What is
    /// still to be stored of this exchange is newer than what is removed.
    pub(crate) fn clear_site(&mut self, answer: &HeaderMap) {
        if !self.settings.clears_sites || !clear_site_data::lists_cache(answer) {
            return;
        }
        let (origin, by) = match (&mut self.purpose, &self.site) {
            (Purpose::Fill(fill) | Purpose::InvalidateAndFill(fill, _), _) => {
                let Fill {
                    key, exchanging, ..
                } = &mut **fill;
                (key.origin(), Some(exchanging))
            }
            (Purpose::Pass(_) | Purpose::Invalidate(..), Some(origin)) => (&**origin, None),
            (Purpose::Pass(_) | Purpose::Invalidate(..), None) => return,
        };
        if origin.starts_with(b"https:") {
            self.cache.store.purge_origin(origin, by);
        }
    }
}
