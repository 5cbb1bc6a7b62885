"""An asynchronous client for the PrestaShop webservice.

    async with Shop("https://shop.example", key) as shop:
        outcomes = await shop.create("products", [drafts.product("SKU-1", {1: "Steel bracket"}, "12.50")])

Several entities travel in one request and each gets an outcome of its own: Written, Refused or Unknown.
"""

from prestashop import drafts
from prestashop.advice import PASSING, Advice, advice_on
from prestashop.breaker import Breaker, BreakerSettings, BreakerState, Transition, is_failure
from prestashop.capabilities import DEFAULT_IMAGE_LIMIT_BYTES, Capabilities, Category, Language
from prestashop.catalogue import StockRow, TaxRuleGroup
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
from prestashop.identities import IDENTITIES
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
from prestashop.outcomes import NotWritten, Outcome, Refused, Unknown, Written, ids_of
from prestashop.pacing import Pace, PaceSettings
from prestashop.rehearsed import FIRST_REHEARSED_ID
from prestashop.rehearsing import PlannedRequests
from prestashop.schemas import AssociationRule, FieldRule, ResourceSchema
from prestashop.settings import ClientSettings
from prestashop.shop import RehearsedShop, Shop
from prestashop.transport import BeforeRequest, OnRequest, RequestRecord
from prestashop.xml import from_xml, to_xml

__all__ = [
    "DEFAULT_IMAGE_LIMIT_BYTES",
    "FIRST_REHEARSED_ID",
    "IDENTITIES",
    "PASSING",
    "Advice",
    "AssociationRule",
    "Associations",
    "BeforeRequest",
    "Breaker",
    "BreakerSettings",
    "BreakerState",
    "Capabilities",
    "Category",
    "ClientSettings",
    "Complaint",
    "FieldRule",
    "Language",
    "LanguageTexts",
    "Node",
    "NotWritten",
    "OnRequest",
    "Outcome",
    "Pace",
    "PaceSettings",
    "PlannedRequests",
    "Refused",
    "RehearsedShop",
    "RequestRecord",
    "ResourceSchema",
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
    "StockRow",
    "TaxRuleGroup",
    "Transition",
    "Unknown",
    "Value",
    "Written",
    "advice_on",
    "drafts",
    "from_xml",
    "id_of",
    "ids_of",
    "is_failure",
    "links_of",
    "text_of",
    "texts_of",
    "to_xml",
]
