"""Send one letter by SMTP. Called by jobs alone, so that no request waits for a mail server."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any
from urllib.parse import unquote, urlsplit

from app.core.settings import Settings

_SECONDS = 8  # a job holds SQLite's write lock meanwhile: less than others wait for it
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Letter:
    to: str
    subject: str
    text: str
    id: str = ""  # the same whenever it is tried, so that a mail system can see that it has it already


class Unclear(OSError):
    """The server was given the letter and went away before it said whether it takes it."""


def send(settings: Settings, letter: Letter) -> None:
    """Hand `letter` to the server of `smtp_url`: smtp://, smtp+starttls:// or smtps://[user:password@]host[:port].

    Raises OSError (smtplib's errors are such) when the server cannot be reached or refuses, Unclear when nobody
    can know whether it was taken.
    """
    server = _connect(settings.smtp_url)
    try:
        server.send_message(_message(settings.mail_from, letter))
    finally:
        with suppress(OSError):  # what was taken is taken, however the server says goodbye
            server.quit()


def _connect(address: str) -> smtplib.SMTP:
    parts = urlsplit(address)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("COUNTERPART_SMTP_URL is written as smtp://host:25, smtp+starttls:// or smtps://")
    port = parts.port or _PORTS[parts.scheme]
    tls = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = _TlsServer(parts.hostname, port, timeout=_SECONDS, context=tls)
    else:
        server = _Server(parts.hostname, port, timeout=_SECONDS)
    if parts.scheme == "smtp+starttls":
        server.starttls(context=tls)
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server


class _Server(smtplib.SMTP):
    """Tells a letter that was refused from one whose fate is unknown."""

    def data(self, msg: Any) -> tuple[int, bytes]:
        try:
            return super().data(msg)
        except smtplib.SMTPServerDisconnected as error:
            raise Unclear(str(error)) from error


class _TlsServer(_Server, smtplib.SMTP_SSL):
    pass


def _message(sender: str, letter: Letter) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    domain = sender.rpartition("@")[2]
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{letter.id}@{domain}>" if letter.id else make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message
