"""Every setting, driven by the environment; the defaults are safe for production.

DATABASE_URL          sqlite:///… or postgres://…; default: SQLite in BUSBAR_HOME
BUSBAR_HOME           files, lake, generated secret; default: ./var
SECRET_KEY            default: generated on first start and kept in BUSBAR_HOME
DEBUG                 1 for development; off by default
BUSBAR_HOSTS          host names, comma separated; default: this machine only
BUSBAR_TLS            1 behind TLS: secure cookies, HSTS, redirect
BUSBAR_PROXIES        trusted reverse proxies in front (their number), for client addresses
BUSBAR_UPLOAD_MAX_MB  largest file that is taken in; default 512
BUSBAR_WORKERS        background workers; default 1
BUSBAR_RETRY_SECONDS  after which the work of a lost worker is given out again; default 3900
BUSBAR_LOG            level of the log; default WARNING
BUSBAR_BILL_MAX_MISSING_PERCENT  share of a month that may be missing in a bill; default 10
BUSBAR_COMPARED_MONTHS  billed months compared with the archive every night; default 2
BUSBAR_BILL_ENGINE    where bill runs add up the curves: local (default) or spark://host:port
BUSBAR_FINDING_SWING_PERCENT   change against the month before worth a look; default 30
BUSBAR_FINDING_DEMAND_PERCENT  demand below this share of the contracted is; default 70
BUSBAR_FINDING_HOLDS           kinds of finding that hold a bill back; default swing,curve_gaps
BUSBAR_SMS_URL        https address of the SMS provider; default: written to BUSBAR_HOME/outbox
BUSBAR_SMS_SECRET     key with which letters to it are signed
BUSBAR_MAIL_URL       smtp(s)://user:password@host:port; default: written to BUSBAR_HOME/outbox
BUSBAR_MAIL_FROM      sender of e-mails
BUSBAR_PAYMENT_GATEWAY  class that talks to the bank; default: files in a shared folder
BUSBAR_PAYMENT_FOLDER that folder; default: BUSBAR_HOME/bank
BUSBAR_DEMO           1 only in the demonstration: shows its passwords at sign-in
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from busbar.config.secret import load_or_create_secret


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


PACKAGE = Path(__file__).resolve().parent.parent
BUSBAR_HOME = Path(os.environ.get("BUSBAR_HOME", "var")).resolve()
BUSBAR_HOME.mkdir(parents=True, exist_ok=True)
LAKE_ROOT = BUSBAR_HOME / "lake"
FILES_ROOT = BUSBAR_HOME / "files"

SECRET_KEY = os.environ.get("SECRET_KEY") or load_or_create_secret(BUSBAR_HOME / "secret_key")
DEBUG = _flag("DEBUG")
BUSBAR_TLS = _flag("BUSBAR_TLS")
BUSBAR_DEMO = _flag("BUSBAR_DEMO")
BUSBAR_PAYMENT_GATEWAY = os.environ.get("BUSBAR_PAYMENT_GATEWAY", "")
BUSBAR_PAYMENT_FOLDER = os.environ.get("BUSBAR_PAYMENT_FOLDER", "")
_hosts = os.environ.get("BUSBAR_HOSTS", "localhost,127.0.0.1,[::1]")
ALLOWED_HOSTS = [host.strip() for host in _hosts.split(",") if host.strip()]
CSRF_TRUSTED_ORIGINS = [f"https://{h}" for h in ALLOWED_HOSTS if h != "*"] if BUSBAR_TLS else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_q",
    "ninja",
    "busbar.journal",
    "busbar.access",
    "busbar.clocks",
    "busbar.workflow",
    "busbar.customers",
    "busbar.network",
    "busbar.pricing",
    "busbar.supply",
    "busbar.notifications",
    "busbar.metering",
    "busbar.billing",
    "busbar.outages",
    "busbar.payments",
    "busbar.arrears",
    "busbar.claims",
    "busbar.service_desk",
    "busbar.connections",
    "busbar.key_accounts",
    "busbar.imports",
    "busbar.console",
    "busbar.api",
    "busbar.jobs",
    "busbar.cli",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "busbar.console.middleware.ViewerMiddleware",
]

ROOT_URLCONF = "busbar.config.urls"
WSGI_APPLICATION = "busbar.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "console" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "busbar.console.context.shell",
            ],
        },
    },
]

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL") or f"sqlite:///{BUSBAR_HOME / 'busbar.sqlite3'}",
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["ENGINE"] = "busbar.config.sqlite"
    # WAL lets readers go on while one writes; IMMEDIATE queues writers instead of failing them.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;"
        ),
    }

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "busbar.console.sign_in.StaffAccountAdapter"  # sign-up is closed there
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "progress": "10/m/ip,5/5m/key",  # an applicant's number and query code
}
ACCOUNT_SESSION_REMEMBER = False
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("BUSBAR_PROXIES", "0"))
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "busbar.console.sign_in.StaffMFAAdapter"  # words of its messages
MFA_TOTP_ISSUER = "Busbar 母线"

CACHES = {
    "default": {
        # In the database so that sign-in throttling holds across worker processes.
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "busbar_cache",
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "config" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = BUSBAR_HOME / "static"
STATICFILES_DIRS = [PACKAGE / "console" / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = FILES_ROOT
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_MEMORY_SIZE = 10_485_760
BUSBAR_UPLOAD_MAX_BYTES = int(os.environ.get("BUSBAR_UPLOAD_MAX_MB", "512")) * 1024 * 1024

BUSBAR_BILL_MAX_MISSING_PERCENT = os.environ.get("BUSBAR_BILL_MAX_MISSING_PERCENT", "10")
BUSBAR_COMPARED_MONTHS = os.environ.get("BUSBAR_COMPARED_MONTHS", "2")
BUSBAR_BILL_ENGINE = os.environ.get("BUSBAR_BILL_ENGINE", "local")
BUSBAR_FINDING_SWING_PERCENT = os.environ.get("BUSBAR_FINDING_SWING_PERCENT", "30")
BUSBAR_FINDING_DEMAND_PERCENT = os.environ.get("BUSBAR_FINDING_DEMAND_PERCENT", "70")
BUSBAR_FINDING_HOLDS = os.environ.get("BUSBAR_FINDING_HOLDS", "swing,curve_gaps")

_SPOOL = "busbar.notifications.gateways.SpoolGateway"
BUSBAR_SMS_URL = os.environ.get("BUSBAR_SMS_URL", "")
BUSBAR_SMS_SECRET = os.environ.get("BUSBAR_SMS_SECRET", "")
BUSBAR_SMS_TIMEOUT_SECONDS = 10
_mail = urlsplit(os.environ.get("BUSBAR_MAIL_URL", ""))
EMAIL_HOST = _mail.hostname or "localhost"
EMAIL_PORT = _mail.port or (465 if _mail.scheme == "smtps" else 25)
EMAIL_HOST_USER = unquote(_mail.username or "")
EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("BUSBAR_MAIL_FROM", "busbar@localhost")
BUSBAR_GATEWAYS = {
    "sms": "busbar.notifications.gateways.HttpGateway" if BUSBAR_SMS_URL else _SPOOL,
    "email": "busbar.notifications.gateways.EmailGateway" if _mail.hostname else _SPOOL,
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BUSBAR_TLS
SECURE_SSL_REDIRECT = BUSBAR_TLS
SECURE_HSTS_SECONDS = 31_536_000 if BUSBAR_TLS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BUSBAR_TLS else None

Q_CLUSTER = {
    "name": "busbar",
    "orm": "default",
    "workers": int(os.environ.get("BUSBAR_WORKERS", "1")),
    "timeout": 3600,
    "retry": int(os.environ.get("BUSBAR_RETRY_SECONDS", "3900")),
    "max_attempts": 5,
    "ack_failures": True,
    "catch_up": False,
    "poll": 1,
    "save_limit": 500,
    "label": "Busbar",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    # A refused or unknown address is the client's business; the server logs what it did wrong.
    "loggers": {"django.request": {"level": "ERROR"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("BUSBAR_LOG", "WARNING")},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
