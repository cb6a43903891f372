"""Nothing secret or personal in logs, URLs or errors, also when everything goes wrong."""

import json
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from onboarder.connector.errors import MarketplaceError
from onboarder.connector.manifest import Capability
from onboarder.connector.testing.answers import MAINTENANCE, UNAVAILABLE, limited
from onboarder.connector.testing.bench import Bench, Shop, expect, outcome_of
from onboarder.connector.testing.check import check
from onboarder.connector.testing.listening import SHORTEST_SECRET, heard, secrets_in
from onboarder.connector.testing.marketplace import Ability
from onboarder.connector.testing.proxy import Reply, Spoil
from onboarder.connector.testing.samples import EMAIL, OWNER, PERSONAL, PHONE, a_store

CREATE = Capability.CREATE_LISTING
ECHO = Reply(
    400,
    json.dumps(
        {"message": f"Person with name: {OWNER}, phone: {PHONE}, email: {EMAIL}, already exists"}
    ).encode(),
)
"""Marketplaces like to repeat what they were sent."""


@check(CREATE)
async def no_secret_is_logged(bench: Bench) -> None:
    """No log line of any library shows a token, a password or a derived secret, in good times and in bad."""
    with heard() as lines:
        shop, _ = await _a_bad_day(bench)
    secrets = [*_secrets(bench, shop)]
    for line in lines:
        told = [secret for secret in secrets if secret in line]
        expect(not told, f"a log line shows a secret: {_without(line, secrets)[:200]}")
    expect(bool(secrets), "the connector used no secret at all")


@check(CREATE)
async def nobody_is_named_in_a_log(bench: Bench) -> None:
    """No log line shows the owner's name, phone or e-mail."""
    with heard() as lines:
        await _a_bad_day(bench)
    for line in lines:
        told = [text for text in PERSONAL if text in line]
        expect(not told, f"a log line names the owner: {line[:200]}")


@check(CREATE)
async def nobody_is_named_in_a_url(bench: Bench) -> None:
    """No URL carries the owner's name, phone or e-mail."""
    await _a_bad_day(bench)
    _expect_hidden(bench, PERSONAL)


@check(CREATE, needs=[Ability.KEEP_TOKENS_OUT_OF_URLS])
async def no_secret_is_in_a_url(bench: Bench) -> None:
    """No URL carries a token or a password."""
    shop, _ = await _a_bad_day(bench)
    _expect_hidden(bench, [*_secrets(bench, shop)])


def _expect_hidden(bench: Bench, hidden: Sequence[str]) -> None:
    for exchange in bench.proxy.seen:
        target = unquote(exchange.target).replace("+", " ")
        told = [text for text in hidden if text in target or text.replace("+", " ") in target]
        expect(not told, f"{exchange.method} {exchange.target.partition('?')[0]} shows one of them")


@check(CREATE)
async def nobody_is_named_in_an_error(bench: Bench) -> None:
    """No error's text or detail shows a secret, or the owner's name, phone or e-mail."""
    shop, errors = await _a_bad_day(bench)
    hidden = [*PERSONAL, *_secrets(bench, shop)]
    for error in errors:
        said = f"{error} {error.detail} {error.advice} {error!r}"
        told = [text for text in hidden if text in said]
        expect(not told, f"{error.advice.code} shows one of them")
    expect(bool(errors), "nothing went wrong on a bad day")


async def _a_bad_day(bench: Bench) -> tuple[Shop, list[MarketplaceError]]:
    """A store is opened and works; then everything fails in turn, with answers that repeat what was sent."""
    shop = await bench.shop()
    await shop.create(shop.listing())
    errors: list[MarketplaceError] = []
    for reply in (UNAVAILABLE, MAINTENANCE, limited("1"), ECHO):
        bench.spoil_everything(Spoil.REPLACED, reply)
        content = a_store(bench.reference("b"))
        for call in (
            bench.connector.find_store(content),
            bench.connector.open_store(content),
            bench.connector.renew(shop.access),
            bench.connector.complete_store(shop.access, content),
            bench.connector.create_listings(shop.access, shop.drafts(shop.listing("p9"))),
        ):
            outcome = await outcome_of(call)
            if isinstance(outcome, MarketplaceError):
                errors.append(outcome)
        bench.proxy.calm()
    bench.spoil_everything(Spoil.STRANGER)
    outcome = await outcome_of(bench.connector.observe_store(shop.access))
    errors += [outcome] if isinstance(outcome, MarketplaceError) else []
    bench.proxy.calm()
    return shop, errors


def _secrets(bench: Bench, shop: Shop) -> Iterator[str]:
    """What was derived, what is kept for the store, and every token that went over the wire."""
    yield from bench.secrets
    for exchange in bench.proxy.seen:
        token = exchange.headers.get("authorization", "").rpartition(" ")[2]
        if len(token) >= SHORTEST_SECRET:
            yield token
    kept = shop.access.credentials.secret.get_secret_value()
    # A login's address opens nothing by itself.
    yield from (text for text in secrets_in(kept) if "@" not in text)


def _without(line: str, secrets: list[str]) -> str:
    for secret in secrets:
        line = line.replace(secret, "…")
    return line
