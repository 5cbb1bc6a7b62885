"""Operations of the pages for people."""

from gateway.operations.documents import IF_NONE_MATCH
from gateway.operations.operation import Answer, Open, Operation, Parameter, Tag

HTML = "text/html"


def _page(path: str, operation_id: str, summary: str, *parameters: Parameter) -> Operation:
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
                description="A page.",
                kind=str,
                example="<!doctype html>…",
                headers=["ETag"],
                content_type=HTML,
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

FILE = Operation(
    method="GET",
    path="/docs/static/{file}",
    operation_id="readPageFile",
    tag=Tag.DOCUMENTS,
    scope=Open.TO_ALL,
    summary="A style, a script or a picture of the pages",
    parameters=[
        Parameter(name="file", place="path", description="Its name.", example="docs.css"),
        IF_NONE_MATCH,
    ],
    answers={
        200: Answer(
            description="The file.", kind=str, example=":root {…}", headers=["ETag"], content_type="text/css"
        ),
        304: Answer(description="It is the one that is known.", headers=["ETag"]),
    },
)
