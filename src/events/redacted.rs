//! What was asked for, with nothing in it that may be a secret.

use std::fmt;

use http::uri::Authority;

use super::About;

/// A URI without userinfo, and where it is whole with a word in the place of its query. Without an authority it is the
/// path alone. In the place of a name that is the user's own there is the word as well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Redacted<'a>(About<'a>);

const IN_ITS_PLACE: &str = "?REDACTED";

impl<'a> About<'a> {
    pub(crate) fn redacted(self) -> Redacted<'a> {
        Redacted(self)
    }
}

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_query = match self.0 {
            About::Key(key) => {
                // A space is before a name, and in no URI.
                let text = String::from_utf8_lossy(&key.uri);
                let place = text.find(['?', ' ']);
                f.write_str(&text[..place.unwrap_or(text.len())])?;
                place.is_some()
            }
            About::Request(uri) => {
                if let Some(scheme) = uri.scheme_str() {
                    write!(f, "{scheme}://")?;
                }
                let authority = uri.authority().map(Authority::as_str);
                let host = authority.and_then(|authority| authority.rsplit('@').next());
                f.write_str(host.unwrap_or_default())?;
                f.write_str(uri.path())?;
                uri.scheme().is_some() && uri.query().is_some()
            }
        };
        f.write_str(if has_query { IN_ITS_PLACE } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::Uri;

    use super::*;
    use crate::key::{Text, Wanted};
    use crate::seed::Seed;
    use crate::target::Target;

    #[test]
    fn neither_userinfo_nor_query_is_printed() {
        for (uri, expected) in [
            ("http://u:secret@h:81/a?secret", "http://h:81/a?REDACTED"),
            ("http://secret@h", "http://h/"),
            ("http://h/a", "http://h/a"),
            ("/a?secret", "/a"),
            ("*", "*"),
        ] {
            let uri: Uri = uri.parse().unwrap();
            assert_eq!(About::Request(&uri).redacted().to_string(), expected);
        }
    }

    #[test]
    fn neither_the_query_of_a_key_is_printed_nor_a_name() {
        let seed = Seed::random(false);
        let uri = "http://u:secret@h/a?secret".parse().unwrap();
        let mut text = Text::of(&seed, Target::of_uri(&uri).unwrap());
        let printed = |text: &Text| {
            let key = Arc::new(Wanted::new(&seed, text, None).to_key());
            About::Key(&key).redacted().to_string()
        };
        assert_eq!(printed(&text), "http://h/a?REDACTED");
        text.name("secret?name");
        assert_eq!(printed(&text), "http://h/?REDACTED");
    }
}
