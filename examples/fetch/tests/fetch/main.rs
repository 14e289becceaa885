//! The real binary, against servers on loopback.

mod answers;
mod failures;
#[cfg(unix)]
mod interrupted;
mod sites;
mod store;
mod tls;
#[cfg(unix)]
mod unread;

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tempfile::TempDir;
use tokio::process::Command;

/// What a run of it has come to.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    output: String,
    errors: String,
}

impl Run {
    /// The lines that are about requests, each with its white space made one space, and without what depends on the time.
    fn lines(&self) -> Vec<String> {
        let is_request = |line: &&str| line.starts_with(|first: char| first.is_ascii_digit());
        let lines = self.output.lines().filter(is_request);
        lines.map(without_times).collect()
    }

    /// The one line about a request.
    fn line(&self) -> String {
        let lines = self.lines();
        assert_eq!(lines.len(), 1, "{self:?}");
        lines[0].clone()
    }

    /// The one line that says what has gone wrong.
    fn error(&self) -> &str {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.errors.lines().count(), 1, "{self:?}");
        self.errors.trim_end()
    }

    /// It has gone well, and there was nothing to complain of.
    fn succeeded(self) -> Self {
        assert_eq!((self.code, &*self.errors), (Some(0), ""), "{self:?}");
        self
    }
}

/// `200 hit; ttl=58 12.00 ms 1.00 s 7 http://…` is `200 hit 7 http://…`
fn without_times(line: &str) -> String {
    let words: Vec<_> = line.split_whitespace().collect();
    let mut kept: Vec<&str> = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let is_unit = |word: &&str| matches!(*word, "ms" | "s");
        if word.starts_with("ttl=") {
            let before = kept.pop().unwrap_or_default();
            kept.push(before.trim_end_matches(';'));
        } else if !is_unit(word) && !words.get(place + 1).is_some_and(is_unit) {
            kept.push(word);
        }
    }
    kept.join(" ")
}

/// The command, with these arguments.
fn command<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fetch"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn fetch<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Run {
    run(command(arguments)).await
}

async fn run(mut command: Command) -> Run {
    ended(command.output().await.unwrap())
}

fn ended(output: Output) -> Run {
    Run {
        code: output.status.code(),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder of the test's own, and a file in it that is not there yet.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
