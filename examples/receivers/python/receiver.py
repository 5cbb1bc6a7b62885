"""Takes webhooks, verifies them, and keeps each, once, in SQLite.

pip install aiohttp standardwebhooks
WEBHOOK_SECRET=whsec_… PORT=8000 python receiver.py     # before it, something that speaks https
"""

import os
import sqlite3

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

WEBHOOKS_FILE = os.environ.get("WEBHOOKS_FILE", "webhooks.sqlite")

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
webhooks = sqlite3.connect(WEBHOOKS_FILE, isolation_level=None)
webhooks.execute("create table if not exists webhooks (id text primary key, type text, body text)")


async def take(request: web.Request) -> web.Response:
    """204 once it is kept; anything else, and it comes again."""
    body = await request.read()  # the signature is of these bytes: verify before reading them as JSON
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        webhook.verify(body, headers)
    except (WebhookVerificationError, ValueError):  # ValueError: a signature or body that cannot be read
        return web.Response(status=401, text="not signed by the sender that we know")
    # Work and id in one transaction: a webhook that comes again changes nothing.
    row = (headers["webhook-id"], headers.get("webhook-type"), body.decode())
    webhooks.execute("insert or ignore into webhooks values (?, ?, ?)", row)
    return web.Response(status=204)


if __name__ == "__main__":
    app = web.Application()  # refuses bodies above 1 MiB
    app.router.add_post("/", take)
    web.run_app(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
    webhooks.close()
