//! `Cache-Control` (RFC 9111 §5.2) and `Pragma` (§5.4).

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::directive::{Argument, Directive, for_each_directive, is_tchar};
use super::{Quoting, lines, members};

/// `no-cache` and `private` have a form with a list of field names and one without.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The directive is not there.
    #[default]
    Absent,
    /// It applies to these fields.
    Fields(Vec<HeaderName>),
    /// It applies to the whole response. An empty or unreadable list means this too.
    Whole,
}

impl Scope {
    pub(crate) fn is_whole(&self) -> bool {
        *self == Self::Whole
    }

    /// Whether this field is in the list.
    pub(crate) fn lists(&self, name: &HeaderName) -> bool {
        matches!(self, Self::Fields(names) if names.contains(name))
    }

    /// Several lists are one list; the form without a list wins over any.
    fn widen(&mut self, directive: &Directive<'_>) {
        match (directive.fields(), &mut *self) {
            (None, _) => *self = Self::Whole,
            (Some(names), Self::Absent) => *self = Self::Fields(names),
            (Some(names), Self::Fields(all)) => all.extend(names),
            (Some(_), Self::Whole) => {}
        }
    }
}

/// What a response says about how it may be stored and reused (RFC 9111 §5.2.2, RFC 5861, RFC 8246).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResponseDirectives {
    /// The smallest of all; one that cannot be read is zero.
    pub(crate) max_age: Option<u64>,
    /// The smallest of all; one that cannot be read is zero.
    pub(crate) s_maxage: Option<u64>,
    pub(crate) stale_while_revalidate: Option<u64>,
    pub(crate) stale_if_error: Option<u64>,
    pub(crate) no_cache: Scope,
    pub(crate) private: Scope,
    pub(crate) no_store: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) must_understand: bool,
    pub(crate) proxy_revalidate: bool,
    pub(crate) public: bool,
    pub(crate) immutable: bool,
}

impl ResponseDirectives {
    pub(crate) fn parse(fields: &HeaderMap) -> Self {
        let mut found = Self::default();
        let obey = |directive: &Directive<'_>| found.obey(directive);
        for_each_directive(fields, &header::CACHE_CONTROL, obey);
        found
    }

    fn obey(&mut self, directive: &Directive<'_>) {
        match directive.name.as_bytes() {
            b"max-age" => smallest(&mut self.max_age, directive.seconds().unwrap_or(0)),
            b"s-maxage" => smallest(&mut self.s_maxage, directive.seconds().unwrap_or(0)),
            b"stale-while-revalidate" => window(&mut self.stale_while_revalidate, directive),
            b"stale-if-error" => window(&mut self.stale_if_error, directive),
            b"no-cache" => self.no_cache.widen(directive),
            b"private" => self.private.widen(directive),
            b"no-store" => self.no_store = true,
            b"must-revalidate" => self.must_revalidate = true,
            b"must-understand" => self.must_understand = true,
            b"proxy-revalidate" => self.proxy_revalidate = true,
            b"public" => self.public = true,
            b"immutable" => self.immutable = true,
            _ => {}
        }
    }
}

/// What a request asks of the caches it meets (RFC 9111 §5.2.1, RFC 5861 §4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestDirectives {
    pub(crate) max_age: Option<u64>,
    /// `Duration::MAX` where it has no argument: any staleness will do.
    pub(crate) max_stale: Option<Duration>,
    pub(crate) min_fresh: Option<Duration>,
    pub(crate) stale_if_error: Option<u64>,
    pub(crate) no_cache: bool,
    pub(crate) no_store: bool,
    pub(crate) only_if_cached: bool,
}

impl RequestDirectives {
    /// `Pragma: no-cache` counts where there is no `Cache-Control` at all (RFC 9111 §5.4, C-12).
    pub(crate) fn parse(fields: &HeaderMap) -> Self {
        let mut found = Self::default();
        if !fields.contains_key(header::CACHE_CONTROL) {
            for_each_directive(fields, &header::PRAGMA, |directive| {
                found.no_cache |= directive.name.as_bytes() == b"no-cache";
            });
            return found;
        }
        for_each_directive(fields, &header::CACHE_CONTROL, |directive| match directive
            .name
            .as_bytes()
        {
            b"max-age" => match directive.seconds() {
                Some(seconds) => smallest(&mut found.max_age, seconds),
                None => found.no_cache = true,
            },
            b"min-fresh" => match directive.seconds() {
                Some(seconds) => {
                    let least = Duration::from_secs(seconds);
                    found.min_fresh = found.min_fresh.max(Some(least));
                }
                None => found.no_cache = true,
            },
            b"max-stale" => {
                if directive.argument == Argument::None {
                    smallest(&mut found.max_stale, Duration::MAX);
                } else if let Some(seconds) = directive.seconds() {
                    smallest(&mut found.max_stale, Duration::from_secs(seconds));
                }
            }
            b"stale-if-error" => window(&mut found.stale_if_error, directive),
            b"no-cache" => found.no_cache = true,
            b"no-store" => found.no_store = true,
            b"only-if-cached" => found.only_if_cached = true,
            _ => {}
        });
        found
    }
}

