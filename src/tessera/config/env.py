"""The settings an operator can make: `TESSERA_…` in the environment, or `TESSERA_…_FILE` naming a file that holds it.

Documented in docs/settings.md. Wrong ones stop the start with one list of all that is wrong.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from tessera.core import encryption_keys
from tessera.http import client_address, mail_url, networks

PREFIX = "TESSERA_"
_TESTS_OWN = ("TESSERA_TEST_",)


def _database(url: str) -> str:
    if url and not _names_a_database(url):
        raise ValueError(
            "should be sqlite:///path/to/file or postgresql://user:password@host:port/name; "
            "percent-encode special characters of the password, / as %2F"
        )
    return url


def _names_a_database(url: str) -> bool:
    # The faults of urllib quote what they found, which may be a part of the password.
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme == "sqlite":
        return True
    # What stands behind a "/" of a password that was not encoded is taken for the name, with the host.
    return parts.scheme == "postgresql" and port != 0 and "@" not in parts.path


def _json_object(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        options = json.loads(text)
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise ValueError('should be a JSON object such as {"broker": "…"}')
    return options


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError("should be an address without a path, such as https://members.example.org")
    return url.rstrip("/")


def _outbound_allowed(listed: str) -> str:
    networks.allowed(listed)
    return listed


def _proxies(listed: str) -> str:
    client_address.proxies(listed)
    return listed


def _encryption_keys(written: SecretStr) -> SecretStr:
    encryption_keys.read(written.get_secret_value())
    return written


def _mail(url: SecretStr) -> SecretStr:
    mail_url.django_settings(url.get_secret_value(), sender="")
    return url


def _sender(sender: str) -> str:
    return mail_url.sender_header(sender) if sender else ""


class Settings(BaseSettings):
    """All settings. A field's name in capitals, after `TESSERA_`, is the variable's name."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    secret_key: Annotated[
        SecretStr,
        Field(description="Signs sessions and form tokens. At least 50 random characters; keep it to yourself."),
    ]
    encryption_keys: Annotated[
        SecretStr,
        AfterValidator(_encryption_keys),
        Field(
            description="What stored secrets are sealed under: comma-separated, the first seals, all open. "
            "`tessera secrets make` prints one. Empty: a key made from `TESSERA_SECRET_KEY`."
        ),
    ] = SecretStr("")
    home: Annotated[
        Path, Field(description="Folder for the SQLite database and uploaded files. Made when missing.")
    ] = Path("var")
    database_url: Annotated[
        str,
        AfterValidator(_database),
        Field(
            description="sqlite:///… or postgresql://…; percent-encode special characters of a password. "
            "Empty: `tessera.sqlite3` in `TESSERA_HOME`."
        ),
    ] = ""
    database_pool: Annotated[
        int, Field(ge=0, le=100, description="PostgreSQL connections each process keeps at most; 0: one per thread.")
    ] = 8
    database_pooler: Annotated[
        bool,
        Field(description="A transaction pooler, such as pgbouncer, stands between this and PostgreSQL."),
    ] = False
    database_direct_url: Annotated[
        str,
        AfterValidator(_database),
        Field(
            description="PostgreSQL itself, past a transaction pooler: there workers hear of new jobs at once, and "
            "backups are made."
        ),
    ] = ""
    base_url: Annotated[
        str,
        AfterValidator(_web_address),
        Field(description="The address people and systems reach this installation at."),
    ] = "http://127.0.0.1:8000"
    threads: Annotated[int, Field(ge=1, le=64, description="Requests a web process works on at once.")] = 4
    workers: Annotated[int, Field(ge=1, le=64, description="Web processes.")] = 1
    network_threads: Annotated[
        int, Field(ge=1, le=64, description="Mails and webhooks that a worker sends at once.")
    ] = 8
    tasks_backend: Annotated[
        str, Field(description="Dotted path of another Tasks backend that jobs are handed to, instead of the database.")
    ] = ""
    tasks_options: Annotated[
        dict[str, Any], BeforeValidator(_json_object), Field(description="That backend's own options, as JSON.")
    ] = {}
    api_rate: Annotated[
        int,
        Field(ge=1, description="Requests a second one API key may make on average; each web process gives its share."),
    ] = 200
    api_burst: Annotated[
        int,
        Field(
            ge=1,
            description="Requests one API key may make at once before the rate counts; shared out likewise.",
        ),
    ] = 1000
    trusted_proxies: Annotated[
        str,
        AfterValidator(_proxies),
        Field(
            description="Addresses and networks of the reverse proxies whose word on a visitor's address and scheme "
            "counts, with commas between them; `unix` for one on a unix socket. Empty: nobody's."
        ),
    ] = ""
    outbound_allowed: Annotated[
        str,
        AfterValidator(_outbound_allowed),
        Field(
            description="What may be reached in the intranet by addresses that somebody typed: networks and addresses, "
            "with or without a port, with commas between them. Empty: nothing."
        ),
    ] = ""
    mail_url: Annotated[
        SecretStr,
        AfterValidator(_mail),
        Field(description="How mail is sent: smtp://…, a provider, mailbox: or console:. Empty: none is sent."),
    ] = SecretStr("")
    mail_from: Annotated[
        str,
        AfterValidator(_sender),
        Field(description="Who mail is from: an address, or a name and an address. Required where mail is sent."),
    ] = ""
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(description="The least serious lines the log shows.")
    ] = "INFO"
    demo: Annotated[
        bool, Field(description="The database holds made-up data with known passwords. Only on a loopback address.")
    ] = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `read` hands in counts, so that what it was given is all there is."""
        return (init_settings,)

    @model_validator(mode="before")
    @classmethod
    def _empty_means_unset(cls, values: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in values.items() if value != ""}

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(self.secret_key.get_secret_value()) < 50:
            raise ValueError("TESSERA_SECRET_KEY is too short: at least 50 characters")
        if self.mail_url.get_secret_value() and not self.mail_from:
            raise ValueError("TESSERA_MAIL_FROM is required with TESSERA_MAIL_URL, such as hello@club.example")
        host = urlsplit(self.base_url).hostname
        if self.demo and host not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("TESSERA_DEMO has known passwords: TESSERA_BASE_URL must be on a loopback address")
        return self


class WrongSettings(Exception):
    """The environment holds settings that cannot be right; the text lists every one of them."""


def read(environ: "os._Environ[str] | dict[str, str]") -> Settings:
    """Return the settings that `environ` makes. Raises WrongSettings, naming every fault at once."""
    values: dict[str, str] = {}
    faults: list[str] = []
    for variable, value in sorted(environ.items()):
        if not variable.startswith(PREFIX) or variable.startswith(_TESTS_OWN):
            continue
        name, told = variable.removeprefix(PREFIX).lower(), value
        if name.endswith("_file") and name not in Settings.model_fields:
            name = name.removesuffix("_file")
            try:
                told = Path(value).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as failure:
                faults.append(f"{variable}: cannot be read ({failure})")
                continue
        if name not in Settings.model_fields:
            faults.append(f"{variable}: there is no such setting")
        elif name in values:
            faults.append(f"{variable}: is set a second time; keep it or the other, with or without _FILE")
        else:
            values[name] = told
    try:
        settings = Settings.model_validate(values)
    except ValidationError as failure:
        for error in failure.errors():
            where = "_".join(str(part) for part in error["loc"]).upper()
            what = "is required" if error["type"] == "missing" else error["msg"].removeprefix("Value error, ")
            faults.append(f"{PREFIX}{where}: {what}" if where else what)
    else:
        if not faults:
            return settings
    raise WrongSettings("Wrong settings (see docs/settings.md):\n" + "\n".join(f"  {fault}" for fault in faults))
