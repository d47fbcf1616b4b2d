"""Receives what Tessera tells: verifies it, does each event once, and never goes back to an older state.

pip install standardwebhooks
WEBHOOK_SECRET=whsec_… python receiver.py 8080
"""

import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

LONGEST = 1_000_000  # bytes; of what is longer the signature will not be right

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
# In earnest these are two tables, written in the same transaction as what you do about an event.
seen: set[str] = set()
states: dict[str, dict] = {}
one_at_a_time = threading.Lock()


def take(message_id: str, message: dict) -> str:
    """Do what is to be done about a message; return what that was."""
    if message_id in seen:
        return "again"  # a retry whose first attempt did arrive, or a replay
    done = "new"
    found = message["data"].get("object")
    if found is not None and found["version"] is not None:
        known = states.get(found["id"])
        if known is None or known["version"] < found["version"]:
            states[found["id"]] = found
        elif known["version"] > found["version"]:
            done = "stale"  # it happened, but a later message has already told how things are now
    seen.add(message_id)
    return done


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), LONGEST)
        body = self.rfile.read(length)  # the very bytes that were signed: parse them afterwards
        try:
            message = webhook.verify(body, dict(self.headers))
        except (WebhookVerificationError, ValueError):
            self.answer(400)
            return
        with one_at_a_time:
            done = take(self.headers["webhook-id"], message)
            print(message["type"], self.headers["webhook-id"], done, flush=True)
        self.answer(204)  # soon: what takes long belongs into a queue of yours

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8080), Receiver)
    print(f"Listening on http://127.0.0.1:{server.server_address[1]}/", flush=True)
    server.serve_forever()
