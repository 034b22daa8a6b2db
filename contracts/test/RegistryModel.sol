// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {IKeyRegistry} from "../src/interfaces/IKeyRegistry.sol";
import {VM, Vm} from "./Vm.sol";

/// @title RegistryModel
/// @notice Two accounts of what the registry should hold: a model of the state diagram, and the state rebuilt from
/// events alone. Whoever calls the registry through `accepted` and `refused` keeps both.
abstract contract RegistryModel {
    struct Model {
        uint16 versions;
        bool revoked;
        bool schnorr;
        address signer;
        uint32 expiry;
        uint256 since;
    }

    struct Rebuilt {
        uint256 word;
        bytes32 x;
        bytes32 bundleHash;
    }

    IKeyRegistry public immutable REGISTRY;
    mapping(address owner => mapping(bytes32 label => Model)) public model;
    mapping(address owner => mapping(bytes32 label => Rebuilt)) public rebuilt;
    mapping(address owner => mapping(address operator => uint40)) public operatorEnd;
    mapping(address owner => mapping(address operator => uint40)) public rebuiltOperatorEnd;
    uint256 public time;

    /// @dev Calls that were accepted by a signature or by an operator's word: none is good again.
    bytes[] internal spent;

    constructor(IKeyRegistry registry) {
        REGISTRY = registry;
        time = block.timestamp;
        VM.recordLogs();
    }

    /// @notice Whether the model says that the record holds a key in force.
    function isLive(address owner, bytes32 label) public view returns (bool) {
        Model memory known = model[owner][label];
        return isUnrevoked(owner, label) && (known.expiry == 0 || known.expiry > time);
    }

    function isUnrevoked(address owner, bytes32 label) public view returns (bool) {
        return model[owner][label].versions != 0 && !model[owner][label].revoked;
    }

    function isLiveOperator(address owner, address operator) public view returns (bool) {
        return time < operatorEnd[owner][operator];
    }

    function accepted(address sender, bytes memory call) internal {
        VM.prank(sender);
        (bool success, bytes memory answer) = address(REGISTRY).call(call);
        VM.assertTrue(success, VM.toString(answer));
        Vm.Log[] memory logs = VM.getRecordedLogs();
        VM.assertEq(logs.length, 1, "one event for each change");
        replay(logs[0]);
    }

    /// @notice The call is no error, and changes nothing.
    function passedOver(address sender, bytes memory call) internal {
        VM.prank(sender);
        (bool success, bytes memory answer) = address(REGISTRY).call(call);
        VM.assertTrue(success, VM.toString(answer));
        VM.assertEq(VM.getRecordedLogs().length, 0, "no event without a change");
    }

    function refused(address sender, bytes memory call) internal {
        VM.prank(sender);
        (bool success,) = address(REGISTRY).call(call);
        VM.assertFalse(success, "a transition that the state diagram does not have");
    }

    function replay(Vm.Log memory log) private {
        VM.assertTrue(log.emitter == address(REGISTRY), "the registry's event");
        address owner = address(uint160(uint256(log.topics[1])));
        bytes32 kind = log.topics[0];
        if (kind == IKeyRegistry.OperatorSet.selector) {
            address operator = address(uint160(uint256(log.topics[2])));
            rebuiltOperatorEnd[owner][operator] = abi.decode(log.data, (uint40));
            return;
        }
        Rebuilt storage state = rebuilt[owner][log.topics[2]];
        if (kind == IKeyRegistry.KeyRevoked.selector) {
            state.word = abi.decode(log.data, (uint256));
        } else if (kind == IKeyRegistry.KeyPinned.selector) {
            (, state.x) = abi.decode(log.data, (uint16, bytes32));
        } else if (kind == IKeyRegistry.BundleAnchored.selector) {
            (, state.bundleHash) = abi.decode(log.data, (uint16, bytes32));
        } else {
            (uint256 word, bytes32 x) = abi.decode(log.data, (uint256, bytes32));
            state.word = word;
            bool compact = kind == IKeyRegistry.KeyRegistered.selector || kind == IKeyRegistry.KeyRotated.selector;
            if (!compact) state.x = x;
        }
    }
}
