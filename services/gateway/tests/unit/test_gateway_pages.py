"""What the pages say is what the documents say, and nothing in those becomes HTML."""

from html import escape
from typing import Any

from common.public.asyncapi import asyncapi_document
from gateway.pages.content import all_pages
from gateway.pages.events import events_content, inline
from gateway.pages.fields import Field, fields_of, kind_of

DOCUMENT: Any = asyncapi_document()


def test_the_page_about_events_has_every_message_with_its_example() -> None:
    html = events_content(DOCUMENT)
    messages = [
        (kind, DOCUMENT["components"]["messages"][reference["$ref"].rpartition("/")[2]])
        for name, channel in DOCUMENT["channels"].items()
        for kind in ["webhook" if name == "webhooks" else "broker"]
        for reference in channel["messages"].values()
    ]
    assert len(messages) > 10
    for kind, message in messages:
        assert f'<h3 id="{kind}-{message["title"]}">' in html
    assert html.count("<summary>Example</summary>") == sum(
        len(message["examples"]) for _, message in messages
    )
    for channel in DOCUMENT["channels"].values():
        if channel["address"] is not None:
            assert escape(channel["address"]) in html


def test_the_page_about_events_has_every_field_of_the_body_that_the_bulk_api_had() -> None:
    html = events_content(DOCUMENT)
    for field in (
        "chunkId",
        "partition",
        "totalItems",
        "completed",
        "itemsCompleted[].reference",
        "errors",
        "msjs",
    ):
        assert f"<code>{field}</code>" in html


def test_ids_are_each_for_one_place() -> None:
    for path, html in all_pages():
        ids = [part.split('"')[0] for part in html.split(' id="')[1:]]
        assert len(ids) == len(set(ids)), path


def test_a_schema_is_told_field_by_field() -> None:
    components = {
        "Item": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}},
        "Kind": {"enum": ["a", "b"], "description": "Which."},
    }
    schema = {
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
            "kind": {"$ref": "#/components/schemas/Kind"},
            "at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        },
    }
    assert list(fields_of(schema, components)) == [
        Field("items", "list of object", True, ""),
        Field("items[].id", "integer", True, ""),
        Field("kind", '"a" or "b"', False, "Which."),
        Field("at", "string (date-time) or null", False, ""),
    ]
    assert kind_of({"type": ["string", "null"]}, components) == "string or null"
    assert kind_of({"const": "error"}, components) == '"error"'


def test_what_describes_itself_by_itself_ends() -> None:
    components: Any = {
        "Tree": {"type": "object", "properties": {"part": {"$ref": "#/components/schemas/Tree"}}}
    }
    assert len(list(fields_of(components["Tree"], components))) < 20


def test_a_text_of_a_document_is_shown_and_not_carried_out() -> None:
    assert inline("<script> & `a<b` [x](https://e.example/?a=1&b)") == (
        '&lt;script&gt; &amp; <code>a&lt;b</code> <a href="https://e.example/?a=1&amp;b">x</a>'
    )
    assert "<a" not in inline("[x](javascript:alert)")
