//! `Clear-Site-Data` (W3C).

use http::{HeaderMap, HeaderName};

use super::lines;

pub(crate) const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Whether it lists `"cache"`, or `"*"`, which is everything. The quotes are part of it, and so is the
/// letter case.
pub(crate) fn lists_cache(fields: &HeaderMap) -> bool {
    lines(fields, &CLEAR_SITE_DATA)
        .flat_map(|line| line.split(|byte| *byte == b','))
        .any(|member| matches!(member.trim_ascii(), br#""cache""# | br#""*""#))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::header::arbitrary;

    /// CSD-1
    #[test]
    fn only_the_quoted_words_clear() {
        let table: &[(&[&str], bool)] = &[
            (&["\"cache\""], true),
            (&["\"*\""], true),
            (&["\"cookies\" ,\t\"cache\", \"storage\""], true),
            (&["\"cookies\"", "\"cache\""], true),
            (&[], false),
            (&[""], false),
            (&["cache"], false),
            (&["*"], false),
            (&["\"Cache\""], false),
            (&["\"cookies\""], false),
            (&["\" cache\""], false),
            (&["\"cache"], false),
            (&["\"cache\";x"], false),
            (&["\"a,\\\"cache\\\",b\""], false),
        ];
        for (lines, expected) in table {
            let fields = arbitrary::fields(&CLEAR_SITE_DATA, lines);
            assert_eq!(lists_cache(&fields), *expected, "{lines:?}");
        }
    }

    proptest! {
        /// CSD-1
        #[test]
        fn lines_are_one_list(lines in arbitrary::lines("\"cache\"|\"\\*\"|[\", *]|cache|storage")) {
            let [split, joined] = arbitrary::split_and_joined(&CLEAR_SITE_DATA, &lines);
            prop_assert_eq!(lists_cache(&split), lists_cache(&joined));
        }
    }
}
