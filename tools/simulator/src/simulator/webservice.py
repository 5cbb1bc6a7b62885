"""The webservice: from one request to one answer. Everything but pictures; no HTTP library in here."""

import hashlib
from dataclasses import dataclass, field

from simulator import answers_json, answers_xml
from simulator.answers_json import JsonWriter
from simulator.answers_xml import XmlWriter
from simulator.bodies import parse_body
from simulator.computed import cover
from simulator.deleting import delete_entity
from simulator.entities import Entity, entity_from_row, load, whole_number
from simulator.failures import (
    BadQueryError,
    EmptyFailure,
    Errors,
    Failure,
    did_you_mean,
    fail,
)
from simulator.fields import Resource
from simulator.resource_list import DESCRIPTIONS
from simulator.schemas import resource_list, schema, schema_notices
from simulator.selection import Query, languages_of, list_statement, shown_fields, value_of
from simulator.settings import ALL_METHODS, Key
from simulator.shop import Shop
from simulator.writing import Written, write_entities

XML_TYPE = "text/xml;charset=utf-8"
WELCOME = (
    'Basic realm="Welcome to PrestaShop Webservice, please enter the authentication key as the login.'
    ' No password required."'
)
WRITING = ALL_METHODS - {"GET", "HEAD"}
NOTICE = (
    "[PHP Notice #8] Trying to access array offset on value of type bool"
    " (/var/www/html/classes/Product.php, line 7178)"
)
EMPTY_SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One request to `/api`. `segments` is the path behind it; `key` is None when no credentials were sent.

    `upload` is the file of the form field `image`, when there was one. `given_up` are the products that this
    request loses to others which write them at the same time.
    """

    method: str
    segments: tuple[str, ...]
    query: Query
    key: str | None = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    as_json: bool = False
    upload: "Upload | None" = None
    given_up: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file: the name and type that the client claims, and its bytes."""

    filename: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Answer:
    """What goes back. `entities` counts what was written or listed, for the request log."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    entities: int = 0


def answer(shop: Shop, call: ApiCall) -> Answer:
    """Answer a request. What was written before a refusal stays written, as in the shop."""
    if call.key is None:
        return Answer(
            401,
            b"401 Unauthorized",
            {"Content-Type": "text/html; charset=utf-8", "WWW-Authenticate": WELCOME},
        )
    written = Written()
    try:
        key = enter(shop, call)
        return finished(shop, dispatch(shop, call, key, written))
    except NoEntryError as refusal:
        return unknown_visitor(shop, call, refusal.failure)
    except Failure as failure:
        if isinstance(failure, BadQueryError):
            failure = failure.followed_by(shop.edition.after_bad_query)
        return finished(shop, failed(call, failure, len(written.entities)))
    except EmptyFailure:
        return crashed(len(written.entities))


class NoEntryError(Exception):
    """The key was refused, before the webservice knew its own version."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.status)
        self.failure = failure


def enter(shop: Shop, call: ApiCall) -> Key:
    """The key of a request whose method exists."""
    try:
        key = authenticate(shop, call.key or "")
    except Failure as failure:
        raise NoEntryError(failure) from None
    check_method(shop, call.method)
    return key


def unknown_visitor(shop: Shop, call: ApiCall, failure: Failure) -> Answer:
    """The answer to a refused key: version 0, and the invitation to try again."""
    found = failed(call, failure)
    if failure.status == 401:
        found.headers["WWW-Authenticate"] = WELCOME
    return finished(shop, found, entered=False)


def crashed(entities: int = 0) -> Answer:
    """A crash of the shop: 500 without a body."""
    return Answer(500, b"", {"Content-Type": "text/html; charset=utf-8"}, entities)


def finished(shop: Shop, found: Answer, *, entered: bool = True) -> Answer:
    """The headers that every answer of the webservice carries. Without a key that it knows, 8.x says 0."""
    version = shop.edition.version if entered or shop.edition.knows_itself else "0"
    found.headers |= {"X-Powered-By": "PrestaShop Webservice", "PSWS-Version": version}
    if not shop.edition.hashes_nothing and found.headers.get("Content-Sha1") == EMPTY_SHA1:
        del found.headers["Content-Sha1"]
    return found


