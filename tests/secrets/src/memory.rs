//! This process's own memory, all of it that can be written.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use crate::masked::Masked;

/// Where a secret was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Which one, by its place among those that were looked for.
    pub needle: usize,
    /// What the memory is: `[heap]`, `[stack]`, a file's name, or nothing.
    pub region: String,
    /// The address.
    pub address: usize,
}

/// Looks for each of the secrets, at every address.
///
/// # Panics
/// Where the kernel does not show this process its memory.
#[must_use]
pub fn search(needles: &[Masked]) -> Vec<Found> {
    let index = Index::of(needles);
    let mut memory = File::open("/proc/self/mem").expect("the kernel shows a process its own memory");
    let mut buffer = vec![0; CHUNK + OVERLAP];
    let own = {
        let start = buffer.as_ptr() as usize;
        start..start + buffer.len()
    };
    let mut found = Vec::new();
    for Region { range, name } in writable_regions() {
        let mut start = range.start;
        while start < range.end {
            let length = (range.end - start).min(CHUNK + OVERLAP);
            let Some(chunk) = buffer.get_mut(..length) else { break };
            let read = memory.seek(SeekFrom::Start(start as u64)).and_then(|_| memory.read_exact(chunk));
            // A guard page cannot be read.
            if read.is_ok() {
                let fresh = length.min(CHUNK);
                index.search(chunk, fresh, |needle, offset| {
                    let address = start + offset;
                    if !own.contains(&address) {
                        found.push(Found { needle, region: name.clone(), address });
                    }
                });
            }
            start += CHUNK;
        }
    }
    zeroize::Zeroize::zeroize(&mut buffer);
    found.sort();
    found
}

struct Region {
    range: Range<usize>,
    name: String,
}

fn writable_regions() -> Vec<Region> {
    let maps = fs::read_to_string("/proc/self/maps").expect("the kernel lists a process's mappings");
    maps.lines().filter_map(region).collect()
}

fn region(line: &str) -> Option<Region> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    if !fields.next()?.starts_with("rw") {
        return None;
    }
    let address = |text| usize::from_str_radix(text, 16).ok();
    let name = fields.nth(3).unwrap_or("anonymous");
    let name = name.rsplit('/').next().unwrap_or(name);
    Some(Region { range: address(start)?..address(end)?, name: name.to_owned() })
}

/// The needles by their first two bytes.
struct Index<'a> {
    needles: &'a [Masked],
    by_first_two: Vec<Vec<usize>>,
}

impl<'a> Index<'a> {
    fn of(needles: &'a [Masked]) -> Self {
        let mut by_first_two = vec![Vec::new(); 1 << 16];
        for (position, needle) in needles.iter().enumerate() {
            let first = needle.first_two().expect("a needle is longer than two bytes");
            if let Some(list) = by_first_two.get_mut(usize::from(first)) {
                list.push(position);
            }
        }
        Self { needles, by_first_two }
    }

    /// In all that begins before `fresh`.
    fn search(&self, bytes: &[u8], fresh: usize, mut found: impl FnMut(usize, usize)) {
        for (offset, pair) in bytes.windows(2).enumerate().take(fresh) {
            let [a, b] = pair else { continue };
            let Some(candidates) = self.by_first_two.get(usize::from(u16::from_be_bytes([*a, *b]))) else {
                continue;
            };
            for candidate in candidates {
                let Some(rest) = bytes.get(offset..) else { continue };
                if self.needles.get(*candidate).is_some_and(|needle| needle.begins(rest)) {
                    found(*candidate, offset);
                }
            }
        }
    }
}

/// So much is read at a time.
const CHUNK: usize = 1 << 16;
/// No needle is longer.
const OVERLAP: usize = 64;
