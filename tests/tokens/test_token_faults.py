"""T1-T4 bite: each deliberate mistake in a token trips the invariant it offends."""

from __future__ import annotations

import pytest

from defi_kit.chain import Chain
from defi_kit.tokens import PermitMessage, WrappedEther
from faults import faulty_bytecode
from tokens.token_world import World, faucet, wrapped

# Solady keeps the supply in this slot (solady/tokens/ERC20.sol).
SUPPLY = "0x05345cdf77eb68f44c"

FAUCET = {
    "t1_mint_forgets_the_supply": (
        "        _mint(to, amount);",
        f"        _mint(to, amount); assembly {{ sstore({SUPPLY}, 1) }}",
    ),
    "t1_mint_twice_on_the_books": (
        "        _mint(to, amount);",
        f"        _mint(to, amount); assembly {{ sstore({SUPPLY}, add(amount, sload({SUPPLY}))) }}",
    ),
    "t2_anyone_mints": ("require(msg.sender == owner, NotOwner(msg.sender, owner));", ""),
    "t2_permit2_may_send_everything": ("return false;", "return true;"),
    "t4_signed_for_no_name": ("return _nameHash;", "return keccak256(bytes(_symbol));"),
    "t4_nonce_stands_still": (
        "    function _constantNameHash()",
        """    function permit(
        address owner_,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) public override {
        super.permit(owner_, spender, value, deadline, v, r, s);
        assembly {
            mstore(0x0c, 0x38377508)
            mstore(0x00, owner_)
            sstore(keccak256(0x0c, 0x20), 0)
        }
    }

    function _constantNameHash()""",
    ),
}

WRAPPED = {
    "t3_unwraps_for_nothing": (
        "contract WrappedEther is WETH {",
        """contract WrappedEther is WETH {
    function withdraw(uint256 amount) public override {
        _burn(msg.sender, amount);
    }
""",
    ),
    "t3_wraps_too_much": (
        "contract WrappedEther is WETH {",
        """contract WrappedEther is WETH {
    function deposit() public payable override {
        _mint(msg.sender, msg.value + 1);
    }
""",
    ),
}


@pytest.fixture(scope="module")
def bytecodes() -> dict[str, bytes]:
    return faulty_bytecode("contracts/tokens/FaucetToken.sol", FAUCET) | faulty_bytecode(
        "contracts/tokens/WrappedEther.sol", WRAPPED
    )


def walk(world: World) -> None:
    a, b, owner = (world.who(name).address for name in ("alice", "bob", "owner"))
    permit2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
    if isinstance(world.token, WrappedEther):
        world.do("deposit", a, value=1_000)
        world.do("withdraw", a, 400)
        world.do("withdraw", b, 1)
    else:
        world.do("mint", owner, a, 700)
        world.do("mint", b, b, 5)
    world.do("transfer", a, b, 100)
    world.do("approve", a, b, 50)
    world.do("transfer_from", b, a, b, 20)
    world.do("transfer_from", b, a, b, 31)
    world.do("transfer_from", permit2, a, b, 1)
    here = world.chain.chain_id
    message = PermitMessage(a, b, 9, 0, 2**60)
    world.permit("bob", message, here)
    world.permit("alice", message, 1)
    world.permit("alice", message, here)
    world.permit("alice", message, here)
    world.permit("alice", PermitMessage(a, b, 9, 1, 5), here)


def test_the_walk_passes_on_the_real_tokens(chain: Chain) -> None:
    walk(World(faucet(chain)))
    walk(World(wrapped(chain)))


@pytest.mark.parametrize("fault", [*FAUCET, *WRAPPED])
def test_a_seeded_fault_is_caught(fault: str, chain: Chain, bytecodes: dict[str, bytes]) -> None:
    make = faucet if fault in FAUCET else wrapped
    with pytest.raises(AssertionError, match=rf"^{fault[:2].upper()}: "):
        walk(World(make(chain, bytecodes[fault])))
