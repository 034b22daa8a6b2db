// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {OwnerConsentTest} from "./OwnerConsentTest.sol";
import {TypedData} from "./TypedData.sol";
import {VM} from "./Vm.sol";
import {
    AnsweringWallet,
    CurtWallet,
    FloodingRefusalWallet,
    FloodingWallet,
    LoopingWallet,
    ReentrantWallet,
    SilentWallet
} from "./wallets/HostileWallets.sol";
import {SignerWallet} from "./wallets/SignerWallet.sol";
import {ThresholdWallet} from "./wallets/ThresholdWallet.sol";

/// @notice Owners with code: ERC-1271 accounts, one that works as a Safe, delegated accounts (EIP-7702), hostile ones.
abstract contract SignedByContractTest is OwnerConsentTest {
    function test_takesTheSignatureThatAWalletAgreesTo() public {
        address wallet = address(new SignerWallet(addressOf(21)));
        prepare(wallet);
        bytes32 digest = digestOf(wallet);
        refuses(RELAYER, wallet, change(wallet, DEADLINE, signatureBy(22, digest)), notProven(wallet));
        takes(RELAYER, wallet, change(wallet, DEADLINE, signatureBy(21, digest)));
    }

    function test_takesAWalletsSignatureForEveryChain() public {
        address wallet = address(new SignerWallet(addressOf(21)));
        prepare(wallet);
        bytes32 digest = TypedData.everywhere(registry, structHash(wallet, DEADLINE));
        takes(RELAYER, wallet, change(wallet, DEADLINE, signatureBy(21, digest)));
    }

    function test_takesTheSignaturesOfEnoughOwnersOfAWallet() public {
        (address wallet, uint256[3] memory keys) = threshold();
        prepare(wallet);
        bytes32 digest = digestOf(wallet);
        bytes memory one = signatureBy(keys[0], digest);
        bytes memory other = signatureBy(keys[2], digest);
        refuses(RELAYER, wallet, change(wallet, DEADLINE, one), notProven(wallet));
        refuses(RELAYER, wallet, change(wallet, DEADLINE, bytes.concat(one, one)), notProven(wallet));
        refuses(RELAYER, wallet, change(wallet, DEADLINE, bytes.concat(other, one)), notProven(wallet));
        refuses(RELAYER, wallet, change(wallet, DEADLINE, bytes.concat(one, signatureBy(9, digest))), notProven(wallet));
        takes(RELAYER, wallet, change(wallet, DEADLINE, bytes.concat(one, other)));
    }

    function test_takesADigestThatAWalletApprovedBeforehand() public {
        (address wallet, uint256[3] memory keys) = threshold();
        prepare(wallet);
        bytes32 digest = digestOf(wallet);
        refuses(RELAYER, wallet, change(wallet, DEADLINE, ""), notProven(wallet));
        VM.prank(addressOf(keys[1]));
        ThresholdWallet(wallet).approve(digest);
        takes(RELAYER, wallet, change(wallet, DEADLINE, ""));
    }

    /// forge-config: default.evm_version = "prague"
    function test_aDelegatedAccountKeepsItsKey() public {
        delegate(address(new SilentWallet()));
        prepare(owner);
        bytes32 digest = digestOf(owner);
        refuses(RELAYER, owner, change(owner, DEADLINE, signatureBy(21, digest)), notProven(owner));
        takes(RELAYER, owner, change(owner, DEADLINE, compactSignatureBy(OWNER_KEY, digest)));
    }

    /// forge-config: default.evm_version = "prague"
    function test_aDelegatedAccountsCodeMayAgreeToo() public {
        delegate(address(new SignerWallet(address(0))));
        // The code is the wallet's, the storage the account's: there it finds a session key.
        VM.store(owner, 0, bytes32(uint256(uint160(addressOf(21)))));
        prepare(owner);
        bytes32 digest = digestOf(owner);
        refuses(RELAYER, owner, change(owner, DEADLINE, signatureBy(22, digest)), notProven(owner));
        takes(RELAYER, owner, change(owner, DEADLINE, signatureBy(21, digest)));
    }

    /// forge-config: default.evm_version = "prague"
    function test_aDelegatedAccountsKeyIsAskedBeforeItsCode() public {
        delegate(address(new LoopingWallet()));
        prepare(owner);
        bytes memory call = change(owner, DEADLINE, signatureBy(OWNER_KEY, digestOf(owner)));
        uint256 before = gasleft();
        takes(RELAYER, owner, call);
        VM.assertLe(before - gasleft(), 400_000, "the code was asked");
    }

    function test_aWalletCannotReenter() public {
        address wallet = address(new ReentrantWallet(registry));
        prepare(wallet);
        refuses(RELAYER, wallet, change(wallet, DEADLINE, "x"), notProven(wallet));
        VM.assertEq(registry.operatorUntil(wallet, wallet), 0);
    }

    function test_aWalletThatUsesUpAllGasHarmsOnlyWhoSubmits() public {
        address wallet = address(new LoopingWallet());
        prepare(wallet);
        bytes memory call = change(wallet, DEADLINE, "x");
        uint256 word = registry.storedWord(wallet, DEFAULT);
        VM.prank(RELAYER);
        // Of 16 million one 64th is left after the first question, and of that after the second: too little or enough
        // to say why, but refused.
        (bool success, bytes memory answer) = address(registry).call{gas: 16_000_000}(call);
        VM.assertFalse(success, "endless is not yes");
        VM.assertTrue(
            answer.length == 0 || selectorOf(answer) == bytes4(notProven(wallet)), "out of gas, or not proven"
        );
        VM.assertEq(registry.storedWord(wallet, DEFAULT), word);
        VM.prank(RELAYER);
        (success, answer) = address(registry).call{gas: 100_000_000}(call);
        VM.assertFalse(success, "endless is not yes");
        VM.assertEq(answer, notProven(wallet));
    }

    function test_aWalletsFloodOfWordsIsNotRead() public {
        address[2] memory wallets = [address(new FloodingWallet()), address(new FloodingRefusalWallet())];
        for (uint256 i = 0; i < wallets.length; ++i) {
            address wallet = wallets[i];
            prepare(wallet);
            bytes memory call = change(wallet, DEADLINE, "x");
            uint256 before = gasleft();
            refuses(RELAYER, wallet, call, notProven(wallet));
            // The wallet pays for its own memory, about 0.5 million each time it is asked; copying it would double that.
            VM.assertLe(before - gasleft(), 1_300_000, "the answer was copied");
        }
    }

    function test_refusesEveryAnswerButTheOne() public {
        address[7] memory wallets = [
            address(new SilentWallet()),
            address(new CurtWallet()),
            address(new AnsweringWallet(0)),
            address(new AnsweringWallet(bytes32(uint256(1)))),
            address(new AnsweringWallet(bytes32(bytes4(0x20c13b0b)))),
            address(new AnsweringWallet(bytes32(uint256(0x1626ba7e)))),
            address(new AnsweringWallet(bytes32(uint256(0x1626ba7e) * 2 ** 224 + 1)))
        ];
        for (uint256 i = 0; i < wallets.length; ++i) {
            prepare(wallets[i]);
            refuses(RELAYER, wallets[i], change(wallets[i], DEADLINE, "x"), notProven(wallets[i]));
        }
    }

    function test_takesTheOneAnswer() public {
        address wallet = address(new AnsweringWallet(bytes32(bytes4(0x1626ba7e))));
        prepare(wallet);
        takes(RELAYER, wallet, change(wallet, DEADLINE, "x"));
    }

    function test_refusesAContractThatKnowsNoSignatures() public {
        // This test contract: it has code, and no `isValidSignature`.
        prepare(address(this));
        bytes memory call = change(address(this), DEADLINE, signatureBy(21, digestOf(address(this))));
        refuses(RELAYER, address(this), call, notProven(address(this)));
    }

    function test_refusesPrecompilesWhateverTheyAnswer() public {
        for (uint160 i = 1; i <= 9; ++i) {
            prepare(address(i));
            refuses(RELAYER, address(i), change(address(i), DEADLINE, "x"), notProven(address(i)));
        }
    }

    /// @dev The designator of EIP-7702 as the account's code.
    function delegate(address code) private {
        VM.etch(owner, abi.encodePacked(hex"ef0100", code));
    }

    /// @dev Two of three, the keys in rising order of their addresses.
    function threshold() private returns (address wallet, uint256[3] memory keys) {
        keys = [uint256(21), 22, 23];
        for (uint256 i = 0; i < 6; ++i) {
            uint256 j = i % 2;
            if (addressOf(keys[j]) > addressOf(keys[j + 1])) (keys[j], keys[j + 1]) = (keys[j + 1], keys[j]);
        }
        address[] memory owners = new address[](3);
        for (uint256 i = 0; i < 3; ++i) {
            owners[i] = addressOf(keys[i]);
        }
        wallet = address(new ThresholdWallet(owners, 2));
    }
}
