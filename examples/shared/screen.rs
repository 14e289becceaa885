//! Colours, where somebody can see them.

use std::io::{IsTerminal, stdout};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Colour {
    Bold = 1,
    Dim = 2,
    Green = 32,
    Yellow = 33,
}

/// Colours a text, unless the output is no terminal or `NO_COLOR` is set.
pub(crate) fn paint(colour: Colour, text: &str) -> String {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_plain || !stdout().is_terminal() {
        return text.to_owned();
    }
    format!("\x1b[{}m{text}\x1b[0m", colour as u8)
}

pub(crate) fn heading(text: &str) {
    println!("\n{}", paint(Colour::Bold, text));
}
