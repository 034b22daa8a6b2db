//! A head that lies too far below one proven before is refused, and written down.

use std::sync::Arc;

use super::{Heads, Reading};
use crate::error::{ResolveError, StaleHead};
use crate::node::Node;
use crate::proof::ProvenHeader;

impl Heads {
    /// Writes down that a block was shown which lies too far below one proven before: once for each block, however often
    /// it is shown. What is written was handed over before this is first awaited, so cancelling it loses nothing.
    pub(super) async fn note_rollback(&mut self, reading: &Reading) {
        let (Some(agreed), Err(ResolveError::StaleHead { why: StaleHead::BehindProven { proven }, .. })) =
            (reading.agreed, &reading.verdict)
        else {
            return;
        };
        let shown = agreed.header.block();
        if self.noted.replace(shown) != Some(shown) {
            let by = self.who_shows(&agreed.header);
            let by: Vec<_> = by.iter().map(|node| node.endpoint()).collect();
            self.resolver.past().note_head(*proven, shown, &by).await;
        }
    }

    /// Which endpoints show a block: all of those that may have served it, where a light client vouches for it.
    fn who_shows(&self, header: &ProvenHeader) -> Vec<Arc<Node>> {
        let nodes = self.resolver.nodes();
        if self.resolver.voucher().is_light_client() {
            return nodes.to_vec();
        }
        let showing = self.board.read(|position, shown| {
            let mut blocks = shown.head().into_iter().chain(shown.below());
            nodes.get(position).filter(|_| blocks.any(|block| block.proven == *header)).cloned()
        });
        showing.into_iter().flatten().collect()
    }
}
