//! Structured fields (RFC 9651): what the fields that are lists or dictionaries share.
//!
//! All or nothing: whoever sends a field with one mistake has sent none (§4.2). Parameters are read and
//! forgotten; none of our fields has any.

use std::borrow::Cow;
use std::convert::Infallible;

use http::{HeaderMap, HeaderName};
use sfv::visitor::{
    DictionaryVisitor, EntryVisitor, Ignored, InnerListVisitor, ItemVisitor, ListVisitor,
    ParameterVisitor,
};
use sfv::{BareItemFromInput, KeyRef, Parser};

use super::lines;

/// A member of a list, or the value of one of a dictionary (RFC 9651 §3.1, §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Member<'a> {
    Item(Item<'a>),
    InnerList(Vec<Item<'a>>),
}

/// An item, as far as there is a use for its type (RFC 9651 §3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    Boolean(bool),
    Integer(i64),
    String(Cow<'a, str>),
    Other,
}

/// All lines of a field as one (RFC 9651 §4.2); `None` where there is none.
pub(crate) fn joined<'a>(fields: &'a HeaderMap, name: &'a HeaderName) -> Option<Cow<'a, [u8]>> {
    let mut lines = lines(fields, name);
    let mut all = Cow::Borrowed(lines.next()?);
    for line in lines {
        let all = all.to_mut();
        all.extend_from_slice(b", ");
        all.extend_from_slice(line);
    }
    Some(all)
}

/// The members of a list (RFC 9651 §4.2.1); `None` where it is not one. It may be empty.
pub(crate) fn list(value: &[u8]) -> Option<Vec<Member<'_>>> {
    Parser::new(value)
        .parse_list_with_visitor(Listed(Vec::new()))
        .ok()
}

/// The values of these keys of a dictionary (RFC 9651 §4.2.2), of each key the last; `None` where it is
/// not a dictionary. It may be empty.
pub(crate) fn dictionary<'a, const N: usize>(
    value: &'a [u8],
    keys: &[&str; N],
) -> Option<[Option<Member<'a>>; N]> {
    Parser::new(value)
        .parse_dictionary_with_visitor(Values {
            keys,
            found: [const { None }; N],
        })
        .ok()
}

impl<'a> From<BareItemFromInput<'a>> for Item<'a> {
    fn from(item: BareItemFromInput<'a>) -> Self {
        match item {
            BareItemFromInput::Boolean(value) => Self::Boolean(value),
            BareItemFromInput::Integer(value) => Self::Integer(value.into()),
            BareItemFromInput::String(Cow::Borrowed(text)) => {
                Self::String(Cow::Borrowed(text.as_str()))
            }
            BareItemFromInput::String(Cow::Owned(text)) => Self::String(Cow::Owned(text.into())),
            _ => Self::Other,
        }
    }
}

/// The members of a list, as they come.
struct Listed<'a>(Vec<Member<'a>>);

impl<'a> ListVisitor<'a> for Listed<'a> {
    type Out = Vec<Member<'a>>;
    type Error = Infallible;

    fn entry(&mut self) -> Result<impl EntryVisitor<'a>, Infallible> {
        Ok(Entry(|member| self.0.push(member)))
    }

    fn finish(self) -> Result<Self::Out, Infallible> {
        Ok(self.0)
    }
}

/// The values of a dictionary, each in the place of its key.
struct Values<'k, 'a, const N: usize> {
    keys: &'k [&'k str; N],
    found: [Option<Member<'a>>; N],
}

impl<'a, const N: usize> DictionaryVisitor<'a> for Values<'_, 'a, N> {
    type Out = [Option<Member<'a>>; N];
    type Error = Infallible;

    fn entry(&mut self, key: &'a KeyRef) -> Result<impl EntryVisitor<'a>, Infallible> {
        let at = self.keys.iter().position(|known| *known == key.as_str());
        Ok(at.map(|at| Entry(move |member| self.found[at] = Some(member))))
    }

    fn finish(self) -> Result<Self::Out, Infallible> {
        Ok(self.found)
    }
}

/// A member that is about to be read, and what is done with it then.
struct Entry<F>(F);

impl<'a, F: FnOnce(Member<'a>)> EntryVisitor<'a> for Entry<F> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'a>, Infallible> {
        Ok(move |item: BareItemFromInput<'a>| {
            (self.0)(Member::Item(item.into()));
            Ok::<_, Infallible>(Ignored)
        })
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'a>, Infallible> {
        Ok(InnerList {
            items: Vec::new(),
            then: self.0,
        })
    }
}

/// The items of an inner list, as they come, and what is done with all of them then.
struct InnerList<'a, F> {
    items: Vec<Item<'a>>,
    then: F,
}

impl<'a, F: FnOnce(Member<'a>)> InnerListVisitor<'a> for InnerList<'a, F> {
    type Error = Infallible;

