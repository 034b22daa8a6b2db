//! Owners that are contracts: an ERC-1271 wallet, compiled from the source beside this file by the project's solc.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use alloy::network::TransactionBuilder;
use alloy::primitives::{Address as AccountAddress, B256, Bytes, hex};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolValue;
use countersign::registry::consent::OwnerSignature;
use serde_json::{Value, json};

alloy::sol! {
    #[sol(rpc)]
    contract KeyedWallet {
        function execute(address to, bytes calldata data) external;
        function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4);
    }
}

/// Deploys a wallet that obeys `key`, at the cost of an account that the node holds.
pub async fn deploy(provider: &DynProvider, payer: AccountAddress, key: &PrivateKeySigner) -> AccountAddress {
    let init_code = [CREATION_CODE.as_ref(), &key.address().abi_encode()].concat();
    let transaction = TransactionRequest::default().with_from(payer).with_deploy_code(init_code);
    let receipt = provider.send_transaction(transaction).await.unwrap().get_receipt().await.unwrap();
    receipt.contract_address.unwrap()
}

/// The wallet's own kind of signature: 85 bytes.
pub fn sign(key: &PrivateKeySigner, digest: &B256) -> OwnerSignature {
    let signature = key.sign_hash_sync(digest).unwrap();
    let bytes = [key.address().as_slice(), &signature.as_bytes()].concat();
    OwnerSignature::from_bytes(&bytes).unwrap()
}

static CREATION_CODE: LazyLock<Bytes> = LazyLock::new(|| {
    let input = json!({
        "language": "Solidity",
        "sources": { "KeyedWallet.sol": { "content": include_str!("wallet/KeyedWallet.sol") } },
        "settings": { "outputSelection": { "*": { "KeyedWallet": ["evm.bytecode.object"] } } },
    });
    let output = solc(&input);
    let code = &output["contracts"]["KeyedWallet.sol"]["KeyedWallet"]["evm"]["bytecode"]["object"];
    hex::decode(code.as_str().unwrap_or_else(|| panic!("{output}"))).unwrap().into()
});

fn solc(input: &Value) -> Value {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/solc");
    let mut compiler = Command::new(program)
        .arg("--standard-json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("scripts/solc runs");
    compiler.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    serde_json::from_slice(&compiler.wait_with_output().unwrap().stdout).unwrap()
}
