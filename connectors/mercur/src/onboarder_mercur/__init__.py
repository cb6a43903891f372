"""Connector for marketplaces built on Mercur 2.1 (Medusa)."""

from onboarder_mercur.connector import MercurConnector

__all__ = ["MercurConnector"]
