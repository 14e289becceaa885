//! What a caller may be given, and whether that is what it got.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use super::control::Control;
use super::fields::date;
use super::validation::Precondition;
use super::{Asked, Record};

/// One answer that the rules allow.
#[derive(Debug, Clone)]
pub enum Given {
    /// What the origin answered, as it came.
    AsSent,
    /// A stored response, or what is said with the help of one.
    Stored(Box<Stored>),
    /// 504, made by the cache.
    Timeout,
    /// The error of the origin.
    Error,
    /// None yet: the request is sent once more, as it was (PRJ-4.3.4-8).
    Again,
}

/// A stored response as an answer.
#[derive(Debug, Clone)]
pub struct Stored {
    number: usize,
    status: StatusCode,
    fields: HeaderMap,
    body: Bytes,
    /// Absent where the origin has just validated it (9111-5.1-4).
    age: Option<u64>,
    /// Fields may be missing (C-18).
    is_adopted: bool,
}

/// What a 304 has to have of what the 200 would have had (9110-15.4.5-1).
const OF_304: [&str; 6] = [
    "cache-control",
    "content-location",
    "date",
    "etag",
    "expires",
    "vary",
];

impl Record {
    /// The answers that may be made of it without the origin.
    pub(super) fn reused(&self, asked: &Asked, now: u64) -> Vec<Given> {
        let mut fields = self.head.clone();
        // Fields that may not be reused unless the origin was asked (9111-5.2.2.4-2).
        for name in Control::of(&self.rules).listed("no-cache") {
            fields.remove(&name);
        }
        self.given(asked, fields, Some(self.age(now)))
    }

    /// The answers that may be made of it when the origin has just validated it.
    pub(super) fn validated(&self, asked: &Asked, age: Option<u64>) -> Vec<Given> {
        self.given(asked, self.head.clone(), age)
    }

    fn given(&self, asked: &Asked, mut fields: HeaderMap, age: Option<u64>) -> Vec<Given> {
        fields.remove("age");
        let is_head = asked.method == Method::HEAD;
        let full = Stored {
            number: self.number,
            status: self.status,
            fields,
            body: if is_head {
                Bytes::new()
            } else {
                self.body.clone()
            },
            age,
            is_adopted: self.is_adopted,
        };
        let not_modified = Stored {
            status: StatusCode::NOT_MODIFIED,
            body: Bytes::new(),
            ..full.clone()
        };
        let stored = match self.evaluate(asked) {
            Precondition::Full => vec![full],
            Precondition::NotModified => vec![not_modified],
            Precondition::Either => vec![full, not_modified],
        };
        stored
            .into_iter()
            .map(|s| Given::Stored(Box::new(s)))
            .collect()
    }
}

impl Given {
    /// Nothing where the answer is this one, else the difference. `sent` is what the origin answered.
    ///
    /// # Errors
    ///
    /// What is different.
    pub fn compare(
        &self,
        sent: Option<(StatusCode, &HeaderMap)>,
        status: StatusCode,
        fields: &HeaderMap,
    ) -> Result<(), String> {
        match self {
            Self::Error | Self::Again => Err("no answer was due".to_owned()),
            Self::Timeout if status == StatusCode::GATEWAY_TIMEOUT => Ok(()),
            Self::Timeout => Err(format!("504, not {status}")),
            Self::AsSent => {
                let (sent_status, sent_fields) = sent.ok_or("the origin was not asked")?;
                same("status", &sent_status, &status)?;
                let is_dated = date(sent_fields, "date").is_some();
                same_fields(sent_fields, fields, |name| name == "date" && !is_dated)
            }
            Self::Stored(stored) => stored.compare(status, fields),
        }
    }
}

impl Given {
    /// The body that goes with it, where it is not the origin's.
    pub fn body(&self) -> Bytes {
        match self {
            Self::Stored(stored) => stored.body.clone(),
            Self::AsSent | Self::Timeout | Self::Error | Self::Again => Bytes::new(),
        }
    }
}

impl Stored {
    fn compare(&self, status: StatusCode, fields: &HeaderMap) -> Result<(), String> {
        same("status", &self.status, &status)?;
        let ages: Vec<_> = fields.get_all("age").iter().collect();
        match (self.age, &ages[..]) {
            (None, []) => {}
            (Some(age), [one]) => {
                let one = one.to_str().ok().and_then(|one| one.parse::<u64>().ok());
                let one = one.ok_or("an age that is no number")?;
                // Beyond that it is as large as is convenient (9111-1.2.2-1).
                let most = 1 << 31;
                if one != age && (one < most || age < most) {
                    return Err(format!("age {age}, not {one}"));
                }
            }
            (age, ages) => return Err(format!("age {age:?}, not {ages:?}")),
        }
        if status == StatusCode::NOT_MODIFIED {
            for name in OF_304 {
                if self.is_adopted && !fields.contains_key(name) {
                    continue;
                }
                same_lines(name, &self.fields, fields)?;
            }
            return match fields.keys().find(|name| !self.is_of_304(name.as_str())) {
                Some(name) => Err(format!("{name} is not in the stored response")),
                None => Ok(()),
            };
        }
        let has_length = self.fields.contains_key("content-length");
        if let (Some(length), false, false) = (
            fields.get("content-length"),
            has_length,
            self.body.is_empty(),
        ) {
            let expected = self.body.len().to_string();
            same("length", &expected.as_bytes(), &length.as_bytes())?;
        }
        same_fields(&self.fields, fields, |name| {
            name == "age"
                || name == "content-length" && !has_length
                || self.is_adopted && !fields.contains_key(name)
        })
    }

    fn is_of_304(&self, name: &str) -> bool {
        name == "age" || self.fields.contains_key(name)
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsSent => f.write_str("as sent"),
            Self::Timeout => f.write_str("504"),
            Self::Error => f.write_str("error"),
            Self::Again => f.write_str("another request"),
            Self::Stored(stored) => write!(
                f,
                "{} from #{} with age {:?}",
                stored.status.as_u16(),
                stored.number,
                stored.age
            ),
        }
    }
}

fn same<T: PartialEq + fmt::Debug>(what: &str, expected: &T, found: &T) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    Err(format!("{what} {expected:?}, not {found:?}"))
}

fn same_lines(name: &str, expected: &HeaderMap, found: &HeaderMap) -> Result<(), String> {
    let lines = |fields: &HeaderMap| -> Vec<_> { fields.get_all(name).iter().cloned().collect() };
    same(name, &lines(expected), &lines(found))
}

/// The same fields, each with the same lines in the same order (9111-3.1-1).
fn same_fields(
    expected: &HeaderMap,
    found: &HeaderMap,
    is_free: impl Fn(&str) -> bool,
) -> Result<(), String> {
    for name in expected.keys().chain(found.keys()) {
        if !is_free(name.as_str()) {
            same_lines(name.as_str(), expected, found)?;
        }
    }
    Ok(())
}
