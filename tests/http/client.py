"""A program that calls the API with a key."""

import json
from typing import Any

from django.test import Client

from tessera.http import problems


class Answer:
    """What came back, checked for the form that all answers have."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        kind = response.headers.get("Content-Type", "")
        self.content: bytes = response.content
        self.text: str = "" if kind.startswith("image/") else response.content.decode()
        if self.status >= 400:
            assert kind == problems.CONTENT_TYPE, f"{self.status} is no problem document: {self.text[:300]}"
        self.json: Any = json.loads(self.text) if self.text else None

    @property
    def code(self) -> str:
        """The code of a refusal."""
        return str(self.json["code"])

    @property
    def faults(self) -> dict[str, str]:
        """Which parts were wrong, and the code of each."""
        return {fault["pointer"]: fault["code"] for fault in self.json["errors"]}


class Api:
    """Calls `/api/v1` with `secret`; without one if it is None."""

    def __init__(self, secret: str | None) -> None:
        self._client = Client(raise_request_exception=True)
        self._headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}

    def call(self, method: str, path: str, body: object = None, raw: bytes | None = None, **headers: str) -> Answer:
        """Send a request; `raw` is sent as it is, in place of `body` as JSON."""
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        sent = {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        kind = sent.pop("Content-Type", "application/json")
        return Answer(self._client.generic(method, f"/api/v1{path}", data, content_type=kind, headers=sent))

    def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return self.call("GET", path, None, None, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        """POST."""
        return self.call("POST", path, body, None, **headers)

    def patch(self, path: str, body: object = None, **headers: str) -> Answer:
        """PATCH."""
        return self.call("PATCH", path, body, None, **headers)

    def put(self, path: str, body: object = None, **headers: str) -> Answer:
        """PUT."""
        return self.call("PUT", path, body, None, **headers)
