"""The README's table of marketplaces: `python -m tools.readme_table --check|--write`.

From the connectors' manifests and their accounts on the quality scale.
"""

import argparse
import sys
from pathlib import Path

from onboarder.connector.manifest import Capability, CredentialKind, Manifest
from onboarder.connector.registry import connector_type, installed
from onboarder.connector.testing.quality import grade

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BEGIN = "<!-- marketplaces: written by `make readme` from the connectors' manifests -->"
END = "<!-- end of marketplaces -->"
HEAD = ("Marketplace", "Quality", "Stores", "Listings", "Seen again", "Needs a person", "Limits")

STORES = {Capability.OPEN_STORE: "opened by API", Capability.LIST_BEFORE_OPEN: "listed in review"}
LISTINGS = {
    Capability.CREATE_LISTING: "create",
    Capability.UPDATE_CONTENT: "content",
    Capability.UPDATE_PRICE: "price",
    Capability.UPDATE_STOCK: "stock",
    Capability.WITHDRAW_LISTING: "withdraw",
    Capability.RELIST: "relist",
    Capability.UPLOAD_PHOTO: "photos",
}
SEEN = {
    Capability.OBSERVE_STORE: "store",
    Capability.OBSERVE_LISTINGS: "listings",
    Capability.CATEGORIES: "categories",
    Capability.WEBHOOKS: "webhooks",
}


def main(arguments: list[str]) -> int:
    """Returns 1 if `--check` finds the README out of date."""
    parser = argparse.ArgumentParser(prog="python -m tools.readme_table", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true")
    what.add_argument("--write", action="store_true")
    asked = parser.parse_args(arguments)
    old = README.read_text(encoding="utf-8")
    new = with_table(old, table())
    if asked.write:
        README.write_text(new, encoding="utf-8")
    elif new != old:
        print("README.md: the table of marketplaces is out of date; run: make readme")
        return 1
    return 0


def with_table(text: str, lines: list[str]) -> str:
    """The text with the lines between the two marks."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"README.md lacks the marks {BEGIN!r} and {END!r}")
    return "\n".join([before + BEGIN, *lines, END]) + after


def table() -> list[str]:
    """A row per installed connector, practice marketplaces last."""
    manifests = [connector_type(name).manifest for name in installed()]
    manifests.sort(key=lambda one: (one.practice, one.title))
    rows = [HEAD, tuple("---" for _ in HEAD), *map(_row, manifests)]
    return [f"| {' | '.join(row)} |" for row in rows]


def _row(one: Manifest) -> tuple[str, ...]:
    limits = one.limits
    batch = f", {limits.create_batch} a call" if one.can(Capability.CREATE_IN_BATCH) else ""
    login = {
        CredentialKind.NONE: "no login",
        CredentialKind.LOGIN: "our login",
        CredentialKind.CONSENT: "the merchant's consent",
    }[one.credentials]
    return (
        f"[{one.title}](connectors/{one.name}/README.md){' (practice)' if one.practice else ''}",
        _quality(one.name),
        f"{_those(STORES, one) or 'the merchant signs up'}; {login}",
        f"{_those(LISTINGS, one)}{batch}",
        _those(SEEN, one),
        "; ".join(step.en for step in one.human_steps) or "nothing",
        f"title {limits.title_max}, photos {limits.photos_max}, variants {limits.variants_max}",
    )


def _quality(name: str) -> str:
    """The tier on the scale of the conformance kit, held true by the connector's tests."""
    tier = grade(ROOT / "connectors" / name)
    return tier.value if tier else "below bronze"


def _those(words: dict[Capability, str], one: Manifest) -> str:
    return ", ".join(word for capability, word in words.items() if one.can(capability))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
