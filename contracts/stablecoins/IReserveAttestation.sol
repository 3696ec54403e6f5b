// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title IReserveAttestation
/// @notice What accountants say the bank holds for a dollar: k of n of them sign how much and as of when (EIP-712).
/// @dev Errors of a missing or wrong signature are Quorum's.
interface IReserveAttestation {
    /// @notice What was attested once, and when it came on chain.
    struct Statement {
        uint112 reserves; // [base units]
        uint40 asOf; // when the bank held them [unix seconds]
        uint40 recordedAt; // [unix seconds]
    }

    /// @notice The attesters were named; `quorum` of them make a statement.
    event AttestersConfigured(address[] attesters, uint256 quorum);

    /// @notice The attesters stated that the bank held `reserves` as of `asOf`.
    event ReservesAttested(uint256 indexed index, uint256 reserves, uint256 asOf);

    /// @notice Thrown when the attesters are not in ascending order, each once, or nobody would suffice.
    error InvalidAttesters(uint256 attesters, uint256 quorum);

    /// @notice Thrown when dollars could never be minted, or on statements of any age.
    error InvalidStatementAge(uint256 maxAge);

    /// @notice Thrown when a statement is not newer than the last.
    error StatementNotNewer(uint256 asOf, uint256 lastAsOf);

    /// @notice Thrown when a statement is of a time to come.
    error StatementFromFuture(uint256 asOf, uint256 timestamp);

    /// @notice Thrown when a statement is too old to be recorded, or the last one too old to mint on.
    error StatementTooOld(uint256 asOf, uint256 timestamp, uint256 maxAge);

    /// @notice Thrown when the reserves stated would not fit in 112 bits.
    error ReservesTooLarge(uint256 reserves, uint256 maxReserves);

    /// @notice Thrown when dollars out and owed would exceed the reserves after minting `amount`.
    error MintBeyondReserves(uint256 reserves, uint256 liabilities, uint256 amount);

    /// @notice Thrown when a statement is asked for that was never made.
    error NoStatement(uint256 index, uint256 count);

    /// @notice Records what the bank held as of `asOf`, strictly newer than the last statement and no older than
    /// `maxStatementAge`. Anyone may send it; an attester that does need not sign. Also while paused.
    /// @param signatures 65 bytes r, s, v each, sorted by the attesters' addresses, of
    /// `ReserveStatement(uint256 reserves,uint256 asOf)`.
    function attest(uint256 reserves, uint256 asOf, bytes[] calldata signatures) external;

    /// @notice Names all attesters, in ascending order, and how many of them make a statement. What stood before stands
    /// no longer: nothing is minted until they have spoken. Only the owner may.
    function configureAttesters(address[] calldata attesters, uint256 quorum) external;

    /// @notice All attesters, in ascending order.
    function attesters() external view returns (address[] memory);

    /// @notice Whether the account is an attester.
    function isAttester(address account) external view returns (bool);

    /// @notice How many attesters make a statement.
    function attestationQuorum() external view returns (uint256);

    /// @notice Oldest statement on which dollars are minted. [seconds]
    function maxStatementAge() external view returns (uint256);

    /// @notice Reserves to mint on: as last attested, less what was paid out since, and as of when.
    function reserves() external view returns (uint256 amount, uint256 asOf);

    /// @notice How many statements there are.
    function statementCount() external view returns (uint256);

    /// @notice The statement of that index, from zero: the history of all.
    function statement(uint256 index) external view returns (Statement memory);
}
