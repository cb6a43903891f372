"""Variations in one or two levels and the models they make."""

import itertools
from collections.abc import Iterable, Sequence

from tests.marketplace.shopee.asked import (
    ChangedModels,
    ChangedVariations,
    DeletedModel,
    Dimension,
    MoreModels,
    NewModel,
    Variation,
    Variations,
)
from tests.marketplace.shopee.catalogue import limit
from tests.marketplace.shopee.item_rules import check_images, check_price, check_ratio, check_stock
from tests.marketplace.shopee.items import editable_item, keep, one_stock, own_item
from tests.marketplace.shopee.reading import price_info, stock_numbers
from tests.marketplace.shopee.shelf import Item, Model, Size, Tier, next_id
from tests.marketplace.shopee.shop import IMAGE_HOST
from tests.marketplace.shopee.visit import Reply, Visit, get, post

FIRST_MODEL = 2_000_458_801
LEVELS_MOST = 2


def init_tier_variation(visit: Visit) -> Reply:
    """Not before the item has settled; replaces all models when the number of levels changes."""
    asked = visit.read(Variations)
    item = editable_item(visit, asked.item_id)
    if visit.now - item.made_at < visit.rules.variant_wait_seconds:
        raise visit.refusal("error_item_not_found", "Item not found")
    tiers = _tiers(visit, item, asked.standardise_tier_variation)
    if len(tiers) == len(item.tiers):
        raise visit.refusal("error_param", "The level of tier-variation not change")
    wanted = set(itertools.product(*(range(len(tier.options)) for tier in tiers)))
    if {model.tier_index for model in asked.model} != wanted:
        raise visit.refusal("error_param", "model, every combination of tier_index is needed")
    models = _models(visit, item, tiers, asked.model, ())
    item = item.model_copy(update={"tiers": tiers, "models": models})
    keep(visit, item)
    return visit.ok(_written(visit, item))


def add_model(visit: Visit) -> Reply:
    asked = visit.read(MoreModels)
    item = _with_models(visit, asked.item_id)
    models = _models(visit, item, item.tiers, asked.model_list, item.models)
    added = models[len(item.models) :]
    keep(visit, item.model_copy(update={"models": models}))
    return visit.ok({"model": [_brief(model) for model in added]})


def update_tier_variation(visit: Visit) -> Reply:
    """Same depth only; a model that is left out is deleted."""
    asked = visit.read(ChangedVariations)
    item = _with_models(visit, asked.item_id)
    tiers = _tiers(visit, item, asked.standardise_tier_variation)
    if len(tiers) != len(item.tiers):
        raise visit.refusal(
            "error_param", "The level of tier-variation changed, use init_tier_variation"
        )
    places = {kept.model_id: kept.tier_index for kept in asked.model_list}
    if not places or not places.keys() <= {model.model_id for model in item.models}:
        raise visit.refusal("error_item_or_variation_not_found", "Item or variation not found")
    _check_places(visit, tiers, places.values())
    models = tuple(
        model.model_copy(update={"tier_index": places[model.model_id]})
        for model in item.models
        if model.model_id in places
    )
    keep(visit, item.model_copy(update={"tiers": tiers, "models": models}))
    return visit.ok({})


def update_model(visit: Visit) -> Reply:
    """SKU, weight, dimension."""
    asked = visit.read(ChangedModels)
    item = _with_models(visit, asked.item_id)
    models = {model.model_id: model for model in item.models}
    for wish in asked.model:
        if wish.model_id not in models:
            raise visit.refusal("error_item_or_variation_not_found", "Item or variation not found")
        sent = {"sku": wish.model_sku, "weight": wish.weight, "dimension": _size(wish.dimension)}
        change = {name: value for name, value in sent.items() if value is not None}
        models[wish.model_id] = models[wish.model_id].model_copy(update=change)
    keep(visit, item.model_copy(update={"models": tuple(models.values())}))
    return visit.ok({})


def delete_model(visit: Visit) -> Reply:
    asked = visit.read(DeletedModel)
    item = _with_models(visit, asked.item_id)
    left = tuple(model for model in item.models if model.model_id != asked.model_id)
    if len(left) == len(item.models):
        raise visit.refusal("error_item_or_variation_not_found", "Item or variation not found")
    if not left:
        raise visit.refusal("error_param", "cannot delete the default model")
    keep(visit, item.model_copy(update={"models": left}))
    return visit.ok()


def model_list(visit: Visit) -> Reply:
    """The models in any order; an empty list if there are none."""
    item = own_item(visit, visit.integer("item_id"))
    models = [_shown(item, model) for model in item.models]
    visit.chance().shuffle(models)
    response = {
        "tier_variation": [_old_form(tier) for tier in item.tiers],
        "standardise_tier_variation": [_new_form(tier) for tier in item.tiers],
        "model": models,
    }
    return visit.ok(response)


def _with_models(visit: Visit, item_id: int) -> Item:
    item = editable_item(visit, item_id)
    if not item.models:
        raise visit.refusal("error_item_or_variation_not_found", "Item or variation not found")
    return item


