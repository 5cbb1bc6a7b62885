"""What differs between the simulated PrestaShop versions, where a catalogue's client would notice.

Source: recordings of 8.2.1 (PHP 8.2) and 1.7.8.11 (PHP 7.4), the latter with and without PHP notices.
"""

from dataclasses import dataclass, replace

from simulator.fields import Resource
from simulator.settings import ALL_METHODS

MEGABYTE = 1_000_000
OLD_PICTURE_TYPES = "image/gif, image/jpg, image/jpeg, image/pjpeg, image/png"


@dataclass(frozen=True, slots=True)
class Edition:
    """One version's ways.

    `arrow` is how its messages write `->`. `strict_lists`: a bad filter is a 500 with PHP warnings, else 400,
    and the list of resources is none in JSON. `drops_falsy`: its JSON of one entity leaves falsy fields out.
    `hashes_nothing`: answers about pictures carry the Content-Sha1 of nothing. `lists_lost_stock`: a stock
    row that was moved to no shop is still listed. `picture_limit_bytes` None = a setting of the shop.
    `notices`: PHP notices are on, so that an answer which shows a product without a picture is 500 code 5.
    """

    version: str = "8.2.1"
    methods: frozenset[str] = ALL_METHODS
    arrow: str = "-&gt;"
    strict_lists: bool = True
    drops_falsy: bool = True
    hashes_nothing: bool = True
    lists_lost_stock: bool = True
    no_names: str = "foreach() argument must be of type array|object, string given"
    no_names_line: int = 8101
    picture_types: str = f"{OLD_PICTURE_TYPES}, image/webp, image/x-png"
    picture_extensions: tuple[str, ...] = ("gif", "jpg", "jpeg", "jpe", "png", "webp")
    shown_extensions: str = "gif, jpg, jpeg, jpe, png, webp"
    picture_limit_bytes: int | None = None
    unknown_fields: frozenset[tuple[str, str]] = frozenset()
    notices: bool = False

    def describe(self, resource: Resource) -> Resource:
        """A resource as this version knows it."""
        unknown = {field for name, field in self.unknown_fields if name == resource.name}
        if not unknown:
            return resource
        return replace(resource, fields=tuple(one for one in resource.fields if one.name not in unknown))


PRESTASHOP_8 = Edition()
PRESTASHOP_17 = Edition(
    version="1.7.8.11",
    methods=ALL_METHODS - {"PATCH"},
    arrow="->",
    strict_lists=False,
    drops_falsy=False,
    hashes_nothing=False,
    lists_lost_stock=False,
    no_names="Invalid argument supplied for foreach()",
    no_names_line=8028,
    picture_types=f"{OLD_PICTURE_TYPES}, image/x-png",
    picture_extensions=("gif", "jpg", "jpeg", "jpe", "png"),
    shown_extensions=".gif, .jpg, .png",
    picture_limit_bytes=3 * MEGABYTE,
    unknown_fields=frozenset(
        {
            ("products", "unit_price"),
            ("categories", "additional_description"),
            ("combinations", "available_now"),
            ("combinations", "available_later"),
        }
    ),
)
EDITIONS = {
    "8.2.1": PRESTASHOP_8,
    "1.7.8.11": PRESTASHOP_17,
    "1.7.8.11-notices": replace(PRESTASHOP_17, notices=True),
}
