// Reads a partner's queue and keeps every event, once, in SQLite. Node 22.13 or later.
//
// npm install
// AMQP_URL=amqps://partner.erp:…@broker.example.com:5671/ node subscriber.js
"use strict";

const { DatabaseSync } = require("node:sqlite");
const amqp = require("amqplib");

const url = process.env.AMQP_URL;
const queue = process.env.QUEUE || decodeURIComponent(new URL(url).username); // the user is named like its queue
const IN_HAND = 20; // events that the broker hands out before the first of them is acknowledged

const events = new DatabaseSync(process.env.EVENTS_FILE || "events.sqlite");
events.exec("create table if not exists events (id text primary key, type text, body text)");
const insert = events.prepare("insert or ignore into events values (?, ?, ?)");

async function read(connection) {
  const channel = await connection.createChannel();
  await channel.prefetch(IN_HAND);
  await channel.consume(queue, (message) => {
    if (message === null) return stop(1); // the queue is gone: the partner was removed
    const { messageId, type } = message.properties;
    // Work and id in one transaction: an event that comes again changes nothing.
    insert.run(messageId, type ?? null, message.content.toString("utf8"));
    channel.ack(message); // only now: had we died before, it would come again
  });
  console.log(`reading ${queue}`);
}

let connection;

async function stop(status) {
  await connection?.close(); // what is not acknowledged comes again
  events.close();
  process.exit(status);
}

async function main() {
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stop(0));
  // Comes back after an outage; what is wrong from the beginning (password, certificate) is told and ends it.
  connection = await amqp.connect(url, { recovery: { initialMaxRetries: 0, maxDelay: 5000, setup: read } });
  connection.on("error", () => {}); // told by "disconnect" as well
  connection.on("disconnect", (error) => console.error(`disconnected: ${error?.message}`));
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
