// Takes webhooks, verifies them, and keeps each, once, in SQLite. Node 22.13 or later.
//
// npm install
// WEBHOOK_SECRET=whsec_… PORT=8000 node receiver.js     # before it, something that speaks https
"use strict";

const http = require("node:http");
const { DatabaseSync } = require("node:sqlite");
const { Webhook } = require("standardwebhooks");

const MOST_BYTES = 1024 * 1024;

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const webhooks = new DatabaseSync(process.env.WEBHOOKS_FILE || "webhooks.sqlite");
webhooks.exec("create table if not exists webhooks (id text primary key, type text, body text)");
const insert = webhooks.prepare("insert or ignore into webhooks values (?, ?, ?)");

async function read(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Error("too much");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

// 204 once it is kept; anything else, and it comes again.
async function take(request) {
  let body;
  try {
    body = await read(request);
    webhook.verify(body, request.headers); // before the body is read as JSON: the signature is of its bytes
  } catch {
    return 401;
  }
  // Work and id in one transaction: a webhook that comes again changes nothing.
  insert.run(request.headers["webhook-id"], request.headers["webhook-type"] ?? null, body);
  return 204;
}

const server = http.createServer(async (request, response) => {
  response.writeHead(request.method === "POST" ? await take(request).catch(() => 500) : 405).end();
});
server.listen(Number(process.env.PORT || 8000), "127.0.0.1");

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    server.close(() => webhooks.close()); // what is being taken is taken to its end
    server.closeIdleConnections();
  });
}
