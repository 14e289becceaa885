//! The origin: what it answers, as planned, and what it has answered.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body::Frame;
use support::{Clock, Gate, OriginError, Reply, Seen, reply};

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Usual,
    Rfc850,
    Asctime,
    LowerCase,
    /// No date at all: in another zone, or without its comma.
    OtherZone,
    NoComma,
}

/// A value of a field.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Text {
    Is(String),
    /// So many seconds from now.
    Now(i64, Form),
    /// So many seconds from when the clock began.
    Then(i64, Form),
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(text) => write!(f, "{text}"),
            Self::Now(seconds, Form::Usual) => write!(f, "now{seconds:+}"),
            Self::Then(seconds, Form::Usual) => write!(f, "then{seconds:+}"),
            Self::Now(seconds, form) => write!(f, "now{seconds:+} {form:?}"),
            Self::Then(seconds, form) => write!(f, "then{seconds:+} {form:?}"),
        }
    }
}

impl Text {
    pub(crate) fn is(text: &str) -> Self {
        Self::Is(text.to_owned())
    }

    pub(crate) fn value(&self, clock: &Clock) -> HeaderValue {
        let text = match self {
            Self::Is(text) => text.clone(),
            Self::Now(seconds, form) => form.write(clock, *seconds),
            Self::Then(seconds, form) => form.write(&Clock::default(), *seconds),
        };
        HeaderValue::from_str(&text).expect("a field value")
    }
}

impl Form {
    fn write(self, clock: &Clock, seconds: i64) -> String {
        let date = clock.date(seconds);
        let parts: Vec<_> = date.split([' ', ',']).filter(|p| !p.is_empty()).collect();
        let [week, day, month, year, time, _] = parts[..] else {
            unreachable!("the six parts of a date");
        };
        match self {
            Self::Usual => date,
            Self::LowerCase => date.to_lowercase(),
            Self::OtherZone => date.replace("GMT", "UTC"),
            Self::NoComma => date.replace(',', ""),
            Self::Asctime => {
                let day: u8 = day.parse().expect("a number");
                format!("{week} {month} {day:2} {time} {year}")
            }
            Self::Rfc850 => {
                let rest = match week {
                    "Tue" => "sday",
                    "Wed" => "nesday",
                    "Thu" => "rsday",
                    "Sat" => "urday",
                    _ => "day",
                };
                format!("{week}{rest}, {day}-{month}-{} {time} GMT", &year[2..])
            }
        }
    }
}

/// When the origin says that nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Honesty {
    /// When the request's preconditions say so.
    WhenItIsSo,
    /// The same, and does not repeat its validators.
    Tersely,
    Never,
    /// Whatever the request says.
    Always,
}

/// What the origin will answer.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(&'static str, Text)>,
    pub(crate) etag: Option<&'static str>,
    pub(crate) modified: Option<Text>,
    pub(crate) honesty: Honesty,
    /// How many octets of content.
    pub(crate) size: usize,
    pub(crate) content: Content,
    /// What `Content-Length` says.
    pub(crate) length: Length,
    /// The seconds that pass before the head is there.
    pub(crate) takes: u64,
    /// It waits until it is let go.
    pub(crate) is_held: bool,
}

/// Only what is unusual, so that a failing conversation can be read.
impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        for (name, text) in &self.fields {
            write!(f, " {name}: {text:?};")?;
        }
        let usual = Self::default();
        if let Some(etag) = self.etag {
            write!(f, " etag {etag}")?;
        }
        if let Some(modified) = &self.modified {
            write!(f, " modified {modified:?}")?;
        }
        if self.honesty != usual.honesty {
            write!(f, " 304 {:?}", self.honesty)?;
        }
        write!(f, " {} octets", self.size)?;
        if self.content != usual.content {
            write!(f, " {:?}", self.content)?;
        }
        if self.length != usual.length {
            write!(f, " length {:?}", self.length)?;
        }
        if self.takes > 0 {
            write!(f, " after {} s", self.takes)?;
        }
        if self.is_held {
            write!(f, " held")?;
        }
        Ok(())
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            status: 200,
            fields: Vec::new(),
            etag: None,
            modified: None,
            honesty: Honesty::WhenItIsSo,
            size: 8,
            content: Content::Whole,
            length: Length::Absent,
            takes: 0,
            is_held: false,
        }
    }
}

/// How the content comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// At once, saying that it has ended.
    Whole,
    InFrames,
    /// It breaks off.
    Cut,
    /// There is no answer at all.
    NoAnswer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    Absent,
    Right,
    Wrong,
    Damaged,
}

/// An answer as it was sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) seen: Seen,
    /// When it was asked for, in seconds.
    pub(crate) asked_at: u64,
    /// `None` where there was none.
    pub(crate) head: Option<(StatusCode, HeaderMap)>,
    pub(crate) body: Bytes,
    pub(crate) is_cut: bool,
    pub(crate) gate: Option<Gate>,
}

