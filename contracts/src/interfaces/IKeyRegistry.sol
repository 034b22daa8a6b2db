// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity >=0.8.20;

/// @title IKeyRegistry
/// @notice Identity keys of Ethereum accounts: who may speak for an account, since when, until when, revoked or not.
/// @dev Every type, error and event of the registry stands here; this file imports nothing, so that other languages
/// can read it alone.
///
/// Layout, final, because clients prove it with `eth_getProof`. Record (owner, label) starts at
/// `base = keccak256(abi.encode(label, keccak256(abi.encode(owner, uint256(0)))))`:
///
/// | slot     | content                                                                            |
/// |----------|------------------------------------------------------------------------------------|
/// | base     | the record word, below; zero proves that nothing was ever registered               |
/// | base + 1 | `x`, the X coordinate of the key, written only by those who pin                    |
/// | base + 2 | `bundleHash`, zero unless anchored                                                 |
///
/// `x` counts only if one of the two points with that X hashes to the record's signer: a rotation to a compact record
/// leaves the old one in place. Until when an operator may act is at
/// `keccak256(abi.encode(operator, keccak256(abi.encode(owner, uint256(1)))))`.
///
/// The record word, low bits first: signer 0..159 | anchoredAt 160..199 | validUntil 200..231 | version 232..247 |
/// scheme 248 | suiteFloor 249..250 | revoked 251 | reason 252..255. The same word is in every event that changes it.
///
/// Whoever submits for somebody else shows a signature over EIP-712 typed data in one of two domains, both with version
/// "1" and this contract's address: "Countersign KeyRegistry" with the chain's id, or "Countersign KeyRegistry on every
/// chain" without one. The second is for a signer who wants the same on every chain, and says so by that name. The types:
///
/// - `KeyPossession(address owner,bytes32 label,uint16 version,bytes32 x,bytes32 y)`
/// - `KeyRegistration(address owner,bytes32 label,uint16 version,bytes32 x,bytes32 y,uint8 scheme,uint32 validUntil,uint8
///   suiteFloor,bool pinned,uint40 deadline)`
/// - `KeyRotation`, with the same members
/// - `KeyRevocation(address owner,bytes32 label,uint16 version,uint8 reason,uint40 deadline)`
/// - `RevocationCertificate(address owner,bytes32 label,address signer,uint8 reason)`
///
/// `version` is the nonce, so that none of them is good twice: the version that the key will have, or that of the key to
/// revoke. A certificate has none: it is the identity key's own last word, good whenever that key is the record's.
interface IKeyRegistry {
    /// @notice Why a key was revoked. Informative: a revoked key is refused whatever the reason.
    enum Reason {
        Unspecified,
        KeyCompromised,
        Superseded,
        CeasedOperation,
        OwnerDecision,
        Policy
    }

    /// @notice How the identity key signs.
    enum Scheme {
        Ecdsa,
        Schnorr
    }

    /// @notice The terms of a registration, packed. Bits, low first: v 0..7 | pinned 8 | validUntil 200..231 |
    /// suiteFloor 249..250, the last two where the record word has them; all others must be zero. `TermsLib` packs them.
    ///
    /// - v: how the key signs, from now on. 27 or 28: ECDSA, with this recovery id. 2 or 3: Schnorr, as
    ///   FROST(secp256k1, KECCAK-256) makes it, with this SEC 1 prefix of R.
    /// - pinned: whether `x` is stored too, so that one storage proof yields the key itself. It costs a slot. A compact
    ///   record holds only the fingerprint: the key then comes from the event, a bundle or the peer.
    /// - validUntil: Unix seconds from which the key is no longer valid; 0 for no expiry.
    /// - suiteFloor: the weakest suite in which the owner agrees to be spoken to: 0 classical, 1 hybrid. Others are
    ///   reserved and refused.
    ///
    /// One word instead of four: in calldata that is a hundredth of what a rotation costs.
    type Terms is uint256;

    /// @notice A key, its holder's consent, and the owner's terms for it.
    /// @param x X coordinate of the secp256k1 identity key.
    /// @param y Y coordinate.
    /// @param r The identity key's signature over `KeyPossession`. ECDSA: r. Schnorr: X coordinate of R.
    /// @param s ECDSA: s, at most half the group order. Schnorr: z.
    /// @param terms How it signs, expiry, suite floor and pinning, packed.
    struct Registration {
        bytes32 x;
        bytes32 y;
        bytes32 r;
        bytes32 s;
        Terms terms;
    }

