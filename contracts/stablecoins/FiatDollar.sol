// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

import {IFiatDollar} from "./IFiatDollar.sol";

/// @title FiatDollar
/// @notice A dollar backed by cash in a bank. See IFiatDollar. Python twin: `defi_kit.stablecoins.fiat`.
/// @dev Balance, nonce and freeze share one slot per account, supply and pause another, so that a transfer touches three.
contract FiatDollar is IFiatDollar, IERC20Metadata, IERC20Permit, IERC20Errors, EIP712 {
    /// @notice An account's standing, in one word: bit 0 frozen, bits 64-127 nonce, bits 128-255 balance [base units].
    struct Account {
        uint256 word;
    }

    /// @notice A minter's standing.
    struct Minter {
        uint128 allowance; // what it may still mint [base units]
        bool active;
    }

    /// @dev Bit of an account's word that says frozen, and of the supply's word that says paused: one mask for both.
    uint256 private constant STOPPED = 1;
    uint256 private constant NONCE_SHIFT = 64;
    uint256 private constant AMOUNT_SHIFT = 128;
    uint256 private constant MAX_AMOUNT = type(uint128).max; // [base units]

    /// @dev Half the order of secp256k1: the larger `s` of a signature's two lies above it (EIP-2).
    uint256 private constant MAX_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    /* FIXED AT BIRTH */

    /// @notice Decimals of the dollar: a base unit is a millionth.
    uint8 public constant decimals = 6;

    /// @notice Name of the dollar; part of what is signed.
    string public name;

    /// @notice Symbol of the dollar.
    string public symbol;

    /* BOOKS */

    uint256 private _books; // bit 0 paused, bits 128-255 total supply [base units]
    mapping(address account => Account) private _accounts;
    mapping(address owner => mapping(address spender => uint256)) private _allowances; // [base units]
    mapping(address minter => Minter) private _minters;
    mapping(Role role => address) private _holders;
    mapping(Role role => address) private _candidates;

    constructor(
        string memory name_,
        string memory symbol_,
        address owner_,
        address minterAdmin,
        address pauser,
        address compliance
    ) {
        require(owner_ != address(0), OwnerRequired());

        name = name_;
        symbol = symbol_;
        _move(Role.Owner, owner_);
        _move(Role.MinterAdmin, minterAdmin);
        _move(Role.Pauser, pauser);
        _move(Role.Compliance, compliance);

        // Frozen for good, so that nothing is ever sent to or approved for them; a transfer needs no further check.
        _accounts[address(0)].word = STOPPED;
        _accounts[address(this)].word = STOPPED;
    }

    modifier only(Role role) {
        require(msg.sender == _holders[role], MissingRole(msg.sender, role, _holders[role]));
        _;
    }

    /* ROLES */

    /// @inheritdoc IFiatDollar
    function offerRole(Role role, address candidate) external only(Role.Owner) {
        _candidates[role] = candidate;

        emit RoleOffered(role, candidate);
    }

    /// @inheritdoc IFiatDollar
    function acceptRole(Role role) external {
        require(msg.sender == _candidates[role], NotOffered(msg.sender, role, _candidates[role]));

        delete _candidates[role];
        _move(role, msg.sender);
    }

    /// @inheritdoc IFiatDollar
    function revokeRole(Role role) external only(Role.Owner) {
        require(role != Role.Owner, OwnerRequired());

        delete _candidates[role];
        _move(role, address(0));
    }

    function _move(Role role, address to) private {
        emit RoleMoved(role, _holders[role], to);
        _holders[role] = to;
    }

    /* ISSUING */

    /// @inheritdoc IFiatDollar
    function configureMinter(address minter, uint256 allowance_) external only(Role.MinterAdmin) {
        require(_books & STOPPED == 0, DollarIsPaused());
        require(allowance_ <= MAX_AMOUNT, MintAllowanceTooLarge(allowance_, MAX_AMOUNT));

        _minters[minter] = Minter(uint128(allowance_), true); // safe cast: checked above

        emit MinterConfigured(minter, allowance_);
    }

    /// @inheritdoc IFiatDollar
    function removeMinter(address minter) external only(Role.MinterAdmin) {
        delete _minters[minter];

        emit MinterRemoved(minter);
    }

    /// @inheritdoc IFiatDollar
    function mint(address to, uint256 amount) external {
        Minter memory minter = _minters[msg.sender];
        Account storage receiver = _accounts[to];
        uint256 books = _books;
        uint256 receiverWord = receiver.word;
        if ((books | receiverWord | _accounts[msg.sender].word) & STOPPED != 0) _refuse(msg.sender, to);
        require(minter.active, NotMinter(msg.sender));
        require(amount != 0, ZeroAmount());
        require(amount <= minter.allowance, MintAllowanceExceeded(msg.sender, minter.allowance, amount));
        uint256 supply = books >> AMOUNT_SHIFT;
        require(amount <= MAX_AMOUNT - supply, SupplyTooLarge(supply, amount));

        // Cannot overflow: the supply fits in its 128 bits, and so does every balance, which is a part of it.
        unchecked {
            _minters[msg.sender].allowance = uint128(minter.allowance - amount);
            _books = books + (amount << AMOUNT_SHIFT);
            receiver.word = receiverWord + (amount << AMOUNT_SHIFT);
        }

        emit Minted(msg.sender, to, amount);
        emit Transfer(address(0), to, amount);
    }

    /// @inheritdoc IFiatDollar
    function burn(uint256 amount) external {
        Account storage holder = _accounts[msg.sender];
        uint256 books = _books;
        uint256 word = holder.word;
        if ((books | word) & STOPPED != 0) _refuse(msg.sender, msg.sender);
        require(_minters[msg.sender].active, NotMinter(msg.sender));
        require(amount != 0, ZeroAmount());
        if (amount > word >> AMOUNT_SHIFT) _lack(msg.sender, amount);

        // Cannot underflow: the balance is checked, and the supply is no less than any balance.
        unchecked {
            _books = books - (amount << AMOUNT_SHIFT);
            holder.word = word - (amount << AMOUNT_SHIFT);
        }

        emit Burned(msg.sender, amount);
        emit Transfer(msg.sender, address(0), amount);
    }

    /* STOPPING */

    /// @inheritdoc IFiatDollar
    function pause() external only(Role.Pauser) {
        _books |= STOPPED;

        emit DollarPaused(msg.sender);
    }

    /// @inheritdoc IFiatDollar
    function unpause() external only(Role.Pauser) {
        _books &= ~STOPPED;

        emit DollarUnpaused(msg.sender);
    }

    /// @inheritdoc IFiatDollar
    function freeze(address account) external only(Role.Compliance) {
        _accounts[account].word |= STOPPED;

        emit AccountFrozen(account, msg.sender);
    }

    /// @inheritdoc IFiatDollar
    function unfreeze(address account) external only(Role.Compliance) {
        require(account != address(0) && account != address(this), FrozenForGood(account));

        _accounts[account].word &= ~STOPPED;

        emit AccountUnfrozen(account, msg.sender);
    }

    /// @dev Says which of the three stopped it: the pause, `first` or `second`.
    function _refuse(address first, address second) private view {
        require(_books & STOPPED == 0, DollarIsPaused());
        require(_accounts[first].word & STOPPED == 0, AccountIsFrozen(first));
        require(second != address(0) && second != address(this), ERC20InvalidReceiver(second));
        revert AccountIsFrozen(second);
    }

    /* MOVING */

    /// @notice Sends `amount` of the caller's to `to`.
    function transfer(address to, uint256 amount) external returns (bool) {
        _transfer(msg.sender, to, amount);
        return true;
    }

    /// @notice Sends `amount` of `from`'s to `to`, within the caller's allowance.
    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        require(_accounts[msg.sender].word & STOPPED == 0, AccountIsFrozen(msg.sender));
        uint256 allowed = _allowances[from][msg.sender];
        if (allowed != type(uint256).max) {
            require(amount <= allowed, ERC20InsufficientAllowance(msg.sender, allowed, amount));
            // Cannot underflow: checked on the line above.
            unchecked {
                _allowances[from][msg.sender] = allowed - amount;
            }
        }

        _transfer(from, to, amount);
        return true;
    }

    function _transfer(address from, address to, uint256 amount) private {
        Account storage sender = _accounts[from];
        Account storage receiver = _accounts[to];
        uint256 senderWord = sender.word;
        uint256 receiverWord = receiver.word;
        if ((senderWord | receiverWord | _books) & STOPPED != 0) _refuse(from, to);
        if (amount > senderWord >> AMOUNT_SHIFT) _lack(from, amount);

        if (from != to) {
            // Neither can leave its 128 bits: the balance is checked, and no balance is more than the supply.
            unchecked {
                sender.word = senderWord - (amount << AMOUNT_SHIFT);
                receiver.word = receiverWord + (amount << AMOUNT_SHIFT);
            }
        }

        emit Transfer(from, to, amount);
    }

    function _lack(address account, uint256 amount) private view {
        revert ERC20InsufficientBalance(account, balanceOf(account), amount);
    }

    /* APPROVING */

    /// @notice Lets `spender` send up to `amount` of the caller's; 2**256 - 1 stays as it is when used.
    function approve(address spender, uint256 amount) external returns (bool) {
        _approve(msg.sender, _accounts[msg.sender].word, spender, amount);
        return true;
    }

    /// @inheritdoc IERC20Permit
    /// @dev A contract's signature is asked for by ERC-1271, as 65 bytes r, s, v. Whoever front-runs a permit does what
    /// it says; a caller should go on if the allowance is there.
    function permit(address owner_, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        require(block.timestamp <= deadline, SignatureExpired(deadline, block.timestamp));
        require(uint256(s) <= MAX_S, SignatureMalleable(s));
        uint256 account = _accounts[owner_].word;
        // Written before a contract is asked for its signature; a nonce of 64 bits is never used up.
        _accounts[owner_].word = account + (1 << NONCE_SHIFT);
        uint256 nonce = uint64(account >> NONCE_SHIFT);
        bytes32 digest = _hashTypedData(keccak256(abi.encode(PERMIT_TYPEHASH, owner_, spender, value, nonce, deadline)));
        require(SignatureCheckerLib.isValidSignatureNow(owner_, digest, v, r, s), SignatureInvalid(owner_));

        _approve(owner_, account, spender, value);
    }

    function _approve(address owner_, uint256 account, address spender, uint256 amount) private {
        require(_books & STOPPED == 0, DollarIsPaused());
        require(account & STOPPED == 0, AccountIsFrozen(owner_));
        require(spender != address(0), ERC20InvalidSpender(spender));
        require(_accounts[spender].word & STOPPED == 0, AccountIsFrozen(spender));

        _allowances[owner_][spender] = amount;

        emit Approval(owner_, spender, amount);
    }

    /// @inheritdoc IERC20Permit
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparator();
    }

    function _domainNameAndVersion() internal view override returns (string memory, string memory) {
        return (name, "1");
    }

    function _domainNameAndVersionMayChange() internal pure override returns (bool) {
        return true; // it does not, but the name is not yet stored when EIP712's constructor would cache it
    }

    /* VIEWS */

    /// @notice All dollars there are. [base units]
    function totalSupply() external view returns (uint256) {
        return _books >> AMOUNT_SHIFT;
    }

    /// @notice The account's dollars, frozen or not. [base units]
    function balanceOf(address account) public view returns (uint256) {
        return _accounts[account].word >> AMOUNT_SHIFT;
    }

    /// @notice What `spender` may still send of `owner_`'s. [base units]
    function allowance(address owner_, address spender) external view returns (uint256) {
        return _allowances[owner_][spender];
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner_) external view returns (uint256) {
        return uint64(_accounts[owner_].word >> NONCE_SHIFT);
    }

    /// @inheritdoc IFiatDollar
    function isFrozen(address account) external view returns (bool) {
        return _accounts[account].word & STOPPED != 0;
    }

    /// @inheritdoc IFiatDollar
    function paused() external view returns (bool) {
        return _books & STOPPED != 0;
    }

    /// @inheritdoc IFiatDollar
    function isMinter(address account) external view returns (bool) {
        return _minters[account].active;
    }

    /// @inheritdoc IFiatDollar
    function minterAllowance(address minter) external view returns (uint256) {
        return _minters[minter].allowance;
    }

    /// @inheritdoc IFiatDollar
    function holderOf(Role role) external view returns (address) {
        return _holders[role];
    }

    /// @inheritdoc IFiatDollar
    function candidateOf(Role role) external view returns (address) {
        return _candidates[role];
    }

    /// @inheritdoc IFiatDollar
    function owner() external view returns (address) {
        return _holders[Role.Owner];
    }
}
