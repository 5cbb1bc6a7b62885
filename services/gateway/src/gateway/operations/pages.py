"""Operations of the pages for people."""

from gateway.operations.documents import IF_NONE_MATCH
from gateway.operations.operation import Answer, Open, Operation, Parameter, Tag

HTML, START_TAG = "text/html", "<!doctype html>…"


def _page(
    path: str,
    operation_id: str,
    summary: str,
    *parameters: Parameter,
    kind: str = HTML,
    example: str = START_TAG,
) -> Operation:
    return Operation(
        method="GET",
        path=path,
        operation_id=operation_id,
        tag=Tag.DOCUMENTS,
        scope=Open.TO_ALL,
        summary=summary,
        parameters=[*parameters, IF_NONE_MATCH],
        answers={
            200: Answer(
                description="As it is shown in a browser.",
                kind=str,
                example=example,
                headers=["ETag"],
                content_type=kind,
            ),
            304: Answer(description="It is the one that is known.", headers=["ETag"]),
        },
    )


START = _page("/docs", "readDocs", "Where the documents and guides are, as a page")

API = _page("/docs/api", "readApiPage", "This document, as a page on which requests can be tried")

EVENTS = _page("/docs/events", "readEventsPage", "What is told by webhooks and on the broker, as a page")

GUIDE = _page(
    "/docs/guides/{guide}",
    "readGuide",
    "A guide for somebody who moves over, as a page",
    Parameter(name="guide", place="path", description="Its name.", example="sync"),
)

STYLE = _page(
    "/docs/styles/{style}",
    "readPageStyle",
    "A style of the pages",
    Parameter(name="style", place="path", description="Its name.", example="docs.css"),
    kind="text/css",
    example=":root {…}",
)

SCRIPT = _page(
    "/docs/scripts/{script}",
    "readPageScript",
    "A script of the pages",
    Parameter(name="script", place="path", description="Its name.", example="api.js"),
    kind="text/javascript",
    example='"use strict";…',
)

PICTURE = _page(
    "/docs/pictures/{picture}",
    "readPagePicture",
    "A picture of the pages",
    Parameter(name="picture", place="path", description="Its name.", example="icon.svg"),
    kind="image/svg+xml",
    example="<svg>…</svg>",
)