    /// @notice A registration that an owner signed with the key of its account.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param deadline Unix seconds of the last moment at which this may be submitted.
    /// @param registration The key, its possession proof, and the terms that the owner signed.
    /// @param r r of the account key's signature over `KeyRegistration`.
    /// @param vs s of it, at most half the group order, with the parity of R in the top bit (ERC-2098).
    struct SponsoredRegistration {
        address owner;
        bytes32 label;
        uint40 deadline;
        Registration registration;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A record, unpacked. All zero where nothing was ever registered.
    /// @param signer Ethereum address of the identity key.
    /// @param anchoredAt Unix seconds of the block that wrote this version.
    /// @param validUntil Unix seconds at which validity ends, 0 for never. For a revoked key the moment of revocation,
    /// or its expiry where that came first: [anchoredAt, validUntil) is when the key was valid.
    /// @param version 1 for the first key, one more with each key since.
    /// @param scheme How the key signs.
    /// @param suiteFloor Weakest suite allowed.
    /// @param revoked Whether the key was revoked.
    /// @param reason Why, if it was.
    /// @param x X coordinate of this version's key, 0 if the record is compact.
    /// @param bundleHash Hash of the anchored bundle, 0 if none.
    struct Record {
        address signer;
        uint40 anchoredAt;
        uint32 validUntil;
        uint16 version;
        Scheme scheme;
        uint8 suiteFloor;
        bool revoked;
        Reason reason;
        bytes32 x;
        bytes32 bundleHash;
    }

    /// @notice The record already holds a key that was not revoked. The caller must `rotate` instead.
    error AlreadyRegistered(address owner, bytes32 label, uint16 version);
    /// @notice Nothing was ever registered here. The caller must `register` first.
    error NotRegistered(address owner, bytes32 label);
    /// @notice The key was revoked, which nothing undoes. The owner may `register` a fresh key.
    error KeyRevokedAlready(address owner, bytes32 label, uint16 version);
    /// @notice The key expired. The owner may `rotate`.
    error KeyExpired(address owner, bytes32 label, uint32 validUntil);
    /// @notice The caller asked for an expiry that is not in the future.
    error ExpiryNotInFuture(uint40 validUntil);
    /// @notice The caller asked for a suite floor that has no meaning yet.
    error SuiteFloorReserved(uint8 suiteFloor);
    /// @notice The caller set bits of the terms that have no meaning yet.
    error TermsReserved(Terms terms);
    /// @notice The caller re-registered the very key that was revoked. A fresh key is needed.
    error RevokedKeyReused(address signer);
    /// @notice The record had 65,535 versions. The owner must use another label.
    error VersionsExhausted(address owner, bytes32 label);
    /// @notice The signature does not verify for the key: made by another key, over another digest, or (x, y) is not a
    /// key. `recovered` is who signed it, 0 for no one.
    error PossessionNotProven(address signer, address recovered);
    /// @notice The signature's s is above half the group order. The signer must send the low one.
    error MalleableSignature(bytes32 s);
    /// @notice The point offered for pinning is not the record's key.
    error KeyMismatch(address signer, address offered);
    /// @notice The record's key is pinned already; there is nothing to do.
    error AlreadyPinned(address owner, bytes32 label, uint16 version);
    /// @notice The signature was to be submitted before. The signer must make a new one.
    error SignatureExpired(uint40 deadline);
    /// @notice `owner` did not sign this, and the caller is neither `owner` nor a live operator of it. The signature may
    /// be for another version, chain, registry or terms.
    error OwnerNotProven(address owner);
    /// @notice The revocation is of another version of the record than the current one.
    error VersionNotCurrent(address owner, bytes32 label, uint16 current, uint16 given);
    /// @notice The record's key did not sign this certificate. It may be for another key, record, chain, registry or
    /// reason.
    error CertificateNotProven(address signer);
    /// @notice An operator may go up to version 32,767 of a record. The owner may go on.
    error VersionsLeftToOwner(address owner, bytes32 label);
    /// @notice Only the owner brings a revoked record back, not its operator.
    error OnlyOwnerReactivates(address owner, bytes32 label);

    /// @notice A key became the identity key of an Absent or Revoked record, compact.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param word The record word as stored.
    /// @param x X coordinate of the key. Y is the root that hashes to the word's signer.
    event KeyRegistered(address indexed owner, bytes32 indexed label, uint256 word, bytes32 x);

    /// @notice A key became the identity key of an Absent or Revoked record, pinned.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param word The record word as stored.
    /// @param x X coordinate of the key, now in storage. Y is the root that hashes to the word's signer.
    event PinnedKeyRegistered(address indexed owner, bytes32 indexed label, uint256 word, bytes32 x);

    /// @notice A key replaced that of an Active or Expired record, compact. An `x` stored before stays, without effect.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param word The record word as stored.
    /// @param x X coordinate of the key. Y is the root that hashes to the word's signer.
    event KeyRotated(address indexed owner, bytes32 indexed label, uint256 word, bytes32 x);

