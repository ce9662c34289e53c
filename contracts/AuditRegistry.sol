// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IAuditRegistry} from "./IAuditRegistry.sol";

/// @title The anchors of one kWitness network
/// @dev Why committees live in code: a member list is read on every anchor and written almost never. Kept as the code of a data
/// contract it costs one cold access (2,600 gas) for any size; as storage, one cold slot (2,100 gas) for each signer.
contract AuditRegistry is IAuditRegistry, IERC5267 {
    /// @dev First slot: what an anchor is checked against; written whole by every anchor. 48 bits outlast any chain.
    struct Head {
        address committee;
        uint48 epoch;
        uint48 seq;
        bytes32 anchorHash;
    }

    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
    );
    bytes32 private constant ANCHOR_TYPEHASH = keccak256(
        "Anchor(bytes32 region,uint64 epoch,uint64 seq,bytes32 prev,bytes32 root,bytes32 manifest,uint32 claims,uint256 gramsLocation,uint256 gramsMarket)"
    );
    bytes32 private constant COMMITTEE_CHANGE_TYPEHASH =
        keccak256("CommitteeChange(bytes32 region,uint64 epoch,address[] members)");

    bytes32 private constant NAME_HASH = keccak256("kWitness");
    bytes32 private constant VERSION_HASH = keccak256("1");

    /// @dev Below 4 members no fault is tolerated (f = 0).
    uint256 private constant MIN_MEMBERS = 4;
    /// @dev As the charter allows; 64 members need 43 signatures, some 250,000 gas: far below any block limit, so that a committee
    /// can never make itself too large to be replaced.
    uint256 private constant MAX_MEMBERS = 64;
    uint256 private constant SIGNATURE_BYTES = 65;

    bytes32 private immutable _networkId;
    uint256 private immutable _cachedChainId;
    bytes32 private immutable _cachedDomainSeparator;

    mapping(bytes32 region => Head) private _heads;
    mapping(bytes32 region => mapping(uint256 seq => bytes32 root)) private _roots;
    mapping(bytes32 region => mapping(uint256 epoch => address committee)) private _committees;

    /// @param networkId_ Digest of the CID of the network's charter.
    /// @param founding The regions and their first committees.
    constructor(bytes32 networkId_, RegionFounding[] memory founding) {
        _networkId = networkId_;
        _cachedChainId = block.chainid;
        _cachedDomainSeparator = _buildDomainSeparator(networkId_);
        for (uint256 i = 0; i < founding.length; ++i) {
            bytes32 region = founding[i].region;
            if (region == 0 || _heads[region].committee != address(0)) revert AuditRegistryInvalidRegion(region);
            _seatCommittee(region, 0, founding[i].members);
        }
    }

    /// @inheritdoc IAuditRegistry
    function anchor(Anchor calldata anchor_, bytes calldata signatures) external {
        Head storage head_ = _heads[anchor_.region];
        (address committee_, uint48 epoch, uint48 seq) = (head_.committee, head_.epoch, head_.seq);
        if (committee_ == address(0)) revert AuditRegistryUnknownRegion(anchor_.region);
        if (anchor_.epoch != epoch) revert AuditRegistryWrongEpoch(epoch, anchor_.epoch);
        ++seq;
        if (anchor_.seq != seq) revert AuditRegistryWrongSequence(seq, anchor_.seq);
        if (anchor_.prev != head_.anchorHash) revert AuditRegistryWrongPrevious(head_.anchorHash, anchor_.prev);
        if (anchor_.root == 0 || anchor_.claims == 0) revert AuditRegistryEmptyAnchor();

        bytes32 anchorHash = keccak256(abi.encode(ANCHOR_TYPEHASH, anchor_));
        _checkQuorum(committee_, anchorHash, signatures);

        head_.seq = seq;
        head_.anchorHash = anchorHash;
        _roots[anchor_.region][seq] = anchor_.root;
        emit Anchored(
            anchor_.region,
            anchor_.seq,
            anchor_.root,
            anchor_.epoch,
            anchorHash,
            anchor_.manifest,
            anchor_.claims,
            anchor_.gramsLocation,
            anchor_.gramsMarket
        );
    }

    /// @inheritdoc IAuditRegistry
    function changeCommittee(bytes32 region, address[] calldata members, bytes calldata signatures) external {
        Head storage head_ = _heads[region];
        if (head_.committee == address(0)) revert AuditRegistryUnknownRegion(region);
        uint48 epoch = head_.epoch + 1;
        // The epoch in the digest is the one that begins: a change can be used once, and never after another one.
        bytes32 structHash = keccak256(
            abi.encode(COMMITTEE_CHANGE_TYPEHASH, region, epoch, keccak256(abi.encodePacked(members)))
        );
        _checkQuorum(head_.committee, structHash, signatures);
        _seatCommittee(region, epoch, members);
    }

    /// @inheritdoc IAuditRegistry
    function head(bytes32 region) external view returns (uint64 epoch, uint64 seq, bytes32 anchorHash) {
        Head storage head_ = _heads[region];
        return (head_.epoch, head_.seq, head_.anchorHash);
    }

    /// @inheritdoc IAuditRegistry
    function rootOf(bytes32 region, uint64 seq) external view returns (bytes32 root) {
        return _roots[region][seq];
    }

    /// @inheritdoc IAuditRegistry
    function committee(bytes32 region) external view returns (uint64 epoch, address[] memory members) {
        epoch = _heads[region].epoch;
        members = committeeAt(region, epoch);
    }

    /// @inheritdoc IAuditRegistry
    function committeeAt(bytes32 region, uint64 epoch) public view returns (address[] memory members) {
        address committee_ = _committees[region][epoch];
        if (committee_ != address(0)) members = _readMembers(committee_);
    }

    /// @inheritdoc IAuditRegistry
    function isMember(bytes32 region, address account) external view returns (bool) {
        return _contains(committeeAt(region, _heads[region].epoch), account);
    }

    /// @inheritdoc IAuditRegistry
    function quorum(bytes32 region) external view returns (uint256) {
        uint256 n = committeeAt(region, _heads[region].epoch).length;
        return n == 0 ? 0 : _quorumOf(n);
    }

    /// @inheritdoc IAuditRegistry
    function verifyClaim(
        bytes32 region,
        uint64 seq,
        bytes32 leaf,
        bytes32[] calldata proof
    ) external view returns (bool) {
        bytes32 root = _roots[region][seq];
        return root != 0 && MerkleProof.verifyCalldata(proof, root, leaf);
    }

    /// @inheritdoc IAuditRegistry
    function networkId() external view returns (bytes32) {
        return _networkId;
    }

    /// @inheritdoc IAuditRegistry
    function domainSeparator() public view returns (bytes32) {
        // A fork of the chain changes its id: signatures for one side must not be valid on the other.
        return block.chainid == _cachedChainId ? _cachedDomainSeparator : _buildDomainSeparator(_networkId);
    }

    /// @inheritdoc IERC5267
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
        )
    {
        return (hex"1f", "kWitness", "1", block.chainid, address(this), _networkId, new uint256[](0));
    }

    /// @dev Reverts unless `signatures` are exactly a quorum of distinct members over the EIP-712 digest of `structHash`.
    /// Both lists ascend, so one walk over the members finds every signer and excludes a second signature of the same one.
    function _checkQuorum(address committee_, bytes32 structHash, bytes calldata signatures) private view {
        address[] memory members = _readMembers(committee_);
        uint256 count = members.length;
        uint256 needed = _quorumOf(count);
        bytes32 digest = MessageHashUtils.toTypedDataHash(domainSeparator(), structHash);
        uint256 next = 0;
        unchecked {
            // Bounded by MAX_MEMBERS: nothing here can overflow.
            if (signatures.length != needed * SIGNATURE_BYTES) {
                revert AuditRegistryWrongSignaturesLength(needed * SIGNATURE_BYTES, signatures.length);
            }
            for (uint256 i = 0; i < needed; ++i) {
                (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(
                    digest,
                    signatures[i * SIGNATURE_BYTES:(i + 1) * SIGNATURE_BYTES]
                );
                if (failure != ECDSA.RecoverError.NoError) revert AuditRegistryInvalidSignature(i);
                while (next < count && members[next] < signer) ++next;
                if (next == count || members[next] != signer) {
                    if (_contains(members, signer)) revert AuditRegistrySignersNotAscending(i, signer);
                    revert AuditRegistryNotMember(i, signer);
                }
                ++next;
            }
        }
    }

    /// @dev Makes `members` the committee of `region` from `epoch` on.
    function _seatCommittee(bytes32 region, uint48 epoch, address[] memory members) private {
        if (members.length < MIN_MEMBERS || members.length > MAX_MEMBERS) {
            revert AuditRegistryInvalidCommitteeSize(members.length);
        }
        address last = address(0);
        for (uint256 i = 0; i < members.length; ++i) {
            if (members[i] <= last) revert AuditRegistryMembersNotAscending(members[i]);
            last = members[i];
        }
        // The list is its own code. ABI encoding begins with a zero byte, the opcode STOP: a call to it does nothing.
        // The prefix is the shortest constructor that returns what follows it:
        // PUSH4 size, DUP1, PUSH1 14, PUSH1 0, CODECOPY, PUSH1 0, RETURN.
        bytes memory code = abi.encode(members);
        bytes memory creation = abi.encodePacked(hex"63", uint32(code.length), hex"80600e6000396000f3", code);
        address committee_ = Create2.deploy(0, keccak256(abi.encode(region, epoch)), creation);

        _committees[region][epoch] = committee_;
        _heads[region].committee = committee_;
        _heads[region].epoch = epoch;
        emit CommitteeChanged(region, epoch, members);
    }

    function _buildDomainSeparator(bytes32 networkId_) private view returns (bytes32) {
        return
            keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this), networkId_));
    }

    function _readMembers(address committee_) private view returns (address[] memory) {
        return abi.decode(committee_.code, (address[]));
    }

    /// @dev Smallest number of members such that any two such groups share more than f members, of whom one is honest.
    function _quorumOf(uint256 n) private pure returns (uint256) {
        return (n + (n - 1) / 3) / 2 + 1;
    }

    function _contains(address[] memory members, address account) private pure returns (bool) {
        for (uint256 i = 0; i < members.length; ++i) {
            if (members[i] == account) return true;
        }
        return false;
    }
}
