//! `Cache-Control`, read plainly (RFC 9111 §5.2).

use http::HeaderMap;

use super::fields::{joined, names, seconds, trim};

/// The directives of a message.
#[derive(Debug, Clone)]
pub(super) struct Control {
    members: Vec<(String, Argument)>,
    /// Whether there is a field at all.
    pub(super) is_there: bool,
    /// Whether a quoted string does not end, so that what follows can be read in more ways than one.
    pub(super) is_torn: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Argument {
    None,
    Text(Vec<u8>),
    Bad,
}

impl Control {
    /// All lines joined (9111-5.2-1).
    pub(super) fn of(fields: &HeaderMap) -> Self {
        let line = joined(fields, "cache-control", b", ");
        let (members, is_torn) = split(line.as_deref().unwrap_or_default());
        Self {
            members: members.iter().map(|member| directive(member)).collect(),
            is_there: line.is_some(),
            is_torn,
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &Argument> {
        let members = self.members.iter().filter(move |(held, _)| held == name);
        members.map(|(_, argument)| argument)
    }

    /// It is there, whatever its argument (9111-5.2-6).
    pub(super) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// It is there without an argument.
    pub(super) fn has_bare(&self, name: &str) -> bool {
        self.all(name).any(|argument| *argument == Argument::None)
    }

    /// The arguments that should be numbers of seconds.
    pub(super) fn numbers(&self, name: &str) -> Vec<Option<u64>> {
        let number = |argument: &Argument| match argument {
            Argument::Text(text) => seconds(text),
            Argument::None | Argument::Bad => None,
        };
        self.all(name).map(number).collect()
    }

    /// The smallest of those that are numbers (C-02), and whether all are.
    pub(super) fn least(&self, name: &str) -> (Option<u64>, bool) {
        let numbers = self.numbers(name);
        let are_all = numbers.iter().all(Option::is_some);
        (numbers.into_iter().flatten().min(), are_all)
    }

    /// Without a list of fields, or with one that cannot be read (EDGE-10, 9111-5.2.2.4-3).
    pub(super) fn has_unqualified(&self, name: &str) -> bool {
        self.all(name).any(|argument| listed(argument).is_none())
    }

    /// The fields that it lists.
    pub(super) fn listed(&self, name: &str) -> Vec<String> {
        self.all(name).filter_map(listed).flatten().collect()
    }
}

fn listed(argument: &Argument) -> Option<Vec<String>> {
    let Argument::Text(text) = argument else {
        return None;
    };
    let members = text.split(|octet| *octet == b',').map(trim);
    let members: Vec<_> = members
        .filter(|member| !member.is_empty())
        .map(<[u8]>::to_vec)
        .collect();
    names(&members).filter(|names| !names.is_empty())
}

/// The members between commas that are in no quoted string (9111-5.2-7). A string that does not end is
/// none: its commas count.
fn split(line: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut members = vec![Vec::new()];
    let mut at = 0;
    let mut is_torn = false;
    while at < line.len() {
        match line[at] {
            b',' => {
                members.push(Vec::new());
                at += 1;
            }
            b'"' => {
                let length = quoted(&line[at..]);
                is_torn |= length.is_none();
                let length = length.unwrap_or(1);
                last(&mut members).extend_from_slice(&line[at..at + length]);
                at += length;
            }
            octet => {
                last(&mut members).push(octet);
                at += 1;
            }
        }
    }
    let members = members.iter().map(|member| trim(member).to_vec());
    (members.filter(|m| !m.is_empty()).collect(), is_torn)
}

fn last(members: &mut [Vec<u8>]) -> &mut Vec<u8> {
    members.last_mut().expect("there is always one")
}

/// How long the quoted string is that the text begins with.
fn quoted(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

fn directive(member: &[u8]) -> (String, Argument) {
    let lower = |name: &[u8]| String::from_utf8_lossy(name).to_ascii_lowercase();
    let Some(equals) = member.iter().position(|octet| *octet == b'=') else {
        return (lower(member), Argument::None);
    };
    let (name, argument) = (&member[..equals], &member[equals + 1..]);
    // No white space is allowed round the sign (EDGE-3, C-05).
    let has_space = trim(name) != name || trim(argument) != argument;
    let argument = match argument {
        _ if has_space => Argument::Bad,
        [b'"', ..] if quoted(argument) == Some(argument.len()) => {
            Argument::Text(unquoted(&argument[1..argument.len() - 1]))
        }
        [] => Argument::Bad,
        _ if argument.iter().all(|octet| is_token(*octet)) => Argument::Text(argument.to_vec()),
        _ => Argument::Bad,
    };
    (lower(trim(name)), argument)
}

/// A backslash escapes the octet behind it (9110-5.6.4-1).
fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut octets = text.iter().copied();
    let mut plain = Vec::new();
    while let Some(octet) = octets.next() {
        plain.push(if octet == b'\\' {
            octets.next().unwrap_or(octet)
        } else {
            octet
        });
    }
    plain
}

fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}
