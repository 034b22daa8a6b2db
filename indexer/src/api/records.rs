//! Records: listed, and one by one, as they are or were, with proofs.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use countersign_protocol::{Address, Identity};
use countersign_registry::RegistryAt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asking::{Asking, Held};
use super::cursor::List;
use super::documentation::Usual;
use super::json::{Account, ProofDocument, Record, Status, Tip};
use super::parameters::{Given, InPath, InQuery, Key, LabelText, Limit, Parameters, ProofAt};
use super::paths::{OfChain, OfIdentity, OfOwner};
use super::problem::{Problem, ProblemDocument};
use super::shared::{Shared, damaged};
use crate::store::{Answer, Entry, RecordQuery, Selection};

/// A page of records.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// As of which block.
    pub tip: Tip,
    /// Those of this page. With a status, there may be fewer than the limit, or none, before the end.
    pub records: Vec<Record>,
    /// The `cursor` of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// One record.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OneRecord {
    /// As of which block.
    pub tip: Tip,
    /// The record. Where there is none, the answer is a problem, with the tip.
    pub record: Record,
    /// A proof of it, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProofDocument>, nullable = false)]
    pub proof: Option<serde_json::Value>,
}

/// Which records to list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RecordsQuery {
    /// Which registry, where several of the chain are indexed.
    registry: Option<Account>,
    /// Only this account's.
    owner: Option<Account>,
    /// Only those under this label. Empty for the default one.
    label: Option<LabelText>,
    /// Only those whose current key has this Ethereum address.
    signer: Option<Account>,
    /// Only those whose current key is this. Only one of owner, label, signer and key may be given.
    key: Option<Key>,
    /// Only those that are worth this now.
    status: Option<Status>,
    /// Where to go on: `next` of the page before, with the same parameters.
    cursor: Option<String>,
    /// How many to look at.
    limit: Option<Limit>,
}

/// As of when, and with which proof.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RecordAs {
    /// Which registry, where several of the chain are indexed.
    registry: Option<Account>,
    /// As it was at the end of this block.
    block: Option<u64>,
    /// With a storage proof at this block.
    proof: Option<ProofAt>,
}

/// Lists records, by owner and label.
#[utoipa::path(
    get,
    path = "/v1/{chain_id}/records",
    operation_id = "listRecords",
    tag = "records",
    params(OfChain, RecordsQuery, Held),
    responses(
        (
            status = 200,
            description = "A page of records.",
            body = Records,
            headers(("etag" = String, description = "Of this answer.")),
        ),
        Usual,
    )
)]
pub(super) async fn list(
    State(api): State<Arc<Shared>>,
    InPath(path): InPath<OfChain>,
    InQuery(query): InQuery<RecordsQuery>,
    asking: Asking,
) -> Result<Response, Problem> {
    let registry = api.registry(path.chain_id, query.registry).await?;
    if let Some(unchanged) = api.unchanged(&asking, registry).await? {
        return Ok(unchanged);
    }
    let list = List { registry, selection: query.selection()?, status: query.status.map(Into::into) };
    let page = api.page(&list, query.cursor.as_deref(), query.limit).await?;
    asking.answer(&page.tip, &page.value)
}

/// The default record of an account.
#[utoipa::path(
    get,
    path = "/v1/{chain_id}/records/{owner}",
    operation_id = "defaultRecord",
    tag = "records",
    params(OfOwner, RecordAs, Held),
    responses(
        (
            status = 200,
            description = "The record.",
            body = OneRecord,
            headers(("etag" = String, description = "Of this answer.")),
        ),
        (
            status = 502,
            description = "The chain's endpoints do not prove it.",
            body = ProblemDocument,
            content_type = "application/problem+json",
        ),
        Usual,
    )
)]
pub(super) async fn of_owner(
    State(api): State<Arc<Shared>>,
    InPath(path): InPath<OfOwner>,
    InQuery(query): InQuery<RecordAs>,
    asking: Asking,
) -> Result<Response, Problem> {
    api.one(path.chain_id, path.identity(), &query, &asking).await
}

