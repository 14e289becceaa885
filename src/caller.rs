//! The fields of a request as the caller sent it, where the request itself is gone.

use http::{HeaderMap, HeaderName, HeaderValue};

/// The fields of a request that has been sent. They are looked at where `Vary` names some, or what is stored
/// is about to be reused, and made a map of there: to copy one costs more than all the rest of a forward.
pub(crate) struct Caller {
    lines: Box<[(HeaderName, HeaderValue)]>,
    /// How many names there are.
    names: usize,
}

impl Caller {
    pub(crate) fn of(fields: &HeaderMap) -> Self {
        let mut lines = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            lines.push((name.clone(), value.clone()));
        }
        Self {
            lines: lines.into_boxed_slice(),
            names: fields.keys_len(),
        }
    }

    pub(crate) fn to_fields(&self) -> HeaderMap {
        let mut fields = HeaderMap::with_capacity(self.names);
        for (name, value) in &self.lines {
            fields.append(name.clone(), value.clone());
        }
        fields
    }

    /// Those of some names.
    pub(crate) fn fields_that(&self, is_one: impl Fn(&HeaderName) -> bool) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for (name, value) in self.lines.iter().filter(|(name, _)| is_one(name)) {
            fields.append(name.clone(), value.clone());
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_same_fields_in_the_same_order() {
        let mut fields = HeaderMap::new();
        let mut secret = HeaderValue::from_static("hidden");
        secret.set_sensitive(true);
        for (name, value) in [("a", "1"), ("b", ""), ("a", "2")] {
            fields.append(name, HeaderValue::from_static(value));
        }
        fields.append("b", secret);
        let same = Caller::of(&fields).to_fields();
        assert!(same.iter().eq(fields.iter()));
        let sensitive: Vec<_> = same.values().map(HeaderValue::is_sensitive).collect();
        assert_eq!(sensitive, [false, false, false, true], "C-33: it survives");
        let some = Caller::of(&fields).fields_that(|name| name == "a");
        assert!(
            some.iter()
                .eq(fields.iter().filter(|(name, _)| *name == "a"))
        );
    }
}
