"""From an HTTP request to what it asks of the webservice."""

import base64
import binascii
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from simulator.selection import value_of
from simulator.webservice import ApiCall, Upload


async def read_call(request: web.Request) -> ApiCall:
    """What a request asks of the webservice."""
    query = parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)
    method = (value_of(query, "ps_method") or request.method).upper()
    path = request.rel_url.raw_path.removeprefix("/api").strip("/")
    wanted = (
        value_of(query, "io_format")
        or value_of(query, "output_format")
        or request.headers.get("Output-Format")
    )
    upload, body = None, b""
    if request.content_type == "multipart/form-data":
        upload = await read_upload(request) if request.method == "POST" else None
    else:
        body = await request.read()
    return ApiCall(
        method=method,
        segments=tuple(unquote(part) for part in path.split("/")) if path else (),
        query=query,
        key=key_of(request, value_of(query, "ws_key")),
        body=body,
        as_json=wanted == "JSON",
        upload=upload,
    )


def key_of(request: web.Request, parameter: str | None) -> str | None:
    """The key of a request: the user name of Basic authentication, or `ws_key`. None = neither."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return parameter
    try:
        return base64.b64decode(encoded).decode("utf-8", "replace").partition(":")[0]
    except binascii.Error:
        return ""


async def read_upload(request: web.Request) -> Upload | None:
    """The file of the form field `image`; None when the form has none or is broken."""
    try:
        form = await request.post()
    except ValueError:
        return None
    part = form.get("image")
    if not isinstance(part, web.FileField):
        return None
    return Upload(part.filename, part.content_type, part.file.read())
