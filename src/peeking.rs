//! What a request would find, without leaving a trace.

use http::Request;

use crate::cache::Cache;
use crate::key::Text;
use crate::policy::selection;
use crate::reading::Reader;
#[cfg(feature = "structured-fields")]
use crate::search;
use crate::store::Seen;

impl Cache {
    /// The stored response that a request selects, fresh or not, whatever the switch says.
    pub(crate) fn peek<B>(&self, request: &Request<B>) -> Option<Seen> {
        let (settings, _) = self.settings();
        let reader = Reader {
            cache: self,
            settings: &settings,
        };
        let (mut text, fields) = (Text::empty(), request.headers());
        let (asked, wanted) = reader.would_want(request, &mut text)?;
        let comparing = settings.comparing(&self.seed);
        let mut seen = self.store.see_variants(&wanted);
        let stored = seen.iter().map(|seen| &*seen.response);
        if let Ok(place) = selection::select(comparing, &asked, fields, stored) {
            return Some(seen.swap_remove(place));
        }
        #[cfg(feature = "structured-fields")]
        if settings.related.by_search {
            let found = search::stands_for_it(self, comparing, &wanted, &asked, fields);
            return found.map(|found| self.store.see_found(found));
        }
        None
    }
}
