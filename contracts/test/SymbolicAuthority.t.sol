// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RecordWord} from "../src/libraries/RecordWord.sol";
import {SymbolicConsent, SymbolicWallet} from "./SymbolicConsent.sol";
import {SVM, VM} from "./SymbolicRegistry.sol";

/// @notice Who may: a record changes only by its owner, by a live operator, or by what the owner or the identity key
/// signed. What was signed is what gets stored.
/// @custom:halmos --array-lengths entries=1,signature={0,64,65,129}
contract SymbolicAuthorityTest is SymbolicConsent {
    SymbolicWallet private wallet;

    function setUp() public override {
        super.setUp();
        wallet = new SymbolicWallet();
        SVM.enableSymbolicStorage(address(wallet));
    }

    /// @notice No function that takes no signature lets a stranger touch a word, a bundle or an operator.
    function check_aStrangerWithoutSignatureChangesNothing(
        address caller,
        address owner,
        bytes32 label,
        address operator
    ) public {
        bytes memory call = SVM.createCalldata("KeyRegistry");
        VM.assume(!takesSignature(selectorOf(call)));
        assumeStranger(caller, owner);
        RecordWord before = wordOf(owner, label);
        (bytes32 bundle, uint40 until) = (slotOf(owner, label, 2), registry.operatorUntil(owner, operator));
        VM.prank(caller);
        (bool done,) = address(registry).call(call);
        done;
        assert(!differ(before, readWord(owner, label)));
        assert(slotOf(owner, label, 2) == bundle);
        assert(registry.operatorUntil(owner, operator) == until);
    }

    /// @notice Anyone may pin, but only the X coordinate of the record's key.
    function check_onlyTheKeyItselfIsPinned(address caller, address owner, bytes32 label, bytes32 x, bytes32 y) public {
        RecordWord current = wordOf(owner, label);
        VM.prank(caller);
        registry.pin(owner, label, x, y);
        assert(isUnrevoked(current));
        assert(slotOf(owner, label, 1) == x);
        assert(signerOf(current) == address(uint160(uint256(keccak256(abi.encodePacked(x, y))))));
    }

    /// @custom:halmos --array-lengths signature={0,64,65}
    function check_registerForStoresWhatTheOwnerSigned(
        address caller,
        address owner,
        bytes32 label,
        IKeyRegistry.Registration memory registration,
        uint40 deadline,
        bytes memory signature
    ) public {
        VM.assume(owner != address(wallet));
        assumeStranger(caller, owner);
        RecordWord before = wordOf(owner, label);
        VM.prank(caller);
        registry.registerFor(owner, label, registration, deadline, signature);
        RecordWord then = readWord(owner, label);
        assert(!isUnrevoked(before) && block.timestamp <= deadline);
        assert(isSigned(owner, keyConsent(REGISTRATION, owner, label, then, registration, deadline), signature));
    }

    /// @custom:halmos --array-lengths signature={0,64,65}
    function check_rotateForStoresWhatTheOwnerSigned(
        address caller,
        address owner,
        bytes32 label,
        IKeyRegistry.Registration memory registration,
        uint40 deadline,
        bytes memory signature
    ) public {
        VM.assume(owner != address(wallet));
        assumeStranger(caller, owner);
        RecordWord before = wordOf(owner, label);
        VM.prank(caller);
        registry.rotateFor(owner, label, registration, deadline, signature);
        RecordWord then = readWord(owner, label);
        assert(isUnrevoked(before) && block.timestamp <= deadline);
        assert(isSigned(owner, keyConsent(ROTATION, owner, label, then, registration, deadline), signature));
    }

    function check_registerForManyStoresWhatTheOwnerSigned(
        address caller,
        IKeyRegistry.SponsoredRegistration memory entry,
        address owner,
        bytes32 label
    ) public {
        RecordWord before = wordOf(owner, label);
        IKeyRegistry.SponsoredRegistration[] memory entries = new IKeyRegistry.SponsoredRegistration[](1);
        entries[0] = entry;
        VM.prank(caller);
        registry.registerForMany(entries);
        RecordWord then = readWord(owner, label);
        if (!differ(before, then)) return;
        assert(RecordWord.unwrap(before) == 0 && owner == entry.owner && label == entry.label);
        assert(block.timestamp <= entry.deadline);
        bytes32 consent = keyConsent(REGISTRATION, owner, label, then, entry.registration, entry.deadline);
        assert(isSigned(owner, consent, abi.encodePacked(entry.r, entry.vs)));
    }

    function check_revokeForTakesTheOwnersSignature(
        address caller,
        address owner,
        bytes32 label,
        uint16 version,
        uint8 reason,
        uint40 deadline,
        bytes memory signature
    ) public {
        VM.assume(owner != address(wallet) && reason <= 5);
        assumeStranger(caller, owner);
        RecordWord before = wordOf(owner, label);
        VM.prank(caller);
        registry.revokeFor(owner, label, version, IKeyRegistry.Reason(reason), deadline, signature);
        RecordWord then = readWord(owner, label);
        assert(version == versionOf(before) && block.timestamp <= deadline && RecordWord.unwrap(then) >> 252 == reason);
        assert(isSigned(owner, revocationConsent(owner, label, version, reason, deadline), signature));
    }

    /// @notice An account with code is asked itself: by its key, or by its code for exactly this digest.
    function check_anAccountWithCodeIsAsked(
        address caller,
        bytes32 label,
        uint16 version,
        uint8 reason,
        uint40 deadline,
        bytes memory signature
    ) public {
        VM.assume(reason <= 5);
        assumeStranger(caller, address(wallet));
        wordOf(address(wallet), label);
        VM.prank(caller);
        registry.revokeFor(address(wallet), label, version, IKeyRegistry.Reason(reason), deadline, signature);
        bytes32 consent = revocationConsent(address(wallet), label, version, reason, deadline);
        assert(
            wallet.approved(digest(consent)) || wallet.approved(everyChainDigest(consent))
                || isSigned(address(wallet), consent, signature)
        );
    }

    /// @notice An operator, live or not, never brings a revoked record back.
    function check_anOperatorBringsNothingBack(
        address caller,
        address owner,
        bytes32 label,
        IKeyRegistry.Registration memory registration,
        uint40 deadline
    ) public {
        VM.assume(owner != address(wallet) && caller != owner);
        VM.assume(isRevoked(wordOf(owner, label)));
        VM.prank(caller);
        (bool done,) =
            address(registry).call(abi.encodeCall(IKeyRegistry.registerFor, (owner, label, registration, deadline, "")));
        assert(!done);
    }

    /// @notice Nor does it use up more than half of a record's versions.
    function check_anOperatorLeavesHalfOfTheVersions(
        address caller,
        address owner,
        bytes32 label,
        IKeyRegistry.Registration memory registration,
        uint40 deadline
    ) public {
        VM.assume(owner != address(wallet) && caller != owner);
        VM.assume(versionOf(wordOf(owner, label)) >= 32_767);
        VM.prank(caller);
        (bool done,) =
            address(registry).call(abi.encodeCall(IKeyRegistry.rotateFor, (owner, label, registration, deadline, "")));
        assert(!done);
    }

    function takesSignature(bytes4 selector) private pure returns (bool) {
        return selector == IKeyRegistry.registerFor.selector || selector == IKeyRegistry.registerForMany.selector
            || selector == IKeyRegistry.rotateFor.selector || selector == IKeyRegistry.revokeFor.selector
            || selector == IKeyRegistry.revokeByKey.selector;
    }
}
