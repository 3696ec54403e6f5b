// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The callee a `ChainProbe` calls
/// @notice Fails on purpose, so that a caller can be seen to pass the failure on.
contract ChainProbeCallee {
    /// @notice Thrown by every call of `refuse`.
    /// @param caller Who asked.
    /// @param attempt The number the caller gave.
    error CalleeRefused(address caller, uint256 attempt);

    /// @notice Refuses, always.
    /// @param attempt A number to find again in the error.
    function refuse(uint256 attempt) external view {
        revert CalleeRefused(msg.sender, attempt);
    }
}

/// @title Internal maths that fails
/// @notice A library whose error is raised inside the contract that uses it.
library ChainProbeMath {
    /// @notice Thrown when `value` is odd.
    error OddNumber(uint256 value);

    /// @notice Half of an even number.
    function half(uint256 value) internal pure returns (uint256) {
        require(value % 2 == 0, OddNumber(value));

        return value / 2;
    }
}

/// @title A contract that does one of everything
/// @notice Opens each thing a chain engine must get right: storage, transient storage, events, values, structs, the clock, and every way to fail.
/// @dev For tests only; it keeps the ether it is sent until somebody asks for it.
contract ChainProbe {
    /// @notice One stored note.
    struct Note {
        address author;
        uint64 writtenAt; // [unix seconds]
        uint256 number;
        string text;
    }

    /// @notice Emitted when a number is stored.
    /// @param author Who stored it.
    /// @param number The number.
    /// @param previous The number it replaced.
    event NumberStored(address indexed author, uint256 indexed number, uint256 previous);

    /// @notice Emitted when a note is stored.
    /// @param author Who wrote it.
    /// @param text What was written.
    /// @param note The whole note.
    event NoteStored(address indexed author, string text, Note note);

    /// @notice Thrown when a number is over the limit.
    /// @param number The number given.
    /// @param limit The largest number accepted.
    error NumberTooLarge(uint256 number, uint256 limit);

    /// @notice Thrown when a second lock is taken within one transaction.
    error ProbeLocked();

    /// @notice The largest number `store` takes.
    uint256 public constant LIMIT = 1e30;

    /// @notice The contract whose refusals are passed on.
    ChainProbeCallee public immutable callee;

    /// @notice The number stored last.
    uint256 public number;

    /// @notice How often each address stored a number.
    mapping(address author => uint256 count) public storedBy;

    Note[] private _notes;

    bool private transient _locked;

    /// @param initial The first number; over `LIMIT` it is refused.
    constructor(uint256 initial) payable {
        require(initial <= LIMIT, NumberTooLarge(initial, LIMIT));

        number = initial;
        callee = new ChainProbeCallee();
    }

    /// @notice Takes ether without a word.
    receive() external payable {}

    /* WRITES */

    /// @notice Stores `number_`.
    /// @param number_ At most `LIMIT`.
    /// @return previous The number it replaced.
    function store(uint256 number_) external payable returns (uint256 previous) {
        require(number_ <= LIMIT, NumberTooLarge(number_, LIMIT));

        previous = number;
        number = number_;
        ++storedBy[msg.sender];

        emit NumberStored(msg.sender, number_, previous);
    }

    /// @notice Stores half of `number_`, which must be even.
    function storeHalf(uint256 number_) external {
        number = ChainProbeMath.half(number_);
    }

    /// @notice Stores a note.
    function write(string calldata text) external {
        Note memory note = Note({author: msg.sender, writtenAt: uint64(block.timestamp), number: number, text: text});
        _notes.push(note);

        emit NoteStored(msg.sender, text, note);
    }

    /// @notice Takes the lock; a second take within one transaction reverts, the next transaction may take it again.
    function lock() external {
        require(!_locked, ProbeLocked());

        _locked = true;
    }

    /// @notice Sends `amount` wei to `to`.
    function pay(address payable to, uint256 amount) external {
        (bool paid,) = to.call{value: amount}("");
        require(paid, "payment failed");
    }

    /// @notice Emits `count` events.
    function emitMany(uint256 count) external {
        for (uint256 i; i < count; ++i) {
            emit NumberStored(msg.sender, i, i);
        }
    }

    /// @notice Uses gas until there is none.
    function burnAllGas() external {
        while (true) {
            ++number;
        }
    }

    /* FAILURES */

    /// @notice Reverts with a string.
    function failWithString(string calldata reason) external pure {
        revert(reason);
    }

    /// @notice Reverts with a custom error.
    function failWithError(uint256 number_) external pure {
        revert NumberTooLarge(number_, LIMIT);
    }

    /// @notice Reverts without a word.
    function failSilently() external pure {
        // forge-lint: disable-next-line(custom-errors)
        revert();
    }

    /// @notice Reverts with `data` as it stands, be it an error anyone knows or not.
    function failRaw(bytes calldata data) external pure {
        bytes memory copy = data;
        assembly ("memory-safe") {
            revert(add(copy, 32), mload(copy))
        }
    }

    /// @notice Fails an assertion: panic 0x01.
    function failAssert() external pure {
        assert(false);
    }

    /// @notice Divides: panic 0x12 when `divisor` is zero, 0x11 when the result does not fit.
    function divide(uint256 dividend, uint256 divisor) external pure returns (uint256) {
        return dividend / divisor;
    }

    /// @notice Reads past the end of the notes: panic 0x32.
    function failIndex() external view returns (uint256) {
        return _notes[_notes.length].number;
    }

    /// @notice Passes on the refusal of another contract.
    function failDeep(uint256 attempt) external view {
        callee.refuse(attempt);
    }

    /// @notice Executes an invalid instruction: a halt, not a revert.
    function failInvalid() external pure {
        assembly ("memory-safe") {
            invalid()
        }
    }

    /* VIEWS */

    /// @notice All notes.
    function notes() external view returns (Note[] memory) {
        return _notes;
    }

    /// @notice One note.
    function noteAt(uint256 index) external view returns (Note memory) {
        return _notes[index];
    }

    /// @notice What the block says about itself.
    function clock() external view returns (uint256 blockNumber, uint256 timestamp, uint256 chainId) {
        return (block.number, block.timestamp, block.chainid);
    }

    /// @notice The caller, as seen from here.
    function whoAmI() external view returns (address) {
        return msg.sender;
    }
}
