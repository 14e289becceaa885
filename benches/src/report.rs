//! What the bins of this package print for `benches/run`: Markdown, and targets.

use std::env;
use std::fmt::Display;

/// What a line begins with that is a row of the table of targets. `benches/run` gathers these rows from
/// whatever it runs, and leaves them out of the section they stand in.
pub(crate) const TARGET: &str = "@target ";

/// Prints whether a target is reached: what it is about, what was to be reached, and the figure.
pub fn target(about: &str, aim: &str, figure: impl Display, is_reached: bool) {
    let verdict = if is_reached {
        "reached"
    } else {
        "**not reached**"
    };
    println!("{TARGET}| {about} | {aim} | {figure} | {verdict} |");
}

/// Whether fewer rounds will do: `QUICK` is set.
#[must_use]
pub fn is_quick() -> bool {
    env::var_os("QUICK").is_some()
}

/// The one in the middle.
///
/// # Panics
///
/// Where there is none.
#[must_use]
pub fn median(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// With commas.
#[must_use]
pub fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
