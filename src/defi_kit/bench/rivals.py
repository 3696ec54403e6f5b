"""Others that do in one process what the kit does, each in a Python environment that has it.

A rival's program gets the token as JSON (`abi`, and `code` that creates it) and prints how often a
second it does what it does.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

from .. import artifacts
from ..chain.abi import encode
from ..errors import NotSupported

__all__ = ["RIVALS", "rival_rate"]

PATIENCE: Final = 120
"""For a rival's answer. [seconds]"""

_CURVESIM: Final = """
import time, warnings
warnings.simplefilter("ignore")
from curvesim.pool.stableswap.pool import CurvePool
pool = CurvePool(A=100, D=[10**24, 10**24], n=2, fee=4 * 10**6)
def turn(count):
    start = time.perf_counter()
    for number in range(count):
        pool.exchange(number & 1, 1 - (number & 1), 10**18)
    return count / (time.perf_counter() - start)
turn(1000)
print(sorted(turn(4000) for _ in range(7))[3])
"""
"""Its pool of two tokens in plain Python, each way in turn."""

_TITANOBOA: Final = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import boa
made = json.load(sys.stdin)
alice, bob = boa.env.generate_address(), boa.env.generate_address()
address, _ = boa.env.deploy_code(bytecode=bytes.fromhex(made["code"]))
token = boa.loads_abi(json.dumps(made["abi"])).at(address)
token.mint(alice, 10**30)
def turn(count):
    start = time.perf_counter()
    for _ in range(count):
        token.transfer(bob, 1, sender=alice)
    return count / (time.perf_counter() - start)
turn(20)
print(sorted(turn(50) for _ in range(7))[3])
"""
"""A transfer through its client."""

_ETH_TESTER: Final = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
from eth_tester import EthereumTester, PyEVMBackend
made = json.load(sys.stdin)
tester = EthereumTester(PyEVMBackend())
alice, bob = tester.get_accounts()[:2]
def send(**fields):
    sent = tester.send_transaction({"from": alice, "gas": 3_000_000, **fields})
    return tester.get_transaction_receipt(sent)
def call(selector, who, amount):
    return selector + who[2:].rjust(64, "0") + hex(amount)[2:].rjust(64, "0")
token = send(data="0x" + made["code"])["contract_address"]
send(to=token, data=call("0x40c10f19", alice, 10**30))
data = call("0xa9059cbb", bob, 1)
def turn(count):
    start = time.perf_counter()
    for _ in range(count):
        send(to=token, data=data)
    return count / (time.perf_counter() - start)
turn(5)
print(sorted(turn(10) for _ in range(7))[3])
"""
"""A transfer with prepared calldata, and its receipt."""

_VERBS: Final = """
import json, sys, time
import verbs
made = json.load(sys.stdin)
chain = verbs.envs.EmptyEnvRandom(1)
alice, bob = (bytes(19) + bytes([digit]) for digit in (17, 18))
for who in (alice, bob):
    chain.create_account(who, 10**24)
token = bytes(chain.deploy_contract(alice, "Token", bytes.fromhex(made["code"])))
def call(selector, who, amount):
    return bytes.fromhex(selector) + who.rjust(32, b"\\0") + amount.to_bytes(32, "big")
def send(data):
    _, events, _ = chain.execute(alice, token, data, 0)
    assert len(events) == 1
send(call("40c10f19", alice, 10**30))
data = call("a9059cbb", bob, 1)
def turn(count):
    start = time.perf_counter()
    for _ in range(count):
        send(data)
    return count / (time.perf_counter() - start)
turn(500)
print(sorted(turn(2000) for _ in range(7))[3])
"""
"""A transfer with prepared calldata, in Rust, and its event; without a block or a receipt."""

RIVALS: Final = {
    "curvesim": ("curvesim swap", _CURVESIM),
    "titanoboa": ("titanoboa transfer", _TITANOBOA),
    "eth-tester": ("eth-tester transfer", _ETH_TESTER),
    "verbs": ("verbs transfer", _VERBS),
}
"""PyPI's name → what is measured, and the program."""


def rival_rate(name: str, python: str) -> float:
    """How often a second the rival does it, in that interpreter. NotSupported with its reason."""
    _, program = RIVALS[name]
    where = "this environment" if python == sys.executable else python
    token = artifacts.load("MockToken")
    code = token.bytecode + encode(("string", "uint8"), ("Token", 18))
    made = json.dumps({"abi": token.abi, "code": code.hex()})
    try:
        done = subprocess.run(
            [python, "-c", program],
            input=made,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotSupported(f"{name} does not run in {where}: {error}") from None
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise NotSupported(f"{name} does not run in {where}: {reason}")
    return float(done.stdout.split()[-1])
