//! The roster: a CSV that says who is to be registered, each row with its signed document. Read without a node.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use countersign::protocol::{Identity, Label};
use csv::{ErrorKind, Position, ReaderBuilder, StringRecord, Trim};

use crate::failure::Failure;
use crate::party::PlainAddress;

/// The rows, in the order of the file.
#[derive(Debug)]
pub(super) struct Roster {
    pub(super) rows: Vec<RosterRow>,
}

/// One row as it is written.
#[derive(Debug)]
pub(super) struct RosterRow {
    /// Where it begins in the file, from 1; the header is line 1 as a rule.
    pub(super) line: u64,
    pub(super) owner: String,
    pub(super) label: String,
    /// What it asks for, or what is wrong with it.
    pub(super) wish: Result<Wish, String>,
}

/// A row that makes sense by itself.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) identity: Identity,
    /// The signed document.
    pub(super) document: PathBuf,
}

impl Roster {
    /// Reads the file. A row that is wrong is kept, as such; a file that is no roster at all is refused.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let fault = |what: String| roster_fault(path, what);
        let content = read_bounded(path).map_err(fault)?;
        let mut lines = Lines { content: &content, counted: 0, line: 1 };
        let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(&*content);
        let header = reader.headers().map_err(|error| fault(error.to_string()))?;
        let columns = Columns::of(header).map_err(fault)?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let mut rows = Vec::new();
        for record in reader.records() {
            if rows.len() == MAX_ROWS {
                return Err(fault(format!("has more than {MAX_ROWS} rows; split it")));
            }
            rows.push(match record {
                Ok(record) => columns.row(&record, lines.line_of(record.position()), folder),
                Err(error) => unreadable_row(&error, &mut lines).ok_or_else(|| fault(error.to_string()))?,
            });
        }
        refuse_duplicates(&mut rows);
        Ok(Self { rows })
    }
}

/// Where each column stands.
#[derive(Clone, Copy, Debug)]
struct Columns {
    owner: usize,
    label: usize,
    registration: usize,
    count: usize,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, String> {
        let names: Vec<&str> = header.iter().collect();
        let position = |wanted: &str| match names.iter().filter(|name| **name == wanted).count() {
            1 => names.iter().position(|name| *name == wanted).ok_or_else(String::new),
            _ => Err(format!(
                "the header must name the columns owner,label,registration once each, and begins {:?}",
                names.join(",").chars().take(60).collect::<String>()
            )),
        };
        let columns = Self {
            owner: position("owner")?,
            label: position("label")?,
            registration: position("registration")?,
            count: names.len(),
        };
        match names.iter().find(|name| !COLUMNS.contains(name)) {
            None => Ok(columns),
            Some(other) => Err(format!("the header names the unknown column {other:?}; leave it out")),
        }
    }

    fn row(&self, record: &StringRecord, line: u64, folder: &Path) -> RosterRow {
        let field = |position: usize| record.get(position).unwrap_or_default().to_owned();
        let (owner, label, document) = (field(self.owner), field(self.label), field(self.registration));
        let wish = if record.len() == self.count {
            wish(&owner, &label, &document, folder)
        } else {
            Err(format!("has {} fields, and the header has {}", record.len(), self.count))
        };
        RosterRow { line, owner, label, wish }
    }
}

fn wish(owner: &str, label: &str, document: &str, folder: &Path) -> Result<Wish, String> {
    let owner: PlainAddress = owner.parse().map_err(|error| format!("owner: {error}"))?;
    let label = Label::from_text(label).map_err(|error| format!("label: {error}"))?;
    if document.is_empty() {
        return Err("registration: names no file".into());
    }
    Ok(Wish { identity: Identity { owner: owner.0, label }, document: folder.join(document) })
}

/// A row that is no text; `None` where the file itself cannot be read on.
fn unreadable_row(error: &csv::Error, lines: &mut Lines<'_>) -> Option<RosterRow> {
    let ErrorKind::Utf8 { pos, .. } = error.kind() else { return None };
    let line = lines.line_of(pos.as_ref());
    let wish = Err("is not UTF-8; save the file as UTF-8".into());
    Some(RosterRow { line, owner: String::new(), label: String::new(), wish })
}

