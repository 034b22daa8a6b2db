//! The settings of a running session, and of a listener.

use std::num::NonZeroU16;
use std::time::Duration;

use countersign::Policy;
use countersign::protocol::{Limits, Padding};

use super::Settings;
use crate::arguments::{AnsweringArguments, UpkeepArguments};
use crate::config::PaddingChoice;
use crate::failure::Failure;
use crate::moment::Span;

impl Settings {
    /// A policy that keeps sessions as the arguments, or else the file, say.
    pub(crate) fn upkeep(&self, arguments: &UpkeepArguments) -> Result<Policy, Failure> {
        let (file, default) = (&self.config.document.session, Policy::default());
        let limits = match arguments.rotate_after.or(file.rotate_after) {
            Some(span) => limits(span)?,
            None => default.limits,
        };
        let overlap = arguments.overlap.or(file.overlap);
        let rebind = arguments.rebind.or(file.rebind);
        if let Some(span) = rebind.filter(|span| span.0 < Policy::LEAST_REBIND) {
            let least = Span(Policy::LEAST_REBIND);
            return Err(Failure::usage(format!(
                "a session is bound anew every {least} at the soonest, not every {span}"
            )));
        }
        let padding = arguments.padding.or(file.padding).unwrap_or(PaddingChoice::Buckets);
        Ok(Policy {
            limits,
            overlap: overlap.map_or(default.overlap, |span| span.0),
            rebind: rebind.map(|span| span.0),
            padding: padding.into(),
            ..default
        })
    }

    /// The same, with what a listener grants.
    pub(crate) fn answering(
        &self,
        upkeep: &UpkeepArguments,
        arguments: &AnsweringArguments,
    ) -> Result<Policy, Failure> {
        let (file, policy) = (&self.config.document.session, self.upkeep(upkeep)?);
        let lifetime = arguments.ticket_lifetime.or(file.ticket_lifetime);
        // The default is the most that the protocol allows.
        let most = policy.ticket_lifetime;
        let lifetime = lifetime.map_or(most, |span| span.0);
        if lifetime > most {
            let message = format!("a ticket lives {} at most, not {}", Span(most), Span(lifetime));
            return Err(Failure::usage(message));
        }
        let handshakes = arguments.max_handshakes.or(file.max_handshakes);
        let max_handshakes = handshakes.map_or(policy.max_handshakes, |count| count.get());
        let cookies_from = arguments.cookies_from.or(file.cookies_from);
        if let Some(count) = cookies_from.filter(|count| *count > max_handshakes) {
            let message = format!(
                "cookies are asked for from {count} handshakes on, but {max_handshakes} are answered at once: none would ever be"
            );
            return Err(Failure::usage(message));
        }
        Ok(Policy {
            ticket_lifetime: lifetime,
            under_load: cookies_from.unwrap_or(policy.under_load.min(max_handshakes)),
            max_handshakes,
            ..policy
        })
    }
}

fn limits(soft: Span) -> Result<Limits, Failure> {
    if soft.0 < SHORTEST {
        let message = format!("keys are renewed every {} at the soonest, not every {soft}", Span(SHORTEST));
        return Err(Failure::usage(message));
    }
    let ms = |age: Duration| u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    let hard = soft.0.saturating_add(HEADROOM.max(soft.0 / 2));
    Ok(Limits { soft_age_ms: ms(soft.0), hard_age_ms: ms(hard), ..Limits::default() })
}

impl From<PaddingChoice> for Padding {
    fn from(choice: PaddingChoice) -> Self {
        match choice {
            PaddingChoice::None => Self::None,
            PaddingChoice::Buckets => Self::PowersOfTwo { least: LEAST_BUCKET },
            PaddingChoice::Padme => Self::Padme,
            PaddingChoice::Full => Self::Full,
        }
    }
}

/// A proof takes its time, and the upkeep looks at the clock once a second.
const SHORTEST: Duration = Duration::from_secs(2);

/// So long at least a renewal may take, however often it is wanted.
const HEADROOM: Duration = Duration::from_secs(10);

/// The smallest bucket, in bytes.
const LEAST_BUCKET: NonZeroU16 = NonZeroU16::MIN.saturating_add(127);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::{Config, Document};

    fn settings(text: &str) -> Settings {
        Settings { config: Config { path: None, document: Document::parse(text).unwrap() } }
    }

    #[test]
    fn nothing_said_is_the_librarys_default() {
        let policy =
            settings("").answering(&UpkeepArguments::default(), &AnsweringArguments::default()).unwrap();
        assert_eq!(format!("{policy:?}"), format!("{:?}", Policy::default()));
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let file = "[session]\nrotate_after = '1m'\nrebind = '10s'\noverlap = '5s'\npadding = 'full'\n\
            ticket_lifetime = '5m'\ncookies_from = 3\nmax_handshakes = 9";
        let flags =
            UpkeepArguments { rotate_after: Some(Span(Duration::from_secs(4))), ..Default::default() };
        let policy = settings(file).answering(&flags, &AnsweringArguments::default()).unwrap();
        assert_eq!((policy.limits.soft_age_ms, policy.limits.hard_age_ms), (4_000, 14_000));
        assert_eq!((policy.rebind, policy.overlap), (Some(Duration::from_secs(10)), Duration::from_secs(5)));
        assert_eq!((policy.padding, policy.under_load, policy.max_handshakes), (Padding::Full, 3, 9));
        assert_eq!(policy.ticket_lifetime, Duration::from_secs(300));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let soon = UpkeepArguments { rotate_after: Some(Span(Duration::from_secs(1))), ..Default::default() };
        assert!(settings("").upkeep(&soon).is_err());
        let long = settings("[session]\nticket_lifetime = '2h'");
        assert!(long.answering(&UpkeepArguments::default(), &AnsweringArguments::default()).is_err());
        let never = settings("[session]\ncookies_from = 10\nmax_handshakes = 9");
        assert!(never.answering(&UpkeepArguments::default(), &AnsweringArguments::default()).is_err());
        let still = settings("[session]\nrebind = '0s'");
        assert!(still.upkeep(&UpkeepArguments::default()).is_err());
    }
}
