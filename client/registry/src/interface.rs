//! The registry's ABI, read from its Solidity interface.

#![allow(missing_docs, clippy::all, unreachable_pub)]

alloy::sol! {
    #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
    "../../contracts/src/interfaces/IKeyRegistry.sol"
}