def failed(call: ApiCall, failure: Failure, entities: int = 0) -> Answer:
    """The answer to a refused request."""
    writer = answers_json if call.as_json else answers_xml
    # A body that is no XML is quoted as it came, wrong bytes and all.
    body = writer.errors(failure.errors).encode("utf-8", "surrogateescape")
    headers = {"Content-Type": "application/json" if call.as_json else XML_TYPE}
    if failure.hashed:
        headers["Content-Sha1"] = EMPTY_SHA1
    return Answer(failure.status, body, headers, entities)


def succeeded(call: ApiCall, status: int, text: str, entities: int) -> Answer:
    """The answer to a request that worked."""
    body = text.encode()
    headers = {
        "Content-Type": "application/json" if call.as_json else XML_TYPE,
        "Content-Sha1": hashlib.sha1(body, usedforsecurity=False).hexdigest(),
    }
    return Answer(status, body, headers, entities)


def authenticate(shop: Shop, secret: str) -> Key:
    """The key that was sent. Codes 17 (empty), 18 (not 32 characters), 20 and 21 (unknown or disabled)."""
    if secret == "":
        raise fail(401, 17, "Authentication key is empty")
    known = next((key for key in shop.settings.keys if key.secret == secret), None)
    if known is None and len(secret) != 32:
        raise fail(401, 18, "Invalid authentication key format")
    if known is None or not known.active:
        inactive = (20, "Authentification key is not active")
        raise Failure(401, (inactive, (21, "No permission for this authentication key")))
    return known


def check_method(shop: Shop, method: str) -> None:
    """Code 23 for a method that the webservice does not know."""
    if method not in shop.edition.methods:
        raise fail(405, 23, f"Method {method} is not valid")


def permit(call: ApiCall, key: Key) -> str:
    """The name of the resource, when the key may use it so. Codes 27, 26 and 25."""
    name = call.segments[0]
    if name not in DESCRIPTIONS:
        text = f'Resource of type "{name}" does not exists. {did_you_mean(name, list(DESCRIPTIONS))}'
        raise fail(400, 27, text)
    allowed = key.methods(name)
    if not allowed:
        raise fail(401, 26, f'Resource of type "{name}" is not allowed with this authentication key')
    if call.method not in allowed:
        text = f"Method {call.method} is not allowed for the resource {name} with this authentication key"
        raise fail(405, 25, text)
    return name


def dispatch(shop: Shop, call: ApiCall, key: Key, written: Written) -> Answer:
    """Send a request to what answers it."""
    if not call.segments:
        if call.as_json and shop.edition.php8:
            raise EmptyFailure
        if call.as_json:
            names = [name for name in DESCRIPTIONS if key.methods(name)]
            return succeeded(call, 200, answers_json.encode(names), 0)
        rights = {name: key.methods(name) & shop.edition.methods for name in DESCRIPTIONS}
        return succeeded(call, 200, resource_list(shop, DESCRIPTIONS, rights), 0)
    name = permit(call, key)
    resource = shop.resources.get(name) or Resource(
        name, name, name, (), forbidden=ALL_METHODS - {"GET", "HEAD"}
    )
    if call.method in resource.forbidden:
        raise fail(405, 101, f"Method {call.method} is not allowed for the resource {name}")
    if call.method in ("GET", "HEAD"):
        return read(shop, call, resource)
    if call.method == "DELETE":
        return delete(shop, call, resource)
    languages = languages_of(call.query, shop.languages)
    root = parse_body(call.body, shop.edition)
    write_entities(shop, resource, call.method, root, written, given_up=call.given_up)
    text = (JsonWriter if call.as_json else XmlWriter)(shop, None, languages).entities(written.entities)
    found = succeeded(call, 201 if call.method == "POST" else 200, text, len(written.entities))
    return noticed(shop, call, None, written.entities, found)


