// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

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

    function test_putsTheRegistryWhereItWasPredicted() public {
        DeployScript script = deployScript();
        (IKeyRegistry atItsAddress, bool already) = script.run();
        VM.assertFalse(already);
        VM.assertEq(address(atItsAddress), script.predict());
        VM.assertFalse(atItsAddress.isActive(ALICE, DEFAULT));
    }

    function test_saysSoIfTheRegistryIsThereAlready() public {
        (IKeyRegistry first,) = deployScript().run();
        (IKeyRegistry second, bool already) = deployScript().run();
        VM.assertTrue(already);
        VM.assertEq(address(second), address(first));
    }

    function test_theAddressIsThatOfAnyOtherChain() public {
        address here = deployScript().predict();
        VM.chainId(10);
        (IKeyRegistry there,) = deployScript().run();
        VM.assertEq(address(there), here);
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
        VM.expectRevert(abi.encodeWithSelector(NotDeployed.selector, script.predict(), ""));
        script.run();
    }

    function test_refusesADeployerThatDeploysNothing() public {
        DeployScript script = deployScript();
        // STOP
        VM.etch(script.DEPLOYER(), hex"00");
        VM.expectRevert(abi.encodeWithSelector(NotDeployed.selector, script.predict(), ""));
        script.run();
    }
}

/// @notice What other languages embed is what the sources give. Holds for release builds only, not for coverage.
contract ReleaseArtifactTest is RegistryTest {
    function test_theCommittedArtifactIsTheDeployedRegistry() public {
        string memory artifact = VM.readFile("contracts/artifacts/KeyRegistry.json");
        DeployScript script = deployScript();
        VM.assertEq(VM.parseJsonAddress(artifact, ".address"), address(registry));
        VM.assertEq(VM.parseJsonAddress(artifact, ".deployer"), script.DEPLOYER());
        VM.assertEq(VM.parseJsonBytes32(artifact, ".salt"), script.SALT());
        VM.assertEq(VM.parseJsonBytes32(artifact, ".runtimeCodeHash"), address(registry).codehash);
    }
}
