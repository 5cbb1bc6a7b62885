"""The page about events: pure, from the AsyncAPI document."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from gateway.pages.fields import Schema, fields_of

Document = Mapping[str, Any]

WEBHOOKS = "webhooks"
BESIDE = (
    "<p>How to receive webhooks, verify them and repair gaps is in "
    '<a href="/docs/guides/webhooks">a guide</a>; '
    'what is on this page, for programs, is <a href="/asyncapi.json">the AsyncAPI 3.0 document</a>.</p>'
)


def events_content(document: Document) -> str:
    """The HTML of the page: webhooks first, then what is published on the broker."""
    channels: Document = document["channels"]
    published = {name: channel for name, channel in channels.items() if name != WEBHOOKS}
    parts = [
        "<h1>Events</h1>",
        f'<div class="lead"><p>{paragraphs(document["info"]["description"])}</p></div>',
        BESIDE,
        "<h2>Webhooks</h2>",
        f"<p>{paragraphs(channels[WEBHOOKS]['description'])}</p>",
        _links("webhook", channels[WEBHOOKS]["messages"]),
        *_sections("webhook", channels[WEBHOOKS], document),
        "<h2>On the broker</h2>",
        _links("broker", published),
    ]
    for channel in published.values():
        parts += _sections("broker", channel, document, channel["address"], _exchange(channel))
    return "\n".join(parts)


def _exchange(channel: Document) -> str:
    found: str = channel.get("bindings", {}).get("amqp", {}).get("exchange", {}).get("name", "")
    return found


def _links(kind: str, names: Iterable[str]) -> str:
    links = (f'<li><a href="#{kind}-{escape(name)}">{escape(name)}</a></li>' for name in names)
    return f"<ul>{''.join(links)}</ul>"


def _sections(
    kind: str, channel: Document, document: Document, address: str = "", exchange: str = ""
) -> Iterator[str]:
    for reference in channel["messages"].values():
        message = document["components"]["messages"][reference["$ref"].rpartition("/")[2]]
        title = message["title"]
        yield f'<section class="event" aria-labelledby="{kind}-{escape(title)}">'
        yield f'<h3 id="{kind}-{escape(title)}">{escape(title)}</h3>'
        yield f"<p>{inline(message.get('summary', ''))}</p>"
        if address:
            yield (
                f"<p>Routing key <code>{escape(address)}</code> on <code>{escape(exchange)}</code>, "
                f"type <code>{escape(message['name'])}</code></p>"
            )
        yield from _message(message, document["components"]["schemas"])
        yield "</section>"


def _message(message: Document, components: Schema) -> Iterator[str]:
    yield _table("Body", message["payload"], components)
    for example in message.get("examples", ()):
        text = escape(json.dumps(example["payload"], indent=2, ensure_ascii=False), quote=False)
        yield f'<details><summary>Example</summary><pre tabindex="0"><code>{text}</code></pre></details>'
    if "headers" in message:
        about = message.get("description")
        head = f"<p>{paragraphs(about)}</p>" if about else ""
        table = _table("Header", message["headers"], components)
        yield f"<details><summary>Headers</summary>{head}{table}</details>"


def _table(title: str, schema: Schema, components: Schema) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(field.path)}</code></td><td>{escape(field.kind)}</td>"
        f"<td>{'' if field.is_required else 'may be left out. '}{inline(field.about)}</td></tr>"
        for field in fields_of(schema, components)
    )
    head = f"<tr><th>{escape(title)}</th><th>Type</th><th>Says</th></tr>"
    return f'<div class="scroll" tabindex="0"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def paragraphs(text: str) -> str:
    """Text with empty lines between its paragraphs, for the inside of one."""
    return "</p><p>".join(inline(" ".join(part.split())) for part in text.strip().split("\n\n"))


def inline(text: str) -> str:
    """Text with `code` and [links](https://…), and nothing else that means anything in HTML."""
    html = escape(text, quote=False)
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", html)
    return re.sub(r'\[([^\]]+)\]\((https://[^)\s"]+)\)', r'<a href="\2">\1</a>', html)
