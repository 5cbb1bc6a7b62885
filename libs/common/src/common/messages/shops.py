"""What services tell each other about a shop."""

from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from common.messages.contract import Message, Part


class ShopLanguage(Part):
    """A language that the shop shows. The one with `is_default` stands in for missing texts."""

    id: int
    iso_code: str
    is_default: bool = False


class ShopLimits(Part):
    """What the shop accepts, in characters and bytes. The defaults are those of PrestaShop 8.2.1."""

    name_length: int = 128
    reference_length: int = 64
    summary_length: int = 800
    feature_value_length: int = 255
    feature_name_length: int = 128
    brand_name_length: int = 64
    image_bytes: int = 2_000_000


class ShopMessage(Message):
    """What all facts about a shop have in common."""

    tenant: str
    shop: str

    def addressed_shop(self) -> str:
        return self.shop

    def addressed_tenant(self) -> str:
        return self.tenant


class ShopSnapshot(ShopMessage):
    """What the shop has at a time; the writer reads it, the validator and the image-processor keep a copy.

    `tax_rules_groups` is None where it is not known: the webservice key may not read them.
    """

    message_type = "shop.snapshot.v1"
    taken_at: datetime
    version: str
    languages: tuple[ShopLanguage, ...]
    categories: tuple[int, ...]
    limits: ShopLimits = ShopLimits()
    tax_rules_groups: tuple[int, ...] | None = None


class ShopSnapshotWanted(ShopMessage):
    """Somebody needs a snapshot that is newer than `newer_than`."""

    message_type = "shop.snapshot_wanted.v1"
    newer_than: datetime


class Reachability(StrEnum):
    """Whether a service can reach a shop."""

    UNREACHABLE = "unreachable"
    RECOVERED = "recovered"


class ShopReachability(ShopMessage):
    """A service's breaker for the shop has opened or closed. Told by each service for itself."""

    message_type = "shop.reachability.v1"
    service: str
    reachability: Reachability
    at: datetime
    cause: str = ""


class ShopRegistered(ShopMessage):
    """A tenant has registered a shop, or changed what it registered: all that holds now.

    `sequence` rises with every change of this shop, so that an older word never overwrites a newer one.
    `settings` are those of the shops file, without id, tenant and key; who does not know one leaves it out.
    `sealed_key` is the webservice key as `common.sealing` seals it, for this tenant and shop alone.
    """

    message_type = "shop.registered.v1"
    sequence: int
    settings: dict[str, JsonValue]
    sealed_key: str


class ShopRemoved(ShopMessage):
    """A tenant has removed a shop that it had registered: nothing is done for it any more."""

    message_type = "shop.removed.v1"
    sequence: int
