// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {EIP712} from "solady/utils/EIP712.sol";

import {Quorum} from "../libraries/Quorum.sol";
import {IReserveAttestation} from "./IReserveAttestation.sol";

/// @title ReserveAttestation
/// @notice Proof of reserves. See IReserveAttestation. Python twin: `defi_kit.stablecoins.reserves`.
/// @dev The statement in force shares one slot, so that minting reads one more.
abstract contract ReserveAttestation is IReserveAttestation, EIP712 {
    uint256 private constant MAX_RESERVES = type(uint112).max; // [base units]
    uint256 private constant LONGEST_AGE = 366 days;

    bytes32 private constant STATEMENT_TYPEHASH = keccak256("ReserveStatement(uint256 reserves,uint256 asOf)");

    /// @inheritdoc IReserveAttestation
    uint256 public immutable maxStatementAge; // [seconds]

    /// @inheritdoc IReserveAttestation
    uint256 public attestationQuorum;

    /// @inheritdoc IReserveAttestation
    mapping(address account => bool) public isAttester;

    address[] private _attesters;
    Statement[] private _statements;
    uint112 private _reserves; // as last attested, less what was paid out since [base units]
    uint40 private _asOf; // of the last statement [unix seconds]

    constructor(address[] memory attesters_, uint256 quorum, uint256 maxAge) {
        require(maxAge != 0 && maxAge <= LONGEST_AGE, InvalidStatementAge(maxAge));

        maxStatementAge = maxAge;
        _nameAttesters(attesters_, quorum);
    }

    /// @inheritdoc IReserveAttestation
    function attest(uint256 reserves_, uint256 asOf, bytes[] calldata signatures) external {
        require(asOf > _asOf, StatementNotNewer(asOf, _asOf));
        require(asOf <= block.timestamp, StatementFromFuture(asOf, block.timestamp));
        require(block.timestamp - asOf <= maxStatementAge, StatementTooOld(asOf, block.timestamp, maxStatementAge));
        require(reserves_ <= MAX_RESERVES, ReservesTooLarge(reserves_, MAX_RESERVES));
        bytes32 digest = _hashTypedData(keccak256(abi.encode(STATEMENT_TYPEHASH, reserves_, asOf)));
        Quorum.check(isAttester, attestationQuorum, digest, signatures);

        // Safe casts: the reserves are checked, and the times are no later than now.
        _reserves = uint112(reserves_);
        _asOf = uint40(asOf);
        _statements.push(Statement(uint112(reserves_), uint40(asOf), uint40(block.timestamp)));

        emit ReservesAttested(_statements.length - 1, reserves_, asOf);
    }

    function _nameAttesters(address[] memory attesters_, uint256 quorum) internal {
        require(quorum != 0 && quorum <= attesters_.length, InvalidAttesters(attesters_.length, quorum));

        for (uint256 i; i < _attesters.length; ++i) {
            delete isAttester[_attesters[i]];
        }
        address previous;
        for (uint256 i; i < attesters_.length; ++i) {
            require(attesters_[i] > previous, InvalidAttesters(attesters_.length, quorum));
            previous = attesters_[i];
            isAttester[previous] = true;
        }
        _attesters = attesters_;
        attestationQuorum = quorum;
        _reserves = 0; // whoever is replaced may have been replaced for what they said

        emit AttestersConfigured(attesters_, quorum);
    }

    /// @dev Reverts unless the reserves, freshly stated, cover what is out and owed together with `amount`.
    function _requireBacked(uint256 liabilities, uint256 amount) internal view {
        (uint256 reserves_, uint256 asOf) = (_reserves, _asOf);
        require(block.timestamp - asOf <= maxStatementAge, StatementTooOld(asOf, block.timestamp, maxStatementAge));
        require(liabilities + amount <= reserves_, MintBeyondReserves(reserves_, liabilities, amount));
    }

    /// @dev Cash that is known to have left the bank cannot back a mint until the next statement.
    function _payOut(uint256 amount) internal {
        uint256 left = _reserves;
        _reserves = amount < left ? uint112(left - amount) : 0; // safe cast: no more than it was
    }

    /// @inheritdoc IReserveAttestation
    function attesters() external view returns (address[] memory) {
        return _attesters;
    }

    /// @inheritdoc IReserveAttestation
    function reserves() external view returns (uint256 amount, uint256 asOf) {
        return (_reserves, _asOf);
    }

    /// @inheritdoc IReserveAttestation
    function statementCount() external view returns (uint256) {
        return _statements.length;
    }

    /// @inheritdoc IReserveAttestation
    function statement(uint256 index) external view returns (Statement memory) {
        require(index < _statements.length, NoStatement(index, _statements.length));
        return _statements[index];
    }
}
