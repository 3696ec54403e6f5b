"""Keys that sign, and keys that must not: those everybody knows.

A key lives in eth-account's object and in nothing else; no message and no repr here shows one.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from ..errors import KeystoreError, RefusedKey, UnknownAccount
from .base import key_address, named_key
from .hashing import HasAddress, checksum_address

__all__ = ["Signer", "is_development_account", "open_account", "refuse_development_account"]

_KEY = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_LIKE_A_KEY = re.compile(r".*(?:0x|[0-9a-fA-F]{12}).*", re.S)
_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of the curve secp256k1: keys lie between 0 and it."""

JUNK_ADDRESSES: Final = frozenset(
    (
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
        "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
        "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
        "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
        "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
        "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
        "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
        "0xBcd4042DE499D14e55001CcbB24a551F3b954096",
        "0x71bE63f3384f5fb98995898A86B02Fb2426c5788",
        "0xFABB0ac9d68B0B445fB7357272Ff202C5651694a",
        "0x1CBd3b2770909D4e10f157cABC84C7264073C9Ec",
        "0xdF3e18d64BC6A983f673Ab319CCaE4f1a57C7097",
        "0xcd3B766CCDd6AE721141F452C550Ca635964ce71",
        "0x2546BcD3c84621e976D8185a91A922aE77ECEc30",
        "0xbDA5747bFD65F08deb54cb465eB87D40e51B197E",
        "0xdD2FD4581271e230360230F9337D5c0430Bf44C0",
        "0x8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199",
    )
)
"""First twenty accounts of the mnemonic "test test … junk" that Anvil and Hardhat use."""

DEVELOPMENT_NAMES: Final = (
    *(
        "admin",
        "alice",
        "arbitrageur",
        "attacker",
        "attester",
        "auditor",
        "bank",
        "bob",
        "borrower",
    ),
    *(
        "bot",
        "carol",
        "charlie",
        "compliance",
        "dave",
        "deployer",
        "eve",
        "feed",
        "frank",
        "grace",
        "guardian",
        "heidi",
        "issuer",
        "keeper",
    ),
    *("lender", "liquidator", "mallory", "market", "minter", "oscar", "owner", "pauser", "peggy"),
    *(
        "protocol",
        "provider",
        "redeemer",
        "searcher",
        "swapper",
        "sybil",
        "trader",
        "treasury",
        "trudy",
        "user",
        "victor",
        "whale",
    ),
)
"""Names of actors, whose keys follow from the names."""


class Signer:
    """An account whose key is in this process."""

    def __init__(self, account: Any) -> None:
        self._account = account
        self.address = checksum_address(account.address)

    def __repr__(self) -> str:
        return f"Signer({self.address})"

    def sign(self, transaction: dict[str, Any]) -> bytes:
        """The signed transaction, ready to be sent."""
        signed = self._account.sign_transaction(transaction)
        return bytes(signed.raw_transaction)


def open_account(account: Any, password: str | None) -> Signer | str | None:
    """A signer from a private key, a key file or an eth-account object; or an unlocked address.

    KeystoreError when a key file is missing, broken or locked with another password.
    """
    if account is None:
        return None
    if callable(getattr(account, "sign_transaction", None)):
        return Signer(account)
    if isinstance(account, HasAddress):
        return checksum_address(account.address)
    if isinstance(account, bytes):
        return from_key(account)
    if isinstance(account, Path):
        return _from_keystore(account, password)
    if not isinstance(account, str):
        raise UnknownAccount(
            f"cannot send with a {type(account).__name__}",
            hint="give a private key, a key file, an unlocked address or a LocalAccount",
        )
    text = account.strip()
    if _ADDRESS.fullmatch(text):
        return checksum_address(text)
    if _KEY.fullmatch(text):
        return from_key(bytes.fromhex(text.removeprefix("0x")))
    path = Path(text).expanduser()
    if _LIKE_A_KEY.fullmatch(text) and not _is_file(path):
        # It may be a key with a digit missing: not a character of it may be shown.
        raise KeystoreError(
            f"no private key, no address and no key file: a text of {len(text)} characters",
            hint="a private key is 64 hexadecimal digits, an address 0x and 40",
        )
    return _from_keystore(path, password)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long for a name, or with a character no name has
        return False


def from_key(key: bytes) -> Signer:
    """A signer from the 32 bytes of a private key."""
    if len(key) != 32 or not 0 < int.from_bytes(key, "big") < _ORDER:
        raise KeystoreError("not a private key of the curve secp256k1")
    from eth_account import Account

    return Signer(Account.from_key(key))


def _from_keystore(path: Path, password: str | None) -> Signer:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KeystoreError(f"no key file {path}") from None
    except OSError as error:
        raise KeystoreError(f"cannot read the key file {path}: {error.strerror}") from None
    except ValueError:
        raise KeystoreError(f"{path} is not a key file: it is not JSON") from None
    if not isinstance(content, dict) or not {"crypto", "Crypto"} & set(content):
        raise KeystoreError(f"{path} is not a key file: it has no 'crypto'")
    if password is None:
        raise KeystoreError(f"{path} is locked", hint="give its password: password=…")
    from eth_account import Account

    try:
        key = Account.decrypt(content, password)
    except ValueError as error:
        if "MAC mismatch" in str(error):
            raise KeystoreError(f"wrong password for {path}") from None
        raise KeystoreError(f"{path} is damaged or of an unknown kind") from None
    except (KeyError, TypeError, NotImplementedError):
        raise KeystoreError(f"{path} is damaged or of an unknown kind") from None
    return from_key(bytes(key))


# --- keys everybody knows -------------------------------------------------------------------------


def is_development_account(address: str) -> bool:
    """Whether anyone can sign for the address: Anvil's and Hardhat's accounts, the usual named
    actors, and keys so small that people try them."""
    return address in JUNK_ADDRESSES or address in _derived()


@cache
def _derived() -> frozenset[str]:
    small = (number.to_bytes(32, "big") for number in range(1, 257))
    numbered = (
        f"{name}{i}" for name in ("account", "borrower", "keeper", "user") for i in range(10)
    )
    named = (named_key(name) for name in (*DEVELOPMENT_NAMES, *numbered))
    return frozenset(key_address(key) for key in (*small, *named))


def refuse_development_account(address: str) -> None:
    """RefusedKey when anyone can sign for the address. For chains that are not local."""
    if is_development_account(address):
        raise RefusedKey(
            f"{address} is a development account: everybody knows its key",
            hint="whatever it holds or owns on a public chain is lost; use a key of your own",
        )
