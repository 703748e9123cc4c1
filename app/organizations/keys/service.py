"""Issue, rename and revoke API keys. Only the SHA-256 of a secret is stored."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.authentication import KEY_PREFIX, sha256
from app.access.models import ApiKey
from app.audit import service as audit
from app.core.actor import Actor, Role
from app.core.db import utc_now
from app.core.errors import Conflict, Invalid, NotPermitted
from app.organizations.keys.schemas import KeyIn, KeyPatch
from app.organizations.models import Organization
from app.organizations.queries import named
from app.organizations.roles import require_suitable

ISSUABLE = {Role.ADMIN: set(Role), Role.PARTNER: {Role.PARTNER}}


def issue(session: Session, actor: Actor, values: KeyIn) -> tuple[ApiKey, str]:
    """Make a key; return it with its whole text, which is not kept anywhere.

    Raises NotPermitted for another's organization or a role that the actor cannot give, and Invalid for a
    role that does not suit the organization, and an end that is past or, when a key issues a key, after its own.
    """
    role = values.role or actor.role
    organization = _organization(session, actor, values.organization)
    if role not in ISSUABLE.get(actor.role, set()):
        raise NotPermitted(f"The role {actor.role} cannot issue a key with the role {role}")
    require_suitable(actor, organization, role)
    public_id, secret = secrets.token_hex(6), secrets.token_hex(32)
    key = ApiKey(
        public_id=public_id,
        secret_hash=sha256(secret),
        organization_id=organization.id,
        role=role,
        scope=values.scope,
        name=values.name,
        created_by_id=actor.user_id,
        created_by_key_id=actor.key_id,
        expires_at=_end(session, actor, values.expires_at),
    )
    session.add(key)
    session.flush()
    issued = {"organization": organization.ref, "role": role, "scope": key.scope, "expires_at": key.expires_at}
    audit.record(session, actor, "key.issued", key, after={"id": public_id, "name": key.name, **issued})
    return key, f"{KEY_PREFIX}_{public_id}_{secret}"


def rename(session: Session, actor: Actor, key: ApiKey, values: KeyPatch) -> ApiKey:
    """Give a key another name. Raises Conflict for a revoked one."""
    if key.revoked_at is not None:
        raise Conflict("This key is revoked")
    before, key.name = key.name, values.name
    session.flush()
    audit.record(session, actor, "key.renamed", key, {"name": before}, {"name": key.name})
    return key


def revoke(session: Session, actor: Actor, key: ApiKey) -> ApiKey:
    """End a key, and every key that it issued, with this transaction. Doing it again changes nothing."""
    if key.revoked_at is None:
        key.revoked_at = utc_now()
        session.flush()
        audit.record(session, actor, "key.revoked", key, after={"id": key.public_id})
    for issued in session.scalars(select(ApiKey).where(ApiKey.created_by_key_id == key.id)).all():
        revoke(session, actor, issued)
    return key


def _organization(session: Session, actor: Actor, ref: str | None) -> Organization:
    own = session.get_one(Organization, actor.organization_id)
    if ref is None or ref == own.ref:
        return own
    if actor.role is not Role.ADMIN:
        raise NotPermitted("Keys are issued for your own organization alone")
    return named(session, ref, "/organization")


def _end(session: Session, actor: Actor, wanted: datetime | None) -> datetime | None:
    if wanted is not None and wanted <= utc_now():
        raise Invalid.field("/expires_at", "A key cannot end in the past")
    parent = session.get(ApiKey, actor.key_id) if actor.key_id else None
    if parent is None or parent.expires_at is None:
        return wanted
    if wanted is not None and wanted > parent.expires_at:
        raise Invalid.field("/expires_at", f"The key that asks ends earlier, at {parent.expires_at.isoformat()}")
    return wanted or parent.expires_at
