//! A block by its height, for two sides whose nodes are a few blocks apart.

use countersign_protocol::Anchor;
use futures_util::future::join_all;

use crate::depth::RecordDepth;
use crate::error::{HeadClaim, ResolveError};
use crate::proof::ProvenHeader;
use crate::question::Question;
use crate::resolver::Resolver;
use crate::survey::hear;
use crate::voucher::Voucher;

impl Resolver {
    /// The canonical block at `height`, as the trusted endpoints agree on it: what to propose to a peer whose own
    /// head is no higher.
    ///
    /// # Errors
    /// [`ResolveError::UnknownBlock`] above the head, [`ResolveError::HeadsDisagree`] where too few endpoints have the
    /// same block there, [`ResolveError::TooDeep`] more than 8,191 blocks below the head of a light client, and whatever keeps a head from being trusted.
    pub async fn block_at(&self, height: u64) -> Result<Anchor, ResolveError> {
        Ok(self.anchor_at(&self.header_at(height).await?))
    }

    /// Up to which height as many endpoints as must agree call the chain final, or a light client proved it so.
    ///
    /// # Errors
    /// [`ResolveError::DepthUnknown`] where too few endpoints know what is final; whatever keeps a light client from
    /// knowing.
    pub async fn finalized_height(&self) -> Result<u64, ResolveError> {
        if let Voucher::LightClient(beacon) = self.voucher() {
            return Ok(self.finalized_header(beacon).await?.block().number);
        }
        let depth = RecordDepth::Finalized;
        let question = Question::head().with_deep(self.deep_block(depth));
        let heard = join_all(self.nodes().iter().map(|node| hear(node, &question))).await;
        let told = heard.iter().flatten().filter_map(|heard| heard.deep.map(|deep| deep.block().number));
        let told: Vec<u64> = told.collect();
        let (needed, answered) = (self.threshold(), told.len());
        self.vouched(told).ok_or(ResolveError::DepthUnknown { depth, needed, answered })
    }

    /// As [`block_at`](Self::block_at), with the block's time.
    pub(crate) async fn header_at(&self, height: u64) -> Result<ProvenHeader, ResolveError> {
        let question = Question { anchor: Some(height), ..Question::head() };
        let survey = self.survey(&question).await?;
        let my_head = survey.head.header.block().number;
        if height > my_head {
            return Err(ResolveError::UnknownBlock { number: height, my_head });
        }
        if let Some(block) = survey.anchor {
            return Ok(block);
        }
        let said = survey.answers.iter().filter_map(|heard| {
            let block = heard.anchor?.block();
            Some(HeadClaim {
                endpoint: heard.node.endpoint().clone(),
                number: block.number,
                hash: block.hash,
            })
        });
        Err(ResolveError::HeadsDisagree { needed: self.threshold(), said: said.collect() })
    }
}
