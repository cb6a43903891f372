"""A column type for points in time."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import DateTime, Dialect, TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.sql.type_api import (
        _BindProcessorType,  # pyright: ignore[reportPrivateUsage]  # the only name for it
        _ResultProcessorType,  # pyright: ignore[reportPrivateUsage]  # as above
    )


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time on every database; SQLite keeps it without the zone, as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else _in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)

    def bind_processor(self, dialect: Dialect) -> "_BindProcessorType[datetime] | None":
        """For SQLite straight to text, as every row has several."""
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> "_ResultProcessorType[datetime] | None":
        """From SQLite straight from text."""
        if dialect.name == "sqlite":
            return _from_text
        return super().result_processor(dialect, coltype)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _to_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    return _in_utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)
