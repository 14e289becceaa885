//! Whether every row of `requirements.md` is shown by a test, and every ID that a test names is a row.
//!
//! A test names a row in the comment above it or in its body. `9111-3.2-1 to 9111-3.2-7` is these two and the rows of
//! RFC 9111 between them; after a comma the number of the RFC may be left out.

use std::collections::{BTreeSet, HashSet};
use std::io::Write;
use std::path::Path;
use std::{fmt, fs, io};

/// The rows of the tables, in their order. A row may have several IDs.
#[derive(Debug, Default)]
struct Requirements {
    rows: Vec<Vec<String>>,
    not_applicable: Vec<String>,
}

impl Requirements {
    fn read(markdown: &str) -> Self {
        let mut read = Self::default();
        let mut applies = true;
        for line in markdown.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                applies = heading != "Not applicable";
            }
            let Some((ids, _)) = line
                .strip_prefix("| ")
                .and_then(|row| row.split_once(" | "))
            else {
                continue;
            };
            let ids = ids.split(", ").filter(|id| is_id(id)).map(str::to_owned);
            if !applies {
                read.not_applicable.extend(ids);
                continue;
            }
            let ids: Vec<_> = ids.collect();
            if !ids.is_empty() {
                read.rows.push(ids);
            }
        }
        read
    }

    fn ids(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().flatten().map(String::as_str)
    }

    /// The rows from one to another that are of the same document.
    fn between(&self, first: &str, last: &str) -> Option<Vec<&str>> {
        let ids: Vec<_> = self.ids().collect();
        let start = ids.iter().position(|id| *id == first)?;
        let end = ids.iter().position(|id| *id == last)?;
        let range = ids.get(start..=end)?.iter().copied();
        Some(range.filter(|id| document(id) == document(first)).collect())
    }

    /// The IDs in the text of a test.
    fn named_in(&self, text: &str) -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        let (mut before, mut last, mut is_list) = ("", None::<String>, false);
        for word in text.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || "-.".contains(c)))
        {
            let end = &word[word
                .trim_end_matches(|c: char| !c.is_ascii_alphanumeric())
                .len()..];
            let word = word[..word.len() - end.len()].trim_start_matches(['-', '.']);
            if word.is_empty() {
                continue;
            }
            let id = match &last {
                _ if is_id(word) => Some(word.to_owned()),
                Some(last) if is_list && is_short(word) => {
                    Some(format!("{}-{word}", document(last)))
                }
                _ => None,
            };
            if let (Some(id), Some(first), "to") = (&id, &last, before) {
                match self.between(first, id) {
                    Some(between) => named.extend(between.into_iter().map(str::to_owned)),
                    None => _ = named.insert(format!("{first} to {id}")),
                }
            }
            named.extend(id.clone());
            if word != "to" {
                last = id;
            }
            is_list = end.starts_with(',');
            before = word;
        }
        named
    }

    /// What these tests show of the rows.
    fn shown_by<'a>(&self, tests: impl IntoIterator<Item = &'a str>) -> Report {
        let tests = tests.into_iter().flat_map(|text| self.named_in(text));
        let named: BTreeSet<String> = tests.collect();
        let rows: HashSet<&str> = self.ids().collect();
        let exempt: BTreeSet<&str> = self.not_applicable.iter().map(String::as_str).collect();
        let mut seen = HashSet::new();
        let listed = self.ids().filter(|id| !seen.insert(*id)).map(str::to_owned);
        let mut twice: Vec<_> = listed.collect();
        let mut seen = HashSet::new();
        let again = self.not_applicable.iter().filter(|id| !seen.insert(*id));
        twice.extend(again.cloned());

        let open = |id: &&str| !named.contains(*id) && !exempt.contains(*id);
        let strangers = named
            .iter()
            .map(String::as_str)
            .chain(exempt.iter().copied());
        let count = |holds: &dyn Fn(&str) -> bool| {
            let whole = |ids: &&Vec<String>| ids.iter().all(|id| holds(id));
            let is_row = |ids: &&Vec<String>| ids.iter().all(|id| document(id) != "INV");
            self.rows.iter().filter(is_row).filter(whole).count()
        };
        Report {
            uncovered: self.ids().filter(open).map(str::to_owned).collect(),
            both: exempt
                .iter()
                .filter(|id| named.contains(**id))
                .map(|id| (*id).to_owned())
                .collect(),
            unknown: strangers
                .filter(|id| !rows.contains(id))
                .map(str::to_owned)
                .collect(),
            twice,
            covered: count(&|id| named.contains(id)),
            not_applicable: count(&|id| exempt.contains(id)),
            total: count(&|_| true),
        }
    }
}

