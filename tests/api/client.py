"""A program that calls the API and holds it to its own document."""

from tests.api.document import refusals
from tests.http.client import Answer, Api


class Developer(Api):
    """Calls `/api/v1`; a refusal that the document does not give for the operation is an error of the test."""

    def call(self, method: str, path: str, body: object = None, raw: bytes | None = None, **headers: str) -> Answer:
        """Send a request; `raw` is sent as it is, in place of `body` as JSON."""
        answer = super().call(method, path, body, raw, **headers)
        if answer.status >= 400:
            known = refusals(method, path.partition("?")[0], answer.status)
            assert answer.code in known, f"{method} {path} does not document {answer.status} {answer.code}"
        return answer

    def delete(self, path: str) -> Answer:
        """DELETE."""
        return self.call("DELETE", path)
