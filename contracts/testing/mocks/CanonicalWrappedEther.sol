// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title CanonicalWrappedEther
/// @notice Wrapped ether with the public interface of the one that mainnet has: it tells of wrapping by `Deposit` and
/// `Withdrawal` alone, without a `Transfer` from or to the zero address.
contract CanonicalWrappedEther {
    string public constant name = "Wrapped Ether";
    string public constant symbol = "WETH";
    uint8 public constant decimals = 18;

    /// @notice Balance of each holder. [wei]
    mapping(address => uint256) public balanceOf;
    /// @notice What an owner lets a spender take. [wei]
    mapping(address => mapping(address => uint256)) public allowance;

    event Approval(address indexed owner, address indexed spender, uint256 amount);
    event Transfer(address indexed from, address indexed to, uint256 amount);
    event Deposit(address indexed to, uint256 amount);
    event Withdrawal(address indexed from, uint256 amount);

    receive() external payable {
        deposit();
    }

    /// @notice Wraps the ether that comes along.
    function deposit() public payable {
        balanceOf[msg.sender] += msg.value;
        emit Deposit(msg.sender, msg.value);
    }

    /// @notice Unwraps.
    function withdraw(uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        (bool sent,) = msg.sender.call{value: amount}("");
        require(sent);
        emit Withdrawal(msg.sender, amount);
    }

    /// @notice As much as there is ether.
    function totalSupply() external view returns (uint256) {
        return address(this).balance;
    }

    /// @notice Lets `spender` take.
    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    /// @notice Moves the caller's.
    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    /// @notice Moves what the caller was allowed to take.
    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        emit Transfer(from, to, amount);
        return true;
    }
}