    fn item(&mut self) -> Result<impl ItemVisitor<'a>, Infallible> {
        Ok(|item: BareItemFromInput<'a>| {
            self.items.push(item.into());
            Ok::<_, Infallible>(Ignored)
        })
    }

    fn finish(self) -> Result<impl ParameterVisitor<'a>, Infallible> {
        (self.then)(Member::InnerList(self.items));
        Ok(Ignored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::arbitrary;

    /// 9651-4.2-1
    #[test]
    fn the_lines_of_a_field_are_one() {
        let name = HeaderName::from_static("x");
        let table: &[(&[&str], Option<&str>)] = &[
            (&[], None),
            (&[""], Some("")),
            (&["a"], Some("a")),
            (&["a", "b;c", ""], Some("a, b;c, ")),
        ];
        for (lines, expected) in table {
            let fields = arbitrary::fields(&name, lines);
            let found = joined(&fields, &name);
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{lines:?}");
        }
    }

    fn text(text: &str) -> Member<'_> {
        Member::Item(Item::String(text.into()))
    }

    const OTHER: Member<'_> = Member::Item(Item::Other);

    /// 9651-4.2-1, 9651-4.2-2, 9651-4.2.1-1, 9651-4.2.1.2-1, 9651-4.2.3.2-1, 9651-4.2.4-1,
    /// 9651-4.2.5-1, 9651-4.2.6-1, 9651-4.2.8-1
    #[test]
    fn a_list_is_read_whole_or_not_at_all() {
        let inner = |items: &[Item<'static>]| Member::InnerList(items.to_vec());
        let table = [
            ("", Some(Vec::new())),
            ("  ", Some(Vec::new())),
            ("  \"a\" ,\t\"b\"  ", Some(vec![text("a"), text("b")])),
            (r#""\"\\""#, Some(vec![text("\"\\")])),
            ("\"\"", Some(vec![text("")])),
            (
                "?1, ?0",
                Some(vec![
                    Member::Item(Item::Boolean(true)),
                    Member::Item(Item::Boolean(false)),
                ]),
            ),
            (
                "-999999999999999, 00",
                Some(vec![
                    Member::Item(Item::Integer(-999_999_999_999_999)),
                    Member::Item(Item::Integer(0)),
                ]),
            ),
            (
                "1.5, 123456789012.123, a, *a:b/c, :aGk=:, @0, %\"%c3%bc\"",
                Some(vec![OTHER; 7]),
            ),
            ("()", Some(vec![inner(&[])])),
            (
                "( 1  ?1 );a",
                Some(vec![inner(&[Item::Integer(1), Item::Boolean(true)])]),
            ),
            ("\"a\";x; y=1;x=2", Some(vec![text("a")])),
            ("\"a\",", None),
            (",\"a\"", None),
            ("\"a\",,\"b\"", None),
            ("\"a\", b c", None),
            ("\"a\" \"b\"", None),
            ("\t\"a\"", None),
            ("(\"a\",\"b\")", None),
            ("(\"a\"\t\"b\")", None),
            ("(\"a\"\"b\")", None),
            ("(\"a\"", None),
            ("((1))", None),
            ("\"a\" ;x", None),
            ("\"a\";x =1", None),
            ("\"a\";x= 1", None),
            ("\"a\";X", None),
            ("\"a\";", None),
            (r#""a\n""#, None),
            ("\"a", None),
            ("'a'", None),
            ("\"\u{fc}\"", None),
            ("1234567890123456", None),
            ("1234567890123.0", None),
            ("1.", None),
            ("1.2345", None),
            (".5", None),
            ("+1", None),
            ("-", None),
            ("--1", None),
            ("?2", None),
            (":a:b:", None),
            ("@1.5", None),
            ("!a", None),
        ];
        for (value, expected) in table {
            assert_eq!(list(value.as_bytes()), expected, "{value:?}");
        }
    }

    /// 9651-4.2.2-1, 9651-4.2.3.3-1, 9651-4.2.1-1
    #[test]
    fn of_a_key_said_twice_the_last_counts() {
        let one = Some(Member::Item(Item::Integer(1)));
        let yes = Some(Member::Item(Item::Boolean(true)));
        let table: &[(&str, Option<[Option<Member<'_>>; 2]>)] = &[
            ("", Some([None, None])),
            ("a, a=1", Some([one.clone(), None])),
            ("a=1, a", Some([yes.clone(), None])),
            (
                "a=1, a=(1)",
                Some([Some(Member::InnerList(vec![Item::Integer(1)])), None]),
            ),
            ("a=(1), a=1", Some([one.clone(), None])),
            ("b;x=2;y, c=\"z\", *-_.9*", Some([None, yes.clone()])),
            ("a=1,\tb=?1;x", Some([one.clone(), yes.clone()])),
            ("a=1,", None),
            ("a=1, b=", None),
            ("a=1, &&&", None),
            ("a=1 b", None),
            ("a =1", None),
            ("a= 1", None),
            ("A=1", None),
            ("1a=1", None),
            ("a=1, c=\"", None),
            ("\"a\"=1", None),
        ];
        for (value, expected) in table {
            assert_eq!(
                dictionary(value.as_bytes(), &["a", "b"]),
                *expected,
                "{value:?}"
            );
        }
    }

    /// 9651-3-1
    #[test]
    fn long_lists_are_read() {
        let texts = vec![format!("\"{}\"", "a".repeat(1024)); 1024].join(",");
        let found = list(texts.as_bytes()).unwrap();
        assert_eq!(found, vec![text(&"a".repeat(1024)); 1024]);

        let parameters: String = (0..256)
            .map(|n| format!(";{}{n}", "k".repeat(61)))
            .collect();
        let items = vec![format!("1{parameters}"); 256].join(" ");
        let inner = format!("({items}){parameters}");
        let found = list(inner.as_bytes()).unwrap();
        assert_eq!(found, [Member::InnerList(vec![Item::Integer(1); 256])]);

        let others = format!("{}, :{}:", "t".repeat(512), "AAAA".repeat(5462));
        assert_eq!(list(others.as_bytes()).unwrap(), [OTHER, OTHER]);

        let key = "k".repeat(64);
        let mut many: Vec<_> = (0..1023).map(|n| format!("a{n}=0")).collect();
        many.push(format!("{key}=1"));
        let many = many.join(",");
        let [found] = dictionary(many.as_bytes(), &[&key]).unwrap();
        assert_eq!(found, Some(Member::Item(Item::Integer(1))));
    }
}
