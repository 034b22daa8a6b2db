//! How the demonstration is told.

use std::fmt::Display;
use std::time::{Duration, Instant};

use owo_colors::OwoColorize;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::console::{Console, Report};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::moment::measured;

/// Tells one step after another, each with its time.
#[derive(Debug)]
pub(super) struct Story {
    console: Console,
    told: u32,
    began: Instant,
}

/// What a step made, and what there is to say of it.
#[derive(Debug)]
pub(super) struct Told<T> {
    outcome: T,
    facts: Facts,
}

/// Labelled facts, for people in this order, for programs by key.
#[derive(Debug, Default)]
pub(super) struct Facts(Vec<(&'static str, Value)>);

#[derive(Debug, Serialize)]
struct Step {
    step: u32,
    name: &'static str,
    title: &'static str,
    millis: f64,
    #[serde(flatten)]
    facts: Facts,
    #[serde(skip)]
    took: Duration,
}

#[derive(Debug, Serialize)]
struct End {
    name: &'static str,
    ok: bool,
    steps: u32,
    millis: f64,
    #[serde(skip)]
    took: Duration,
}

impl Story {
    pub(super) fn begin(console: Console) -> Result<Self, Failure> {
        let story = Self { console, told: 0, began: Instant::now() };
        if !console.is_json() {
            console.report(&Opening)?;
        }
        Ok(story)
    }

    /// Does a step, then tells it.
    pub(super) async fn step<T>(
        &mut self,
        name: &'static str,
        title: &'static str,
        work: impl Future<Output = Result<Told<T>, Failure>>,
    ) -> Result<T, Failure> {
        self.told += 1;
        let progress = self.console.animates().then(|| self.console.progress(title));
        let began = Instant::now();
        let Told { outcome, facts } =
            work.await.map_err(|failure| failure.about(&format!("step {}, {title:?}", self.told)))?;
        let took = began.elapsed();
        drop(progress);
        self.console.report(&Step { step: self.told, name, title, millis: millis(took), facts, took })?;
        Ok(outcome)
    }

    pub(super) fn end(self) -> Result<(), Failure> {
        let took = self.began.elapsed();
        self.console.report(&End { name: "end", ok: true, steps: self.told, millis: millis(took), took })
    }
}

impl<T> Told<T> {
    pub(super) fn new(outcome: T, facts: Facts) -> Self {
        Self { outcome, facts }
    }

    /// Goes on with what the step made; what there is to say of it stays.
    pub(super) async fn and_then<U>(
        self,
        next: impl AsyncFnOnce(T) -> Result<U, Failure>,
    ) -> Result<Told<U>, Failure> {
        Ok(Told { outcome: next(self.outcome).await?, facts: self.facts })
    }
}

impl Facts {
    pub(super) fn say(mut self, label: &'static str, value: impl Display) -> Self {
        self.0.push((label, value.to_string().into()));
        self
    }
}

/// Keys are the labels in snake case, so that programs need no quotes.
impl Serialize for Facts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = self.0.iter().map(|(label, value)| (snake_case(label), value.clone()));
        entries.collect::<Map<String, Value>>().serialize(serializer)
    }
}

#[derive(Debug, Serialize)]
struct Opening;

impl Report for Opening {
    fn lines(&self) -> String {
        format!("{}\n", "Countersign: two traders, one chain, one view of it.".bold())
    }
}

impl Report for Step {
    fn lines(&self) -> String {
        let number = format!("{:>2}", self.step);
        let title = format!("{:<WIDTH$}", self.title);
        let time = format!("{:>9}", measured(self.took));
        let fields = self.facts.0.iter().fold(Fields::default(), |fields, (label, value)| {
            fields.line(label, value.as_str().unwrap_or_default())
        });
        format!("{}  {}{}\n{}\n", number.cyan().bold(), title.bold(), time.dimmed(), fields.indented(4))
    }
}

impl Report for End {
    fn lines(&self) -> String {
        format!("{} {} steps in {}.", "Done:".green().bold(), self.steps, measured(self.took))
    }
}

fn snake_case(label: &str) -> String {
    label.to_lowercase().replace('\'', "").replace(' ', "_")
}

fn millis(span: Duration) -> f64 {
    // Microseconds are as fine as these clocks are worth.
    (span.as_secs_f64() * 1e6).round() / 1e3
}

/// Columns of a title, so that the times stand below each other.
const WIDTH: usize = 68;