    /// @notice A key replaced that of an Active or Expired record, pinned.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param word The record word as stored.
    /// @param x X coordinate of the key, now in storage. Y is the root that hashes to the word's signer.
    event PinnedKeyRotated(address indexed owner, bytes32 indexed label, uint256 word, bytes32 x);

    /// @notice The identity key was revoked.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param word The record word as stored: version, end of validity, reason.
    event KeyRevoked(address indexed owner, bytes32 indexed label, uint256 word);

    /// @notice The X coordinate of a compact record's key was stored.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param version The version that was pinned.
    /// @param x X coordinate of the key, now in storage.
    event KeyPinned(address indexed owner, bytes32 indexed label, uint16 version, bytes32 x);

    /// @notice An account was allowed to act for the owner until a time, or no longer: see `setOperator`.
    /// @param owner Who allows.
    /// @param operator Who is allowed.
    /// @param until Unix seconds from which `operator` is no longer allowed; 0 to end it now.
    event OperatorSet(address indexed owner, address indexed operator, uint40 until);

    /// @notice The hash of the owner's current bundle was stored.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param version The version of the key that was current.
    /// @param bundleHash Hash of the bundle; 0 for none.
    event BundleAnchored(address indexed owner, bytes32 indexed label, uint16 version, bytes32 bundleHash);

    /// @notice Makes a key the caller's identity key under `label`: the first one, or a fresh one after a revocation.
    /// @dev Warning: the key's signature shows possession and names the record and version. It does not cover expiry,
    /// suite floor or pinning: those are the owner's word, given by this transaction or by the owner's signature.
    /// Warning: after a revocation only the key revoked last is refused. Keys before it are the owner's to avoid.
    /// @param label Which of the caller's records; 0 is the default identity.
    /// @param registration The key, its signature over `KeyPossession` with the record's next version, and its terms.
    function register(bytes32 label, Registration calldata registration) external;

    /// @notice As `register`, for an owner that signed `KeyRegistration`; anyone may submit. With an empty signature: for
    /// the caller itself, or for an owner of which the caller is a live operator. An operator cannot bring a revoked
    /// record back.
    /// @dev Warning: the account's code, if it has any, is asked (ERC-1271) and may use up the gas it is given.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param registration The key, its possession proof, and the terms that the owner signed.
    /// @param deadline Unix seconds of the last moment at which this may be submitted.
    /// @param signature The owner's: of an EOA 64 (ERC-2098) or 65 bytes, else what its code takes.
    function registerFor(
        address owner,
        bytes32 label,
        Registration calldata registration,
        uint40 deadline,
        bytes calldata signature
    ) external;

    /// @notice As `registerFor`, many at once, for records that were never used and owners that sign with the key of their
    /// account. Anyone may submit. An entry whose record exists by now is passed over: somebody was faster.
    /// @dev No other contract is called and no entry depends on any state but its own record's existence, so whoever
    /// simulated the call knows that no owner can make it fail. Time can: leave out what ends soon, be it the deadline or
    /// the key. Accounts that can only be asked by ERC-1271 take `registerFor`.
    /// @param entries Who registers what.
    function registerForMany(SponsoredRegistration[] calldata entries) external;

    /// @notice Replaces the caller's identity key under `label`, expired or not. The same key may come again, to renew
    /// its expiry or change its floor.
    /// @dev Warning: rotating a pinned record to a compact one leaves the old key's `x` in slot base + 1: clearing it
    /// would cost every compact rotation 2,200 gas. A reader must take `x` only if one of its two points hashes to
    /// `signer`, as `recordOf` does.
    /// Warning: a `bundleHash` stays too; a bundle counts only if the current key signed it.
    /// @param label Which of the caller's records.
    /// @param registration The new key, its signature over `KeyPossession` with the record's next version, and its terms.
    function rotate(bytes32 label, Registration calldata registration) external;

    /// @notice As `rotate`, for an owner that signed `KeyRotation`, or by its operator: see `registerFor`.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param registration The new key, its possession proof, and the terms that the owner signed.
    /// @param deadline Unix seconds of the last moment at which this may be submitted.
    /// @param signature The owner's, or empty: see `registerFor`.
    function rotateFor(
        address owner,
        bytes32 label,
        Registration calldata registration,
        uint40 deadline,
        bytes calldata signature
    ) external;

    /// @notice Revokes the caller's identity key under `label`, expired or not. Nothing blocks or undoes it.
    /// @dev `validUntil` becomes this block's time unless the key expired before.
    /// @param label Which of the caller's records.
    /// @param reason Why.
    function revoke(bytes32 label, Reason reason) external;

