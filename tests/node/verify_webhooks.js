// Does the official library verify it? Reads lines of {"secret", "headers", "body"}, the body as base64;
// answers each with a line: true, false, or the text of an error that is none of verification.
"use strict";

const readline = require("node:readline");
const { Webhook, WebhookVerificationError } = require("standardwebhooks");

function verifies({ secret, headers, body }) {
  try {
    new Webhook(secret).verify(Buffer.from(body, "base64"), headers);
    return true;
  } catch (error) {
    return error instanceof WebhookVerificationError ? false : String(error);
  }
}

readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => console.log(JSON.stringify(verifies(JSON.parse(line)))));
