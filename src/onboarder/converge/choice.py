"""Which merchants and marketplaces an order is about, from what a person named."""

from collections.abc import Iterable, Mapping, Sequence

from onboarder.model.ids import MarketCode, MarketplaceName, MerchantId, normal
from onboarder.model.people import Market, Merchant, Programme
from onboarder.problems import UsageProblem
from onboarder.records import register
from onboarder.records.database import Transaction


def market_named(programme: Programme, text: str) -> MarketCode:
    """The market with that code, name or alias; `UsageProblem` naming the programme's markets if there is none."""
    wanted = normal(text)
    for market in programme.markets:
        if wanted in _names(market):
            return market.code
    known = ", ".join(f"{market.code} ({market.name})" for market in programme.markets)
    raise UsageProblem(
        f"no market {text!r} in programme {programme.code}",
        hint=f"markets: {known}",
        id_message=f"tidak ada pasar {text!r} dalam program {programme.code}",
        id_hint=f"pasar: {known}",
    )


async def merchants_named(
    tx: Transaction,
    programme: Programme,
    *,
    ids: Sequence[str],
    market: MarketCode | None,
    all_trained: bool,
) -> list[Merchant]:
    """The merchants named in exactly one way: by id, by market, or all trained ones; `UsageProblem` otherwise."""
    if [bool(ids), market is not None, all_trained].count(True) != 1:
        raise UsageProblem(
            "name merchants in exactly one way",
            hint="MERCHANT ids, or --market CODE, or --all-trained",
            id_message="sebutkan pedagang dengan satu cara saja",
            id_hint="kode pedagang, atau --market KODE, atau --all-trained",
        )
    if ids:
        return await _by_ids(tx, ids)
    found = (await register.merchants(tx, programme.code, market)).values()
    chosen = [one for one in found if one.trained or not all_trained]
    if not chosen:
        raise UsageProblem(
            "no merchants there yet",
            hint="bring the register in first: onboarder import FILE",
            id_message="belum ada pedagang di sana",
            id_hint="masukkan daftarnya dulu: onboarder import BERKAS",
        )
    return chosen


def marketplaces_named(
    configured: Mapping[MarketplaceName, object], names: Iterable[str]
) -> list[MarketplaceName]:
    """The named marketplaces in the order of configuration, all if none is named; `UsageProblem` for an unknown one."""
    asked = list(names)
    unknown = [name for name in asked if name not in configured]
    if unknown or not configured:
        known = ", ".join(configured) or "-"
        raise UsageProblem(
            f"no marketplace {', '.join(map(repr, unknown))} is configured (configured: {known})",
            hint="see: onboarder marketplaces",
            id_message=f"marketplace {', '.join(map(repr, unknown))} belum diatur (yang diatur: {known})",
            id_hint="lihat: onboarder marketplaces",
        )
    return [name for name in configured if not asked or name in asked]


def one_meant(names: list[MarketplaceName], *, named: bool) -> list[MarketplaceName]:
    """The marketplaces to open stores on: named ones, or the only one; `UsageProblem` if it is left open which.

    A practice and a real marketplace may stand side by side; real stores are not opened by leaving out an option.
    """
    if named or len(names) == 1:
        return names
    raise UsageProblem(
        "say on which marketplaces",
        hint=f"--marketplace NAME, of: {', '.join(names)}",
        id_message="sebutkan di marketplace mana",
        id_hint=f"--marketplace NAMA, dari: {', '.join(names)}",
    )


async def _by_ids(tx: Transaction, ids: Sequence[str]) -> list[Merchant]:
    found = {one: await register.merchant_by_id(tx, MerchantId(one)) for one in dict.fromkeys(ids)}
    unknown = [one for one, merchant in found.items() if merchant is None]
    if unknown:
        raise UsageProblem(
            f"no merchant {', '.join(unknown)} on record",
            hint="ids look like knm-7f3k2q8a; see: onboarder status --market CODE",
            id_message=f"pedagang {', '.join(unknown)} tidak tercatat",
            id_hint="kodenya seperti knm-7f3k2q8a; lihat: onboarder status --market KODE",
        )
    return [merchant for merchant in found.values() if merchant is not None]


def _names(market: Market) -> set[str]:
    return {normal(name) for name in (market.code, market.name, *market.aliases)}
