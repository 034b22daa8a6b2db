// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {ICountersignVerifier} from "../src/interfaces/ICountersignVerifier.sol";
import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {DeployScript, RegistryTest} from "./RegistryTest.sol";
import {VM} from "./Vm.sol";

contract DeployTest is RegistryTest {
    error NoDeployer(address deployer);
    error NotDeployed(address expected, bytes answer);

    /// @dev Each test deploys by itself.
    function setUp() public override {
        VM.etch(deployScript().DEPLOYER(), DETERMINISTIC_DEPLOYER);
    }

    function test_putsBothWhereTheyWerePredicted() public {
        DeployScript script = deployScript();
        (IKeyRegistry atItsAddress, ICountersignVerifier verifier, bool already) = script.run();
        VM.assertFalse(already);
        VM.assertEq(address(atItsAddress), script.registryAddress());
        VM.assertEq(address(verifier), script.verifierAddress());
        VM.assertFalse(atItsAddress.isActive(ALICE, DEFAULT));
        VM.assertEq(verifier.REGISTRY(), address(atItsAddress));
    }

    function test_saysSoIfBothAreThereAlready() public {
        (IKeyRegistry first, ICountersignVerifier firstVerifier,) = deployScript().run();
        (IKeyRegistry second, ICountersignVerifier secondVerifier, bool already) = deployScript().run();
        VM.assertTrue(already);
        VM.assertEq(address(second), address(first));
        VM.assertEq(address(secondVerifier), address(firstVerifier));
    }

    /// @dev As after a run that was cut off between its two transactions.
    function test_deploysTheVerifierBesideARegistryThatIsThere() public {
        DeployScript script = deployScript();
        script.run();
        address verifier = script.verifierAddress();
        bytes memory code = verifier.code;
        VM.etch(verifier, "");
        VM.resetNonce(verifier);
        (,, bool already) = script.run();
        VM.assertFalse(already);
        VM.assertEq(keccak256(verifier.code), keccak256(code));
    }

    function test_addressesAndCodeAreThoseOfAnyOtherChain() public {
        DeployScript script = deployScript();
        uint256 here = VM.snapshotState();
        script.run();
        (bytes32 registryHash, bytes32 verifierHash) =
            (script.registryAddress().codehash, script.verifierAddress().codehash);
        VM.revertToState(here);

        VM.chainId(10);
        (IKeyRegistry there, ICountersignVerifier verifierThere, bool already) = script.run();
        VM.assertFalse(already);
        VM.assertEq(address(there).codehash, registryHash);
        VM.assertEq(address(verifierThere).codehash, verifierHash);
    }

    function test_refusesAChainWithoutTheDeployer() public {
        DeployScript script = deployScript();
        address deployer = script.DEPLOYER();
        VM.etch(deployer, "");
        VM.expectRevert(abi.encodeWithSelector(NoDeployer.selector, deployer));
        script.run();
    }

    function test_refusesADeployerThatFails() public {
        DeployScript script = deployScript();
        // PUSH0 PUSH0 REVERT
        VM.etch(script.DEPLOYER(), hex"5f5ffd");
        VM.expectRevert(abi.encodeWithSelector(NotDeployed.selector, script.registryAddress(), ""));
        script.run();
    }

    function test_refusesADeployerThatDeploysNothing() public {
        DeployScript script = deployScript();
        // STOP
        VM.etch(script.DEPLOYER(), hex"00");
        VM.expectRevert(abi.encodeWithSelector(NotDeployed.selector, script.registryAddress(), ""));
        script.run();
    }
}

/// @notice What other languages embed is what the sources give. Holds for release builds only, not for coverage.
contract ReleaseArtifactTest is RegistryTest {
    function test_theCommittedArtifactsAreTheDeployedContracts() public {
        DeployScript script = deployScript();
        (, ICountersignVerifier verifier,) = script.run();
        isArtifact("KeyRegistry", address(registry), script.REGISTRY_SALT(), script.DEPLOYER());
        isArtifact("CountersignVerifier", address(verifier), script.VERIFIER_SALT(), script.DEPLOYER());
    }

    function test_theCommittedAddressesAreThose() public {
        DeployScript script = deployScript();
        string memory addresses = VM.readFile("contracts/artifacts/addresses.json");
        VM.assertEq(VM.parseJsonAddress(addresses, ".KeyRegistry"), script.registryAddress());
        VM.assertEq(VM.parseJsonAddress(addresses, ".CountersignVerifier"), script.verifierAddress());
    }

    function isArtifact(string memory name, address place, bytes32 salt, address deployer) private view {
        string memory artifact = VM.readFile(string.concat("contracts/artifacts/", name, ".json"));
        VM.assertEq(VM.parseJsonAddress(artifact, ".address"), place);
        VM.assertEq(VM.parseJsonAddress(artifact, ".deployer"), deployer);
        VM.assertEq(VM.parseJsonBytes32(artifact, ".salt"), salt);
        VM.assertEq(VM.parseJsonBytes32(artifact, ".runtimeCodeHash"), place.codehash);
    }
}
