//! Times and spans, for people and in RFC 3339.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, de};

/// A length of time, written like `90s`, `15m`, `1h 30m` or `30days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = |error| {
            format!("{text:?} is no length of time ({error}); write it like 90s, 15m, 1h 30m or 30days")
        };
        humantime::parse_duration(text).map(Self).map_err(malformed)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", humantime::format_duration(self.0))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A moment, written as Unix seconds or like `2027-01-31T12:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) u64);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit()) {
            return text.parse().map(Self).map_err(|_| format!("{text} is beyond the end of time"));
        }
        let malformed = |error: &dyn fmt::Display| {
            format!("{text:?} is no moment ({error}); write it like 2027-01-31T12:00:00Z or as Unix seconds")
        };
        let time = humantime::parse_rfc3339_weak(text).map_err(|error| malformed(&error))?;
        let since = time.duration_since(UNIX_EPOCH).map_err(|_| malformed(&"it is before 1970"))?;
        Ok(Self(since.as_secs()))
    }
}

/// A moment, or how far it is from now: `7days` or `2027-01-31T12:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    In(Span),
    At(Moment),
}

impl Deadline {
    /// Unix seconds, from the local clock where it was a span.
    pub(crate) fn unix(self) -> u64 {
        match self {
            Self::In(span) => unix_now().saturating_add(span.0.as_secs()),
            Self::At(moment) => moment.0,
        }
    }
}

impl FromStr for Deadline {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(moment) = text.parse() {
            return Ok(Self::At(moment));
        }
        text.parse().map(Self::In).map_err(|_: String| {
            format!("{text:?} is neither a span such as 7days nor a moment such as 2027-01-31T12:00:00Z")
        })
    }
}

/// The local clock in Unix seconds; a clock before 1970 reads as 1970.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A Unix time in RFC 3339, or the bare number where the calendar ends.
pub(crate) fn timestamp(unix_seconds: u64) -> String {
    match UNIX_EPOCH.checked_add(Duration::from_secs(unix_seconds)) {
        // The formatter refuses years from 10000 on by panicking in `to_string`.
        Some(time) if unix_seconds < 253_402_300_800 => humantime::format_rfc3339_seconds(time).to_string(),
        _ => unix_seconds.to_string(),
    }
}

/// A Unix time and how far it is from now.
pub(crate) fn timestamp_and_distance(unix_seconds: u64, now: u64) -> String {
    let distance = |seconds| coarse(Duration::from_secs(seconds));
    let when = timestamp(unix_seconds);
    match now.checked_sub(unix_seconds) {
        Some(0) => format!("{when} (now)"),
        Some(past) => format!("{when} ({} ago)", distance(past)),
        None => format!("{when} (in {})", distance(unix_seconds.saturating_sub(now))),
    }
}

/// A span by its two greatest units: nobody reads the seconds of a month.
pub(crate) fn coarse(span: Duration) -> String {
    let whole = Duration::from_secs(span.as_secs());
    let text = humantime::format_duration(whole).to_string();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// A span of a measured step: `340 us`, `12.3 ms` or `1.24 s`.
pub(crate) fn measured(span: Duration) -> String {
    let micros = span.as_micros();
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..1_000_000 => format!("{:.1} ms", span.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", span.as_secs_f64()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        assert_eq!("90s".parse::<Span>().unwrap().0, Duration::from_secs(90));
        assert_eq!("1h 30m".parse::<Span>().unwrap().0, Duration::from_secs(5400));
        assert!("90".parse::<Span>().unwrap_err().contains("90s"));
    }

    #[test]
    fn a_deadline_is_a_span_or_a_moment() {
        assert_eq!("0".parse::<Deadline>().unwrap(), Deadline::At(Moment(0)));
        assert_eq!("2027-01-31T12:00:00Z".parse::<Deadline>().unwrap().unix(), 1_801_396_800);
        assert_eq!("2027-01-31 12:00:00".parse::<Deadline>().unwrap().unix(), 1_801_396_800);
        let week: Deadline = "7days".parse().unwrap();
        assert!(week.unix().abs_diff(unix_now() + 7 * 86_400) < 5);
        for wrong in ["", "-1", "soon", "2027-02-31T00:00:00Z", "99999999999999999999"] {
            assert!(wrong.parse::<Deadline>().unwrap_err().contains("7days"), "{wrong}");
        }
    }

    #[test]
    fn times_read_as_dates() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(u64::MAX), u64::MAX.to_string());
        assert_eq!(timestamp_and_distance(60, 0), "1970-01-01T00:01:00Z (in 1m)");
        assert_eq!(timestamp_and_distance(0, 90_061), "1970-01-01T00:00:00Z (1day 1h ago)");
    }

    #[test]
    fn measures_keep_three_figures() {
        assert_eq!(measured(Duration::from_micros(340)), "340 us");
        assert_eq!(measured(Duration::from_micros(12_345)), "12.3 ms");
        assert_eq!(measured(Duration::from_millis(1_240)), "1.24 s");
    }
}
