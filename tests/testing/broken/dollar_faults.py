"""One-line mistakes put into SimpleDollar."""

from __future__ import annotations

from faults import Faults

DOLLAR: Faults = {
    "a mint is rounded for the minter": (
        "paid = dollars.fullMulDivUp(SCALE, oracle.price());",
        "paid = dollars.fullMulDiv(SCALE, oracle.price());",
    ),
    "a mint adds nothing to the supply": (
        "totalSupply += dollars;\n        require",
        "require",
    ),
    "the cap is looked at before the mint": (
        "totalSupply += dollars;\n        require(totalSupply <= cap, AboveCap(totalSupply, cap));",
        "require(totalSupply <= cap, AboveCap(totalSupply, cap));\n        totalSupply += dollars;",
    ),
    "the cap is a hundred times what it is": (
        "require(totalSupply <= cap,",
        "require(totalSupply <= cap * 100,",
    ),
    "a dead oracle leaves the price at a dollar": (
        "paid = dollars.fullMulDivUp(SCALE, oracle.price());",
        "uint256 p = 1e28;\n"
        "        try oracle.price() returns (uint256 q) { p = q; } catch {}\n"
        "        paid = dollars.fullMulDivUp(SCALE, p);",
    ),
    "a mint at the price of the last one": (
        "function mint(uint256 dollars) external whileRunning returns (uint256 paid) {\n"
        "        paid = dollars.fullMulDivUp(SCALE, oracle.price());",
        "uint256 lastPrice;\n"
        "    function mint(uint256 dollars) external whileRunning returns (uint256 paid) {\n"
        "        uint256 price = lastPrice == 0 ? oracle.price() : lastPrice;\n"
        "        lastPrice = oracle.price();\n"
        "        paid = dollars.fullMulDivUp(SCALE, price);",
    ),
    "who redeems first is paid in full (a run)": (
        "return worth.min(dollars.fullMulDiv(reserve, totalSupply));",
        "return worth.min(reserve);",
    ),
    "a redemption is rounded for the redeemer": (
        "dollars.fullMulDiv(WAD - FEE, WAD).fullMulDiv(SCALE, oracle.price());",
        "dollars.fullMulDiv(WAD - FEE, WAD).fullMulDivUp(SCALE, oracle.price()) + 1;",
    ),
    "a redemption pays the premium instead of the fee": (
        "dollars.fullMulDiv(WAD - FEE, WAD)",
        "dollars.fullMulDiv(WAD + FEE, WAD)",
    ),
    "a redemption keeps twice the fee": (
        "dollars.fullMulDiv(WAD - FEE, WAD)",
        "dollars.fullMulDiv(WAD - 2 * FEE, WAD)",
    ),
    "the part is of what is left after it": (
        "paid = quote(dollars);\n        if (msg.sender != account) _spend(account, dollars);\n"
        "        balanceOf[account] -= dollars;\n        totalSupply -= dollars;",
        "if (msg.sender != account) _spend(account, dollars);\n"
        "        balanceOf[account] -= dollars;\n        totalSupply -= dollars;\n"
        "        paid = quote(dollars);",
    ),
    "a redemption burns nothing": ("balanceOf[account] -= dollars;", ""),
    "a redemption leaves the supply": ("totalSupply -= dollars;", ""),
    "a redemption leaves the reserve": ("reserve -= paid;", ""),
    "anyone redeems anyone's": ("if (msg.sender != account) _spend(account, dollars);", ""),
    "an allowance lasts for ever": (
        "allowance[from][msg.sender] -= dollars;",
        "require(allowance[from][msg.sender] >= dollars);",
    ),
    "anyone moves anyone's": ("_spend(from, dollars);\n        _move", "_move"),
    "an allowance is the receiver's": (
        "_spend(from, dollars);\n        _move",
        "if (msg.sender != to) _spend(from, dollars);\n        _move",
    ),
    "who sends to himself has twice as much": (
        "balanceOf[from] -= dollars;\n        balanceOf[to] += dollars;",
        "(uint256 f, uint256 t) = (balanceOf[from] - dollars, balanceOf[to] + dollars);\n"
        "        (balanceOf[from], balanceOf[to]) = (f, t);",
    ),
    "what is sent arrives less a unit": (
        "balanceOf[to] += dollars;",
        "balanceOf[to] += dollars == 0 ? 0 : dollars - 1;",
    ),
    "transfers go on while all is stopped": (
        "external whileRunning returns (bool) {\n        _move",
        "external returns (bool) {\n        _move",
    ),
    "redemptions go on while all is stopped": (
        "address account) external whileRunning",
        "address account) external",
    ),
}
