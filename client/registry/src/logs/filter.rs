//! Which logs are wanted, and which blocks surely hold none of them.

use alloy::primitives::{Address as AccountAddress, B256, Bloom, BloomInput, Log};

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
