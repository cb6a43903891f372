"""A plan's page: beside minutes it says what no haste shortens."""

from dataclasses import replace

from onboarder.connector.manifest import Quotas
from onboarder.office.plans import Chosen, draw_up
from onboarder.people.roles import Person, Role
from tests.support.signed_in import OWN, Service, ulid
from tests.support.town import REHEARSAL


async def test_a_plan_page_says_what_takes_days_and_that_apps_are_missing(service: Service) -> None:
    page = await plan_page(service, Quotas(calls_a_day=5, stores_per_app=1))

    assert "sekitar 4 hari, karena jatah panggilan" in page
    assert "perlu 2 aplikasi, baru ada 1" in page


async def test_a_plan_page_says_nothing_of_quotas_that_hold_nothing_up(service: Service) -> None:
    page = await plan_page(service, Quotas(calls_a_day=5000, stores_per_app=100))

    assert "Toko dibuka" in page
    assert "hari, karena" not in page
    assert "aplikasi" not in page


async def plan_page(service: Service, quotas: Quotas) -> str:
    """Of a plan for the market's two merchants."""
    around = service.town.around
    place = replace(around.marketplaces[REHEARSAL], quotas=quotas)
    ani = Person("ani", Role.COORDINATOR, around.programme.code, frozenset())
    await service.town.settle(2)
    limited = replace(around, marketplaces={REHEARSAL: place})
    await draw_up(limited, ulid(1), Chosen(OWN, (), (REHEARSAL,)), by=ani)
    return (await service.coordinator.get(f"/meja/rencana/{ulid(1)}")).text
