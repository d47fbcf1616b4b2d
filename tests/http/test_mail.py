"""Mail is sent over a real server, and each way to fail says whether trying again may help."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from django.core.mail import EmailMessage, EmailMultiAlternatives
from pytest_django.fixtures import Settings

from tessera.http import mail, mail_url
from tessera.http.mail import MailFailed
from tests.http.certificates import Authority
from tests.http.receiver import Receiver, answering, receiving, silent
from tests.ports import free_port

Use = Callable[[str], None]
SENDER = "Strand House <hello@club.example>"


@pytest.fixture
def use(settings: Settings) -> Use:
    """Has mail sent as a TESSERA_MAIL_URL says."""

    def use(url: str) -> None:
        for name, value in mail_url.django_settings(url, sender=SENDER).items():
            setattr(settings, name, value)

    return use


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def believed(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this installation believes, as an operator would have it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


@dataclass(slots=True)
class Post:
    """What a mail server answers to, and what it took."""

    mail_from: str = "250 fine"
    recipient: str = "250 fine"
    data: str = "250 taken"
    taken: list[Envelope] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    callers: set[str] = field(default_factory=set)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        assert session.peer is not None
        self.callers.add(str(session.peer))
        return self.mail_from

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.data.startswith("250"):
            self.taken.append(envelope)
            self.over_tls.append(session.ssl is not None)
        return self.data

    def message(self) -> "Message[Any, Any]":
        (envelope,) = self.taken
        assert isinstance(envelope.content, bytes)
        return message_from_bytes(envelope.content)


@contextmanager
def serving(post: Post, **options: Any) -> Iterator[int]:
    """Run a real mail server on this machine; yields its port."""
    controller = Controller(post, hostname="127.0.0.1", port=free_port(), server_hostname="mx.club.example", **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def sign_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any) -> AuthResult:
    right = isinstance(login, LoginPassword) and (login.login, login.password) == (b"club", b"p/ss word")
    return AuthResult(success=right, handled=False)


def a_message(**changes: Any) -> EmailMessage:
    return EmailMessage(**{"subject": "Welcome", "body": "Hello", "to": ["zoe@club.example"], **changes})


def failure(message: EmailMessage | None = None) -> MailFailed:
    with pytest.raises(MailFailed) as failed:
        mail.send(message or a_message())
    assert failed.value.reason in mail.REASONS
    return failed.value


def test_a_mail_arrives_with_its_text_and_its_page(use: Use) -> None:
    with serving(post := Post()) as port:
        use(f"smtp://127.0.0.1:{port}")
        message = EmailMultiAlternatives("Grüße, Zoë", "Hello Zoë", to=["Zoë <zoe@club.example>"])
        message.attach_alternative("<p>Hello Zoë</p>", "text/html")
        mail.send(message)

    assert post.taken[0].mail_from == "hello@club.example"
    assert post.taken[0].rcpt_tos == ["zoe@club.example"]
    assert post.message()["From"] == "Strand House <hello@club.example>"
    assert post.message()["Message-ID"].endswith("@club.example>")
    assert [part.get_content_type() for part in post.message().walk()][1:] == ["text/plain", "text/html"]
    assert post.over_tls == [False]


def test_many_mails_go_over_one_connection_and_after_a_refusal_over_another(use: Use) -> None:
    with serving(post := Post()) as port:
        use(f"smtp://127.0.0.1:{port}")
        with mail.sending() as send_one:
            send_one(a_message())
            send_one(a_message())
            assert len(post.callers) == 1

            post.recipient = "550 nobody here"
            with pytest.raises(MailFailed):
                send_one(a_message())
            post.recipient = "250 fine"
            send_one(a_message())
    assert len(post.taken) == 3
    assert len(post.callers) == 2


def test_a_message_keeps_the_id_that_its_sender_gave_it(use: Use) -> None:
    with serving(post := Post()) as port:
        use(f"smtp://127.0.0.1:{port}")
        mail.send(a_message(headers={"Message-Id": "<fact-1@club.example>"}))

    assert post.message().get_all("Message-ID") == ["<fact-1@club.example>"]


def test_user_and_password_go_over_tls(use: Use, believed: Authority) -> None:
    options = {"tls_context": believed.server("127.0.0.1"), "authenticator": sign_in, "auth_required": True}
    with serving(post := Post(), **options) as port:
        use(f"smtp://club:p%2Fss%20word@127.0.0.1:{port}")
        mail.send(a_message())
        use(f"smtp://club:wrong@127.0.0.1:{port}")
        refused = failure()

    assert post.over_tls == [True]
    assert (refused.reason, refused.permanent) == ("sign_in_refused", False)
    assert "wrong" not in str(refused)


def test_a_password_is_not_sent_where_there_is_no_tls(use: Use) -> None:
    asked: list[Any] = []

    def note(*arguments: Any) -> AuthResult:
        asked.append(arguments)
        return AuthResult(success=True)

    with serving(post := Post(), authenticator=note, auth_require_tls=False) as port:
        use(f"smtp://club:secret@127.0.0.1:{port}")
        assert failure().permanent is False
        assert asked == []
        use(f"smtp://club:secret@127.0.0.1:{port}?tls=no")  # the operator insists
        mail.send(a_message())

    assert len(asked) == len(post.taken) == 1


def test_tls_from_the_start(use: Use, believed: Authority) -> None:
    with serving(post := Post(), ssl_context=believed.server("127.0.0.1")) as port:
        use(f"smtps://127.0.0.1:{port}")
        mail.send(a_message())

    assert len(post.taken) == 1


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_server_of_another_name_gets_nothing(use: Use, believed: Authority, scheme: str) -> None:
    tls = believed.server("mx.elsewhere.example")
    options: dict[str, Any] = {"ssl_context": tls} if scheme == "smtps" else {"tls_context": tls}
    with serving(post := Post(), **options) as port:
        use(f"{scheme}://127.0.0.1:{port}" + ("" if scheme == "smtps" else "?tls=yes"))
        failed = failure()

    assert (failed.reason, failed.permanent, post.taken) == ("certificate", False, [])


@pytest.mark.parametrize(
    ("post", "reason", "permanent"),
    [
        (Post(recipient="550 5.1.1 no such user"), "recipient_refused", True),
        (Post(recipient="553 5.1.3 bad address"), "recipient_refused", True),
        (Post(recipient="450 4.2.0 greylisted, come back in 5 minutes"), "try_later", False),
        (Post(recipient="421 4.7.0 too many connections"), "try_later", False),
        (Post(data="554 5.7.1 looks like spam"), "content_refused", True),
        (Post(data="451 4.3.0 disk full"), "try_later", False),
        (Post(mail_from="553 5.7.1 not your domain"), "sender_refused", False),
        (Post(mail_from="451 4.3.2 not now"), "try_later", False),
        (Post(mail_from="552 5.3.4 too large"), "content_refused", True),
    ],
)
def test_what_a_server_says_decides_whether_to_try_again(use: Use, post: Post, reason: str, permanent: bool) -> None:
    with serving(post) as port:
        use(f"smtp://127.0.0.1:{port}")
        failed = failure()

    assert (failed.reason, failed.permanent) == (reason, permanent)
    assert post.taken == []


def test_the_servers_words_are_shown_tamed(use: Use) -> None:
    with serving(Post(recipient="550 5.1.1 no <b>such</b>\x1b[31m user" + "!" * 400)) as port:
        use(f"smtp://127.0.0.1:{port}")
        shown = str(failure())

    assert shown.startswith("the mail server refused the address: 550 5.1.1 no <b>such</b> [31m user!!")
    assert len(shown) < 300


def test_a_server_that_is_not_there(use: Use) -> None:
    use(f"smtp://127.0.0.1:{free_port()}")
    failed = failure()
    assert (failed.reason, failed.permanent) == ("not_connected", False)


@pytest.mark.parametrize("greeting", [b"", b"220 mx.club.example ESMTP\r\n"])
def test_a_server_that_is_silent_is_not_waited_for(use: Use, settings: Settings, greeting: bytes) -> None:
    def greet(connection: socket.socket, there: Receiver) -> None:
        connection.sendall(greeting)
        silent(connection, there)

    with receiving(greet, reads=False) as there:
        use(f"smtp://127.0.0.1:{there.port}")
        settings.EMAIL_TIMEOUT = 0.3
        began = time.monotonic()
        failed = failure()
        assert time.monotonic() - began < 5

    assert (failed.reason, failed.permanent) == ("timed_out", False)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "broken_off"),
        (b"554 5.3.2 no service here\r\n", "try_later"),
        (b"421 4.3.2 shutting down\r\n", "try_later"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "try_later"),
        (b"220 mx.club.example\r\n", "broken_off"),
    ],
)
def test_a_server_that_gives_up_may_do_better_later(use: Use, answer: bytes, reason: str) -> None:
    with receiving(answering(answer), reads=False) as there:
        use(f"smtp://127.0.0.1:{there.port}")
        failed = failure()

    assert (failed.reason, failed.permanent) == (reason, False)


@pytest.mark.parametrize("goodbye", [b"", b"221 " + b"bye" * 10_000 + b"\r\n", b"500 what\r\n"])
def test_what_was_taken_is_sent_whatever_the_server_says_when_leaving(use: Use, goodbye: bytes) -> None:
    def rude(connection: socket.socket, there: Receiver) -> None:
        connection.sendall(b"220 mx\r\n")
        with connection.makefile("rb") as lines:
            for answer in (b"250 mx\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"):
                lines.readline()
                connection.sendall(answer)
            while lines.readline() != b".\r\n":
                pass
            connection.sendall(b"250 taken\r\n")
            lines.readline()
            connection.sendall(goodbye)

    with receiving(rude, reads=False) as there:
        use(f"smtp://127.0.0.1:{there.port}")
        mail.send(a_message())


EVIL = "x\r\nBcc: everyone@club.example"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": EVIL},
        {"subject": "x\nBcc: everyone@club.example"},
        {"subject": "x\x0bBcc: everyone@club.example"},
        {"subject": "x\x00"},
        {"subject": "x\x85y"},
        {"subject": "x\u2028y"},
        {"from_email": f"hello@club.example{EVIL}"},
        {"from_email": f"{EVIL} <hello@club.example>"},
        {"to": [f"zoe@club.example{EVIL}"]},
        {"to": ["zoe@club.example, everyone@club.example"]},
        {"to": ["zoe@club.example>, <everyone@club.example"]},
        {"to": ["zoe"]},
        {"to": ["zoe@club.example SIZE=1"]},
        {"reply_to": [EVIL]},
        {"headers": {"X-A": EVIL}},
        {"headers": {"X-A\r\nBcc": "everyone@club.example"}},
        {"headers": {"X A": "1"}},
        {"headers": {"X:A": "1"}},
        {"headers": {"": "1"}},
    ],
)
@pytest.mark.parametrize("url", ["smtp", "mailbox:", "postmark://T"])
def test_a_line_of_the_header_cannot_be_made_two(
    use: Use, settings: Settings, tmp_path: Path, url: str, changes: dict[str, Any]
) -> None:
    settings.HOME = tmp_path
    with serving(post := Post()) as port:
        use(f"smtp://127.0.0.1:{port}" if url == "smtp" else url)
        failed = failure(a_message(**changes))

    assert (failed.reason, failed.permanent) == ("message_invalid", True)
    assert post.taken == []
    assert mail.read_mailbox(tmp_path) == []


@pytest.mark.parametrize("to", [[], ["zoe@club.example", "ada@club.example"]])
def test_a_message_has_one_recipient(use: Use, to: list[str]) -> None:
    with pytest.raises(ValueError, match="one recipient"):
        mail.send(a_message(to=to))
    with pytest.raises(ValueError, match="one recipient"):
        mail.send(a_message(bcc=["ada@club.example"]))


def test_where_no_mail_is_sent_one_can_ask_and_is_told(use: Use) -> None:
    use("")
    assert not mail.configured()
    failed = failure()
    assert (failed.reason, failed.permanent) == ("not_configured", False)

    use("console:")
    assert mail.configured()


def provider(settings: Settings, port: int, name: str = "postmark") -> None:
    for key, value in mail_url.django_settings(f"{name}://secret-token", sender=SENDER).items():
        setattr(settings, key, value)
    settings.ANYMAIL = {**settings.ANYMAIL, f"{name.upper()}_API_URL": f"http://127.0.0.1:{port}/"}


def as_json(status: int, content: object) -> bytes:
    body = json.dumps(content).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_a_provider_takes_a_message(settings: Settings) -> None:
    taken = {"To": "zoe@club.example", "MessageID": "m-1", "ErrorCode": 0, "Message": "OK"}
    with receiving(answering(as_json(200, taken))) as there:
        provider(settings, there.port)
        mail.send(a_message())

    head, _, body = there.requests[0].partition(b"\r\n\r\n")
    sent = json.loads(body)
    assert b"secret-token" in head
    assert (sent["Subject"], sent["To"]) == ("Welcome", "zoe@club.example")
    assert "Strand House" in sent["From"]


@pytest.mark.parametrize(
    ("answer", "reason", "permanent"),
    [
        (
            as_json(
                422,
                {
                    "ErrorCode": 406,
                    "Message": "Found inactive addresses: zoe@club.example. Inactive recipients are those",
                },
            ),
            "recipient_refused",
            True,
        ),
        (as_json(422, {"ErrorCode": 300, "Message": "Invalid 'From' address"}), "content_refused", True),
        (as_json(401, {"ErrorCode": 10, "Message": "Bad token"}), "sign_in_refused", False),
        (as_json(403, {}), "sign_in_refused", False),
        (as_json(429, {}), "try_later", False),
        (as_json(500, {}), "try_later", False),
        (as_json(503, {}), "try_later", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\noops", "try_later", False),
        (b"", "not_connected", False),
    ],
)
def test_what_a_provider_says_decides_whether_to_try_again(
    settings: Settings, answer: bytes, reason: str, permanent: bool
) -> None:
    with receiving(answering(answer)) as there:
        provider(settings, there.port)
        failed = failure()

    assert (failed.reason, failed.permanent) == (reason, permanent)
    assert "secret-token" not in str(failed)


def test_a_provider_that_is_silent_is_not_waited_for(settings: Settings) -> None:
    with receiving(silent) as there:
        provider(settings, there.port)
        settings.ANYMAIL = {**settings.ANYMAIL, "REQUESTS_TIMEOUT": 0.3}
        failed = failure()

    assert (failed.reason, failed.permanent) == ("timed_out", False)


def test_a_provider_that_is_not_there(settings: Settings) -> None:
    provider(settings, free_port())
    failed = failure()
    assert (failed.reason, failed.permanent) == ("not_connected", False)
