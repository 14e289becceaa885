//! A bar for content that takes a while.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter content is there before anybody could read a bar.
const LONG: u64 = 1024 * 1024;

/// Shows how much of the content is there, where somebody is looking, and is gone when it is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    target: Option<ProgressDrawTarget>,
}

impl Progress {
    /// On standard error, if that is a terminal. The length may not be known.
    pub(crate) fn new(length: Option<u64>) -> Self {
        Self::on(ProgressDrawTarget::stderr(), length)
    }

    fn on(target: ProgressDrawTarget, length: Option<u64>) -> Self {
        let template = match length {
            Some(_) => "{bar:40} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
            None => "{spinner} {bytes}  {bytes_per_sec}",
        };
        let style = ProgressStyle::with_template(template).expect("the template is sound");
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden());
        let progress = Self {
            bar: bar.with_style(style),
            target: Some(target),
        };
        progress.showing(length.is_some_and(|length| length >= LONG))
    }

    /// So many octets more are there.
    pub(crate) fn add(&mut self, octets: u64) {
        self.bar.inc(octets);
        self.show(self.bar.position() >= LONG);
    }

    fn showing(mut self, is_long: bool) -> Self {
        self.show(is_long);
        self
    }

    fn show(&mut self, is_long: bool) {
        if !is_long {
            return;
        }
        if let Some(target) = self.target.take() {
            self.bar.set_draw_target(target);
            self.bar.tick();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;

    fn on_terminal(length: Option<u64>) -> (InMemoryTerm, Progress) {
        let terminal = InMemoryTerm::new(5, 100);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        (terminal, Progress::on(target, length))
    }

    #[test]
    fn long_content_has_a_bar_that_goes_away_at_the_end() {
        let (terminal, mut progress) = on_terminal(Some(2 * LONG));
        progress.add(LONG);
        progress.bar.force_draw();
        assert!(
            terminal.contents().contains("1.00 MiB/2.00 MiB"),
            "{}",
            terminal.contents()
        );
        drop(progress);
        assert_eq!(terminal.contents(), "");
    }

    #[test]
    fn content_of_unknown_length_has_one_when_it_turns_out_to_be_long() {
        let (terminal, mut progress) = on_terminal(None);
        progress.add(LONG - 1);
        assert_eq!(terminal.contents(), "");
        progress.add(1);
        assert!(
            terminal.contents().contains("1.00 MiB"),
            "{}",
            terminal.contents()
        );
    }

    #[test]
    fn short_content_has_none() {
        let (terminal, mut progress) = on_terminal(Some(LONG - 1));
        progress.add(LONG - 1);
        drop(progress);
        assert_eq!(
            terminal.contents_formatted(),
            on_terminal(None).0.contents_formatted()
        );
    }
}
