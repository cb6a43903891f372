"""Violations, diagnosis and penalties."""

from tests.marketplace.shopee.asked import Diagnosed
from tests.marketplace.shopee.items import own_item
from tests.marketplace.shopee.reading import IDS_MOST, items_of_shop
from tests.marketplace.shopee.rules import Reading
from tests.marketplace.shopee.shelf import Item, Violation
from tests.marketplace.shopee.visit import Refused, Reply, Visit, get, post

REASONS = {
    "Prohibited Listing": 1,
    "Counterfeit and IP Infringement": 2,
    "Spam": 3,
    "Inappropriate Image": 4,
    "Insufficient Information": 5,
    "Mall Listing Improvement": 6,
    "Other Listing Improvement": 7,
}


def violations(visit: Visit) -> Reply:
    """No `error` key on success."""
    listed: list[dict[str, object]] = []
    for number in visit.ids("item_id_list", IDS_MOST):
        try:
            item = own_item(visit, number)
        except Refused as refused:
            failed = {"fail_error": refused.code, "fail_message": refused.message}
            listed.append({"item_id": number, **failed})
            continue
        listed.append(_violation(item))
    answer = visit.ok({"item_list": listed})
    if visit.rules.reads(Reading.VIOLATIONS_WITH_ERROR):
        return answer
    return Reply({name: value for name, value in answer.content.items() if name != "error"})


def diagnosis(visit: Visit) -> Reply:
    done: list[dict[str, object]] = []
    failed: list[dict[str, object]] = []
    for number in visit.read(Diagnosed).item_id_list:
        try:
            done.append(_diagnosed(own_item(visit, number)))
        except Refused as refused:
            failed.append({"item_id": number, "failed_reason": refused.message})
    return visit.ok({"success_item_list": done, "failure_item_list": failed})


def listings_with_issues(visit: Visit) -> Reply:
    page, size = visit.integer("page_no", 1), visit.integer("page_size", 1, 100)
    issues = [
        {"item_id": item.item_id, "reason": REASONS.get(violation.violation_type, -999)}
        for item in items_of_shop(visit, "listed_from")
        for violation in item.violations
    ]
    shown = issues[(page - 1) * size : page * size]
    return visit.ok({"listing_list": shown, "total_count": len(issues)})


def punishments(visit: Visit) -> Reply:
    visit.integer("punishment_status", 1, 2)
    visit.optional_integer("page_no", 1)
    visit.optional_integer("page_size", 1, 100)
    held = visit.shop.penalty and visit.query["punishment_status"] == "1"
    one = {"punishment_type": 105, "issue_time": int(visit.now), "reference_id": 1}
    return visit.ok({"punishment_list": [one] if held else [], "total_count": int(held)})


def _violation(item: Item) -> dict[str, object]:
    return {
        "item_id": item.item_id,
        "item_name": item.name,
        "item_status": item.status,
        "deboost": item.deboost,
        "item_status_details": [one.model_dump() for one in item.violations],
        "deboost_details": [{**Violation().model_dump(), "suggested_category": []}]
        if item.deboost
        else [],
    }


def _diagnosed(item: Item) -> dict[str, object]:
    issues = (
        (1, "Add more images", len(item.images) < 3),
        (7, "Describe the product in more words", len(item.description) < 100),
        (8, "Make the name 25 to 100 characters long", not 25 <= len(item.name) <= 100),
    )
    tasks = [{"issue_type": kind, "suggestion": text} for kind, text, wrong in issues if wrong]
    level = 1 if tasks else 2
    return {"item_id": item.item_id, "quality_level": level, "unfinished_task": tasks}


ENDPOINTS = (
    get("product/get_item_violation_info", violations, "item_id_list"),
    post("product/get_item_content_diagnosis_result", diagnosis),
    get(
        "account_health/get_listings_with_issues",
        listings_with_issues,
        "page_no",
        "page_size",
    ),
    get(
        "account_health/get_punishment_history",
        punishments,
        "punishment_status",
        "page_no",
        "page_size",
    ),
)
