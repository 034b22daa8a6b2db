//! What happened, step by step: hashed whole, and the last of it kept for whoever asks why.

use std::collections::VecDeque;
use std::fmt::{self, Write};

/// The same seed gives the same trace, byte for byte.
pub(crate) struct Trace {
    hash: u64,
    lines: VecDeque<String>,
    step: u64,
    is_printed: bool,
}

impl Trace {
    pub(crate) const fn new(is_printed: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, lines: VecDeque::new(), step: 0, is_printed }
    }

    pub(crate) const fn next_step(&mut self) {
        self.step += 1;
    }

    pub(crate) const fn step(&self) -> u64 {
        self.step
    }

    pub(crate) fn note(&mut self, now_ms: u64, what: fmt::Arguments<'_>) {
        let oldest = if self.lines.len() < KEPT { None } else { self.lines.pop_front() };
        let mut line = oldest.unwrap_or_default();
        line.clear();
        let (seconds, rest) = (now_ms / 1_000, now_ms % 1_000);
        let _ = write!(line, "{:>6} {seconds:>4}.{rest:03} s  {what}", self.step);
        if self.is_printed {
            println!("{line}");
        }
        self.mix(line.as_bytes());
        self.lines.push_back(line);
    }

    /// Bytes that went over the wire are part of the trace, though of no line.
    pub(crate) fn mix(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            // FNV-1a, eight bytes at a time.
            self.hash =
                (self.hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
        }
        self.hash ^= bytes.len() as u64;
    }

    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn tail(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}

/// Lines kept for a report.
const KEPT: usize = 40;
