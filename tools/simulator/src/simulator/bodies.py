"""Request bodies: XML in, with libxml's complaints in the shop's words when it is none."""

from lxml import etree

from simulator.editions import Edition
from simulator.failures import REQUEST_SOURCE, Failure

CONTEXT_CHARACTERS = 80
CUT_OFF = "Premature end of data"  # as today's libxml says it


def parse_body(body: bytes, edition: Edition) -> etree._Element:
    """The root of a body; a leading `xml=` is taken off. Status 500, code 127 when it is no XML."""
    content = body.removeprefix(b"xml=")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    if not content:
        raise Failure(500, (unreadable(""),))
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        text = content.decode("utf-8", "surrogateescape")
        raise Failure(500, (*warnings_of(error, text, edition), unreadable(text))) from None


def unreadable(text: str) -> tuple[int, str]:
    """The shop's own error for a body that is no XML."""
    size = len(text.encode("utf-8", "surrogateescape"))
    return 127, f"XML error : String could not be parsed as XML\nXML length : {size}\nOriginal XML : {text}"


def wrong_bytes(text: str) -> str:
    """The four bytes at the first place that is not UTF-8, as libxml lists them; empty when all is well."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        found = text[error.start :].encode("utf-8", "surrogateescape")[:4]
        return " ".join(f"0x{byte:02X}" for byte in found)
    return ""


def warnings_of(error: etree.XMLSyntaxError, text: str, edition: Edition) -> list[tuple[int, str]]:
    """libxml's message, the line it means and a caret under the place, each as a PHP warning."""
    line, column = error.position
    lines = text.split("\n")
    shown = lines[line - 1] if 0 < line <= len(lines) else ""
    start = max(0, column - 1 - CONTEXT_CHARACTERS)
    message = str(error.msg).split(", line ", 1)[0]
    if edition.cut_off and message.startswith(CUT_OFF):
        message = edition.cut_off
    if wrong := wrong_bytes(text):
        message, column = f"Input is not proper UTF-8, indicate encoding !\nBytes: {wrong}", column - 1
    pieces = (
        f"Entity: line {line}: parser error : {message}",
        shown[start : start + CONTEXT_CHARACTERS],
        " " * max(0, column - 1 - start) + "^",
    )
    source = f"({REQUEST_SOURCE}, line {edition.body_line})"
    return [(3, f"[PHP Warning #2] SimpleXMLElement::__construct(): {piece} {source}") for piece in pieces]
