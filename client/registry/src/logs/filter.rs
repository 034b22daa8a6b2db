//! Which logs are wanted, and which blocks surely hold none of them.

use std::ops::RangeInclusive;

use alloy::primitives::{Address as AccountAddress, B256, Bloom, BloomInput, Log};
use alloy::rpc::types::Filter;

/// Which logs are wanted: by emitter and by topics, as `eth_getLogs` has it. An empty list takes everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    emitters: Vec<Wanted<AccountAddress>>,
    topics: [Vec<Wanted<B256>>; 4],
}

/// A value, and the bits it sets in a bloom: hashed once, compared with every header.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted<T> {
    value: T,
    bits: Box<Bloom>,
}

impl LogFilter {
    /// Every log.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// Every log of these contracts.
    pub fn emitted_by(contracts: impl IntoIterator<Item = AccountAddress>) -> Self {
        Self { emitters: contracts.into_iter().map(Wanted::new).collect(), ..Self::default() }
    }

    /// Of those, the logs that have one of the values given for each topic.
    #[must_use]
    pub fn with_topics(self, topics: [Vec<B256>; 4]) -> Self {
        Self { topics: topics.map(|values| values.into_iter().map(Wanted::new).collect()), ..self }
    }

    /// Whether a block with this bloom may hold such a log. `false` is certain: consensus rules have every address and
    /// topic in the bloom, and the block's hash covers it.
    #[must_use]
    pub fn may_match(&self, bloom: &Bloom) -> bool {
        Wanted::may_be_in(&self.emitters, bloom)
            && self.topics.iter().all(|values| Wanted::may_be_in(values, bloom))
    }

    /// The same for `eth_getLogs`.
    pub(crate) fn to_rpc(&self, blocks: RangeInclusive<u64>) -> Filter {
        let values = |wanted: &[Wanted<B256>]| wanted.iter().map(|wanted| wanted.value).collect::<Vec<_>>();
        let emitters: Vec<AccountAddress> = self.emitters.iter().map(|wanted| wanted.value).collect();
        let mut filter = Filter::new().select(blocks).address(emitters);
        for (place, wanted) in filter.topics.iter_mut().zip(&self.topics) {
            *place = values(wanted).into();
        }
        filter
    }

    /// Whether it is such a log.
    #[must_use]
    pub fn matches(&self, log: &Log) -> bool {
        Wanted::is_among(&self.emitters, Some(&log.address))
            && self
                .topics
                .iter()
                .enumerate()
                .all(|(place, values)| Wanted::is_among(values, log.topics().get(place)))
    }
}

impl<T: AsRef<[u8]> + PartialEq> Wanted<T> {
    fn new(value: T) -> Self {
        let bits = Box::new(Bloom::from(BloomInput::Raw(value.as_ref())));
        Self { value, bits }
    }

    fn may_be_in(wanted: &[Self], bloom: &Bloom) -> bool {
        wanted.is_empty() || wanted.iter().any(|one| bloom.contains(&one.bits))
    }

    fn is_among(wanted: &[Self], value: Option<&T>) -> bool {
        wanted.is_empty() || value.is_some_and(|value| wanted.iter().any(|one| one.value == *value))
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Bytes;
    use proptest::prelude::*;

    use super::*;

    /// Few different addresses and topics, so that filters and logs meet.
    fn address() -> impl Strategy<Value = AccountAddress> {
        (0..6_u8).prop_map(AccountAddress::repeat_byte)
    }

    fn topic() -> impl Strategy<Value = B256> {
        (0..6_u8).prop_map(B256::repeat_byte)
    }

    fn log() -> impl Strategy<Value = Log> {
        (address(), proptest::collection::vec(topic(), 0..=4))
            .prop_map(|(address, topics)| Log::new_unchecked(address, topics, Bytes::new()))
    }

    fn filter() -> impl Strategy<Value = LogFilter> {
        let values = || proptest::collection::vec(topic(), 0..3);
        (proptest::collection::vec(address(), 0..3), [values(), values(), values(), values()])
            .prop_map(|(emitters, topics)| LogFilter::emitted_by(emitters).with_topics(topics))
    }

    proptest! {
        #[test]
        fn a_bloom_never_hides_a_log_that_matches(
            logs in proptest::collection::vec(log(), 0..12),
            filter in filter(),
        ) {
            let bloom: Bloom = logs.iter().collect();
            prop_assert!(!logs.iter().any(|log| filter.matches(log)) || filter.may_match(&bloom));
        }

        #[test]
        fn a_filter_of_a_logs_own_values_takes_it(log in log()) {
            let topics = std::array::from_fn(|place| log.topics().get(place).copied().into_iter().collect());
            let filter = LogFilter::emitted_by([log.address]).with_topics(topics);
            prop_assert!(filter.matches(&log));
            prop_assert!(filter.may_match(&std::iter::once(&log).collect()));
        }
    }

    #[test]
    fn an_empty_bloom_holds_nothing_that_is_named() {
        assert!(!LogFilter::emitted_by([AccountAddress::ZERO]).may_match(&Bloom::ZERO));
        assert!(LogFilter::any().may_match(&Bloom::ZERO));
    }

    #[test]
    fn a_topic_that_a_log_has_not_is_not_matched() {
        let log = Log::new_unchecked(AccountAddress::ZERO, vec![B256::ZERO], Bytes::new());
        let second = [vec![], vec![B256::ZERO], vec![], vec![]];
        assert!(!LogFilter::any().with_topics(second).matches(&log));
    }
}