def _tiers(visit: Visit, item: Item, asked: Sequence[Variation]) -> tuple[Tier, ...]:
    if not 1 <= len(asked) <= LEVELS_MOST:
        raise visit.refusal("error_tier_var_too_many", f"At most {LEVELS_MOST} levels")
    if sum(1 for one in asked for option in one.variation_option_list if option.image_id):
        _check_option_images(visit, asked)
    name_most = limit(item.category_id, "tier_variation_name_length_limit", "max_limit")
    option_most = limit(item.category_id, "tier_variation_option_length_limit", "max_limit")
    for one in asked:
        names = [option.variation_option_name for option in one.variation_option_list]
        if not one.variation_name or not names or not all(names):
            raise visit.refusal("error_param", "variation names, value must Not Null")
        if len(one.variation_name) > name_most:
            raise visit.refusal("error_tier_var_name_too_long", f"Name: at most {name_most}")
        if max(map(len, names)) > option_most:
            raise visit.refusal("error_tier_opt_val_too_long", f"Option: at most {option_most}")
        if len(set(names)) < len(names):
            raise visit.refusal("error_model_duplicate_name", "Duplicate option names")
    return tuple(map(_tier, asked))


def _tier(asked: Variation) -> Tier:
    options = asked.variation_option_list
    images = tuple(option.image_id for option in options if option.image_id)
    names = tuple(option.variation_option_name for option in options)
    return Tier(name=asked.variation_name, options=names, images=images)


def _check_option_images(visit: Visit, asked: Sequence[Variation]) -> None:
    """On the first level only, and there on every option."""
    first = [option.image_id for option in asked[0].variation_option_list]
    later = [option.image_id for one in asked[1:] for option in one.variation_option_list]
    if any(later) or not all(first):
        raise visit.refusal("error_param", "image_id: all options of the first level or none")
    check_images(visit, [image for image in first if image])


def _models(
    visit: Visit,
    item: Item,
    tiers: Sequence[Tier],
    asked: Sequence[NewModel],
    present: tuple[Model, ...],
) -> tuple[Model, ...]:
    """The models that are there and those asked for."""
    if len(present) + len(asked) > visit.rules.models_most:
        raise visit.refusal(
            "error_model_count_over_limit", f"At most {visit.rules.models_most} models"
        )
    places = [*(model.tier_index for model in present), *(model.tier_index for model in asked)]
    _check_places(visit, tiers, places)
    added = tuple(_model(visit, item, one) for one in asked)
    check_ratio(visit, [model.price for model in (*present, *added)])
    return (*present, *added)


def _check_places(visit: Visit, tiers: Sequence[Tier], places: Iterable[tuple[int, ...]]) -> None:
    seen: set[tuple[int, ...]] = set()
    for place in places:
        if place in seen:
            raise visit.refusal(
                "error_model_duplicate_tier_variation_index", "Duplicate tier_index"
            )
        seen.add(place)
        inside = len(place) == len(tiers) and all(
            index < len(tier.options) for index, tier in zip(place, tiers, strict=True)
        )
        if not inside:
            raise visit.refusal("error_param", "tier_index, value is invalid")


def _model(visit: Visit, item: Item, asked: NewModel) -> Model:
    return Model(
        model_id=next_id(visit.state, "model", FIRST_MODEL),
        tier_index=asked.tier_index,
        price=check_price(visit, item.category_id, asked.original_price),
        stock=check_stock(visit, item.category_id, one_stock(visit, asked.seller_stock)),
        sku=asked.model_sku,
        weight=asked.weight,
        dimension=_size(asked.dimension),
    )


def _size(asked: Dimension | None) -> Size | None:
    return None if asked is None else Size(**asked.model_dump())


def _written(visit: Visit, item: Item) -> dict[str, object]:
    models = [_brief(model) for model in item.models]
    visit.chance().shuffle(models)
    tiers = [_old_form(tier) for tier in item.tiers]
    return {"item_id": item.item_id, "tier_variation": tiers, "model": models}


def _brief(model: Model) -> dict[str, object]:
    return {
        "model_id": model.model_id,
        "tier_index": model.tier_index,
        "model_sku": model.sku,
        "price_info": [{"original_price": model.price}],
        "seller_stock": [{"stock": model.stock}],
    }


def _shown(item: Item, model: Model) -> dict[str, object]:
    size = model.dimension or item.dimension
    dimension = {} if size is None else {"dimension": size.model_dump()}
    return {
        "model_id": model.model_id,
        "tier_index": model.tier_index,
        "model_sku": model.sku,
        "model_status": "MODEL_NORMAL",
        "promotion_id": 0,
        "has_promotion": item.in_promotion,
        "price_info": [price_info(model.price)],
        "stock_info_v2": stock_numbers(model.stock, model.reserved),
        "pre_order": {"is_pre_order": item.is_pre_order, "days_to_ship": item.days_to_ship},
        "weight": str(item.weight if model.weight is None else model.weight),
        **dimension,
    }


def _old_form(tier: Tier) -> dict[str, object]:
    return {
        "name": tier.name,
        "option_list": [
            {"option": name, **({"image": _image(tier, place)} if tier.images else {})}
            for place, name in enumerate(tier.options)
        ],
    }


def _new_form(tier: Tier) -> dict[str, object]:
    return {
        "variation_id": 0,
        "variation_name": tier.name,
        "variation_group_id": 0,
        "variation_option_list": [
            {
                "variation_option_id": 0,
                "variation_option_name": name,
                **(_image(tier, place) if tier.images else {}),
            }
            for place, name in enumerate(tier.options)
        ],
    }


def _image(tier: Tier, place: int) -> dict[str, object]:
    return {"image_id": tier.images[place], "image_url": f"{IMAGE_HOST}{tier.images[place]}"}


ENDPOINTS = (
    post("product/init_tier_variation", init_tier_variation),
    post("product/add_model", add_model),
    post("product/update_tier_variation", update_tier_variation),
    post("product/update_model", update_model),
    post("product/delete_model", delete_model),
    get("product/get_model_list", model_list, "item_id"),
)
