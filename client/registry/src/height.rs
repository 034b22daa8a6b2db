//! A block by its height, for two sides whose nodes are a few blocks apart.

use countersign_protocol::Anchor;

use crate::error::{HeadClaim, ResolveError};
use crate::proof::ProvenHeader;
use crate::question::Question;
use crate::resolver::Resolver;

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
