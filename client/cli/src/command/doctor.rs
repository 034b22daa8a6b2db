//! `countersign doctor`: what works, what does not, and what to do.

use clap::Args;

use crate::arguments::{ChainArguments, KeystoreArguments, KnownArguments, OwnerArguments, ReplayArguments};
use crate::context::Context;
use crate::doctor::{Examination, chain, local};
use crate::failure::Failure;

/// Check tools, nodes, clock, registry, keystore, record, known records and replay cache, and say what to do about each trouble
///
/// Each line is ok, warn (something is missing that not everything needs) or fail. Fails, and only they, make the
/// exit code 11. Nothing is changed, and no passphrase is asked for.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Doctor {
    #[command(flatten)]
    owner: OwnerArguments,
    #[command(flatten)]
    keystore: KeystoreArguments,
    #[command(flatten)]
    chain: ChainArguments,
    #[command(flatten)]
    replay: ReplayArguments,
    #[command(flatten)]
    known: KnownArguments,
}

impl Doctor {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failure> {
        let settings = &context.settings;
        let mut examination = Examination::new(context.console);
        examination.add(local::configuration(settings))?;
        examination.add(local::contacts(settings))?;
        for tool in local::tools() {
            examination.add(tool)?;
        }
        examination.add(local::known(settings.known_file(&self.known)))?;
        let keystore = settings.keystore(&self.keystore).map(|path| local::keystore(&path))?;
        examination.add(keystore.finding)?;
        examination.add(local::replay_cache(settings.replay_cache(&self.replay)).await)?;
        let owner = settings.owner_if_any(&self.owner);
        let named = owner.as_ref().ok().and_then(|owner| owner.as_ref()).and_then(|owner| owner.chain_id);
        match settings.chain(&self.chain, named) {
            Err(failure) => examination.add(chain::not_configured(&failure))?,
            Ok(settings) => {
                let progress = context.console.progress("Asking the nodes");
                let findings = chain::examine(&settings).await;
                drop(progress);
                for finding in findings {
                    examination.add(finding)?;
                }
                examination.add(chain::own_record(&settings, owner, keystore.signer).await)?;
            }
        }
        examination.verdict()
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign doctor
  countersign doctor --rpc http://127.0.0.1:8545 --chain-id 31337 --json

JSON: one object per line,
  {\"check\", \"status\": \"ok\", \"warn\" or \"fail\", \"detail\", \"hint\": string or null}";
