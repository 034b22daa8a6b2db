//! Signs of life while something takes longer than a moment.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::console::Console;

/// A spinner on a terminal, one plain line elsewhere, nothing for machines. Gone when dropped.
#[derive(Debug)]
pub(crate) struct Progress(Option<ProgressBar>);

impl Console {
    pub(crate) fn progress(self, text: &str) -> Progress {
        if !self.animates() {
            self.remark(&format!("{text} …"));
            return Progress(None);
        }
        let bar = ProgressBar::new_spinner().with_message(format!("{text} …"));
        // The default style stands in where the template does not parse; it always does.
        if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {msg} {elapsed:.dim}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Progress(Some(bar))
    }
}

/// A bar that fills on a terminal, one plain line elsewhere, nothing for machines. Gone when dropped.
#[derive(Debug)]
pub(crate) struct Bar(Option<ProgressBar>);

impl Console {
    pub(crate) fn bar(self, text: &str, total: usize) -> Bar {
        if !self.animates() {
            self.remark(&format!("{text} ({total}) …"));
            return Bar(None);
        }
        let bar = ProgressBar::new(total as u64).with_message(text.to_owned());
        // As above.
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30.cyan} {pos}/{len} {elapsed:.dim}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Bar(Some(bar))
    }
}

impl Bar {
    pub(crate) fn advance(&self, by: usize) {
        if let Some(bar) = &self.0 {
            bar.inc(by as u64);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
