"""The Exchange on a chain: human amounts, quotes, verbs that handle approvals.

exchange = Exchange.deploy(chain)
exchange.create_pool(weth, usd)
exchange.add_liquidity(weth("100"), usd("200_000"))
exchange.swap(weth("1"), usd).bought
"""

from __future__ import annotations

from typing import Self

from .. import bindings
from ..bindings import exchange as generated
from ..chain import Chain, Sender
from ..reverts import ZeroAmount
from ..units import Amount, Ratio
from .exchange import NOBODY
from .flash_client import FlashClient
from .liquidity_client import LiquidityClient
from .pool import PIPS
from .pools_client import Percent, TokenLike, Who, key_struct
from .record_client import RecordClient
from .results import Collected, Skimmed
from .routes import ETHER

__all__ = ["Exchange"]


class Exchange(LiquidityClient, FlashClient, RecordClient):
    """Every pool behind one address.

    Amounts are of tokens on the same chain: `weth("1.5")`, or `exchange.ether("1.5")`, which is
    wrapped and unwrapped on the way. `fee` names the pool among those of two tokens, and so does
    `amplification`: with one it is on StableSwap, without on the constant product. Verbs take
    `sender` (the chain's default sender otherwise), `to` (the sender otherwise) and `deadline`
    (half an hour after the latest block otherwise) [unix seconds]; they approve exactly what they
    need, and take back what was not used. `approve=False` leaves that to you.
    """

    @classmethod
    def deploy(
        cls,
        chain: Chain,
        *,
        weth: Who = ETHER,
        protocol_share: Percent = 0,
        protocol_recipient: Who = NOBODY,
        sender: Sender | None = None,
    ) -> Self:
        """A new Exchange without pools. Nobody owns it.

        `weth` is wrapped ether, where ether shall be traded. `protocol_share` of every swap fee, at
        most 25 %, is kept for `protocol_recipient`. ProtocolShareTooHigh, InvalidRecipient.
        """
        share = Ratio.parse(protocol_share).over(PIPS)
        made = bindings.Exchange.deploy(chain, weth, share, protocol_recipient, sender=sender)
        return cls(chain, made.address)

    # --- surplus and fees -------------------------------------------------------------------------

    def protocol_fees(self, token: TokenLike) -> Amount:
        """What the protocol has earned in a token and nobody has collected; ether's are wrapped."""
        unit = self._unit(self._pooled(token))
        return unit.amount(self.contract.protocol_fees(unit.address))

    def collect(self, token: TokenLike, *, sender: Sender | None = None) -> Collected:
        """Pays the protocol's part of the fees to its recipient. Anyone may. ZeroAmount.

        Ether's are paid wrapped.
        """
        unit = self._unit(self._pooled(token))
        try:
            receipt = self.contract.collect(unit.address, sender=sender)
        except ZeroAmount as error:
            error.hint = f"no {unit} waits to be collected: exchange.protocol_fees(token)"
            raise
        event = receipt.one(generated.FeesCollected, address=self.address)
        return Collected(unit.amount(event.amount), event.to, receipt)

    def skim(
        self, token: TokenLike, *, to: Who | None = None, sender: Sender | None = None
    ) -> Skimmed:
        """Sends to `to` what the Exchange holds of a token beyond its books. Anyone may."""
        unit = self._unit(self._pooled(token))
        keys = [key for key in self.pools() if unit.address in key.tokens]
        funded = [key for key, pool in self._catalogue.read(keys).items() if pool.supply]
        listed = [key_struct(key) for key in sorted(funded, key=lambda key: key.id)]
        who, receiver = self._parties(sender, to)
        with self._explained(balance=unit.amount, booked=unit.amount):
            receipt = self.contract.skim(unit.address, listed, receiver, sender=who)
        event = receipt.one(generated.Skimmed, address=self.address)
        return Skimmed(unit.amount(event.amount), receiver, receipt)
