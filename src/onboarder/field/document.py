"""The rules document: all that a phone needs to judge readiness without signal. From manifests and configuration."""

import hashlib
import json

from onboarder.connector.manifest import CredentialKind, HumanStep, Manifest
from onboarder.converge.surroundings import Marketplace
from onboarder.field.consent_texts import Lang
from onboarder.field.kit import Kit
from onboarder.field.rules import NEEDS

LIMITS = (
    "title_min",
    "title_max",
    "photos_min",
    "photos_max",
    "variants_max",
    "price_min",
    "price_max",
    "description_min",
)


def rules_document(kit: Kit, lang: Lang = "id") -> dict[str, object]:
    """Plain values. `version` changes with anything else in it. Pure."""
    made: dict[str, object] = {
        "categories": [
            {"code": code, "title": name} for code, name in kit.intake.categories.names.items()
        ],
        "weights": [
            {"title": one.id if lang == "id" else one.en, "grams": one.grams}
            for one in kit.rules.weight
        ],
        "bounds": _bounds(kit),
        "uploads": {
            "largest": kit.rules.uploads.largest,
            "piece": kit.rules.uploads.piece,
        },
        "marketplaces": [_marketplace(kit, one, lang) for one in kit.around.marketplaces.values()],
    }
    text = json.dumps(made, sort_keys=True)
    return {"version": hashlib.sha256(text.encode()).hexdigest()[:16], **made}


def steps(manifest: Manifest, lang: Lang) -> list[dict[str, object]]:
    """What people do there once the shop has been ordered."""
    return [
        {"who": one.who, "title": _said(one, lang), "minutes": one.minutes}
        for one in manifest.human_steps
    ]


def _bounds(kit: Kit) -> dict[str, int]:
    """What is believed of any product, wherever it goes."""
    values, goods = kit.intake.limits.values, kit.rules.goods
    return {
        "price_min": values.price_lowest,
        "price_max": values.price_highest,
        "weight_min": values.weight_lowest,
        "weight_max": values.weight_highest,
        "stock_max": values.stock_highest,
        "name_max": values.name_characters,
        "variants_max": goods.variants,
        "photos_max": goods.photos,
        "description_max": goods.description_characters,
    }


def _marketplace(kit: Kit, one: Marketplace, lang: Lang) -> dict[str, object]:
    manifest = one.connector.manifest
    by_owner = manifest.credentials is CredentialKind.CONSENT
    return {
        "name": one.name,
        "title": manifest.title,
        "practice": manifest.practice,
        "opened_by": "owner" if by_owner else "api",
        "limits": {name: getattr(manifest.limits, name) for name in LIMITS},
        "categories": sorted(one.categories),
        "needs": [_need(kit, code, lang) for code in NEEDS],
        "steps": steps(manifest, lang),
    }


def _need(kit: Kit, code: str, lang: Lang) -> dict[str, object]:
    need = kit.rules.need[code]
    title = need.id if lang == "id" else need.en
    return {"code": code, "who": need.who, "title": title, "minutes": need.minutes}


def _said(step: HumanStep, lang: Lang) -> str:
    return step.id if lang == "id" else step.en
