//! Random chains of random events, with random reorganisations: after each step both stores answer as the model does.

use countersign_indexer::change::{Effect, Held};
use countersign_indexer::store::{News, NewsFilter, Sequence, Stored};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use crate::chain::{Choice, registry};
use crate::compare::compare;
use crate::fixture::Fixture;
use crate::twin::{Twin, Vouched};

#[derive(Clone, Debug)]
enum Step {
    /// Blocks, how far below the newest of them is final, and whether they are by an endpoint's word.
    Advance(Vec<Vec<Choice>>, u64, bool),
    /// Back by so many of the blocks that were kept.
    Rewind(usize),
}

#[test]
fn the_embedded_store_is_what_the_model_is() {
    let runtime = Runtime::new().unwrap();
    check(&runtime, runtime.block_on(Fixture::embedded()), 40);
}

#[test]
fn the_postgres_store_is_what_the_model_is() {
    let runtime = Runtime::new().unwrap();
    check(&runtime, runtime.block_on(Fixture::postgres()), 12);
}

fn check(runtime: &Runtime, fixture: Fixture, cases: u32) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let number = std::cell::Cell::new(100);
    TestRunner::new(config)
        .run(&prop::collection::vec(step(), 1..8), |steps| {
            // A registry of its own for each case, in the store of those before.
            number.set(number.get() + 1);
            runtime.block_on(follow(&fixture, number.get(), &steps));
            Ok(())
        })
        .unwrap();
}

fn step() -> impl Strategy<Value = Step> {
    let choice = (any::<u8>(), any::<u8>()).prop_map(|(who, what)| Choice { who, what });
    let block = prop::collection::vec(choice, 0..5);
    prop_oneof![
        3 => (prop::collection::vec(block, 1..5), 0_u64..6, any::<bool>())
            .prop_map(|(blocks, lag, is_told)| Step::Advance(blocks, lag, is_told)),
        1 => (0_usize..4).prop_map(Step::Rewind),
    ]
}

async fn follow(fixture: &Fixture, number: u64, steps: &[Step]) {
    let mut twin = Twin::new(fixture.store(), registry(number)).await;
    let mut follower = Follower::default();
    for step in steps {
        match step {
            Step::Advance(blocks, lag, is_told) => {
                let height = twin.model.tip.map_or(9, |tip| tip.block.number) + blocks.len() as u64;
                let finalized = twin.model.tip.map_or(0, |tip| tip.finalized).max(height - lag);
                let blocks: Vec<_> = blocks.iter().map(Vec::as_slice).collect();
                twin.advance(&blocks, Vouched { finalized, is_told: *is_told }).await;
            }
            Step::Rewind(depth) => {
                let Some(to) = twin.model.kept.iter().rev().nth(depth + 1).copied() else { continue };
                twin.rewind(to).await;
            }
        }
        compare(&mut twin).await;
        follower.catch_up(&twin).await;
        assert_eq!(follower.told, twin.model.events());
        assert_eq!(follower.state(), twin.model.state());
    }
}

/// Knows only the news, each of which it was told once.
#[derive(Default)]
struct Follower {
    last: Sequence,
    told: Vec<Stored>,
}

impl Follower {
    async fn catch_up(&mut self, twin: &Twin) {
        loop {
            let news = twin.store.news(twin.registry, NewsFilter::All, self.last, 3).await.unwrap().value;
            let Some(last) = news.last() else { return };
            self.last = last.sequence();
            for news in news {
                match news {
                    News::Event(stored) => self.told.push(stored),
                    News::Reorganised { to, .. } => {
                        self.told.retain(|stored| stored.change.event.place.block <= to.number);
                    }
                }
            }
        }
    }

    fn state(&self) -> Held {
        let mut held = Held::default();
        for stored in &self.told {
            match stored.change.effect {
                Effect::Record { identity, before, after } => {
                    assert_eq!(held.records.insert(identity, after), before);
                }
                Effect::Appointment { appointment, before, after } => {
                    assert_eq!(held.appointments.insert(appointment, after), before);
                }
            }
        }
        held
    }
}
