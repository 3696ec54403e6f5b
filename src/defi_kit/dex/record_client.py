"""Prices on record: the means that an Exchange's pools can tell."""

from __future__ import annotations

from decimal import Context, Decimal

from ..chain import Receipt, Sender
from ..errors import ParameterError
from ..units import check_uint256
from .pools_client import Percent, PoolsClient, TokenLike, key_struct
from .results import Observed

__all__ = ["RecordClient"]


class RecordClient(PoolsClient):
    """What a reader of past prices does."""

    def increase_observations(
        self,
        count: int,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
        *,
        sender: Sender | None = None,
    ) -> Receipt:
        """Pays for room to keep `count` records of a pool's price, one in five minutes at most.

        Anyone may. TooManyObservations (above 65,535), UnknownPool, NoLiquidity.
        """
        key = self.key(token_a, token_b, fee, amplification)
        with self._explained(key):
            return self.contract.increase_observations(key.id, count, sender=sender)

    def observe(
        self,
        seconds_ago: int,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
    ) -> Observed:
        """The pool's accumulated price so long ago, or at the latest record before that.

        TooYoung when no record goes back so far.
        """
        key = self.key(token_a, token_b, fee, amplification)
        with self._explained(key):
            return Observed(*self.contract.observe(key_struct(key), seconds_ago))

    def mean_price(
        self,
        seconds: int,
        token_a: TokenLike,
        token_b: TokenLike,
        fee: Percent = "0.3%",
        amplification: int | None = None,
    ) -> Decimal:
        """The geometric mean of token_a's price in token_b over at least so many seconds to now.

        Human units, 15 digits. Nothing inside a block moves it. TooYoung; ParameterError when
        `seconds` is below one.
        """
        if not check_uint256(seconds, "seconds"):
            hint = "ask for at least one; exchange.pool(...) tells the price of this moment"
            raise ParameterError("a mean over 0 seconds", hint=hint)
        key = self.key(token_a, token_b, fee, amplification)
        now = self.observe(0, token_a, token_b, fee, amplification)
        then = self.observe(seconds, token_a, token_b, fee, amplification)
        units = [self._unit(token) for token in key.tokens]
        mean = Decimal(now.cumulative - then.cumulative) / ((now.at - then.at) * 2**64) - 128
        price = Decimal(2) ** mean
        price = price.scaleb(units[0].decimals - units[1].decimals)
        price = price if self._pooled(token_a) == key.token0 else 1 / price
        return price.normalize(Context(prec=15))
