"""HTML that a shop refuses: what PrestaShop calls isCleanHtml (measured on 8.2.1: 400, not valid).

The shop looks for these anywhere in the text, not only inside tags, and so do we: a text that passes here
and is refused there would be found out only after a request.
"""

import re

# What comes after "on" in the names of the event handlers that the shop knows.
EVENTS = """
abort activate afterprint afterupdate animationcancel animationend animationiteration animationstart
beforeactivate beforecopy beforecut beforedeactivate beforeeditfocus beforepaste beforeprint beforeunload
beforeupdate blur bounce cellchange change click contextmenu controlselect copy cut dataavailable
datasetchanged datasetcomplete dblclick deactivate drag dragdrop dragend dragenter dragleave dragover
dragstart drop error errorupdate filterchange finish focus focusin focusout gotpointercapture hashchange help
input keydown keypress keyup load losecapture lostpointercapture message mousedown mouseenter mouseleave
mousemove
mouseout mouseover mouseup mousewheel move moveend movestart offline online paste pointercancel pointerdown
pointerenter pointerleave pointermove pointerout pointerover pointerup propertychange readystatechange reset
resize resizeend resizestart rowenter rowexit rowsdelete rowsinserted scroll search select selectionchange
selectstart start stop submit unload
""".split()  # noqa: SIM905 - a hundred names read better as words

UNSAFE = re.compile(
    r"<\s*(?:script|i?frame|form|input|embed|object)"
    rf"|on(?:{'|'.join(sorted(EVENTS, key=len, reverse=True))})\s*="
    r"|script:",
    re.IGNORECASE,
)
TAG = re.compile(r"<[^<>]*>")


def unsafe_in(html: str) -> str | None:
    """The first thing in the text that the shop would refuse."""
    match = UNSAFE.search(html)
    return match[0] if match else None


def visible_length(html: str) -> int:
    """Characters without tags and line breaks, which is how the shop measures a summary."""
    return len(TAG.sub("", html).replace("\n", "").replace("\r", ""))
