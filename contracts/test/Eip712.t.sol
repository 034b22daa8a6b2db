// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {RegistryTest} from "./RegistryTest.sol";
import {VM} from "./Vm.sol";

/// @notice Digests against tests/vectors/eip712.json, which viem made.
contract PossessionDigestTest is RegistryTest {
    function test_agreesWithViemOnEveryCase() public {
        string memory file = VM.readFile("tests/vectors/eip712.json");
        uint256 checked = 0;
        for (uint256 i = 0; VM.keyExistsJson(file, path(i, "")); ++i) {
            if (keccak256(bytes(VM.parseJsonString(file, path(i, ".type")))) != keccak256("KeyPossession")) continue;
            agrees(file, i);
            ++checked;
        }
        VM.assertTrue(checked >= 16, "the vectors must have been read");
    }

    function agrees(string memory file, uint256 i) private {
        standIn(VM.parseJsonUint(file, path(i, ".domain.chainId")), VM.parseJsonAddress(file, verifier(i)));
        address owner = VM.parseJsonAddress(file, path(i, ".message.owner"));
        bytes32 label = VM.parseJsonBytes32(file, path(i, ".message.label"));
        // forge-lint: disable-next-line(unsafe-typecast)
        uint16 version = uint16(VM.parseJsonUint(file, path(i, ".message.version")));
        IKeyRegistry.Registration memory registration;
        registration.x = VM.parseJsonBytes32(file, path(i, ".x"));
        registration.y = VM.parseJsonBytes32(file, path(i, ".y"));
        registration.r = VM.parseJsonBytes32(file, path(i, ".r"));
        registration.vs = VM.parseJsonBytes32(file, path(i, ".vs"));

        VM.assertEq(
            registry.possessionDigest(owner, label, version, registration.x, registration.y),
            VM.parseJsonBytes32(file, path(i, ".digest"))
        );
        accepts(owner, label, version, registration);
        VM.assertEq(registry.signerOf(owner, label), VM.parseJsonAddress(file, path(i, ".signer")));
    }

    /// @dev The signatures in the file are as foreign as the digests: the registry must take them.
    function accepts(address owner, bytes32 label, uint16 version, IKeyRegistry.Registration memory registration)
        private
    {
        uint256 before = version > 1 ? wordOf(address(1), NOW, 0, version - 1, 0) : 0;
        VM.store(address(registry), bytes32(baseSlot(owner, label)), bytes32(before));
        VM.prank(owner);
        if (before == 0) registry.register(label, registration);
        else registry.rotate(label, registration);
    }

    /// @dev Puts the registry where the case has it. It can stand anywhere, since its code holds no address.
    function standIn(uint256 chainId, address place) private {
        VM.etch(place, address(registry).code);
        VM.chainId(chainId);
        registry = IKeyRegistry(place);
    }

    function verifier(uint256 i) private pure returns (string memory) {
        return path(i, ".domain.verifyingContract");
    }

    function path(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(".cases[", VM.toString(i), "]", field);
    }
}

contract Eip712DomainTest is RegistryTest {
    function test_saysWhatTheSeparatorIsMadeOf() public view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = registry.eip712Domain();
        VM.assertEq(bytes32(fields), bytes32(bytes1(0x0f)));
        VM.assertEq(name, "Countersign KeyRegistry");
        VM.assertEq(version, "1");
        VM.assertEq(chainId, block.chainid);
        VM.assertEq(verifyingContract, address(registry));
        VM.assertEq(salt, 0);
        VM.assertEq(extensions.length, 0);
        bytes32 typeHash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        VM.assertEq(
            registry.DOMAIN_SEPARATOR(),
            keccak256(
                abi.encode(typeHash, keccak256(bytes(name)), keccak256(bytes(version)), chainId, verifyingContract)
            )
        );
    }

    function test_followsAForkThatChangesTheChainId() public {
        bytes32 before = registry.DOMAIN_SEPARATOR();
        VM.chainId(10);
        VM.assertFalse(before == registry.DOMAIN_SEPARATOR());
        (,,, uint256 chainId,,,) = registry.eip712Domain();
        VM.assertEq(chainId, 10);
    }
}
