//! Validators, preconditions, and which stored responses a 304 is about (RFC 9111 §4.3).

use http::{HeaderMap, Method, StatusCode};

use super::fields::{date, lines, trim};
use super::{Asked, Record};

/// An entity tag. One that is not quoted is text, and weak (PRJ-8.8.3-2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    is_weak: bool,
    opaque: Vec<u8>,
}

impl Tag {
    pub(super) fn of(fields: &HeaderMap) -> Option<Self> {
        lines(fields, "etag").first().map(|line| Self::parse(line))
    }

    fn parse(text: &[u8]) -> Self {
        let text = trim(text);
        let (is_weak, opaque) = match text {
            [b'W', b'/', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let is_quoted = opaque.len() >= 2 && opaque.starts_with(b"\"") && opaque.ends_with(b"\"");
        Self {
            is_weak: is_weak || !is_quoted,
            opaque: if is_quoted { opaque } else { text }.to_vec(),
        }
    }

    pub(super) fn is_strong(&self) -> bool {
        !self.is_weak
    }

    /// 9110-8.8.3.2-1
    pub(super) fn is_weakly(&self, other: &Self) -> bool {
        self.opaque == other.opaque
    }
}

/// The tags of `If-None-Match`; `None` for `*`.
pub(super) fn tags(request: &HeaderMap) -> Option<Vec<Tag>> {
    let mut tags = Vec::new();
    for line in lines(request, "if-none-match") {
        let mut member = Vec::new();
        let mut is_quoted = false;
        for octet in line.iter().chain(b",") {
            is_quoted ^= *octet == b'"';
            if *octet == b',' && !is_quoted {
                if trim(&member) == b"*" {
                    return None;
                }
                if !trim(&member).is_empty() {
                    tags.push(Tag::parse(&member));
                }
                member.clear();
            } else {
                member.push(*octet);
            }
        }
    }
    Some(tags)
}

/// What the caller's own preconditions come to (9111-4.3.2-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precondition {
    Full,
    NotModified,
    /// The rules leave it open.
    Either,
}

impl Record {
    pub(super) fn tag(&self) -> Option<Tag> {
        Tag::of(&self.head)
    }

    fn modified(&self) -> Option<&[u8]> {
        lines(&self.head, "last-modified").first().copied()
    }

    pub(super) fn has_validator(&self) -> bool {
        self.tag().is_some() || self.modified().is_some()
    }

    /// 9111-4.3.2-1 to -3, 9110-13.1.2-2, 9110-13.1.3-1 to -3, 9110-13.2.1-1
    pub(super) fn evaluate(&self, asked: &Asked) -> Precondition {
        let is_reading = asked.method == Method::GET || asked.method == Method::HEAD;
        if !self.status.is_success() || !is_reading {
            return Precondition::Full;
        }
        let is_met = if asked.headers.contains_key("if-none-match") {
            match tags(&asked.headers) {
                None => true,
                Some(tags) => {
                    let held = self.tag();
                    tags.iter()
                        .any(|tag| held.as_ref().is_some_and(|held| held.is_weakly(tag)))
                }
            }
        } else if let [line] = lines(&asked.headers, "if-modified-since")[..] {
            let Some(since) = super::date::parse(trim(line)) else {
                return Precondition::Full;
            };
            let modified = match self.modified() {
                Some(_) => date(&self.head, "last-modified"),
                None => Some(self.date()),
            };
            let Some(modified) = modified else {
                return Precondition::Either;
            };
            modified <= since
        } else {
            false
        };
        match is_met {
            false => Precondition::Full,
            true if self.status == StatusCode::OK => Precondition::NotModified,
            true => Precondition::Either,
        }
    }

    /// How the validators of a 304 stand to these.
    pub(super) fn compare(&self, not_modified: &HeaderMap, received: u64) -> Match {
        let answered = Tag::of(not_modified);
        let modified = lines(not_modified, "last-modified").first().copied();
        let is_same_date = modified.is_some() && modified == self.modified();
        let dated = date(not_modified, "date").unwrap_or(received);
        let gap = date(not_modified, "last-modified").map(|m| dated.saturating_sub(m));
        let is_date_strong = gap.is_some_and(|gap| gap >= 60);
        match (answered, self.tag()) {
            (Some(answered), Some(held)) if answered.is_strong() => {
                if answered == held {
                    Match::Strong
                } else if answered.is_weakly(&held) {
                    Match::Confirmed
                } else {
                    Match::Other
                }
            }
            (Some(answered), Some(held)) => {
                if answered.is_weakly(&held) {
                    Match::Weak
                } else {
                    Match::Other
                }
            }
            // By the letter a tag is the stronger word; a date that is a strong validator is one too.
            (Some(_), None) if is_same_date => Match::Doubtful,
            (Some(_), None) => Match::Other,
            (None, _) if modified.is_none() => Match::Nothing,
            (None, _) if !is_same_date => Match::Other,
            (None, _) if is_date_strong => Match::Strong,
            (None, _) => Match::Weak,
        }
    }
}

/// 9111-4.3.4-2 to -7
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// The same strong validator.
    Strong,
    /// Weak validators that correspond.
    Weak,
    /// The rules can be read either way.
    Doubtful,
    /// The 304 has no validator.
    Nothing,
    /// It is a strong tag, and was asked for by the same one as a weak tag: the stored response is the
    /// answer, and not updated.
    Confirmed,
    /// It is about something else.
    Other,
}
