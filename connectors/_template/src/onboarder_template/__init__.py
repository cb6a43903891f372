"""The connector for Template."""

from onboarder_template.connector import TemplateConnector

__all__ = ["TemplateConnector"]
