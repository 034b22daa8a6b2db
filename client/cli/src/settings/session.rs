//! The session part of the settings.

use std::time::Duration;

use countersign::protocol::{MAX_READINGS, Query, SuitePolicy};
use countersign::transport::Timeouts;

use super::Settings;
use crate::arguments::{InstrumentArgument, SuiteArguments};
use crate::config::{SuiteChoice, TimeoutTable};
use crate::failure::Failure;
use crate::instrument::Instrument;
use crate::moment::Span;

impl Settings {
    pub(crate) fn suites(&self, arguments: &SuiteArguments) -> SuitePolicy {
        match arguments.suites.or(self.config.document.session.suites) {
            None | Some(SuiteChoice::Hybrid) => SuitePolicy::HYBRID,
            Some(SuiteChoice::PreferHybrid) => SuitePolicy::PREFER_HYBRID,
            Some(SuiteChoice::PreferClassical) => SuitePolicy::PREFER_CLASSICAL,
        }
    }

    /// What the dialler values the instrument by.
    pub(crate) fn queries(&self, arguments: &InstrumentArgument) -> Result<Vec<Query>, Failure> {
        let mut instruments: Vec<Instrument> =
            arguments.instrument.iter().flat_map(|instruments| instruments.0.clone()).collect();
        if instruments.is_empty() {
            let parse = |text: &String| {
                let malformed =
                    |error| Failure::configuration(format!("[session] instruments: {text:?}: {error}"));
                text.parse::<Instrument>().map_err(malformed)
            };
            instruments =
                self.config.document.session.instruments.iter().map(parse).collect::<Result<_, _>>()?;
        }
        if instruments.len() > MAX_READINGS {
            let message = format!(
                "{} instruments are named, a session binds at most {MAX_READINGS}",
                instruments.len()
            );
            return Err(Failure::usage(message));
        }
        Ok(instruments.into_iter().map(|instrument| instrument.0).collect())
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        self.config.document.timeouts.over(Timeouts::default())
    }
}

impl TimeoutTable {
    fn over(&self, default: Timeouts) -> Timeouts {
        let or = |span: Option<Span>, default: Duration| span.map_or(default, |span| span.0);
        Timeouts {
            connect: or(self.connect, default.connect),
            handshake_step: or(self.handshake_step, default.handshake_step),
            idle: match self.idle {
                Some(limit) => limit.map(|span| span.0),
                None => default.idle,
            },
            write: or(self.write, default.write),
            close: or(self.close, default.close),
        }
    }
}
