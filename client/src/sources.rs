//! How fast handshakes come from one place.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::error::Error;

/// Bounds the handshakes of each source under load. A cookie shows where a dialler is, and by itself bounds nothing: it is
/// good for as many handshakes as are wanted from there.
pub(crate) struct Sources {
    rates: DefaultKeyedRateLimiter<IpAddr>,
}

impl Sources {
    pub(crate) fn new() -> Self {
        Self { rates: RateLimiter::keyed(Quota::per_second(EACH_SECOND)) }
    }

    /// Counts one handshake from there.
    ///
    /// # Errors
    /// [`Error::TooFast`].
    pub(crate) fn enter(&self, source: IpAddr) -> Result<(), Error> {
        if self.rates.len() >= TRACKED {
            // A source is of interest until its burst is whole again: a second at most.
            self.rates.retain_recent();
        }
        if self.rates.len() >= TRACKED || self.rates.check_key(&place(source)).is_err() {
            return Err(Error::TooFast { source_ip: source, each_second: EACH_SECOND.get() });
        }
        Ok(())
    }
}

/// Whoever has one IPv6 address mostly has the 64 bits of its network.
fn place(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & NETWORK).into(),
        v4 => v4,
    }
}

const NETWORK: u128 = !0 << 64;
/// Also as many at once, as in WireGuard, section 5.3 (20 handshakes a second from one IP address).
const EACH_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
/// Sources at a time, of about 50 bytes each. So many within a second are more than are answered.
const TRACKED: usize = 16_384;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn v6(network: u128, host: u128) -> IpAddr {
        Ipv6Addr::from_bits((0x2001_0db8 << 96) | (network << 64) | host).into()
    }

    fn burst_from(sources: &Sources, from: impl Fn(u32) -> IpAddr) -> u32 {
        let burst = EACH_SECOND.get();
        (0..2 * burst)
            .filter(|host| sources.enter(from(*host)).is_ok())
            .count()
            .try_into()
            .unwrap_or(u32::MAX)
    }

    #[test]
    fn each_source_has_its_own_burst_and_a_network_is_one() {
        let sources = Sources::new();
        let expected = EACH_SECOND.get()..EACH_SECOND.get() + 3;
        let here = IpAddr::from([192, 0, 2, 1]);
        assert!(expected.contains(&burst_from(&sources, |_| here)));
        let refused = sources.enter(here);
        assert!(matches!(refused, Err(Error::TooFast { source_ip, .. }) if source_ip == here));
        // The same one, as a socket of both kinds tells it.
        let mapped = Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped();
        assert!(burst_from(&sources, |_| mapped.into()) < 3);
        assert!(sources.enter([192, 0, 2, 2].into()).is_ok());
        assert!(expected.contains(&burst_from(&sources, |host| v6(1, host.into()))));
        assert!(sources.enter(v6(2, 0)).is_ok());
    }

    #[test]
    fn no_more_sources_are_remembered_than_may_be() {
        let sources = Sources::new();
        for number in 0..2 * TRACKED as u128 {
            let _ = sources.enter(v6(number, 0));
            assert!(sources.rates.len() <= TRACKED);
        }
    }
}
