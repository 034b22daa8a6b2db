//! The commands, one file each.

pub(crate) mod bundle;
pub(crate) mod completions;
pub(crate) mod connect;
pub(crate) mod contacts;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod keygen;
pub(crate) mod known;
pub(crate) mod listen;
pub(crate) mod man;
pub(crate) mod onboard;
pub(crate) mod operator;
pub(crate) mod prove;
pub(crate) mod register;
pub(crate) mod resolve;
pub(crate) mod revocation_certificate;
pub(crate) mod revoke;
pub(crate) mod rotate;
pub(crate) mod sign_registration;
pub(crate) mod sign_revocation;
pub(crate) mod submit;
pub(crate) mod verify;
