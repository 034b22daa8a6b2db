// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity >=0.8.20;

/// @title ICountersignVerifier
/// @notice Tells any contract whether both parties of a Countersign session signed what it is about to act upon, each
/// with the identity key that the registry holds for it.
/// @dev Every type and error of the verifier stands here; this file imports nothing, so that other languages can read
/// it alone.
///
/// What the two identity keys sign is EIP-712 typed data, in the domain ("Countersign StateAgreement", "1", chain id,
/// this contract):
///
/// ```text
/// StateAgreement
/// |- bytes32 session               which session agreed
/// |- SessionState state            what both held to be true, as the session's key schedule bound it
/// |  |- uint256 chainId
/// |  |- uint64 blockNumber
/// |  |- bytes32 blockHash
/// |  |- address registry
/// |  |- RegistryRecord initiator   address owner, bytes32 label, uint16 version, address signer,
/// |  |                             uint40 anchoredAt, uint32 validUntil, uint8 scheme, uint8 suiteFloor
/// |  |- RegistryRecord responder   likewise
/// |  '- Reading[] valuation        address source, uint8 kind, bytes32 subject, bytes32 value
/// |- bytes32 terms                 what they agreed to, as the contract that acts on it hashes it
/// |- uint40 agreedAt
/// '- uint40 expiry
/// ```
///
/// The structs below have these members in this order, and each is hashed as EIP-712 says. The hash of `state` is the
/// state hash of the session.
interface ICountersignVerifier {
    /// @notice A registry record, as a storage proof showed it to both parties.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param version Counts the keys that the record has had, from 1.
    /// @param signer Ethereum address of the identity key.
    /// @param anchoredAt Unix seconds of the block that wrote this version.
    /// @param validUntil Unix seconds at which the key expires, 0 for never.
    /// @param scheme How the key signs: 0 ECDSA, 1 Schnorr.
    /// @param suiteFloor Weakest suite allowed: 0 classical, 1 hybrid.
    struct RegistryRecord {
        address owner;
        bytes32 label;
        uint16 version;
        address signer;
        uint40 anchoredAt;
        uint32 validUntil;
        uint8 scheme;
        uint8 suiteFloor;
    }

    /// @notice What was read on chain to value the instrument.
    /// @param source The contract that was read.
    /// @param kind What of it: 0, a storage slot.
    /// @param subject Which: the slot.
    /// @param value What was found: the slot's word, zero where absence was proven.
    struct Reading {
        address source;
        uint8 kind;
        bytes32 subject;
        bytes32 value;
    }

    /// @notice What both parties held to be true when they opened the session.
    /// @param chainId EIP-155 id of the chain they looked at.
    /// @param blockNumber Height of the block they looked at.
    /// @param blockHash Hash of its header.
    /// @param registry Address of the registry they looked into.
    /// @param initiator The record of the party that dialled.
    /// @param responder The record of the party that answered.
    /// @param valuation The readings that value the instrument, in the order agreed.
    struct SessionState {
        uint256 chainId;
        uint64 blockNumber;
        bytes32 blockHash;
        address registry;
        RegistryRecord initiator;
        RegistryRecord responder;
        Reading[] valuation;
    }

    /// @notice What both parties sign.
    /// @param session Identifies the session in which they agreed.
    /// @param state What they held to be true.
    /// @param terms What they agreed to: a hash that the contract acting upon it recomputes.
    /// @param agreedAt Unix seconds at which they agreed.
    /// @param expiry Unix seconds of the last moment at which this may be acted upon.
    struct StateAgreement {
        bytes32 session;
        SessionState state;
        bytes32 terms;
        uint40 agreedAt;
        uint40 expiry;
    }

    /// @notice One side of the session.
    enum Party {
        Initiator,
        Responder
    }

    /// @notice The parties agreed on the state of another chain.
    error OtherChain(uint256 agreed, uint256 here);
    /// @notice The parties looked into another registry.
    error OtherRegistry(address agreed, address here);
    /// @notice The agreement is dated in the future.
    error NotYetAgreed(uint40 agreedAt);
    /// @notice The agreement was to be acted upon before. The parties must make a new one.
    error AgreementExpired(uint40 expiry);
    /// @notice Both parties are the same identity: nobody countersigned.
    error SameIdentity(address owner, bytes32 label);
    /// @notice The registry never held a key for this party.
    error PartyNotRegistered(Party party, address owner, bytes32 label);
    /// @notice The registry holds another version of this party's record, most often because its key was rotated since.
    /// The parties must agree anew.
    error VersionNotCurrent(Party party, uint16 current, uint16 agreed);
    /// @notice What the parties agreed to be this party's record is not what the registry holds.
    error RecordDiffers(Party party, uint256 storedWord);
    /// @notice This party's key was anchored after the agreement, or expired or was revoked at or before it.
    error KeyNotInForce(Party party, uint40 agreedAt, uint40 anchoredAt, uint32 validUntil);
    /// @notice This party's key did not sign this agreement. The signature may be the other party's, malleable, or for
    /// another agreement, chain or verifier.
    error NotSigned(Party party, address signer, bytes32 digest);

    /// @notice Reverts unless both parties signed the agreement with keys that were in force when they agreed, and the
    /// agreement may be acted upon now.
    /// @dev A party's key was in force if the registry holds it now, under the version agreed, anchored no later than
    /// `agreedAt`, and it neither expired nor was revoked by then. A revocation since does not undo the agreement.
    ///
    /// Warning: keeps nothing. Whoever acts upon an agreement must act once per digest, and on `terms` that name the
    /// acting contract: two contracts that take the same terms both act.
    /// Warning: `session`, `state.blockNumber`, `state.blockHash` and `state.valuation` are the two parties' word. No
    /// contract can look at a past block; that both of them proved it is what the session was for.
    /// Warning: `agreedAt` is the two parties' word too, whatever the reason of a revocation since: if a revocation for
    /// compromise voided what was agreed before, the loser of a trade could void it. The price is that a thief of one
    /// key and the other party together can date an agreement back to when that key was in force, until it is rotated
    /// away. Bound the age of `agreedAt` as tightly as the use allows.
    /// Warning: a rotation ends all agreements of the version before, since the registry keeps only the current one.
    /// Where a party could gain from that, act at once, or hold its deposit.
    /// @param agreement What was agreed.
    /// @param initiatorSignature By the initiator's key over the digest. ECDSA: 64 bytes (r, vs; ERC-2098) or 65 (r, s,
    /// v), with a low s. Schnorr: 129 bytes, X and Y of the key, R in SEC 1 compressed form, z.
    /// @param responderSignature By the responder's key, likewise.
    /// @return digest Identifies the agreement: what both signed.
    function verify(
        StateAgreement calldata agreement,
        bytes calldata initiatorSignature,
        bytes calldata responderSignature
    ) external view returns (bytes32 digest);

    /// @notice What both parties sign. Checks nothing.
    function digestOf(StateAgreement calldata agreement) external view returns (bytes32);

    /// @notice The registry whose word this contract takes.
    function REGISTRY() external view returns (address);

    /// @notice The EIP-712 domain, as ERC-5267 returns it.
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );
}
