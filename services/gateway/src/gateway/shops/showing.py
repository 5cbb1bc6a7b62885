"""A shop as its tenant sees it: everything but the key."""

from collections.abc import Iterable
from typing import Any

from common.registered_shops.findings import MissingRight
from common.registered_shops.registration import ShopKeys
from common.sealing import SealNotOpened
from common.shops import ShopSettings, ShopTerms
from gateway.access.times import in_seconds
from gateway.answers.shops import ShownCheck, ShownRight, ShownShop, ShownTerms, State
from gateway.shops.store import KeptCheck, KeptShop

SHOWN_CHARACTERS = 4
LEAST_HIDDEN = 8  # of a shorter key nothing is shown


def shown_registered(kept: KeptShop, keys: ShopKeys | None, check: KeptCheck | None) -> ShownShop:
    """A shop that the tenant has registered."""
    one = kept.registration
    settings: dict[str, Any] = dict(one.settings)
    return {
        "id": one.shop,
        "name": settings["name"],
        "url": settings["url"],
        "test": settings.get("test", False),
        "managed_by": "tenant",
        "key_end": _key_end(kept, keys),
        "settings": _terms(settings),
        "registered_at": in_seconds(kept.registered_at),
        "changed_at": in_seconds(kept.changed_at),
        "check": shown_check(check),
    }


def shown_configured(shop: ShopSettings, check: KeptCheck | None) -> ShownShop:
    """A shop of the operator."""
    return {
        "id": shop.id,
        "name": shop.name or shop.id,
        "url": shop.url,
        "test": shop.test,
        "managed_by": "operator",
        "key_end": None,
        "settings": _terms(shop.model_dump(mode="json", exclude={"key"})),
        "registered_at": None,
        "changed_at": None,
        "check": shown_check(check),
    }


def shown_check(check: KeptCheck | None) -> ShownCheck:
    """What was found, or that nobody has looked."""
    if check is None:
        return {
            "state": "unchecked",
            "checked_at": None,
            "version": None,
            "languages": [],
            "can": [],
            "missing": [],
            "problem": None,
        }
    found = check.findings
    problem = found.problem
    return {
        "state": "failed" if problem is not None else _state(found.missing),
        "checked_at": in_seconds(check.checked_at),
        "version": found.version or None,
        "languages": list(found.languages),
        "can": list(found.can),
        "missing": [_right(right) for right in found.missing],
        "problem": None if problem is None else {"field": problem.field, "message": problem.message},
    }


def _state(missing: Iterable[MissingRight]) -> State:
    return "incomplete" if any(right.required for right in missing) else "ready"


def _right(right: MissingRight) -> ShownRight:
    return {
        "resource": right.resource,
        "verbs": list(right.verbs),
        "needed_for": right.needed_for,
        "required": right.required,
        "fix": right.fix,
    }


def _terms(settings: dict[str, Any]) -> ShownTerms:
    known = {name: value for name, value in settings.items() if name in ShopTerms.model_fields}
    terms = ShopTerms.model_validate(known)
    return {
        "concurrency": terms.concurrency,
        "requests_per_minute": terms.requests_per_minute,
        "request_timeout_seconds": terms.request_timeout_seconds,
        "late_commit_seconds": terms.late_commit_seconds,
        "creates_per_request": terms.creates_per_request,
        "changes_per_request": terms.changes_per_request,
        "stock_from": terms.stock_from,
        "repeat_stocks": terms.repeat_stocks,
        "home_category": terms.home_category,
        "verify_writes": terms.verify_writes,
        "owners": dict(terms.owners),
    }


def _key_end(kept: KeptShop, keys: ShopKeys | None) -> str | None:
    one = kept.registration
    if keys is None:
        return None
    try:
        key = keys.open(one.sealed_key, one.tenant, one.shop).get_secret_value()
    except SealNotOpened:
        return None
    return key[-SHOWN_CHARACTERS:] if len(key) >= LEAST_HIDDEN + SHOWN_CHARACTERS else None
