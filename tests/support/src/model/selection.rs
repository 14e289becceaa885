//! Which stored responses a request selects (RFC 9111 §4, §4.1).

use http::{HeaderMap, Method};

use super::fields::{joined, members, names, trim};
use super::target::cookie;
use super::{Asked, Record};

/// What `Vary` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Vary {
    /// Nothing; an empty field is none (EDGE-23).
    Absent,
    /// These fields, each once and in order (9110-5.1-1).
    Names(Vec<String>),
    /// `*`, or something that nobody understands (9111-4.1-4, EDGE-23).
    Never,
}

impl Vary {
    pub(super) fn of(fields: &HeaderMap) -> Self {
        let members = members(fields, "vary");
        if members.is_empty() {
            return Self::Absent;
        }
        if members.iter().any(|member| member == b"*") {
            return Self::Never;
        }
        match names(&members) {
            Some(mut names) => {
                names.sort();
                names.dedup();
                Self::Names(names)
            }
            None => Self::Never,
        }
    }

    /// The values of the fields in a request, in a form in which they can be compared.
    pub(super) fn values(&self, request: &HeaderMap) -> Vec<Option<Vec<u8>>> {
        match self {
            Self::Names(_) => {
                let names = self.compared().into_iter();
                names.map(|name| value(request, &name)).collect()
            }
            Self::Absent | Self::Never => Vec::new(),
        }
    }

    /// The fields whose values count: the URI has satisfied `Host` (PRJ-4.1-8).
    fn compared(&self) -> Vec<String> {
        match self {
            Self::Names(names) => names.iter().filter(|n| *n != "host").cloned().collect(),
            Self::Absent | Self::Never => Vec::new(),
        }
    }
}

/// A field's lines joined, no white space round its commas; letter case only where it matters (C-15).
fn value(request: &HeaderMap, name: &str) -> Option<Vec<u8>> {
    if name == "cookie" {
        return cookie(request);
    }
    let line = joined(request, name, b",")?;
    let parts: Vec<_> = line.split(|octet| *octet == b',').map(trim).collect();
    let mut value = parts.join(&b","[..]);
    if ["accept-encoding", "accept-language", "accept-charset"].contains(&name) {
        value.make_ascii_lowercase();
    }
    Some(value)
}

/// Whether a response to the one method answers the other (9111-4-2).
fn answers(stored: &Method, asked: &Method) -> bool {
    let asked_get = asked == Method::GET;
    let asked_head = asked == Method::HEAD;
    match *stored {
        Method::HEAD => asked_head,
        Method::GET | Method::POST | Method::PATCH => asked_get || asked_head,
        _ => false,
    }
}

impl Record {
    /// The request could be answered with it, as far as the URI, the user, the method and `Vary` go.
    pub(super) fn is_selected_by(&self, asked: &Asked) -> bool {
        self.is_of(asked) && answers(&self.method, &asked.method) && self.matches(asked)
    }

    /// It is of the URI and the user that the request is of.
    pub(super) fn is_of(&self, asked: &Asked) -> bool {
        asked.target.as_ref() == Some(&self.target) && self.user == asked.user
    }

    /// It would be selected, were it not for `Vary`.
    pub(super) fn can_answer(&self, asked: &Asked) -> bool {
        self.is_of(asked) && answers(&self.method, &asked.method)
    }

    fn matches(&self, asked: &Asked) -> bool {
        let vary = Vary::of(&self.rules);
        let is_comparable = vary != Vary::Never && !self.varies_by_hop(asked);
        is_comparable && vary.values(&self.request) == vary.values(&asked.headers)
    }

    /// `Vary` names a field that the request has for one connection only (C-41).
    pub(super) fn varies_by_hop(&self, asked: &Asked) -> bool {
        let hop_local = members(&asked.headers, "connection");
        let is_named = |name: &String| {
            let mut named = hop_local.iter();
            named.any(|named| named.eq_ignore_ascii_case(name.as_bytes()))
        };
        match Vary::of(&self.rules) {
            Vary::Names(names) => names.iter().any(is_named),
            Vary::Absent | Vary::Never => false,
        }
    }

    /// It and the other answer the same requests (PRJ-4.1-9).
    pub(super) fn is_same_variant(&self, other: &Self) -> bool {
        let (vary, others) = (Vary::of(&self.rules), Vary::of(&other.rules));
        let is_head = |record: &Self| record.method == Method::HEAD;
        self.target == other.target
            && self.user == other.user
            && is_head(self) == is_head(other)
            && vary.compared() == others.compared()
            && vary.values(&self.request) == others.values(&other.request)
    }

    /// It has to be taken before the other (9111-4.1-6, 9111-4-9).
    pub(super) fn is_before(&self, other: &Self) -> bool {
        let has_vary = |record: &Self| matches!(Vary::of(&record.rules), Vary::Names(_));
        match (has_vary(self), has_vary(other)) {
            (true, false) => true,
            (false, true) => false,
            _ => self.date() > other.date(),
        }
    }
}

/// Of those that a request selects, the ones that may be the one to use: none that is surely there has to
/// be taken before them.
pub(super) fn chosen<'a>(records: &'a [Record], asked: &Asked) -> Vec<&'a Record> {
    let selected: Vec<_> = records
        .iter()
        .filter(|record| record.is_selected_by(asked))
        .collect();
    let is_first = |record: &&Record| {
        let mut others = selected.iter();
        !others.any(|other| other.is_sure && other.is_before(record))
    };
    selected.iter().copied().filter(is_first).collect()
}