def noticed(
    shop: Shop, call: ApiCall, shown: set[str] | None, entities: list[Entity], found: Answer
) -> Answer:
    """The answer as it was meant, unless PHP notices are on and it shows products without a cover."""
    if not shop.edition.notices or not (shown is None or "id_default_image" in shown):
        return found
    bare = [one for one in entities if one.resource.name == "products" and not cover(shop, one)]
    return tripped(call, found, ((5, NOTICE),) * len(bare))


def tripped(call: ApiCall, found: Answer, errors: Errors) -> Answer:
    """An answer over which PHP notices came up: 500.

    Measured on 1.7.8.11: what was written stays written; XML loses the answer, JSON adds the errors.
    """
    if not errors:
        return found
    if call.as_json:
        found.body = found.body[:-1] + answers_json.errors(errors).replace("{", ",", 1).encode()
    else:
        found.body = answers_xml.errors(errors).encode()
    found.status = 500
    return found


def read(shop: Shop, call: ApiCall, resource: Resource) -> Answer:
    """GET and HEAD: a schema, one entity, or a list."""
    kind = value_of(call.query, "schema")
    if kind is not None:
        answered = succeeded(call, 200, schema(shop, resource, kind, as_json=call.as_json), 0)
        return tripped(call, answered, schema_notices(resource)) if shop.edition.notices else answered
    single = len(call.segments) > 1 and call.segments[1] != ""
    languages = languages_of(call.query, shop.languages)
    writer = (JsonWriter if call.as_json else XmlWriter)(
        shop, shown_fields(call.query, resource, single=single), languages
    )
    if single:
        entity = load_one(shop, resource, whole_number(call.segments[1]))
        if entity is None:
            return Answer(404)
        answered = succeeded(call, 200, writer.entities([entity]), 1)
        return noticed(shop, call, writer.shown, [entity], answered)
    if resource.name not in shop.resources:
        return succeeded(call, 200, writer.listing(resource, []), 0)
    statement = list_statement(call.query, resource)
    rows = shop.connection.execute(statement.sql, statement.arguments)
    found = [entity_from_row(resource, row) for row in rows]
    if resource.name == "stock_availables" and not shop.edition.lists_lost_stock:
        found = [one for one in found if one.text("id_shop") == "1"]
    answered = succeeded(call, 200, writer.listing(resource, found), len(found))
    return noticed(shop, call, writer.shown, found, answered)


def load_one(shop: Shop, resource: Resource, number: int) -> Entity | None:
    """One entity by id. A stock row that was moved to another shop answers 404 with code 131."""
    if resource.name not in shop.resources:
        return None
    entity = load(shop.connection, resource, number)
    if entity is None:
        return None
    if resource.name == "stock_availables" and entity.text("id_shop") != "1":
        raise fail(404, 131, f"This StockAvailable ({number}) does not exists on this shop")
    return entity


def delete(shop: Shop, call: ApiCall, resource: Resource) -> Answer:
    """DELETE of one id in the path or several in `?id=[2,3]`; nothing is deleted when one is missing (87)."""
    warnings: Errors = ()
    listed = value_of(call.query, "id")
    if listed is not None and listed.startswith("["):
        ids = [whole_number(part) for part in listed.strip("[]").split(",")]
    elif len(call.segments) > 1:
        ids = [whole_number(call.segments[1])]
    else:
        ids, warnings = [0], shop.edition.after_no_id
    missing = [number for number in ids if load(shop.connection, resource, number) is None]
    if missing:
        listed_ids = ", ".join(str(number) for number in missing)
        raise Failure(404, (*warnings, (87, f"Id(s) not exists: {listed_ids}")))
    for number in ids:
        if number in call.given_up:
            raise EmptyFailure
        delete_entity(shop, resource, number)
    if shop.edition.notices and resource.name == "product_option_values":
        return Answer(500, b"", {"Content-Type": XML_TYPE}, len(ids))  # deleted; a notice, without its text
    return Answer(200, entities=len(ids))
