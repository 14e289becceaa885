//! What a request is about: whether it is one for the store, and what it looks for there.

use std::time::SystemTime;

use http::{Method, Request, Uri};
use http_body::Body;

use crate::cache::Cache;
use crate::cache_status::{Forward, NotStored, Outcome};
use crate::content::is_query;
use crate::key::{Text, Wanted};
use crate::mode::CacheMode;
use crate::partition::{self, Partition};
use crate::policy::Asked;
use crate::settings::{PartitionSetting, Settings};
use crate::switch::Forbidden;
use crate::target::Target;
use crate::wishes::Wishes;

/// What is known of a request when it has been read.
pub(crate) enum Read<'a> {
    /// It is none of the cache's business.
    Pass(Forward, NotStored),
    /// It is neither a GET nor a HEAD, and of its content nothing was read yet.
    OtherMethod,
    /// The origin may not be asked, and what is stored not be looked at.
    Unsatisfiable(Outcome),
    /// What to look for, and when it is.
    Wants(Wanted<'a>, SystemTime),
}

/// Reads requests by the settings of a cache.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'c> {
    pub(crate) cache: &'c Cache,
    pub(crate) settings: &'c Settings,
}

/// Whether a request has content.
#[inline]
pub(crate) fn has_content(body: &impl Body) -> bool {
    !body.is_end_stream() && body.size_hint().exact() != Some(0)
}

