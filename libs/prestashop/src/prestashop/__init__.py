"""An asynchronous client for the PrestaShop webservice.

    async with Shop("https://shop.example", key) as shop:
        outcomes = await shop.create("products", [product], identity="reference")

Several entities travel in one request and each gets an outcome of its own: Written, Refused or Unknown.
"""

from prestashop.breaker import Breaker, BreakerSettings, BreakerState, Transition, is_failure
from prestashop.capabilities import DEFAULT_IMAGE_LIMIT_BYTES, Capabilities, Category, Language
from prestashop.errors import (
    Complaint,
    ShopAnswerLost,
    ShopAnswerUnreadable,
    ShopAuthFailed,
    ShopBlocked,
    ShopCrashed,
    ShopError,
    ShopMethodNotAllowed,
    ShopRedirected,
    ShopRefusal,
    ShopThrottled,
    ShopTimeout,
    ShopUnavailable,
    ShopUnreachable,
)
from prestashop.nodes import (
    Associations,
    LanguageTexts,
    Node,
    Value,
    id_of,
    links_of,
    text_of,
    texts_of,
)
from prestashop.outcomes import Outcome, Refused, Unknown, Written
from prestashop.pacing import Pace, PaceSettings
from prestashop.settings import ClientSettings
from prestashop.shop import Shop
from prestashop.transport import BeforeRequest, OnRequest, RequestRecord
from prestashop.xml import from_xml, to_xml

__all__ = [
    "DEFAULT_IMAGE_LIMIT_BYTES",
    "Associations",
    "BeforeRequest",
    "Breaker",
    "BreakerSettings",
    "BreakerState",
    "Capabilities",
    "Category",
    "ClientSettings",
    "Complaint",
    "Language",
    "LanguageTexts",
    "Node",
    "OnRequest",
    "Outcome",
    "Pace",
    "PaceSettings",
    "Refused",
    "RequestRecord",
    "Shop",
    "ShopAnswerLost",
    "ShopAnswerUnreadable",
    "ShopAuthFailed",
    "ShopBlocked",
    "ShopCrashed",
    "ShopError",
    "ShopMethodNotAllowed",
    "ShopRedirected",
    "ShopRefusal",
    "ShopThrottled",
    "ShopTimeout",
    "ShopUnavailable",
    "ShopUnreachable",
    "Transition",
    "Unknown",
    "Value",
    "Written",
    "from_xml",
    "id_of",
    "is_failure",
    "links_of",
    "text_of",
    "texts_of",
    "to_xml",
]
