// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {OwnerConsentTest} from "./OwnerConsentTest.sol";
import {TypedData} from "./TypedData.sol";

/// @title KeyConsentTest
/// @notice A change that gives a record a key. A registration and a rotation have the same members and arguments.
abstract contract KeyConsentTest is OwnerConsentTest {
    /// @notice The key that the change brings, and the version that the record has with it.
    function next() internal pure virtual returns (uint256 privateKey, uint16 version);

    /// @notice The EIP-712 hash of a consent to a key.
    function consent(address who, uint16 version, IKeyRegistry.Registration memory registration, uint40 deadline)
        internal
        pure
        virtual
        returns (bytes32);

    /// @notice The call that submits a key.
    function submission(
        address who,
        IKeyRegistry.Registration memory registration,
        uint40 deadline,
        bytes memory signature
    ) internal view virtual returns (bytes memory);

    function structHash(address who, uint40 deadline) internal override returns (bytes32) {
        (, uint16 version) = next();
        return consent(who, version, signedNext(who), deadline);
    }

    function change(address who, uint40 deadline, bytes memory signature) internal override returns (bytes memory) {
        return submission(who, signedNext(who), deadline, signature);
    }

    /// @notice The submission of a key that the owner signed as it is.
    function sponsored(IKeyRegistry.Registration memory registration, uint16 version)
        internal
        view
        returns (bytes memory)
    {
        bytes32 hash = consent(owner, version, registration, DEADLINE);
        return submission(owner, registration, DEADLINE, signatureBy(OWNER_KEY, TypedData.here(registry, hash)));
    }

    /// @notice Checks that with such terms the key is refused, unless they are what the owner signed.
    function refusesOtherTerms(uint32 validUntil, uint8 suiteFloor, bool pinned) internal {
        validUntil = validUntil > NOW ? validUntil : 0;
        suiteFloor %= 2;
        if (validUntil == 0 && suiteFloor == 1 && !pinned) return;
        bytes memory signature = signatureBy(OWNER_KEY, digestOf(owner));
        IKeyRegistry.Registration memory registration = floored(until(signedNext(owner), validUntil), suiteFloor);
        if (pinned) pinnedTo(registration);
        refuses(RELAYER, owner, submission(owner, registration, DEADLINE, signature), notProven(owner));
    }

    function signedNext(address who) private returns (IKeyRegistry.Registration memory) {
        (uint256 privateKey, uint16 version) = next();
        return signed(who, DEFAULT, version, privateKey);
    }
}