impl Reader<'_> {
    /// Reads a request: whether it is one for the store, and what it looks for there. What it says goes into
    /// `asked`, where its content is if that is part of its key, and its URI into `text`.
    #[inline]
    pub(crate) fn read<'a, Q>(
        self,
        request: &Request<Q>,
        has_content: bool,
        asked: &mut Asked,
        text: &'a mut Text,
    ) -> Read<'a> {
        let mode = CacheMode::of(request.extensions());
        if !self.asked(request, has_content, mode, asked) {
            return Read::OtherMethod;
        }
        let forbidden = self.cache.switch.forbidden();
        if forbidden.is_anything() {
            if forbidden.serving() && forbidden.storing() {
                return takes_no_part(forbidden, mode);
            }
            self.obey(asked, forbidden, mode);
        }
        match self.wanted(request, asked, text) {
            Some(wanted) if !asked.is_bypass => Read::Wants(wanted, self.settings.clock.now()),
            _ if asked.directives.only_if_cached => Read::Unsatisfiable(asked.unsatisfied()),
            _ => Read::Pass(Forward::Bypass, NotStored::Bypass),
        }
    }

    /// The mode of the cache outranks what was set for the request.
    #[cold]
    fn obey(self, asked: &mut Asked, forbidden: Forbidden, mode: CacheMode) {
        asked.obey(forbidden, mode);
        if !self.settings.clock.is_known() {
            asked.doubt_all();
        }
    }

    /// What a request would look for if it had no content, whatever the mode of the cache; `None` where it would look for
    /// nothing.
    pub(crate) fn would_want<'a, Q>(
        self,
        request: &Request<Q>,
        text: &'a mut Text,
    ) -> Option<(Asked, Wanted<'a>)> {
        let mut asked = Asked::default();
        if !self.asked(request, false, CacheMode::Default, &mut asked) {
            return None;
        }
        let wanted = self.wanted(request, &mut asked, text)?;
        Some((asked, wanted))
    }

    /// The same of a request that may have content, which is not looked at.
    pub(crate) fn would_want_of_any_content<'a, Q>(
        self,
        request: &Request<Q>,
        text: &'a mut Text,
    ) -> Option<Wanted<'a>> {
        if !is_query(request.method()) && *request.method() != Method::POST {
            return self.would_want(request, text).map(|(_, wanted)| wanted);
        }
        let mut asked = Asked {
            has_host: true,
            has_credentials: true,
            wishes: Wishes::of(request.extensions()),
            ..Asked::default()
        };
        self.wanted(request, &mut asked, text)
    }

    #[inline]
    fn asked<Q>(
        self,
        request: &Request<Q>,
        has_content: bool,
        mode: CacheMode,
        asked: &mut Asked,
    ) -> bool {
        let Settings {
            policy,
            bypass,
            clock,
            ..
        } = self.settings;
        let fields = request.headers();
        if !asked.read(policy, request.method(), fields, has_content) {
            return false;
        }
        asked.is_bypass |= bypass.iter().any(|name| fields.contains_key(name));
        asked.has_authorization |= self.names_user(request.uri());
        asked.set_wishes(Wishes::of(request.extensions()));
        asked.set_mode(mode);
        if !clock.is_known() {
            asked.doubt_all();
        }
        true
    }

    /// Whether a shared cache has to take a URI for a credential: what names a user is one wherever it stands
    /// (RFC 9110 §4.2.4).
    #[inline]
    pub(crate) fn names_user(self, uri: &Uri) -> bool {
        self.settings.policy.is_shared() && partition::userinfo(uri).is_some()
    }

    /// What a request looks up, with its URI in `text`; `None` where nothing may be stored for it.
    #[inline]
    fn wanted<'a, Q>(
        self,
        request: &Request<Q>,
        asked: &mut Asked,
        text: &'a mut Text,
    ) -> Option<Wanted<'a>> {
        let (uri, seed) = (request.uri(), &self.cache.seed);
        // Where it stands as it is known there is no userinfo either.
        let is_normal = !asked.has_host && text.write_normal(uri);
        if !is_normal {
            let origin_form = &self.settings.origin_form;
            text.write(
                seed,
                Target::of_request(uri, request.headers(), origin_form)?,
            );
        }
        if let Some(wishes) = &mut asked.wishes {
            wishes.remember(text);
        }
        let wishes = asked.wishes.as_deref();
        self.settings.rewrite(text, request.headers(), wishes);
        let may_have_any = asked.has_credentials || !is_normal;
        let is_of_all = !may_have_any && wishes.is_none() && !self.settings.tells_apart();
        let partition = if is_of_all {
            None
        } else {
            self.partition(request, wishes, may_have_any)?
        };
        let wanted = Wanted::new(seed, text, partition);
        Some(match &asked.content {
            None => wanted,
            Some(content) => wanted.with_content(seed, content.key),
        })
    }

    /// For whom a request is made; `None` where nothing may be stored for it. Whether it has
    /// userinfo or one of the fields that are credentials everywhere may be known already.
    #[allow(clippy::option_option, reason = "nobody in particular is not nobody")]
    pub(crate) fn partition<Q>(
        self,
        request: &Request<Q>,
        wishes: Option<&Wishes>,
        may_have_any: bool,
    ) -> Option<Option<Partition>> {
        let (uri, fields) = (request.uri(), request.headers());
        let seed = &self.cache.seed;
        let user = self
            .settings
            .credentials
            .as_ref()
            .filter(|credentials| may_have_any || credentials.has_others)
            .and_then(|credentials| Partition::of(seed, uri, fields, &credentials.fields));
        let set = match &self.settings.partition {
            None => user,
            Some(PartitionSetting(of)) => {
                let name = of(uri, fields, request.extensions())?;
                Some(Partition::named(seed, user, &name))
            }
        };
        Some(match wishes.and_then(|wishes| wishes.partition.as_ref()) {
            None => set,
            Some(name) => Some(Partition::named(seed, set, name)),
        })
    }
}

/// The cache is to take no part.
#[cold]
fn takes_no_part(forbidden: Forbidden, mode: CacheMode) -> Read<'static> {
    match mode {
        _ if forbidden.forwarding() => Read::Unsatisfiable(Outcome::Offline),
        CacheMode::OnlyIfCached => Read::Unsatisfiable(Outcome::Unsatisfiable),
        _ => Read::Pass(Forward::Bypass, NotStored::Disabled),
    }
}
