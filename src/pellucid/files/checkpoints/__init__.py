"""Checkpoints: where a run stands, written while it trains, so that it goes on bit by bit alike after it was ended."""

from pellucid.files.checkpoints.keeper import Keeper

__all__ = ["Keeper"]
