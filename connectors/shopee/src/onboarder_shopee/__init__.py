"""The connector for Shopee's Open Platform, version 2."""

from onboarder_shopee.connector import ShopeeConnector

__all__ = ["ShopeeConnector"]
