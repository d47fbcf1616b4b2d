"""Django's settings, for every environment, made from `config/env.py`."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF

from tessera.config import env
from tessera.core import encryption_keys
from tessera.http import client_address, mail_url, networks

try:
    tessera = env.read(os.environ)
except env.WrongSettings as wrong:
    sys.exit(str(wrong))

_base = urlsplit(tessera.base_url)

SECRET_KEY = tessera.secret_key.get_secret_value()
ENCRYPTION_KEYS = encryption_keys.read(tessera.encryption_keys.get_secret_value())
DEBUG = False
_host = _base.hostname or "127.0.0.1"
_LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = _LOOPBACK if _host in ("127.0.0.1", "localhost", "::1") else [_host]
ROOT_URLCONF = "tessera.config.urls"
WSGI_APPLICATION = "tessera.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "organizations.User"
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DEMO = tessera.demo
HOME = tessera.home
BASE_URL = tessera.base_url
TRUSTED_PROXIES = client_address.proxies(tessera.trusted_proxies)
OUTBOUND_ALLOWED = networks.allowed(tessera.outbound_allowed)
API_RATE, API_BURST, API_PROCESSES = tessera.api_rate, tessera.api_burst, tessera.workers

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_tasks",
    "tessera.db",
    "tessera.http",
    "tessera.jobs",
    "tessera.events",
    "tessera.organizations",
    "tessera.files",
    "tessera.people",
    "tessera.plans",
    "tessera.identity",
    "tessera.memberships",
    "tessera.access",
    "tessera.webhooks",
    "tessera.notices",
    "tessera.transfer",
    "tessera.signup",
    "tessera.portal",
    "tessera.console",
    "tessera.config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tessera.console.compressing.CompressedPages",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "tessera.console.uploads.BoundedForms",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tessera.events.origins.middleware",
    "tessera.console.language.middleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"lucide": "tessera.http.icons"},
        },
    }
]


def _database() -> dict[str, Any]:
    url = urlsplit(tessera.database_url or f"sqlite:///{tessera.home / 'tessera.sqlite3'}")
    if url.scheme == "sqlite":
        path = Path(unquote(url.path.removeprefix("/"))) if url.path else tessera.home / "tessera.sqlite3"
        path.parent.mkdir(parents=True, exist_ok=True)
        return {
            "ENGINE": "tessera.db.sqlite",
            "NAME": str(path),
            # An open file is cheap to keep and dear to open: the PRAGMAs run once a connection.
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # A deferred transaction that turns writer loses to "database is locked" at once, whatever the timeout.
                "transaction_mode": "IMMEDIATE",
                "timeout": 10,
                # FULL: what was acknowledged is on the disk. Never mmap_size (docs/decisions/0003-sqlite-engine.md).
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
                " PRAGMA journal_size_limit=67108864;",
            },
            # Real locking needs a real file, in tests too.
            "TEST": {"NAME": str(path.with_name(f"test-{path.name}"))},
        }
    # Short: whoever waits for a database that is away is told so, and it is found again soon after it is back.
    waits = {"timeout": 5, "reconnect_timeout": 5}
    pool = {"min_size": 1, "max_size": tessera.database_pool, **waits} if tessera.database_pool else None
    # Statements here are short, and cost more to compile than to run; and an index page is as near as the next one. A
    # pooler takes no settings, so behind one they are the database's own (docs/decisions/0023-lists.md).
    planning = (
        {}
        if tessera.database_pooler
        else {"options": "-c jit=off -c random_page_cost=1.1 -c max_parallel_workers_per_gather=0"}
    )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(url.port or ""),
        "CONN_MAX_AGE": 0 if pool else None,
        # A cursor on the server outlives its transaction, which behind a pooler has another connection.
        "DISABLE_SERVER_SIDE_CURSORS": tessera.database_pooler,
        "OPTIONS": {**planning, **dict(parse_qsl(url.query)), **({"pool": pool} if pool else {})},
    }


DATABASES = {"default": _database()}
DATABASE_POOLER = tessera.database_pooler
# Where workers listen for news: past a pooler, whose connections are not theirs to keep.
DATABASE_DIRECT_DSN = tessera.database_direct_url or tessera.database_url
NETWORK_THREADS = tessera.network_threads
TASKS = {
    "default": {
        "BACKEND": tessera.tasks_backend or "tessera.jobs.backend.DatabaseBackend",
        "QUEUES": ["default", "network"],
        "OPTIONS": tessera.tasks_options,
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en-gb"
# Those of packages that are no apps: they have no records. Apps' catalogues Django finds itself.
LOCALE_PATHS = [Path(__file__).resolve().parents[1] / package / "locale" for package in ("core", "lifecycle")]

STATIC_URL = "/static/"
STATIC_ROOT = None  # files are found in their packages; `tessera serve` makes compressed ones (cli/static_files.py)
WHITENOISE_USE_FINDERS = True

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_RESET_TIMEOUT = 24 * 3600  # links in mails to staff (organizations/tokens.py)
LOGIN_URL = "console:signin"
# Of allauth, what second factors and sessions are made of is used, and none of its pages: they have no address here
# (docs/decisions/0019-staff-security.md). Its limiter would need a cache that all processes share; ours are in
# http/limits.py, and wrong codes are counted in the person's row.
ACCOUNT_ADAPTER = "tessera.organizations.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
MFA_ADAPTER = "tessera.organizations.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = "Tessera"
MFA_RECOVERY_CODE_DIGITS = 10
CSRF_FAILURE_VIEW = "tessera.console.failures.csrf_failure"

_secure = _base.scheme == "https"
SESSION_COOKIE_NAME = "__Host-tessera" if _secure else "tessera"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_NAME = "__Host-tessera-csrf" if _secure else "tessera-csrf"
CSRF_TRUSTED_ORIGINS = [tessera.base_url]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
    }
}

# EMAIL_BACKEND and what it needs, DEFAULT_FROM_EMAIL, ANYMAIL.
globals().update(mail_url.django_settings(tessera.mail_url.get_secret_value(), sender=tessera.mail_from))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": tessera.log_level},
    "loggers": {"django.request": {"level": "ERROR"}},
}
