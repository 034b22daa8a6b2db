//! `countersign doctor`: what works, what does not, and what to do.

use clap::Args;

use crate::arguments::{ChainArguments, KeystoreArguments, KnownArguments, OwnerArguments, ReplayArguments};
use crate::context::Context;
use crate::doctor::{Examination, chain, local};
use crate::failure::Failure;

/// Check tools, nodes, clock, registry, keystore, record, known records and replay cache, and say what to do about each trouble
///
/// Each line is ok, warn (something is missing that not everything needs) or fail. Fails, and only they, make the
/// exit code 11. Every chain of the configuration is checked, or the one that is named. Nothing is changed, and no passphrase is asked for.
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
        let chains = settings.chains(&self.chain, named);
        let are_several = chains.len() > 1;
        for (chain_id, chain) in chains {
            let is_default = !are_several || settings.is_default_chain(chain_id);
            let mut findings = Vec::new();
            match chain {
                Err(failure) => findings.push(chain::not_configured(&failure)),
                Ok(chain) => {
                    let _progress = context.console.progress("Asking the nodes");
                    findings.extend(are_several.then(|| chain::heading(&chain)));
                    findings.extend(chain::examine(&chain).await);
                    findings.push(chain::own_record(&chain, &owner, keystore.signer, is_default).await);
                }
            }
            for finding in findings {
                examination.add(finding.of_chain(chain_id))?;
            }
        }
        examination.verdict()
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign doctor
  countersign doctor --chain-id 8453
  countersign doctor --rpc http://127.0.0.1:8545 --chain-id 31337 --json

JSON: one object per line,
  {\"check\", \"status\": \"ok\", \"warn\" or \"fail\", \"detail\", \"hint\": string or null},
of a chain with \"chain_id\", and of a node's health with \"endpoint\"";
