"""Send one letter by SMTP. Called by jobs alone, so that no request waits for a mail server."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from app.core.settings import Settings

_SECONDS = 8  # a job holds SQLite's write lock meanwhile: less than others wait for it
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Letter:
    to: str
    subject: str
    text: str


def send(settings: Settings, letter: Letter) -> None:
    """Hand `letter` to the server of `smtp_url`: smtp://, smtp+starttls:// or smtps://[user:password@]host[:port].

    Raises OSError (smtplib's errors are such) when the server cannot be reached or refuses.
    """
    with _connect(settings.smtp_url) as server:
        server.send_message(_message(settings.mail_from, letter))


def _connect(address: str) -> smtplib.SMTP:
    parts = urlsplit(address)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("COUNTERPART_SMTP_URL is written as smtp://host:25, smtp+starttls:// or smtps://")
    port = parts.port or _PORTS[parts.scheme]
    tls = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(parts.hostname, port, timeout=_SECONDS, context=tls)
    else:
        server = smtplib.SMTP(parts.hostname, port, timeout=_SECONDS)
    if parts.scheme == "smtp+starttls":
        server.starttls(context=tls)
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server


def _message(sender: str, letter: Letter) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message