/// What there is to say of the rows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Report {
    /// Rows that no test names.
    uncovered: Vec<String>,
    /// Rows that a test names although they are not applicable.
    both: Vec<String>,
    /// What is no row.
    unknown: Vec<String>,
    /// What is listed more than once.
    twice: Vec<String>,
    /// How many rows are shown; the invariants are not counted, here and below.
    covered: usize,
    not_applicable: usize,
    total: usize,
}

impl Report {
    fn is_good(&self) -> bool {
        [&self.uncovered, &self.both, &self.unknown, &self.twice]
            .iter()
            .all(|ids| ids.is_empty())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            covered,
            not_applicable,
            total,
            ..
        } = self;
        write!(
            f,
            "rows: {covered} covered, {not_applicable} not applicable, {total} in total"
        )?;
        for (ids, what) in [
            (&self.uncovered, "shown by no test"),
            (&self.both, "not applicable, and shown by a test"),
            (&self.unknown, "no row of requirements.md"),
            (&self.twice, "there twice"),
        ] {
            if !ids.is_empty() {
                write!(f, "\n{what}: {}", ids.join(", "))?;
            }
        }
        Ok(())
    }
}

fn document(id: &str) -> &str {
    id.split_once('-').map_or(id, |(document, _)| document)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// `EDGE-12`, `9111-4.2.1-3`, `PRJ-L-4`. A date is none: no RFC here has the number of a year.
fn is_id(word: &str) -> bool {
    let Some((document, rest)) = word.split_once('-') else {
        return false;
    };
    match document {
        "C" | "CSD" | "EDGE" | "FETCH" | "GRPC" | "INV" => is_number(rest),
        "NVS" | "PRJ" => is_short(rest),
        _ => document.parse().is_ok_and(|rfc: u32| rfc > 2100) && is_short(rest),
    }
}

/// The same without its document: `4.2.1-3`.
fn is_short(word: &str) -> bool {
    let Some((section, number)) = word.rsplit_once('-') else {
        return false;
    };
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_alphanumeric());
    section.split('.').all(is_part) && is_number(number)
}

/// The tests of a source file: the comments above each and all that is in it. Formatted as `cargo fmt` does it, a function
/// ends where a brace stands below its first letter.
fn tests(source: &str) -> Vec<String> {
    let mut tests = Vec::new();
    let mut above: Vec<&str> = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        let code = line.trim_start();
        if code.starts_with("#[") || code.starts_with("//") {
            above.push(line);
            continue;
        }
        let is_test = above.iter().any(|line| {
            let line = line.trim_start();
            line.starts_with("#[test]") || line.starts_with("#[tokio::test")
        });
        let is_fn = code.starts_with("fn ") || code.starts_with("async fn ");
        if is_test && is_fn {
            let indent = &line[..line.len() - code.len()];
            above.push(line);
            let end = format!("{indent}}}");
            above.extend(lines.by_ref().take_while(|line| *line != end));
            tests.push(above.join("\n"));
        }
        above.clear();
    }
    tests
}

/// The texts of all Rust files below a folder, but for what is built and for this file.
fn read_all(folder: &Path, texts: &mut Vec<String>) {
    let entries = fs::read_dir(folder).expect("a folder");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            if !path.ends_with("target") {
                read_all(&path, texts);
            }
        } else if path.extension().is_some_and(|end| end == "rs")
            && !path.ends_with("tests/requirements.rs")
        {
            texts.push(fs::read_to_string(&path).expect("a text"));
        }
    }
}

#[test]
fn every_row_is_shown_by_a_test_or_is_not_applicable() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let markdown = fs::read_to_string(root.join("tests/requirements.md")).expect("the rows");
    let mut sources = Vec::new();
    for folder in ["src", "tests", "examples"] {
        read_all(&root.join(folder), &mut sources);
    }
    let tests: Vec<_> = sources.iter().flat_map(|source| tests(source)).collect();
    let report = Requirements::read(&markdown).shown_by(tests.iter().map(String::as_str));
    // Not by `println!`, which is heard of failures only.
    writeln!(io::stdout(), "{report}").expect("an output");
    assert!(report.is_good(), "{report}");
}

#[cfg(test)]
mod checks {
    use super::*;

