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

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
