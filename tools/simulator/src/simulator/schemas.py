"""`?schema=blank` and `?schema=synopsis`: what a resource's fields are, for clients that ask."""

from simulator.answers_json import encode
from simulator.answers_xml import cdata, document
from simulator.failures import Errors, bad_query
from simulator.fields import Association, Field, Kind, Resource
from simulator.shop import Shop

NO_PARTS_LINE, ID_LINE, OTHER_PART_LINE = 669, 716, 719  # of the shop's own code, as its notices tell
METHODS = ("get", "put", "post", "patch", "delete", "head")


def schema(shop: Shop, resource: Resource, kind: str, *, as_json: bool) -> str:
    """The schema of a resource. Error 28 for an unknown kind."""
    if kind not in ("blank", "synopsis"):
        wanted = "to get the whole schema informations (which fields are required, which kind of content...)"
        blank = "or 'blank' to get an empty schema to fill before using POST request"
        raise bad_query(28, f"Please select a schema of type 'synopsis' {wanted} {blank}")
    if as_json:
        lists = {one.name: [{part.name: None for part in one.parts}] for one in resource.associations}
        names = [] if shop.edition.drops_falsy else plain_names(resource, blank=kind == "blank")
        return encode({resource.node: dict.fromkeys(names, "") | ({"associations": lists} if lists else {})})
    details = kind == "synopsis"
    parts = [f"<{resource.node}>\n"]
    if not details:
        parts.append(f"\t<id>{cdata('')}</id>\n")
    parts.extend(field_line(shop, one, details=details) for one in resource.fields if details or one.settable)
    if resource.associations:
        inside = "".join(association_lines(shop, one, details=details) for one in resource.associations)
        parts.append(f"<associations>\n{inside}</associations>\n")
    return document("".join(parts) + f"</{resource.node}>\n")


def plain_names(resource: Resource, *, blank: bool) -> list[str]:
    """The names in a schema: a blank one has an id and leaves out what cannot be sent."""
    names = [one.name for one in resource.fields if one.settable or not blank]
    return ["id", *names] if blank else names


def schema_notices(resource: Resource) -> Errors:
    """What PHP notices of a resource's associations while the shop writes its schema."""
    source = "/var/www/html/classes/webservice/WebserviceOutputBuilder.php"
    lines: list[int] = []
    for association in resource.associations:
        lines.extend([NO_PARTS_LINE] if association.bare else [])
        lines.extend(ID_LINE if part.name == "id" else OTHER_PART_LINE for part in association.parts)
    message = "[PHP Notice #8] Trying to access array offset on value of type null"
    return tuple((5, f"{message} ({source}, line {line})") for line in lines)


def field_line(shop: Shop, field: Field, *, details: bool) -> str:
    """One field of a schema."""
    marks = field_marks(shop, field) if details else ""
    if not field.localized:
        return f"\t<{field.name}{marks}>{cdata('')}</{field.name}>\n"
    nodes = []
    for language in shop.languages:
        link = f' xlink:href="{shop.api_url}languages/{language}" format="isUnsignedId" ' if details else ""
        nodes.append(f'<language id="{language}"{link}>{cdata("")}</language>')
    return f"\t<{field.name}{marks}>{''.join(nodes)}</{field.name}>\n"


def field_marks(shop: Shop, field: Field) -> str:
    """The attributes of a field in the synopsis, in the shop's order."""
    size = field.shown_size or field.size
    if field.kind is Kind.HTML and not shop.edition.shows_html_sizes:
        size = None
    marks = (
        (field.computed, 'notFilterable="true"'),
        (not field.settable, 'read_only="true"'),
        (field.required, 'required="true"'),
        (size is not None, f'maxSize="{size}"'),
        (bool(field.check), f'format="{field.check}"'),
        (not field.settable, 'readOnly="true"'),
    )
    return "".join(f" {text}" for wanted, text in marks if wanted)


def association_lines(shop: Shop, association: Association, *, details: bool) -> str:
    """One association of a schema."""
    head = f' nodeType="{association.node}" api="{association.api}"' if details else ""
    parts = []
    for part in association.parts:
        link = f' xlink:href="{shop.api_url}{part.link}/"' if details and part.link else ""
        required = ' required="true"' if details and part.required else ""
        parts.append(f"\t<{part.name}{link}{required}>{cdata('')}</{part.name}>\n")
    inside = f"\t<{association.node}>\n{''.join(parts)}\t</{association.node}>\n"
    return f"<{association.name}{head}>\n{inside}</{association.name}>\n"


def resource_list(shop: Shop, descriptions: dict[str, str], methods: dict[str, frozenset[str]]) -> str:
    """`GET /api/`: what the key may use."""
    parts = [f'<api shopName="{shop.settings.shop_name}">\n']
    for name, allowed in methods.items():
        if not allowed:
            continue
        order = [one for one in METHODS if one.upper() in shop.edition.methods]
        marks = " ".join(f'{method}="{str(method.upper() in allowed).lower()}"' for method in order)
        link = f'xlink:href="{shop.api_url}{name}" {marks}'
        parts.append(f"<{name} {link}>\n<description {link}>\n{descriptions[name]}</description>\n")
        if name not in ("attachments", "images", "search"):
            parts.extend(
                f'<schema xlink:href="{shop.api_url}{name}?schema={kind}" type="{kind}"/>\n'
                for kind in ("blank", "synopsis")
            )
        parts.append(f"</{name}>\n")
    return document("".join(parts) + "</api>\n")