/// Takes these directives out of `Cache-Control`, where it has any of them; what else it says stays, in its
/// order.
pub(crate) fn remove_directives(fields: &mut HeaderMap, names: &[&str]) {
    let is_named = |member: &[u8]| {
        let end = member.iter().position(|byte| !is_tchar(*byte));
        let name = &member[..end.unwrap_or(member.len())];
        names
            .iter()
            .any(|known| known.as_bytes().eq_ignore_ascii_case(name))
    };
    let members = || members(lines(fields, &header::CACHE_CONTROL), Quoting::Escaped);
    if !members().any(is_named) {
        return;
    }
    let kept: Vec<_> = members().filter(|member| !is_named(member)).collect();
    let joined = kept.join(b", ".as_slice());
    fields.remove(header::CACHE_CONTROL);
    if let Some(value) = HeaderValue::from_bytes(&joined)
        .ok()
        .filter(|_| !joined.is_empty())
    {
        fields.insert(header::CACHE_CONTROL, value);
    }
}

/// A time for which something stale may be reused. Without a number it says nothing; where something stands
/// there that cannot be read, it takes back what was said elsewhere.
fn window(least: &mut Option<u64>, directive: &Directive<'_>) {
    if let Some(seconds) = directive.seconds() {
        smallest(least, seconds);
    } else if directive.argument == Argument::Unreadable {
        smallest(least, 0);
    }
}

