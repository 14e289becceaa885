//! RFC 9111 §4.4: which stored responses an unsafe request has made wrong.

use http::{HeaderMap, StatusCode, Uri, header};
use iri_string::types::{UriAbsoluteStr, UriReferenceStr};

use crate::target::Target;

/// Whether an answer to an unsafe request says that something may have changed.
pub(crate) fn has_changed(status: StatusCode) -> bool {
    status.is_success() || status.is_redirection()
}

/// The URIs beside the target that the answer names, in `Location` and `Content-Location`: those of
/// the target's origin and no others (C-24).
pub(crate) fn others(target: &Target<'_>, answer: &HeaderMap) -> Vec<Uri> {
    [header::LOCATION, header::CONTENT_LOCATION]
        .iter()
        .filter_map(|name| resolve(target, answer.get(name)?.as_bytes()))
        .filter(|uri| is_beside(target, uri))
        .collect()
}

/// Whether this is another URI of the target's origin.
pub(crate) fn is_beside(target: &Target<'_>, uri: &Uri) -> bool {
    Target::of_uri(uri).is_some_and(|other| {
        let text = target.literal(true).to_text();
        other.has_origin_of(target) && !other.literal(true).is(text.as_bytes())
    })
}

/// Whether the answer says that its content is what a GET of the target would get (RFC 9110 §8.7).
pub(crate) fn is_of_target(target: &Target<'_>, answer: &HeaderMap) -> bool {
    let mut located = answer.get_all(header::CONTENT_LOCATION).iter();
    let (Some(located), None) = (located.next(), located.next()) else {
        return false;
    };
    resolve(target, located.as_bytes()).is_some_and(|uri| {
        Target::of_uri(&uri)
            .is_some_and(|uri| uri.in_form_of(target).is(target.to_text().as_bytes()))
    })
}

/// Resolves a reference against the target (RFC 3986 §5).
fn resolve(target: &Target<'_>, reference: &[u8]) -> Option<Uri> {
    let reference = guard(std::str::from_utf8(reference).ok()?.trim())?;
    let base = guard(&target.literal(true).to_text())?;
    let base = UriAbsoluteStr::new(&base).ok()?;
    let resolved = UriReferenceStr::new(&reference).ok()?.resolve_against(base);
    unguard(resolved.to_string()).parse().ok()
}

/// Characters that RFC 3986 lets nobody write and everybody does, `/list?ids[]=1`, and what stands for
/// them while a reference is resolved: an encoding of theirs that begins as no other does.
const GUARDED: [(char, &str); 6] = [
    ('[', "%FF5B"),
    (']', "%FF5D"),
    ('^', "%FF5E"),
    ('`', "%FF60"),
    ('|', "%FF7C"),
    ('\\', "%FF5C"),
];

fn guard(text: &str) -> Option<String> {
    if text.to_ascii_uppercase().contains("%FF") {
        return None;
    }
    // Brackets belong in an authority, round an IPv6 address.
    let authority = text.find("//");
    let authority = authority.filter(|at| *at == 0 || text[..*at].ends_with(':'));
    let path_at = authority.map_or(0, |authority_at| {
        let rest = &text[authority_at + 2..];
        text.len() - rest.len() + rest.find(['/', '?', '#']).unwrap_or(rest.len())
    });
    let mut path = text[path_at..].to_owned();
    for (character, guard) in GUARDED {
        path = path.replace(character, guard);
    }
    Some(format!("{}{path}", &text[..path_at]))
}

fn unguard(text: String) -> String {
    GUARDED.iter().fold(text, |text, (character, guard)| {
        text.replace(guard, &character.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn others_of(location: &str) -> Vec<String> {
        let uri = Uri::from_static("http://o.test/dir/a?b");
        let mut answer = HeaderMap::new();
        answer.insert(header::LOCATION, location.parse().unwrap());
        others(&Target::of_uri(&uri).unwrap(), &answer)
            .iter()
            .map(Uri::to_string)
            .collect()
    }

    /// 9110-8.7-1, 9110-9.3.3-1
    #[test]
    fn content_is_of_the_target_where_its_location_is_the_same() {
        let uri = Uri::from_static("http://o.test/dir/a?b");
        let is_of = |lines: &[&str]| {
            let mut answer = HeaderMap::new();
            for line in lines {
                answer.append(header::CONTENT_LOCATION, line.parse().unwrap());
            }
            is_of_target(&Target::of_uri(&uri).unwrap(), &answer)
        };
        for same in [
            "/dir/a?b",
            "a?b",
            "?b",
            "http://O.test:80/dir/%61?b",
            "//o.test/dir/a?b",
        ] {
            assert!(is_of(&[same]), "{same}");
        }
        for other in [
            "/dir/a",
            "/dir/a?c",
            "https://o.test/dir/a?b",
            "http://x.test/dir/a?b",
        ] {
            assert!(!is_of(&[other]), "{other}");
        }
        assert!(!is_of(&[]) && !is_of(&["?b", "?b"]));
    }

    /// 9111-4.4-3, 9111-4.4-4
    #[test]
    fn only_uris_of_the_same_origin_are_named() {
        for (location, expected) in [
            ("/b", "http://o.test/b"),
            ("b", "http://o.test/dir/b"),
            ("../b?x", "http://o.test/b?x"),
            ("?x", "http://o.test/dir/a?x"),
            ("//O.test:80/b", "http://O.test:80/b"),
            ("HTTP://o.test/b#f", "http://o.test/b"),
            ("/b?ids[]=1|2", "http://o.test/b?ids[]=1|2"),
            ("b[1]", "http://o.test/dir/b[1]"),
        ] {
            assert_eq!(others_of(location), [expected], "{location}");
        }
        for location in [
            "http://other.test/b",
            "//other.test/b",
            "https://o.test/b",
            "http://o.test:81/b",
            "mailto:a@o.test",
            "/a b",
            "",
        ] {
            let found = others_of(location);
            assert!(
                found.is_empty() || location.is_empty(),
                "{location}: {found:?}"
            );
        }
    }

    /// 9111-4.4-3: brackets are of an address in one place, and of a name in another
    #[test]
    fn an_address_in_brackets_is_an_authority() {
        let uri = Uri::from_static("http://[::1]:81/dir/a?b");
        for (location, expected) in [
            ("/b[1]", "http://[::1]:81/b[1]"),
            ("b[1]?c[]", "http://[::1]:81/dir/b[1]?c[]"),
            ("//[::1]:81/b[1]", "http://[::1]:81/b[1]"),
            ("http://[::1]:81/b[1]", "http://[::1]:81/b[1]"),
            ("b//c[1]", "http://[::1]:81/dir/b//c[1]"),
            ("/b//[1]", "http://[::1]:81/b//[1]"),
        ] {
            let answer = HeaderMap::from_iter([(header::LOCATION, location.parse().unwrap())]);
            let found = others(&Target::of_uri(&uri).unwrap(), &answer);
            assert_eq!(found, [expected], "{location}");
        }
    }
}