/// What the origin does next, and all that it has done.
#[derive(Debug)]
pub(crate) struct Doings {
    pub(crate) next: Plan,
    pub(crate) sent: Vec<Sent>,
}

impl Doings {
    /// Answers as planned.
    pub(crate) fn answer(doings: &Arc<Mutex<Self>>, clock: &Clock, seen: &Seen) -> Reply {
        let mut doings = doings.lock().expect("no panic");
        let number = doings.sent.len();
        let (reply, sent) = doings.next.answer(number, clock, seen);
        doings.sent.push(sent);
        // Whatever is asked meanwhile is answered at once.
        doings.next.is_held = false;
        reply
    }
}

/// The time, in seconds since the epoch.
pub(crate) fn seconds(clock: &Clock) -> u64 {
    let since = clock.now().duration_since(SystemTime::UNIX_EPOCH);
    since.expect("after 1970").as_secs()
}

impl Plan {
    /// A quoted string in `Cache-Control` does not end.
    pub(crate) fn has_torn_control(&self) -> bool {
        let quotes = self.fields.iter().map(|(name, text)| match text {
            Text::Is(line) if *name == "cache-control" => line.matches('"').count(),
            _ => 0,
        });
        quotes.sum::<usize>() % 2 == 1
    }

    fn answer(&self, number: usize, clock: &Clock, seen: &Seen) -> (Reply, Sent) {
        let is_reading = seen.method == "GET" || seen.method == "HEAD";
        let is_304 = is_reading && self.is_not_modified(clock, seen);
        let status = if is_304 { 304 } else { self.status };
        let mut headers = HeaderMap::new();
        for (name, text) in &self.fields {
            headers.append(HeaderName::from_static(name), text.value(clock));
        }
        headers.append("x-exchange", HeaderValue::from(number));
        if !(is_304 && self.honesty == Honesty::Tersely) {
            if let Some(etag) = self.etag {
                headers.append("etag", HeaderValue::from_static(etag));
            }
            if let Some(modified) = &self.modified {
                headers.append("last-modified", modified.value(clock));
            }
        }
        let length = match self.length {
            _ if is_304 || status == 204 => None,
            Length::Absent => None,
            Length::Right => Some(self.size.to_string()),
            Length::Wrong => Some((self.size + 1).to_string()),
            Length::Damaged => Some(format!("{}, x", self.size)),
        };
        if let Some(length) = length {
            headers.append("content-length", length.parse().expect("a value"));
        }
        let has_content = !is_304 && status != 204 && seen.method != "HEAD";
        let size = if has_content { self.size } else { 0 };
        let mut body = format!("<{number}>").into_bytes();
        body.resize(size, b'.');
        let body = Bytes::from(body);
        let is_cut = self.content == Content::Cut && has_content;

        let mut scripted = reply(status).undated().takes(self.takes);
        for (name, value) in &headers {
            scripted = scripted.field(name.as_str(), value);
        }
        scripted = match self.content {
            Content::Whole | Content::NoAnswer => scripted.body(body.clone()),
            _ if !has_content => scripted,
            Content::InFrames | Content::Cut => {
                let half = body.len() / 2;
                let first = Ok(Frame::data(body.slice(..half)));
                let second = match is_cut {
                    true => Err(OriginError("cut off")),
                    false => Ok(Frame::data(body.slice(half..))),
                };
                scripted.frames([first, second])
            }
        };
        let has_answer = self.content != Content::NoAnswer;
        if !has_answer {
            scripted = Reply::fails(OriginError("no answer")).takes(self.takes);
        }
        let mut gate = None;
        if self.is_held {
            let (held, waiting) = scripted.held();
            gate = Some(held);
            scripted = waiting;
        }
        let head = (status.try_into().expect("a status"), headers);
        let sent = Sent {
            seen: seen.clone(),
            asked_at: seconds(clock),
            head: has_answer.then_some(head),
            body,
            is_cut,
            gate,
        };
        (scripted, sent)
    }

    fn is_not_modified(&self, clock: &Clock, seen: &Seen) -> bool {
        let asks = seen.field("if-none-match");
        let since = seen.headers.get("if-modified-since");
        match self.honesty {
            Honesty::Always => true,
            Honesty::Never => false,
            Honesty::WhenItIsSo | Honesty::Tersely => match (asks, since) {
                (Some(asked), _) => {
                    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
                    let mut asked = asked.split(',').map(bare);
                    self.etag
                        .is_some_and(|tag| asked.any(|asked| asked == bare(tag) || asked == "*"))
                }
                (None, Some(since)) => {
                    let modified = self.modified.as_ref().map(|text| text.value(clock));
                    modified.as_ref() == Some(since)
                }
                (None, None) => false,
            },
        }
    }
}
