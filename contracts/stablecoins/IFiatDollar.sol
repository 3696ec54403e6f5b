// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @title IFiatDollar
/// @notice A dollar backed by cash in a bank: minters issue it against deposits and burn it against payouts, compliance
/// can freeze an account, and a pauser can stop everything.
/// @dev ERC-20, ERC-2612 (signatures of contracts by ERC-1271), ERC-5267, errors of ERC-6093. Six decimals.
interface IFiatDollar {
    /// @notice Who may do what. Each role is held by one address and handed over in two steps.
    enum Role {
        Owner, // offers and revokes roles
        MinterAdmin, // gives minters their allowance
        Pauser, // stops and restarts everything
        Compliance // freezes and unfreezes accounts
    }

    /// @notice A role was offered; zero withdraws the offer.
    event RoleOffered(Role indexed role, address indexed candidate);

    /// @notice A role changed hands; to zero when it was revoked.
    event RoleMoved(Role indexed role, address indexed from, address indexed to);

    /// @notice A minter may from now on mint up to `allowance`.
    event MinterConfigured(address indexed minter, uint256 allowance);

    /// @notice A minter may no longer mint or burn.
    event MinterRemoved(address indexed minter);

    /// @notice `minter` issued `amount` to `to`.
    event Minted(address indexed minter, address indexed to, uint256 amount);

    /// @notice `minter` destroyed `amount` of its own.
    event Burned(address indexed minter, uint256 amount);

    /// @notice `account` was frozen.
    event AccountFrozen(address indexed account, address indexed by);

    /// @notice `account` was unfrozen.
    event AccountUnfrozen(address indexed account, address indexed by);

    /// @notice Everything was stopped.
    event DollarPaused(address indexed by);

    /// @notice Everything goes on.
    event DollarUnpaused(address indexed by);

    /// @notice Thrown when the caller does not hold the role that the call needs.
    error MissingRole(address caller, Role role, address holder);

    /// @notice Thrown when a role is accepted by someone it was not offered to.
    error NotOffered(address caller, Role role, address candidate);

    /// @notice Thrown when the owner's role would be revoked or be given to nobody.
    error OwnerRequired();

    /// @notice Thrown by every movement and approval while the dollar is paused.
    error DollarIsPaused();

    /// @notice Thrown when a frozen account would send, receive, approve, be approved, spend, mint or burn.
    error AccountIsFrozen(address account);

    /// @notice Thrown when an account would be unfrozen that is frozen for good: the zero address, the token itself.
    error FrozenForGood(address account);

    /// @notice Thrown when the caller is no minter.
    error NotMinter(address caller);

    /// @notice Thrown when a minter would mint more than it may.
    error MintAllowanceExceeded(address minter, uint256 allowance, uint256 amount);

    /// @notice Thrown when a minter's allowance would not fit in 128 bits.
    error MintAllowanceTooLarge(uint256 allowance, uint256 maxAllowance);

    /// @notice Thrown when nothing would be minted or burned.
    error ZeroAmount();

    /// @notice Thrown when the supply would not fit in 128 bits.
    error SupplyTooLarge(uint256 supply, uint256 amount);

    /// @notice Thrown when a signature is used after its deadline.
    error SignatureExpired(uint256 deadline, uint256 timestamp);

    /// @notice Thrown when a signature has the upper of its two possible values of `s`.
    error SignatureMalleable(bytes32 s);

    /// @notice Thrown when a signature is not the signer's for this chain, contract, nonce and content.
    error SignatureInvalid(address signer);

    /// @notice Offers a role to `candidate`, or withdraws the offer (zero). Only the owner may.
    function offerRole(Role role, address candidate) external;

    /// @notice Takes a role that was offered to the caller.
    function acceptRole(Role role) external;

    /// @notice Takes a role from its holder at once, and withdraws any offer of it. Only the owner may; not its own.
    function revokeRole(Role role) external;

    /// @notice Who holds the role; zero when nobody does.
    function holderOf(Role role) external view returns (address);

    /// @notice To whom the role is offered; zero when to nobody.
    function candidateOf(Role role) external view returns (address);

    /// @notice Holder of the owner's role.
    function owner() external view returns (address);

    /// @notice Lets `minter` mint up to `allowance` from now on, whatever it had before. Only the minter admin may.
    function configureMinter(address minter, uint256 allowance) external;

    /// @notice Stops `minter` from minting and burning. Only the minter admin may, also while paused.
    function removeMinter(address minter) external;

    /// @notice Whether the account may mint and burn.
    function isMinter(address account) external view returns (bool);

    /// @notice What the minter may still mint. [base units]
    function minterAllowance(address minter) external view returns (uint256);

    /// @notice Issues `amount` to `to`; the caller's allowance falls by as much. Only minters may.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` of the caller's own. Only minters may: a holder is paid out through one of them.
    function burn(uint256 amount) external;

    /// @notice Stops every movement and approval. Only the pauser may.
    function pause() external;

    /// @notice Lets everything go on. Only the pauser may.
    function unpause() external;

    /// @notice Whether everything is stopped.
    function paused() external view returns (bool);

    /// @notice Freezes the account. Only compliance may, also while paused.
    function freeze(address account) external;

    /// @notice Unfreezes the account. Only compliance may, also while paused.
    function unfreeze(address account) external;

    /// @notice Whether the account is frozen.
    function isFrozen(address account) external view returns (bool);
}
