// Receives what Tessera tells: verifies it, does each event once, and never goes back to an older state.
//
//     WEBHOOK_SECRET=whsec_… node receiver.mjs 8080
//
// Node 18 or later, and nothing to install.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const LONGEST = 1_000_000; // bytes; of what is longer the signature will not be right
const TOLERANCE_SECONDS = 5 * 60;

const key = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");
// In earnest these are two tables, written in the same transaction as what you do about an event.
const seen = new Set();
const states = new Map();

/** Return what a request says. Throws unless it was signed with our secret within the last minutes. */
function verified(headers, body) {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"] ?? "";
  if (!id || !/^\d{1,12}$/.test(timestamp)) throw new Error("not a webhook");
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) throw new Error("too old, or too new");

  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  // There are several while a secret is being rotated: one of them has to be right.
  const signed = (headers["webhook-signature"] ?? "").split(" ").some((each) => {
    const [version, signature = ""] = each.split(",");
    const given = Buffer.from(signature, "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!signed) throw new Error("not signed with our secret");
  return JSON.parse(body.toString("utf8"));
}

/** Do what is to be done about a message; return what that was. */
function take(id, message) {
  if (seen.has(id)) return "again"; // a retry whose first attempt did arrive, or a replay
  let done = "new";
  const found = message.data.object;
  if (found != null && found.version != null) {
    const known = states.get(found.id);
    if (known === undefined || known.version < found.version) states.set(found.id, found);
    else if (known.version > found.version) done = "stale"; // a later message has already told how things are now
  }
  seen.add(id);
  return done;
}

const server = createServer((request, response) => {
  const answer = (status) => response.writeHead(status, { "Content-Length": 0 }).end();
  const pieces = [];
  let length = 0;
  request.on("data", (piece) => {
    length += piece.length;
    if (length <= LONGEST) pieces.push(piece);
  });
  request.on("end", () => {
    if (request.method !== "POST") return answer(405);
    let message;
    try {
      message = verified(request.headers, Buffer.concat(pieces)); // the very bytes that were signed
    } catch {
      return answer(400);
    }
    console.log(message.type, request.headers["webhook-id"], take(request.headers["webhook-id"], message));
    answer(204); // soon: what takes long belongs into a queue of yours
  });
});

server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1", () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}/`);
});
