"""Faults of the database, as problems that say what to do."""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from onboarder.problems import BusyProblem, ConfigProblem
from onboarder.records.database import RecordsAway, RecordsBusy


@contextmanager
def as_problems() -> Generator[None]:
    """`BusyProblem` for a database that cannot take a write now, `ConfigProblem` for one that cannot be used."""
    try:
        yield
    except RecordsAway as error:
        raise _unusable(str(error)) from error
    except RecordsBusy as error:
        raise _busy(str(error)) from error
    except (DBAPIError, ConnectionError, TimeoutError) as error:
        raise _unusable(type(error).__name__) from error


def _busy(why: str) -> BusyProblem:
    return BusyProblem(
        f"the database could not take the write: {why}",
        hint="try again in a moment; check the disk with: onboarder doctor",
        id_message=f"basis data sedang sibuk atau penuh: {why}",
        id_hint="coba lagi sebentar; periksa dengan: onboarder doctor",
    )


def _unusable(why: str) -> ConfigProblem:
    return ConfigProblem(
        f"the database cannot be used ({why})",
        hint="check ONBOARDER_DATABASE_URL and its server with: onboarder doctor",
        id_message=f"basis data tidak bisa dipakai ({why})",
        id_hint="periksa ONBOARDER_DATABASE_URL dan servernya dengan: onboarder doctor",
    )