    const TABLES: &str = "## One\n\n| ID | Rule |\n|---|---|\n| 9111-1-1 | A rule. |\n| PRJ-1-2 | Ours. |\n\
        | 9111-1.2-1 | Another. |\n| 6585-3-1, 6585-4-1 | Two IDs, one row. |\n| EDGE-7 | An edge. |\n\
        | INV-1 | An invariant. |\n\n## Not applicable\n\n| ID | Reason |\n|---|---|\n| EDGE-7 | No edge. |\n";
    const ALL: &str = "9111-1-1, PRJ-1-2, 9111-1.2-1, 6585-3-1, 6585-4-1, INV-1";

    fn shown_by(tests: &[&str]) -> Report {
        Requirements::read(TABLES).shown_by(tests.iter().copied())
    }

    #[test]
    fn rows_are_counted() {
        let report = shown_by(&[ALL]);
        assert!(report.is_good(), "{report}");
        let figures = (report.covered, report.not_applicable, report.total);
        assert_eq!(figures, (4, 1, 5));
    }

    #[test]
    fn a_row_that_no_test_names_is_found() {
        for id in ALL.split(", ") {
            let others: Vec<_> = ALL.split(", ").filter(|other| *other != id).collect();
            let report = shown_by(&others);
            assert!(!report.is_good());
            assert_eq!(report.uncovered, [id]);
        }
    }

    #[test]
    fn a_row_that_is_not_applicable_and_shown_is_found() {
        let report = shown_by(&[ALL, "EDGE-7"]);
        assert!(!report.is_good());
        assert_eq!(report.both, ["EDGE-7"]);
    }

    #[test]
    fn what_is_no_row_is_found() {
        for typo in [
            "9111-1-3",
            "C-5",
            "PRJ-1-1",
            "9111-1-2 to 9111-1.2-1",
            "9111-1.2-1 to 9111-1-1",
            "9112-1-1",
        ] {
            let report = shown_by(&[ALL, typo]);
            assert!(!report.is_good(), "{typo}");
            assert_eq!(report.unknown.last().map(String::as_str), Some(typo));
        }
        let exempt = format!("{TABLES}| EDGE-8 | No row. |");
        let report = Requirements::read(&exempt).shown_by([ALL]);
        assert_eq!(report.unknown, ["EDGE-8"]);
    }

    #[test]
    fn what_is_there_twice_is_found() {
        let again = format!("## Zero\n| PRJ-1-2 | Ours. |\n{TABLES}| EDGE-7 | No edge. |\n");
        let report = Requirements::read(&again).shown_by([ALL]);
        assert!(!report.is_good());
        assert_eq!(report.twice, ["PRJ-1-2", "EDGE-7"]);
    }

    #[test]
    fn ranges_and_lists_are_read() {
        let requirements = Requirements::read(TABLES);
        for (text, expected) in [
            ("/// 9111-1-1 to 9111-1.2-1: all", "9111-1-1 9111-1.2-1"),
            ("(9111-1-1, 1.2-1, EDGE-7).", "9111-1-1 9111-1.2-1 EDGE-7"),
            (
                "\"EDGE-7\" and PRJ-1-2, 9111-1-1",
                "9111-1-1 EDGE-7 PRJ-1-2",
            ),
            (
                "9111-1-1 of 1.2-1, bytes 0-4, 1994-11-06, UTF-8, x-y-1, a 1.2-1",
                "9111-1-1",
            ),
        ] {
            let named: Vec<_> = requirements.named_in(text).into_iter().collect();
            assert_eq!(named.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn only_what_stands_in_a_test_is_read() {
        let source = "// EDGE-1\nfn helper() {\n    // EDGE-2\n}\n\n/// EDGE-3\n#[test]\nfn shows() {\n    \
            assert!(true, \"EDGE-4\");\n}\n// EDGE-5\n\nmod inner {\n    /// EDGE-6\n    #[tokio::test]\n    \
            async fn shows() {\n        if a {\n        }\n        // EDGE-7\n    }\n    const A: u8 = 1; // EDGE-8\n}\n";
        let tests = tests(source);
        let named: Vec<_> = tests
            .iter()
            .map(|text| Requirements::default().named_in(text))
            .collect();
        assert_eq!(
            named,
            [["EDGE-3", "EDGE-4"], ["EDGE-6", "EDGE-7"]].map(|ids| ids.map(str::to_owned).into())
        );
    }
}
