//! The parameters that paths have.

use countersign_protocol::{Identity, Label};
use utoipa::IntoParams;

use super::json::Account;
use super::parameters::{Argument, Given, LabelText, Parameters};
use super::problem::Problem;

/// A chain.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfChain {
    /// The chain, by its EIP-155 id.
    pub(super) chain_id: u64,
}

/// An account on a chain.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfOwner {
    /// The chain, by its EIP-155 id.
    pub(super) chain_id: u64,
    /// The account.
    pub(super) owner: Account,
}

/// A label on a chain.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfLabel {
    /// The chain, by its EIP-155 id.
    pub(super) chain_id: u64,
    /// The label. `-` stands for the default one; the text `-` itself is written as 0x and 64 digits.
    pub(super) label: LabelText,
}

/// One of an account's identities on a chain.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct OfIdentity {
    /// The chain, by its EIP-155 id.
    pub(super) chain_id: u64,
    /// The account.
    pub(super) owner: Account,
    /// The label. `-` stands for the default one; the text `-` itself is written as 0x and 64 digits.
    pub(super) label: LabelText,
}

impl OfOwner {
    pub(super) const fn identity(&self) -> Identity {
        Identity::of(self.owner.0)
    }
}

impl OfIdentity {
    pub(super) const fn identity(&self) -> Identity {
        Identity { owner: self.owner.0, label: self.label.0 }
    }
}

impl Parameters for OfChain {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        Ok(Self { chain_id: given.required("chain_id")? })
    }
}

impl Parameters for OfOwner {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        Ok(Self { chain_id: given.required("chain_id")?, owner: given.required("owner")? })
    }
}

impl Parameters for OfLabel {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        Ok(Self { chain_id: given.required("chain_id")?, label: label(given)? })
    }
}

impl Parameters for OfIdentity {
    fn read(given: &mut Given) -> Result<Self, Problem> {
        let (chain_id, owner) = (given.required("chain_id")?, given.required("owner")?);
        Ok(Self { chain_id, owner, label: label(given)? })
    }
}

/// A path has no empty part.
fn label(given: &mut Given) -> Result<LabelText, Problem> {
    let DashForNone(label) = given.required("label")?;
    Ok(label)
}

struct DashForNone(LabelText);

impl Argument for DashForNone {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "-" => Ok(Self(LabelText(Label::DEFAULT))),
            text => LabelText::read(text).map(Self),
        }
    }
}
