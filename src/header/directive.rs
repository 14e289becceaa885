//! A list of directives: names, and what stands behind them (RFC 9111 §5.2).

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

use super::{Members, Quoting, delta_seconds, field_name, lines};

pub(super) fn for_each_directive(
    fields: &HeaderMap,
    name: &HeaderName,
    mut act: impl FnMut(&Directive<'_>),
) {
    let mut found = lines(fields, name);
    let Some(first) = found.next() else {
        return;
    };
    match found.next() {
        None => for_each_member(first, &mut act),
        Some(second) => {
            let lines: Vec<_> = [first, second].into_iter().chain(found).collect();
            for_each_member_of(&lines, &mut act);
        }
    }
}

fn for_each_member_of(lines: &[&[u8]], act: &mut impl FnMut(&Directive<'_>)) {
    if lines.iter().any(|line| line.contains(&b'"')) {
        // A string may begin in one line and end in another, as it would in the lines joined.
        for_each_member(&lines.join(b", ".as_slice()), act);
    } else {
        for line in lines {
            for_each_member(line, act);
        }
    }
}

fn for_each_member(line: &[u8], act: &mut impl FnMut(&Directive<'_>)) {
    let mut members = Members::of(line, Quoting::Escaped);
    while let Some(member) = members.next() {
        act(&Directive::parse(member, members.is_damaged()));
    }
}

/// One member: a name and what stands behind it.
pub(super) struct Directive<'a> {
    pub(super) name: Name,
    pub(super) argument: Argument<'a>,
}

/// The name of a directive in lower case, as it is compared.
pub(super) struct Name {
    letters: [u8; Self::ROOM],
    length: usize,
}

impl Name {
    /// No name that is known is longer.
    const ROOM: usize = 32;

    fn of(name: &[u8]) -> Self {
        let mut letters = [0; Self::ROOM];
        let Some(place) = letters.get_mut(..name.len()) else {
            return Self { letters, length: 0 };
        };
        place.copy_from_slice(name);
        letters.make_ascii_lowercase();
        Self {
            letters,
            length: name.len(),
        }
    }

    /// Nothing where it is too long to be known.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.letters[..self.length]
    }
}

#[derive(PartialEq)]
pub(super) enum Argument<'a> {
    None,
    /// A token, or what a quoted string holds (C-03).
    Value(Cow<'a, [u8]>),
    /// Something stands there that is neither a token nor a quoted string, or white space stands
    /// beside the `=`. The directive still counts where it restricts.
    Unreadable,
}

impl<'a> Directive<'a> {
    fn parse(member: &'a [u8], damaged: bool) -> Self {
        let end = member.iter().position(|byte| !is_tchar(*byte));
        let (name, rest) = member.split_at(end.unwrap_or(member.len()));
        let argument = match rest {
            [] if damaged => Argument::Unreadable,
            [] => Argument::None,
            [b'=', value @ ..] if !damaged => Argument::parse(value),
            _ => Argument::Unreadable,
        };
        Self {
            name: Name::of(name),
            argument,
        }
    }

    pub(super) fn seconds(&self) -> Option<u64> {
        match &self.argument {
            Argument::Value(value) => delta_seconds(value),
            Argument::None | Argument::Unreadable => None,
        }
    }

    /// The field names of the argument; `None` where there are none, or one cannot be read.
    pub(super) fn fields(&self) -> Option<Vec<HeaderName>> {
        let Argument::Value(value) = &self.argument else {
            return None;
        };
        field_names(value)
    }
}

impl<'a> Argument<'a> {
    fn parse(value: &'a [u8]) -> Self {
        match value {
            [b'"', inner @ .., b'"'] => unescape(inner).map_or(Self::Unreadable, Self::Value),
            [] => Self::Unreadable,
            token if token.iter().all(|byte| is_tchar(*byte)) => Self::Value(Cow::Borrowed(token)),
            _ => Self::Unreadable,
        }
    }
}

/// The field names that a list has; `None` where there are none, or one cannot be read.
pub(super) fn field_names(list: &[u8]) -> Option<Vec<HeaderName>> {
    let names: Option<Vec<_>> = Members::of(list, Quoting::Escaped)
        .map(field_name)
        .collect();
    names.filter(|names| !names.is_empty())
}

/// The inside of a quoted string without its backslashes (RFC 9110 §5.6.4).
fn unescape(inner: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !inner.iter().any(|byte| matches!(byte, b'\\' | b'"')) {
        return Some(Cow::Borrowed(inner));
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => plain.push(*bytes.next()?),
            b'"' => return None,
            byte => plain.push(*byte),
        }
    }
    Some(Cow::Owned(plain))
}

pub(super) fn is_tchar(byte: u8) -> bool {
    static TCHAR: [bool; 256] = {
        let (mut tchar, mut byte) = ([false; 256], 0);
        while byte < tchar.len() {
            tchar[byte] = (byte as u8).is_ascii_alphanumeric();
            byte += 1;
        }
        let (others, mut at) = (b"!#$%&'*+-.^_`|~", 0);
        while at < others.len() {
            tchar[others[at] as usize] = true;
            at += 1;
        }
        tchar
    };
    TCHAR[usize::from(byte)]
}