fn smallest<T: Ord + Copy>(least: &mut Option<T>, said: T) {
    *least = Some(least.map_or(said, |least| least.min(said)));
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn fields(lines: &[&str]) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for line in lines {
            fields.append(
                header::CACHE_CONTROL,
                HeaderValue::from_bytes(line.as_bytes()).unwrap(),
            );
        }
        fields
    }

    fn response(lines: &[&str]) -> ResponseDirectives {
        ResponseDirectives::parse(&fields(lines))
    }

    fn seconds(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    fn request(line: &str) -> RequestDirectives {
        RequestDirectives::parse(&fields(&[line]))
    }

    /// 9111-5.2-1, 5.2-2, 5.2-4, 5.2-7, EDGE-2 to EDGE-7, C-02, C-04, C-05
    #[test]
    fn max_age_is_the_smallest_and_zero_where_it_cannot_be_read() {
        let table: &[(&[&str], Option<u64>)] = &[
            (&["max-age=60"], Some(60)),
            (&["MaX-AgE=60"], Some(60)),
            (&[",max-age=60,,"], Some(60)),
            (&["max-age=\"60\""], Some(60)),
            (&[r#"max-age="6\0""#], Some(60)),
            (&["max-age=060"], Some(60)),
            (&["max-age=1, max-age=3600"], Some(1)),
            (&["max-age=3600, max-age=1"], Some(1)),
            (&["max-age=3600", "max-age=1"], Some(1)),
            (
                &["extension=\"max-age=3600, no-store\", max-age=1"],
                Some(1),
            ),
            (&["max-age=99999999999999999999"], Some(u64::MAX)),
            (&["max-age =60"], Some(0)),
            (&["max-age= 60"], Some(0)),
            (&["max-age = 60"], Some(0)),
            (&["max-age"], Some(0)),
            (&["max-age="], Some(0)),
            (&["max-age='60'"], Some(0)),
            (&["max-age=-1"], Some(0)),
            (&["max-age=+60"], Some(0)),
            (&["max-age=60.0"], Some(0)),
            (&["max-age=0x3c"], Some(0)),
            (&["max-age=6e1"], Some(0)),
            (&["max-age=60s"], Some(0)),
            (&["max-age=60;foo=bar"], Some(0)),
            (&["max-age=60 public"], Some(0)),
            (&["max-age=\"60"], Some(0)),
            (&["x=\"oops, max-age=60"], Some(0)),
            (&["x=\"oops", "max-age=60"], Some(0)),
            (&["x=\"one", "two\", max-age=60"], Some(60)),
            (&["s-maxage=60"], None),
            (&["xmax-age=60"], None),
        ];
        for (lines, expected) in table {
            assert_eq!(response(lines).max_age, *expected, "{lines:?}");
        }
    }

    /// 9111-5.2-6, PRJ-5.2-9
    #[test]
    fn a_restrictive_directive_counts_whatever_stands_beside_it() {
        for line in [
            "no-store",
            "No-Store",
            "no-store=1",
            "no-store=\"x\"",
            "no-store = foo",
            "no-store;x",
            "no-store, \"oops",
            "x=\"oops, no-store",
            "max-age=60, no-store",
        ] {
            assert!(response(&[line]).no_store, "{line:?}");
        }
        for line in [
            "x=\"a, no-store\"",
            "xno-store",
            "no-storex",
            "\"no-store\"",
        ] {
            assert!(!response(&[line]).no_store, "{line:?}");
        }
    }

    /// 9111-5.2.2.4-2, 5.2.2.4-3, EDGE-10
    #[test]
    fn a_list_of_fields_narrows_a_directive_and_an_odd_one_does_not() {
        let fields = |names: &[&'static str]| {
            Scope::Fields(names.iter().map(|n| HeaderName::from_static(n)).collect())
        };
        let table: &[(&str, Scope)] = &[
            ("max-age=1", Scope::Absent),
            ("private", Scope::Whole),
            ("private=\"\"", Scope::Whole),
            ("private=\"", Scope::Whole),
            ("private=\" , \"", Scope::Whole),
            ("private=\"a b\"", Scope::Whole),
            ("private = \"a\"", Scope::Whole),
            ("private= a", Scope::Whole),
            ("private=Set-Cookie", fields(&["set-cookie"])),
            ("private=\" x \"", fields(&["x"])),
            (r#"private="\x""#, fields(&["x"])),
            ("private=\"a, max-age=1000\"", Scope::Whole),
            ("private=\"A\", private=\"b, c\"", fields(&["a", "b", "c"])),
            ("private=\"a\", private", Scope::Whole),
            ("private, private=\"a\"", Scope::Whole),
        ];
        for (line, expected) in table {
            assert_eq!(response(&[line]).private, *expected, "{line:?}");
        }
        assert_eq!(response(&["private=\"a, max-age=1000\""]).max_age, None);
    }

    /// 9111-5.2-2
    #[test]
    fn every_directive_of_a_response_says_one_thing() {
        type Says = fn(&mut ResponseDirectives);
        let table: &[(&str, Says)] = &[
            ("max-age=5", |says| says.max_age = Some(5)),
            ("s-maxage=5", |says| says.s_maxage = Some(5)),
            ("stale-while-revalidate=5", |says| {
                says.stale_while_revalidate = Some(5);
            }),
            ("stale-if-error=5", |says| says.stale_if_error = Some(5)),
            ("no-cache", |says| says.no_cache = Scope::Whole),
            ("private", |says| says.private = Scope::Whole),
            ("no-store", |says| says.no_store = true),
            ("must-revalidate", |says| says.must_revalidate = true),
            ("must-understand", |says| says.must_understand = true),
            ("proxy-revalidate", |says| says.proxy_revalidate = true),
            ("public", |says| says.public = true),
            ("immutable", |says| says.immutable = true),
            ("max-stale=5", |_| {}),
            ("foo", |_| {}),
        ];
        for (line, says) in table {
            let mut expected = ResponseDirectives::default();
            says(&mut expected);
            assert_eq!(response(&[line]), expected, "{line}");
            assert_eq!(response(&[&line.to_ascii_uppercase()]), expected, "{line}");
        }
    }

    /// 9111-5.2-2
    #[test]
    fn every_directive_of_a_request_asks_one_thing() {
        type Asks = fn(&mut RequestDirectives);
        let table: &[(&str, Asks)] = &[
            ("max-age=5", |asks| asks.max_age = Some(5)),
            ("max-stale=5", |asks| asks.max_stale = seconds(5)),
            ("min-fresh=5", |asks| asks.min_fresh = seconds(5)),
            ("stale-if-error=5", |asks| asks.stale_if_error = Some(5)),
            ("no-cache", |asks| asks.no_cache = true),
            ("no-store", |asks| asks.no_store = true),
            ("only-if-cached", |asks| asks.only_if_cached = true),
            ("must-revalidate", |_| {}),
            ("stale-if-error", |_| {}),
            ("foo", |_| {}),
        ];
        for (line, asks) in table {
            let mut expected = RequestDirectives::default();
            asks(&mut expected);
            assert_eq!(request(line), expected, "{line}");
            assert_eq!(request(&line.to_ascii_uppercase()), expected, "{line}");
        }
    }

    /// EDGE-10, C-32
    #[test]
    fn only_a_list_lists() {
        let lists = |line| response(&[line]).private.lists(&header::SET_COOKIE);
        assert!(lists("private=\"x, Set-Cookie\""));
        assert!(!lists("private=\"x\"") && !lists("private") && !lists("public"));
        let is_whole = |line| response(&[line]).private.is_whole();
        assert!(is_whole("private") && !is_whole("private=\"x\"") && !is_whole("public"));
    }

    /// PRJ-5861-3
    #[test]
    fn a_window_that_cannot_be_read_is_no_window() {
        let table: &[(&str, Option<u64>)] = &[
            ("stale-while-revalidate=30", Some(30)),
            (
                "stale-while-revalidate=30, stale-while-revalidate=5",
                Some(5),
            ),
            (
                "stale-while-revalidate=5, stale-while-revalidate=x",
                Some(5),
            ),
            ("stale-while-revalidate", None),
            ("stale-while-revalidate=abc", None),
        ];
        for (line, expected) in table {
            assert_eq!(
                response(&[line]).stale_while_revalidate,
                *expected,
                "{line:?}"
            );
            let line = line.replace("while-revalidate", "if-error");
            assert_eq!(response(&[&line]).stale_if_error, *expected, "{line:?}");
            assert_eq!(request(&line).stale_if_error, *expected, "{line:?}");
        }
    }

    /// PRJ-5.2.1-8
    #[test]
    fn of_a_requests_directives_the_most_restrictive_counts() {
        assert_eq!(request("max-age=9, max-age=3").max_age, Some(3));
        assert!(request("max-age=x").no_cache);
        assert_eq!(request("min-fresh=3, min-fresh=9").min_fresh, seconds(9));
        assert!(request("min-fresh").no_cache);
        assert_eq!(request("max-stale").max_stale, Some(Duration::MAX));
        assert_eq!(request("max-stale, max-stale=5").max_stale, seconds(5));
        assert_eq!(request("max-stale=x").max_stale, None);
        assert_eq!(request("x=\"oops, max-stale").max_stale, None);
        assert!(request("No-Cache=\"a\"").no_cache);
        assert!(request("no-STORE, only-if-CACHED").only_if_cached);
    }

    /// 9111-5.4-2
    #[test]
    fn pragma_counts_only_where_there_is_no_cache_control() {
        let mut fields = HeaderMap::new();
        fields.insert(header::PRAGMA, HeaderValue::from_static("foo"));
        assert!(!RequestDirectives::parse(&fields).no_cache);
        fields.insert(header::PRAGMA, HeaderValue::from_static("foo, No-Cache"));
        assert!(RequestDirectives::parse(&fields).no_cache);
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=5"));
        assert!(!RequestDirectives::parse(&fields).no_cache);
    }

    /// PRJ-5861-2
    #[test]
    fn directives_are_taken_out_and_the_others_stay() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&["max-stale"], None),
            (&["Max-Stale=5, foo"], Some("foo")),
            (
                &["foo=\"max-stale, x\", max-stale = 5", "only-if-cached"],
                Some("foo=\"max-stale, x\""),
            ),
            (&["max-stalest, a"], Some("max-stalest, a")),
            (&["max-age=5,, b"], Some("max-age=5,, b")),
        ];
        for (lines, expected) in table {
            let mut fields = HeaderMap::new();
            for line in *lines {
                fields.append(header::CACHE_CONTROL, line.parse().unwrap());
            }
            remove_directives(&mut fields, &["max-stale", "only-if-cached"]);
            let left: Vec<_> = fields.get_all(header::CACHE_CONTROL).iter().collect();
            assert_eq!(left, Vec::from_iter(expected), "{lines:?}");
        }
    }

    /// PRJ-5.2-9, PRJ-5861-3: what is damaged permits nothing
    #[test]
    fn a_damaged_window_takes_back_what_was_said_elsewhere() {
        let table: &[(&[&str], Option<u64>)] = &[
            (&["stale-while-revalidate=60"], Some(60)),
            (
                &["stale-while-revalidate=60, stale-while-revalidate=5"],
                Some(5),
            ),
            (
                &["stale-while-revalidate=60, stale-while-revalidate"],
                Some(60),
            ),
            (
                &["stale-while-revalidate=60, stale-while-revalidate=x"],
                Some(60),
            ),
            (
                &["stale-while-revalidate=60, stale-while-revalidate = 5"],
                Some(0),
            ),
            (
                &[
                    "stale-while-revalidate=60",
                    "\"oops",
                    "stale-while-revalidate=5",
                ],
                Some(0),
            ),
            (&["stale-while-revalidate=\"60"], Some(0)),
        ];
        for (lines, expected) in table {
            let mut fields = HeaderMap::new();
            for line in *lines {
                fields.append(header::CACHE_CONTROL, line.parse().unwrap());
            }
            let found = ResponseDirectives::parse(&fields);
            assert_eq!(found.stale_while_revalidate, *expected, "{lines:?}");
        }
    }
}
