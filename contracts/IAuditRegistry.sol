// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The anchors of one kWitness network
/// @notice Keeps, for each region, the committee of auditors and a chain of anchors: Merkle roots over certified claims, each
/// signed by a quorum of the committee. There is no owner, no upgrade and no pause: only a quorum can write.
/// @dev Quorum of n members: q = floor((n + f) / 2) + 1 with f = floor((n - 1) / 3), that is 4 -> 3, 7 -> 5, 10 -> 7. Two quorums
/// share at least one honest member while at most f lie, so two conflicting anchors with one sequence number cannot both be signed.
///
/// Signatures are EIP-712, domain `{name: "kWitness", version: "1", chainId, verifyingContract, salt: networkId}`. They are passed
/// as one byte string of 65-byte signatures (r, s, v), ordered by ascending address of the signer, exactly q of them.
interface IAuditRegistry {
    /// @notice A region of a new network with its first committee.
    /// @param region Name of the region, UTF-8, right padded with zeros.
    /// @param members Addresses of the auditors in strictly ascending order, at least 4.
    struct RegionFounding {
        bytes32 region;
        address[] members;
    }

    /// @notice One Merkle root over certified claims of a region.
    /// @param region Name of the region, UTF-8, right padded with zeros.
    /// @param epoch Epoch of the committee that signs; it must be the current one.
    /// @param seq Sequence number in the region, from 1, without gaps.
    /// @param prev EIP-712 struct hash (without domain) of the region's previous anchor; 0 for the first.
    /// @param root Merkle root over the claims' leaves (commutative keccak256 pairs); never 0.
    /// @param manifest Digest of the CID of the list of batches, from which anyone rebuilds the tree.
    /// @param claims Number of claims under the root; never 0.
    /// @param gramsLocation Sum of the claims' location-based emissions, grams CO2e.
    /// @param gramsMarket Sum of the claims' market-based emissions, grams CO2e.
    struct Anchor {
        bytes32 region;
        uint64 epoch;
        uint64 seq;
        bytes32 prev;
        bytes32 root;
        bytes32 manifest;
        uint32 claims;
        uint256 gramsLocation;
        uint256 gramsMarket;
    }

    /// @notice An anchor was accepted.
    /// @param anchorHash EIP-712 struct hash of the anchor: the `prev` of the next one.
    event Anchored(
        bytes32 indexed region,
        uint64 indexed seq,
        bytes32 indexed root,
        uint64 epoch,
        bytes32 anchorHash,
        bytes32 manifest,
        uint32 claims,
        uint256 gramsLocation,
        uint256 gramsMarket
    );

    /// @notice A region has a new committee, from this epoch on. Also emitted for each founding committee (epoch 0).
    event CommitteeChanged(bytes32 indexed region, uint64 indexed epoch, address[] members);

    /// @notice The network has no such region.
    error AuditRegistryUnknownRegion(bytes32 region);

    /// @notice The founding names a region twice, or an empty one.
    error AuditRegistryInvalidRegion(bytes32 region);

    /// @notice A committee needs 4 to 64 members.
    error AuditRegistryInvalidCommitteeSize(uint256 members);

    /// @notice Members must be nonzero and strictly ascending: this one is not above the one before it.
    error AuditRegistryMembersNotAscending(address member);

    /// @notice The anchor is of another epoch than the region's current one.
    error AuditRegistryWrongEpoch(uint64 expected, uint64 given);

    /// @notice The anchor does not carry the region's next sequence number; `given < expected` means that it is already taken.
    error AuditRegistryWrongSequence(uint64 expected, uint64 given);

    /// @notice The anchor does not continue the region's last anchor.
    error AuditRegistryWrongPrevious(bytes32 expected, bytes32 given);

    /// @notice The anchor has no claims or no root.
    error AuditRegistryEmptyAnchor();

    /// @notice The signatures are not exactly a quorum of 65 bytes each.
    error AuditRegistryWrongSignaturesLength(uint256 expectedBytes, uint256 givenBytes);

    /// @notice The signature at this place is malformed, or malleable (high s).
    error AuditRegistryInvalidSignature(uint256 index);

    /// @notice The signature at this place recovers to somebody who is not in the current committee (or signs other content).
    error AuditRegistryNotMember(uint256 index, address signer);

    /// @notice The signature at this place is of a member who is not above the previous signer: out of order, or twice.
    error AuditRegistrySignersNotAscending(uint256 index, address signer);

    /// @notice Writes the next anchor of a region. Anyone may send it; the quorum's signatures alone give it authority.
    /// @param anchor_ The anchor, continuing the region's head.
    /// @param signatures Exactly q signatures over the EIP-712 digest of `anchor_`, 65 bytes each, ascending by signer.
    function anchor(Anchor calldata anchor_, bytes calldata signatures) external;

    /// @notice Replaces the committee of a region and begins the next epoch.
    /// @param region Name of the region.
    /// @param members The next committee in strictly ascending order, 4 to 64.
    /// @param signatures Exactly q signatures of the current committee over
    /// `CommitteeChange(bytes32 region,uint64 epoch,address[] members)`, where `epoch` is the one that begins.
    function changeCommittee(bytes32 region, address[] calldata members, bytes calldata signatures) external;

    /// @notice The last anchor of a region; all zero if there is no such region.
    /// @return epoch Current epoch of the region, from 0.
    /// @return seq Sequence number of the last anchor, 0 before the first.
    /// @return anchorHash Struct hash of the last anchor, 0 before the first.
    function head(bytes32 region) external view returns (uint64 epoch, uint64 seq, bytes32 anchorHash);

    /// @notice The Merkle root of an anchor, 0 if it does not exist.
    function rootOf(bytes32 region, uint64 seq) external view returns (bytes32 root);

    /// @notice The current committee of a region in ascending order; no members if there is no such region.
    function committee(bytes32 region) external view returns (uint64 epoch, address[] memory members);

    /// @notice The committee of a region in any epoch so far, empty if there is none.
    function committeeAt(bytes32 region, uint64 epoch) external view returns (address[] memory members);

    /// @notice Whether an account is in the current committee of a region.
    function isMember(bytes32 region, address account) external view returns (bool);

    /// @notice Number of signatures that the current committee of a region needs, 0 if there is no such region.
    function quorum(bytes32 region) external view returns (uint256);

    /// @notice Whether a claim's leaf is under the root of an anchor.
    /// @dev `leaf` must be computed by the caller from the claim (keccak256 of keccak256): a caller that takes a leaf from somebody
    /// else can be shown an inner node of the tree instead.
    function verifyClaim(bytes32 region, uint64 seq, bytes32 leaf, bytes32[] calldata proof) external view returns (bool);

    /// @notice Digest of the CID of the network's charter.
    function networkId() external view returns (bytes32);

    /// @notice EIP-712 domain separator of everything that the network signs.
    function domainSeparator() external view returns (bytes32);
}