/// Lines as an editor counts them. The reader's own count is one behind after CRLF and after empty lines, which it takes for
/// the beginning of the next record.
struct Lines<'a> {
    content: &'a [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// Where a record begins. Positions only ever grow.
    fn line_of(&mut self, position: Option<&Position>) -> u64 {
        let offset = position.map_or(0, Position::byte);
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).max(self.counted);
        let passed = self.content.get(self.counted..offset).unwrap_or_default();
        let rest = self.content.get(offset..).unwrap_or_default();
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let skipped = rest.get(..blank).unwrap_or_default();
        let breaks = passed.iter().chain(skipped).filter(|byte| **byte == b'\n').count();
        self.line += breaks as u64;
        self.counted = offset + blank;
        self.line
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let file = File::open(path).map_err(unreadable)?;
    let mut content = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut content).map_err(unreadable)?;
    match content.len() as u64 > MAX_BYTES {
        true => Err(format!("is longer than {MAX_BYTES} bytes; split it")),
        false => Ok(content),
    }
}

/// The first of several rows of one identity counts.
fn refuse_duplicates(rows: &mut [RosterRow]) {
    let mut seen: HashMap<Identity, u64> = HashMap::new();
    for row in rows {
        let Ok(wish) = &row.wish else { continue };
        if let Some(line) = seen.insert(wish.identity, row.line) {
            seen.insert(wish.identity, line);
            row.wish = Err(format!("the same owner and label stand in line {line} already"));
        }
    }
}

fn roster_fault(path: &Path, what: String) -> Failure {
    Failure::configuration(format!("{}: {what}", path.display()))
        .hint("countersign onboard --help shows a roster; fields are separated by commas")
}

const COLUMNS: [&str; 3] = ["owner", "label", "registration"];
/// A hundred thousand rows are ten times the traders of the largest exchanges.
const MAX_ROWS: usize = 100_000;
const MAX_BYTES: u64 = 64 << 20;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ALICE: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

    fn read(content: &[u8]) -> Result<Roster, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("traders.csv");
        std::fs::write(&path, content).unwrap();
        Roster::read(&path)
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        // A byte order mark, CRLF, quotes, columns in another order, an empty line, no end of line.
        let text = format!(
            "\u{feff}\"registration\",owner , label\r\n\"a, b.json\",{ALICE},desk-7\r\n\r\n\"x\"\"y.json\",{ALICE},\"\""
        );
        let rows = read(text.as_bytes()).unwrap().rows;
        assert_eq!(rows.len(), 2);
        let first = rows.first().unwrap();
        assert_eq!((first.line, first.label.as_str()), (2, "desk-7"));
        assert!(first.wish.as_ref().unwrap().document.ends_with("a, b.json"));
        let second = rows.get(1).unwrap();
        assert_eq!(second.line, 4);
        let wish = second.wish.as_ref().unwrap();
        assert_eq!(wish.identity.label, Label::DEFAULT);
        assert!(wish.document.ends_with("x\"y.json"));
    }

    #[test]
    fn a_wrong_row_says_what_is_wrong_and_spares_the_others() {
        let mut content = format!(
            "owner,label,registration\n{ALICE},,a.json\n0x12,,a.json\n{ALICE},a b,a.json\n{ALICE},x,\n{ALICE},,b.json\n{ALICE}\n"
        )
        .into_bytes();
        content.extend_from_slice(b"\xff\xfe,,a.json\n");
        content.extend_from_slice(format!("{ALICE},y,c.json\n").as_bytes());
        let rows = read(&content).unwrap().rows;
        let told: Vec<String> =
            rows.iter().map(|row| row.wish.as_ref().err().cloned().unwrap_or_default()).collect();
        let expected = [
            "",
            "is no address",
            "byte 1 is not",
            "names no file",
            "stand in line 2 already",
            "has 1 fields",
            "not UTF-8",
            "",
        ];
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.contains(expected) && told.is_empty() == expected.is_empty(), "{told} / {expected}");
        }
    }

    #[test]
    fn what_is_no_roster_is_refused_whole() {
        for (content, expected) in [
            ("", "the header must name the columns"),
            ("owner,label\n", "the header must name the columns"),
            ("owner;label;registration\n", "begins \"owner;label;registration\""),
            ("owner,owner,label,registration\n", "once each"),
            ("owner,label,registration,note\n", "unknown column \"note\""),
        ] {
            let failure = read(content.as_bytes()).unwrap_err();
            assert!(failure.message().contains(expected), "{}", failure.message());
        }
        let missing = Roster::read(Path::new("/no/such.csv")).unwrap_err();
        assert!(missing.message().contains("cannot be read"), "{}", missing.message());
    }
}
