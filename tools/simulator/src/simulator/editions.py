"""What differs between the simulated PrestaShop versions, where a catalogue's client would notice.

Source: recordings of 8.2.1 (PHP 8.2) and 1.7.8.11 (PHP 7.4), the latter with and without PHP notices.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from simulator import catalogue_17
from simulator.failures import REQUEST_SOURCE, Errors
from simulator.fields import Resource
from simulator.settings import ALL_METHODS

MEGABYTE = 1_000_000
OLD_PICTURE_TYPES = "image/gif, image/jpg, image/jpeg, image/pjpeg, image/png"


def complaints(code: int, text: str, *lines: int, source: str = REQUEST_SOURCE) -> Errors:
    """What PHP says of lines of the shop's own code."""
    return tuple((code, f"[PHP {text} ({source}, line {line})") for line in lines)


NO_OFFSET = "Trying to access array offset on value of type bool"
AFTER_BAD_QUERY = complaints(3, f"Warning #2] {NO_OFFSET}", 1333, 1334, 1335, 1336)
JSON_SOURCE = "/var/www/html/classes/webservice/WebserviceOutputJSON.php"
FOR_EACH_PICTURE = complaints(3, 'Warning #2] Undefined array key "objectsNodeName"', 127, source=JSON_SOURCE)
AFTER_NO_ID = complaints(3, "Warning #2] Undefined array key 1", 1485)


@dataclass(frozen=True, slots=True)
class Edition:
    """One version's ways.

    `resources` are those that it describes in its own way. `arrow` is how its messages write `->`.
    `php8`: PHP's warnings of a list, a name or a feature value that is not there fail the request.
    `after_bad_query` is added to the error of a bad filter, display, sort or schema, which is a 500 then and
    else a 400; `after_no_id` comes before that of a DELETE without an id; `for_each_picture`
    stands in a JSON list of pictures. `drops_falsy`: its JSON of one
    entity, or of a schema, leaves falsy fields out. `hashes_nothing`: answers about pictures carry the
    Content-Sha1 of nothing. `lists_lost_stock`: a stock row that was moved to no shop is still listed.
    `refuses_duplicates`: the same row twice (a specific price, a feature pair) crashes it.
    `shows_html_sizes`: its schema tells the size of HTML fields. `knows_itself`: it tells its version to
    whom it does not know. `not_a_colour` is how it writes that an option is none. `powered_by` stands on
    answers that its webservice had no hand in. `cut_off` is how its XML library says that a body ends early.
    `halves_colours`: its GD writes the colours of a jpg at half the resolution.
    `picture_limit_bytes` None = a setting of the shop. `notices`: PHP notices are on, so that an answer which
    shows a product without a picture is 500 code 5.
    """

    version: str = "8.2.1"
    methods: frozenset[str] = ALL_METHODS
    resources: Mapping[str, Resource] = field(default_factory=dict)
    arrow: str = "-&gt;"
    php8: bool = True
    after_bad_query: Errors = AFTER_BAD_QUERY
    after_no_id: Errors = AFTER_NO_ID
    for_each_picture: Errors = FOR_EACH_PICTURE
    drops_falsy: bool = True
    hashes_nothing: bool = True
    lists_lost_stock: bool = True
    refuses_duplicates: bool = True
    shows_html_sizes: bool = True
    knows_itself: bool = False
    not_a_colour: str = ""
    powered_by: str = ""
    no_names: str = "foreach() argument must be of type array|object, string given"
    no_product_names_line: int = 8101
    no_category_names_line: int = 2068
    body_line: int = 1544
    cut_off: str = ""
    picture_types: str = f"{OLD_PICTURE_TYPES}, image/webp, image/x-png"
    picture_extensions: tuple[str, ...] = ("gif", "jpg", "jpeg", "jpe", "png", "webp")
    shown_extensions: str = "gif, jpg, jpeg, jpe, png, webp"
    halves_colours: bool = False
    picture_limit_bytes: int | None = None
    notices: bool = False

    def describe(self, resource: Resource) -> Resource:
        """A resource as this version knows it."""
        return self.resources.get(resource.name, resource)


PRESTASHOP_8 = Edition()
PRESTASHOP_17 = Edition(
    version="1.7.8.11",
    methods=ALL_METHODS - {"PATCH"},
    resources=catalogue_17.RESOURCES,
    arrow="->",
    php8=False,
    after_bad_query=(),
    after_no_id=(),
    for_each_picture=(),
    drops_falsy=False,
    hashes_nothing=False,
    lists_lost_stock=False,
    refuses_duplicates=False,
    shows_html_sizes=False,
    knows_itself=True,
    not_a_colour="0",
    powered_by="PHP/7.4.33",
    no_names="Invalid argument supplied for foreach()",
    no_product_names_line=8028,
    no_category_names_line=2051,
    body_line=1506,
    cut_off="EndTag: '</' not found",
    picture_types=f"{OLD_PICTURE_TYPES}, image/x-png",
    picture_extensions=("gif", "jpg", "jpeg", "jpe", "png"),
    shown_extensions=".gif, .jpg, .png",
    halves_colours=True,
    picture_limit_bytes=3 * MEGABYTE,
)
EDITIONS = {
    "8.2.1": PRESTASHOP_8,
    "1.7.8.11": PRESTASHOP_17,
    "1.7.8.11-notices": replace(
        PRESTASHOP_17,
        notices=True,
        after_bad_query=complaints(5, f"Notice #8] {NO_OFFSET}", 1307, 1308, 1309, 1310),
        after_no_id=complaints(5, "Notice #8] Undefined offset: 1", 1447),
        for_each_picture=complaints(
            5, "Notice #8] Undefined index: objectsNodeName", 127, source=JSON_SOURCE
        ),
    ),
}