/// The record of an account's label.
#[utoipa::path(
    get,
    path = "/v1/{chain_id}/records/{owner}/{label}",
    operation_id = "record",
    tag = "records",
    params(OfIdentity, RecordAs, Held),
    responses(
        (
            status = 200,
            description = "The record.",
            body = OneRecord,
            headers(("etag" = String, description = "Of this answer.")),
        ),
        (
            status = 502,
            description = "The chain's endpoints do not prove it.",
            body = ProblemDocument,
            content_type = "application/problem+json",
        ),
        Usual,
    )
)]
pub(super) async fn of_identity(
    State(api): State<Arc<Shared>>,
    InPath(path): InPath<OfIdentity>,
    InQuery(query): InQuery<RecordAs>,
    asking: Asking,
) -> Result<Response, Problem> {
    api.one(path.chain_id, path.identity(), &query, &asking).await
}

impl Shared {
    /// A page of a list.
    pub(super) async fn page(
        &self,
        list: &List,
        cursor: Option<&str>,
        limit: Option<Limit>,
    ) -> Result<Answer<Records>, Problem> {
        let after = cursor.map(|cursor| list.position(cursor).ok_or_else(other_list)).transpose()?;
        let Limit(limit) = limit.unwrap_or_default();
        let query = RecordQuery { selection: list.selection, status: list.status, after, limit };
        let Answer { tip, value: page } = self.store.records(list.registry, query).await?;
        let record = |entry: &Entry| Record::of(list.registry, entry, tip.timestamp).map_err(damaged);
        let records = page.entries.iter().map(record).collect::<Result<_, _>>()?;
        let next = page.next.map(|last| list.cursor(&last));
        Ok(Answer { tip, value: Records { tip: tip.into(), records, next } })
    }

    async fn one(
        &self,
        chain_id: u64,
        identity: Identity,
        query: &RecordAs,
        asking: &Asking,
    ) -> Result<Response, Problem> {
        let registry = self.registry(chain_id, query.registry).await?;
        if let Some(unchanged) = self.unchanged(asking, registry).await? {
            return Ok(unchanged);
        }
        let Answer { tip, value: entry } = match query.block {
            Some(block) => self.store.record_at(registry, identity, block).await?,
            None => self.store.record(registry, identity).await?,
        };
        let proof = match query.proof {
            Some(at) => Some(self.proofs.at(registry, identity, at, &tip).await?),
            None => None,
        };
        let Some(entry) = entry else {
            return Err(Problem::no_record(absent(registry, identity, query.block), tip.into(), proof));
        };
        let record = Record::of(registry, &entry, tip.timestamp).map_err(damaged)?;
        asking.answer(&tip, &OneRecord { tip: tip.into(), record, proof })
    }
}

impl RecordsQuery {
    fn selection(&self) -> Result<Selection, Problem> {
        let signer = |key: Key| Selection::Signer(Address(key.0.address()));
        let given = [
            ("owner", self.owner.map(|owner| Selection::Owner(owner.0))),
            ("label", self.label.map(|label| Selection::Label(label.0))),
            ("signer", self.signer.map(|signer| Selection::Signer(signer.0))),
            ("key", self.key.map(signer)),
        ];
        let mut given = given.into_iter().filter_map(|(name, selection)| Some((name, selection?)));
        let Some((first, selection)) = given.next() else { return Ok(Selection::All) };
        match given.next() {
            None => Ok(selection),
            Some((second, _)) => Err(Problem::parameter(
                second,
                format!("{second} cannot be given with {first}; ask by one of owner, label, signer and key"),
            )),
        }
    }
}

impl Parameters for RecordsQuery {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        Ok(Self {
            registry: given.optional("registry")?,
            owner: given.optional("owner")?,
            label: given.optional("label")?,
            signer: given.optional("signer")?,
            key: given.optional("key")?,
            status: given.optional("status")?,
            cursor: given.optional("cursor")?,
            limit: given.optional("limit")?,
        })
    }
}

impl Parameters for RecordAs {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        Ok(Self {
            registry: given.optional("registry")?,
            block: given.optional("block")?,
            proof: given.optional("proof")?,
        })
    }
}

fn other_list() -> Problem {
    Problem::parameter(
        "cursor",
        "the cursor is of another list, or was changed; give `next` of the page before, with the same parameters, or \
         none to begin anew",
    )
}

fn absent(registry: RegistryAt, identity: Identity, block: Option<u64>) -> String {
    let when = block.map(|block| format!(" at the end of block {block}")).unwrap_or_default();
    format!(
        "nothing is registered{when} under {identity} in registry {} on chain {}; check the address and the label",
        registry.address, registry.chain_id
    )
}
