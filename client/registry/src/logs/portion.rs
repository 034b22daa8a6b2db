//! How much to ask for at once: as much as the other side still answers.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::ResolveError;

/// The number of calls that go into one batch. Halved when an answer was too large or the batch refused, one more each
/// time that a full one was answered.
#[derive(Debug)]
pub(crate) struct Portion {
    size: AtomicUsize,
    most: usize,
}

impl Portion {
    pub(crate) const fn up_to(most: usize) -> Self {
        Self { size: AtomicUsize::new(most), most }
    }

    /// Asks for all `items`, in their order, in as few batches as it takes, and gives `keep` each answer as it comes.
    ///
    /// # Errors
    /// Those of `ask` that a smaller portion does not heal, and any of `keep`.
    pub(crate) async fn ask_for<I: Clone, T, F>(
        &self,
        items: &[I],
        ask: impl Fn(Vec<I>) -> F,
        mut keep: impl FnMut(T) -> Result<(), ResolveError>,
    ) -> Result<(), ResolveError>
    where
        F: Future<Output = Result<T, ResolveError>>,
    {
        let mut rest = items;
        while !rest.is_empty() {
            let (portion, beyond) = rest.split_at(self.size().min(rest.len()));
            match ask(portion.to_vec()).await {
                Ok(answer) => {
                    self.answered(portion.len());
                    keep(answer)?;
                    rest = beyond;
                }
                Err(failure) if portion.len() > 1 && is_too_much(&failure) => self.halve(portion.len()),
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed).max(1)
    }

    fn answered(&self, size: usize) {
        if size >= self.size() {
            self.size.store((size + 1).min(self.most), Ordering::Relaxed);
        }
    }

    fn halve(&self, size: usize) {
        self.size.fetch_min(size.div_ceil(2), Ordering::Relaxed);
    }
}

fn is_too_much(failure: &ResolveError) -> bool {
    match failure {
        ResolveError::AnswerTooLarge { .. } => true,
        // Providers limit the calls of a batch, each in its own words.
        ResolveError::NodeRefused { method, .. } => *method == WHOLE_BATCH,
        _ => false,
    }
}

/// What [`Node`](crate::node::Node) calls a batch that was refused as one.
const WHOLE_BATCH: &str = "a batch";

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn too_large() -> ResolveError {
        ResolveError::AnswerTooLarge { endpoint: "http://127.0.0.1:1".parse().unwrap(), limit: 1 }
    }

    /// Asks for 0 to 99, where a batch may hold only so many. The answer, and the sizes asked for.
    fn ask(portion: &Portion, bearable: usize) -> (Result<Vec<u64>, ResolveError>, Vec<usize>) {
        let (sizes, items) = (RefCell::new(Vec::new()), (0..100).collect::<Vec<u64>>());
        let mut answers = Vec::new();
        let ask = |some: Vec<u64>| {
            sizes.borrow_mut().push(some.len());
            std::future::ready(if some.len() > bearable { Err(too_large()) } else { Ok(some) })
        };
        let keep = |some| {
            answers.extend(some);
            Ok(())
        };
        let outcome = futures_util::FutureExt::now_or_never(portion.ask_for(&items, ask, keep));
        (outcome.unwrap().map(|()| answers), sizes.into_inner())
    }

    #[test]
    fn everything_comes_in_order_whatever_a_batch_may_hold() {
        for bearable in 1..=120 {
            let portion = Portion::up_to(64);
            assert_eq!(ask(&portion, bearable).0.unwrap(), (0..100).collect::<Vec<_>>(), "{bearable}");
        }
    }

    #[test]
    fn what_was_too_large_is_not_asked_for_again_at_once() {
        let portion = Portion::up_to(64);
        let (_, sizes) = ask(&portion, 10);
        assert_eq!(sizes.get(..4).unwrap(), [64, 32, 16, 8]);
        assert!(sizes.iter().skip(3).all(|size| *size <= 11), "{sizes:?}");
    }

    /// However small the portions, what is too much altogether stays so.
    #[test]
    fn what_is_not_kept_is_not_asked_for_again() {
        let asked = RefCell::new(0);
        let ask = |some: Vec<u64>| {
            *asked.borrow_mut() += 1;
            std::future::ready(Ok(some))
        };
        let mut kept = 0;
        let keep = |some: Vec<u64>| {
            kept += some.len();
            if kept > 20 { Err(too_large()) } else { Ok(()) }
        };
        let portion = Portion::up_to(8);
        let items: Vec<u64> = (0..100).collect();
        let outcome = futures_util::FutureExt::now_or_never(portion.ask_for(&items, ask, keep));
        assert!(matches!(outcome.unwrap(), Err(ResolveError::AnswerTooLarge { .. })));
        assert_eq!((asked.into_inner(), kept), (3, 24));
    }

    #[test]
    fn where_not_even_one_is_answered_it_ends() {
        let (answer, sizes) = ask(&Portion::up_to(64), 0);
        assert!(matches!(answer, Err(ResolveError::AnswerTooLarge { .. })));
        assert_eq!(sizes, [64, 32, 16, 8, 4, 2, 1]);
    }
}
