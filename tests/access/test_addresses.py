"""The secret of an address reads as its owner does now, one feed alone, until it is revoked."""

import pytest
from sqlalchemy.orm import Session

from app.access.addresses import Purpose, ReadsFeed, in_force, issue, reader, revoke
from app.access.permissions import Permission
from app.core.actor import Actor, Role
from app.core.db import utc_now
from app.core.errors import Conflict, NotPermitted, NotSignedIn
from tests.conftest import As

CLOCKS = ReadsFeed(Permission.CLOCK_READ, Purpose.CLOCKS)


def test_a_secret_reads_as_its_owner_and_writes_nothing(session: Session, officer: As):
    secret = issue(session, officer.actor, Purpose.CLOCKS)

    found = CLOCKS(session, None, secret)

    assert (found.user_id, found.role, found.may_write) == (officer.user.id, Role.OFFICER, False)


@pytest.mark.parametrize("wrong", ["", "guess", "\x00", "١"])
def test_a_wrong_secret_reads_nothing(session: Session, officer: As, wrong: str):
    issue(session, officer.actor, Purpose.CLOCKS)

    with pytest.raises(NotSignedIn):
        CLOCKS(session, officer.actor, wrong)


def test_a_secret_opens_no_other_feed(session: Session, officer: As):
    secret = issue(session, officer.actor, Purpose.NEEDS)

    with pytest.raises(NotSignedIn):
        CLOCKS(session, None, secret)


def test_a_new_secret_ends_the_old_one(session: Session, officer: As):
    old, new = issue(session, officer.actor, Purpose.CLOCKS), issue(session, officer.actor, Purpose.CLOCKS)

    with pytest.raises(NotSignedIn):
        CLOCKS(session, None, old)
    assert CLOCKS(session, None, new).user_id == officer.user.id


def test_a_revoked_secret_and_that_of_a_disabled_account_read_nothing(session: Session, officer: As):
    secret = issue(session, officer.actor, Purpose.CLOCKS)
    revoke(session, officer.actor, Purpose.CLOCKS)
    again = issue(session, officer.actor, Purpose.CLOCKS)
    officer.user.disabled_at = utc_now()
    session.add(officer.user)
    session.flush()

    for ended in (secret, again):
        with pytest.raises(NotSignedIn):
            CLOCKS(session, None, ended)


def test_the_role_decides_as_everywhere(session: Session, donor: As):
    secret = issue(session, donor.actor, Purpose.CLOCKS)

    with pytest.raises(NotPermitted):
        CLOCKS(session, None, secret)


def test_a_key_has_no_address(session: Session, officer: As):
    key = Actor(Role.OFFICER, officer.organization.id, label="key")

    with pytest.raises(Conflict):
        issue(session, key, Purpose.CLOCKS)
    assert in_force(session, officer.actor, Purpose.CLOCKS) is None


def test_a_secret_about_one_record_reads_no_other(session: Session, officer: As):
    searches = Permission.NEED_READ, Purpose.SEARCHES
    first = issue(session, officer.actor, Purpose.SEARCHES, "one")
    issue(session, officer.actor, Purpose.SEARCHES, "two")

    with pytest.raises(NotSignedIn):
        reader(session, None, first, *searches, about="two")
    assert reader(session, None, first, *searches, about="one").user_id == officer.user.id
