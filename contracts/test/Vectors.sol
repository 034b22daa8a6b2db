// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.37;

import {VM} from "./Vm.sol";

/// @notice Some cases of a file in tests/vectors, chosen by a JSONPath.
struct Cases {
    string file;
    string path;
}

using Vectors for Cases global;

/// @title Vectors
/// @notice Reads vectors by column: the same member of all chosen cases at once, since forge parses the whole file each
/// time. Cases without the member are left out.
library Vectors {
    /// @notice The cases of one type.
    /// @dev Conditions on members of members, forge's JSONPath gets wrong: it gives some cases twice.
    function ofType(string memory file, string memory name) internal view returns (Cases memory) {
        string memory path = string.concat("tests/vectors/", file);
        return Cases(VM.readFile(path), string.concat("$.cases[?(@.type == '", name, "')]"));
    }

    /// @notice Where each of the cases, all typed documents of the registry, is signed for: the chain's id, 0 for every
    /// chain.
    function chains(Cases memory self) internal pure returns (uint256[] memory all) {
        string[] memory names = abi.decode(column(self, ".domain.name"), (string[]));
        uint256[] memory ids = self.uints(".domain.chainId");
        all = new uint256[](names.length);
        uint256 next = 0;
        for (uint256 i = 0; i < names.length; ++i) {
            bytes32 name = keccak256(bytes(names[i]));
            if (name == keccak256("Countersign KeyRegistry")) all[i] = ids[next++];
            else VM.assertEq(name, keccak256("Countersign KeyRegistry on every chain"));
        }
        VM.assertEq(next, ids.length);
    }

    function words(Cases memory self, string memory member) internal pure returns (bytes32[] memory) {
        return abi.decode(column(self, member), (bytes32[]));
    }

    function addresses(Cases memory self, string memory member) internal pure returns (address[] memory) {
        return abi.decode(column(self, member), (address[]));
    }

    function uints(Cases memory self, string memory member) internal pure returns (uint256[] memory) {
        return abi.decode(column(self, member), (uint256[]));
    }

    function bools(Cases memory self, string memory member) internal pure returns (bool[] memory) {
        return abi.decode(column(self, member), (bool[]));
    }

    function texts(Cases memory self, string memory member) internal pure returns (bytes[] memory) {
        return abi.decode(column(self, member), (bytes[]));
    }

    /// @dev Several matches of a path come as one encoded array.
    function column(Cases memory self, string memory member) private pure returns (bytes memory) {
        return VM.parseJson(self.file, string.concat(self.path, member));
    }
}
