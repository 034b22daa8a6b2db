//! Who asks, and how fast each may.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;

use super::limits::{Limits, Rate};
use super::problem::{Problem, ProblemKind};
use super::serving::Peer;

/// Who asks, and how fast.
pub(super) struct Clients {
    rates: Option<DefaultKeyedRateLimiter<IpAddr>>,
    clock: DefaultClock,
    trusted: Vec<IpNet>,
}

impl Clients {
    pub(super) fn new(limits: &Limits) -> Self {
        let quota = |rate: Rate| Quota::per_second(rate.each_second).allow_burst(rate.burst);
        Self {
            rates: limits.rate.map(|rate| RateLimiter::keyed(quota(rate))),
            clock: DefaultClock::default(),
            trusted: limits.trusted_proxies.clone(),
        }
    }

    /// Counts one question.
    ///
    /// # Errors
    /// How long to wait, where the client asks too fast.
    fn enter(&self, client: IpAddr) -> Result<(), Duration> {
        let Some(rates) = &self.rates else { return Ok(()) };
        if rates.len() >= TRACKED {
            // A client is of interest until its burst is whole again.
            rates.retain_recent();
        }
        if rates.len() >= TRACKED {
            return Err(Duration::from_secs(1));
        }
        rates.check_key(&network(client)).map_err(|until| until.wait_time_from(self.clock.now()))
    }

    /// Who asks: the last address that no trusted proxy has, as each proxy appends whom it was asked by.
    fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)).to_canonical();
        let forwarded: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(','))
            .collect();
        for before in forwarded.into_iter().rev() {
            if !self.trusted.iter().any(|proxies| proxies.contains(&client)) {
                break;
            }
            let Ok(address) = before.trim().parse::<IpAddr>() else { break };
            client = address.to_canonical();
        }
        client
    }
}

/// Lets a question through, or refuses it with when to ask again.
pub(super) async fn bound(State(clients): State<Arc<Clients>>, request: Request, next: Next) -> Response {
    use axum::response::IntoResponse;
    let peer = request.extensions().get::<Peer>().map(|Peer(address)| address.ip());
    let client = clients.client(peer, request.headers());
    match clients.enter(client) {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            metrics::counter!(super::metering::RATE_LIMITED).increment(1);
            let detail = "this client asks faster than it may; wait as long as Retry-After says";
            Problem::new(ProblemKind::TooFast, detail).retry_after(wait).into_response()
        }
    }
}

/// Whoever has one IPv6 address mostly has the 64 bits of its network.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (!0 << 64)).into(),
        v4 => v4,
    }
}

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Clients at a time, of about 50 bytes each.
const TRACKED: usize = 65_536;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::limits::Rate;
    use super::*;

    fn clients(trusted: &[&str]) -> Clients {
        let one = std::num::NonZeroU32::MIN;
        Clients::new(&Limits {
            rate: Some(Rate { each_second: one, burst: one }),
            trusted_proxies: trusted.iter().map(|network| network.parse().unwrap()).collect(),
            ..Limits::default()
        })
    }

    fn forwarded(value: &'static str) -> HeaderMap {
        [(FORWARDED_FOR.parse().unwrap(), value.parse().unwrap())].into_iter().collect()
    }

    fn asked_by(clients: &Clients, peer: &str, headers: &HeaderMap) -> String {
        clients.client(Some(peer.parse().unwrap()), headers).to_string()
    }

    #[test]
    fn a_stranger_does_not_choose_who_it_is() {
        let headers = forwarded("198.51.100.9");
        assert_eq!(asked_by(&clients(&[]), "203.0.113.5", &headers), "203.0.113.5");
        assert_eq!(asked_by(&clients(&["10.0.0.0/8"]), "203.0.113.5", &headers), "203.0.113.5");
    }

    #[test]
    fn behind_trusted_proxies_the_client_is_the_last_one_that_is_no_proxy() {
        let clients = clients(&["10.0.0.0/8", "::1/128"]);
        let headers = forwarded("198.51.100.1, 198.51.100.9, 10.1.1.1");
        assert_eq!(asked_by(&clients, "10.0.0.2", &headers), "198.51.100.9");
        assert_eq!(asked_by(&clients, "::ffff:10.0.0.2", &headers), "198.51.100.9");
        assert_eq!(asked_by(&clients, "::1", &forwarded("nonsense")), "::1");
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_client() {
        let clients = clients(&[]);
        assert!(clients.enter("2001:db8::1".parse().unwrap()).is_ok());
        assert!(clients.enter("2001:db8::ffff:1".parse().unwrap()).is_err());
        assert!(clients.enter("2001:db8:0:1::1".parse().unwrap()).is_ok());
    }

    #[test]
    fn who_is_refused_is_told_how_long_to_wait() {
        let clients = clients(&[]);
        let client = "203.0.113.5".parse().unwrap();
        clients.enter(client).unwrap();
        let wait = clients.enter(client).unwrap_err();
        assert!(wait <= Duration::from_secs(1) && wait > Duration::from_millis(500), "{wait:?}");
    }
}
