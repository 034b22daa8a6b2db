//! Runs a session with the secrets that it is given, and says at each stage which secrets lie in its memory.
//!
//! ```text
//! stdin    draw <hex> ...      what the parties draw, in the order in which they draw; masked
//!          needle <hex> ...    what to look for; masked
//! stdout   <stage> <needle by its number, from 0> <kind of memory>
//! ```
//!
//! Nothing here keeps a secret in the clear: what is given is masked, and revealed where the library reads it.
#![allow(clippy::expect_used, reason = "a program of a test: what goes wrong fails the test")]

use std::collections::VecDeque;
use std::io::stdin;

use countersign_secrets::masked::Masked;
use countersign_secrets::{memory, session};

fn main() {
    let Given { mut draws, needles } = Given::read();
    let draw = |out: &mut [u8]| draws.pop_front().expect("the test gave enough").reveal_into(out);
    session::whole(draw, |stage| say(stage, &needles), |_| ());
    say("dropped", &needles);
}

#[inline(never)]
fn say(stage: &str, needles: &[Masked]) {
    for found in memory::search(needles) {
        println!("{stage} {} {}", found.needle, found.region);
    }
}

/// What the test gave.
#[derive(Default)]
struct Given {
    draws: VecDeque<Masked>,
    needles: Vec<Masked>,
}

impl Given {
    fn read() -> Self {
        let mut given = Self::default();
        for line in stdin().lines() {
            let line = line.expect("the test writes text");
            let (kind, hex) = line.split_once(' ').expect("a kind and a value");
            let value = Masked::from_hex(hex).expect("hexadecimal");
            if kind == "draw" { given.draws.push_back(value) } else { given.needles.push(value) }
        }
        given
    }
}
