//! Aligned `label  value` lines.

use std::fmt::{self, Display, Write};

use owo_colors::OwoColorize;

/// Lines of a label and a value, the values in one column.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(&'static str, String)>);

impl Fields {
    pub(crate) fn line(mut self, label: &'static str, value: impl Display) -> Self {
        self.0.push((label, value.to_string()));
        self
    }

    pub(crate) fn line_if(self, label: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.line(label, value),
            None => self,
        }
    }

    /// With `margin` spaces before each line.
    pub(crate) fn indented(&self, margin: usize) -> String {
        let width = self.0.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (index, (label, value)) in self.0.iter().enumerate() {
            let padded = format!("{label:<width$}");
            let end = if index == 0 { "" } else { "\n" };
            // Writing to a string cannot fail.
            let _ = write!(text, "{end}{:margin$}{}  {value}", "", padded.dimmed());
        }
        text
    }
}

impl Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.indented(0))
    }
}
