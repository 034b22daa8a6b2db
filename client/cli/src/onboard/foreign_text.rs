//! What others wrote, such as a label, a path or a node's words, made fit for a terminal and for a spreadsheet.

/// Without anything that a terminal obeys or that reorders a line, and with at most `longest` characters.
pub(super) fn for_terminal(text: &str, longest: usize) -> String {
    let mut shown: String = text.chars().take(longest).map(visible).collect();
    if text.chars().nth(longest).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// As [`for_terminal`], and no formula.
pub(super) fn for_spreadsheet(text: &str, longest: usize) -> String {
    let shown = for_terminal(text, longest);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{shown}") } else { shown }
}

fn visible(character: char) -> char {
    let obeyed = character.is_control();
    let reorders =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if obeyed || reorders { char::REPLACEMENT_CHARACTER } else { character }
}

/// The longest owner or label shown, in characters.
pub(super) const LONGEST_NAME: usize = 100;
/// The longest reason shown, in characters: one names a path, or repeats what a node said.
pub(super) const LONGEST_REASON: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_nothing_but_text() {
        assert_eq!(
            for_terminal("a\u{1b}[2Jb\nc\u{9b}\u{202e}d", 100),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}\u{fffd}d"
        );
        assert_eq!(for_terminal("Zürich", 6), "Zürich");
        assert_eq!(for_terminal("Zürichs", 6), "Züric…");
    }

    #[test]
    fn a_spreadsheet_computes_nothing() {
        for formula in ["=1+1", "+1", "-1", "@A1"] {
            assert_eq!(for_spreadsheet(formula, 100), format!("'{formula}"));
        }
        assert_eq!(for_spreadsheet("\t=1", 100), "'\u{fffd}=1");
        assert_eq!(for_spreadsheet("\r=1", 100), "'\u{fffd}=1");
        assert_eq!(for_spreadsheet("desk-7", 100), "desk-7");
    }
}