    /// @notice As `revoke`, for an owner that signed `KeyRevocation`, or by its operator: see `registerFor`.
    /// @dev Warning: a live operator that rotates in between outruns a signed revocation of the version before, and that
    /// of another operator. Nobody outruns `revoke` or `setOperator(operator, 0)` by the owner itself.
    /// Warning: signed for every chain, it revokes this version on each, whatever key it holds there, until the deadline.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param version The version to revoke, the current one.
    /// @param reason Why.
    /// @param deadline Unix seconds of the last moment at which this may be submitted.
    /// @param signature The owner's, or empty: see `registerFor`.
    function revokeFor(
        address owner,
        bytes32 label,
        uint16 version,
        Reason reason,
        uint40 deadline,
        bytes calldata signature
    ) external;

    /// @notice As `revoke`, by a `RevocationCertificate` that the identity key itself signed, at any time before, and
    /// that anyone may submit: who holds the key can always end it, whatever became of the owner.
    /// @dev Warning: a certificate once shown is good again should its key ever return to the record.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param reason Why.
    /// @param signature The identity key's, as `isValidSignatureFor` takes it.
    function revokeByKey(address owner, bytes32 label, Reason reason, bytes calldata signature) external;

    /// @notice Allows an account to act for the caller: to register keys under labels never used, to rotate, to revoke
    /// and to anchor bundles, under every label, the default one included. Not to bring a revoked record back, nor to
    /// appoint, nor to use up the second half of a record's versions.
    /// @param operator Who may.
    /// @param until Unix seconds from which it may no longer; 0 to end it now.
    function setOperator(address operator, uint40 until) external;

    /// @notice Stores the hash of the owner's current bundle. Only the owner and its live operators may.
    /// @dev Warning: the hash stays when the key changes; a bundle counts only if the current key signed it.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param bundleHash Hash of the bundle; 0 for none.
    function anchorBundle(address owner, bytes32 label, bytes32 bundleHash) external;

    /// @notice Stores the X coordinate of an active record's key. Anyone may: the record itself says which key fits.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param x X coordinate of the record's key.
    /// @param y Y coordinate of the record's key.
    function pin(address owner, bytes32 label, bytes32 x, bytes32 y) external;

    /// @notice The whole record, whatever its state.
    function recordOf(address owner, bytes32 label) external view returns (Record memory);

    /// @notice The record word as stored, packed as drawn above; 0 where nothing was ever registered. The cheapest read,
    /// for contracts with a policy of their own.
    /// @dev Warning: the key may be revoked or expired; the word says so.
    function storedWord(address owner, bytes32 label) external view returns (uint256);

    /// @notice Whether the record holds a key that is neither revoked nor expired at this block's time.
    /// @dev Warning: says nothing of the key's age. Who fears reorganisations compares `anchoredAt` too.
    function isActive(address owner, bytes32 label) external view returns (bool);

    /// @notice Address of the record's key if it is active at this block's time, else zero.
    /// @dev Warning: never compare the result with that of a failed `ecrecover`, which is zero too.
    function signerOf(address owner, bytes32 label) external view returns (address);

    /// @notice Whether the record's key, active at this block's time, signed a digest.
    /// @dev Warning: the same key may stand in several records, even of several owners. What the digest is of must name
    /// the owner and label it is for.
    /// @param owner Whose record.
    /// @param label Which of the owner's records.
    /// @param digest What should have been signed.
    /// @param signature ECDSA: 64 bytes (r, vs; ERC-2098) or 65 (r, s, v), with a low s. Schnorr: 129 bytes, X and Y of
    /// the key, R in SEC 1 compressed form, z.
    function isValidSignatureFor(address owner, bytes32 label, bytes32 digest, bytes calldata signature)
        external
        view
        returns (bool);

    /// @notice Unix seconds from which `operator` may no longer act for `owner`; 0 if it never could.
    function operatorUntil(address owner, address operator) external view returns (uint40);

    /// @notice What the identity key signs to prove possession on this chain: `KeyPossession`.
    /// @param owner Whose record the key is for.
    /// @param label Which of the owner's records.
    /// @param version The version that the key will have: the record's current one plus 1.
    /// @param x X coordinate of the key.
    /// @param y Y coordinate of the key.
    function possessionDigest(address owner, bytes32 label, uint16 version, bytes32 x, bytes32 y)
        external
        view
        returns (bytes32);

    /// @notice Whether this is an interface of the contract: that of ERC-165, ERC-5267 or this one.
    function supportsInterface(bytes4 interfaceId) external pure returns (bool);

    /// @notice The EIP-712 domain of this chain, as ERC-5267 returns it.
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
