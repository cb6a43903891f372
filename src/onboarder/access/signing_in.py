"""The office's sign-in: a password and a one-time code, and the same answer whatever was wrong."""

from dataclasses import dataclass, field

from pydantic import SecretStr

from onboarder.access.entrance import Entrance
from onboarder.access.limits import ACCOUNT, ADDRESS, count, succeeded
from onboarder.access.refused import Refused, Why
from onboarder.access.sessions import open_session
from onboarder.model.ids import MerchantId
from onboarder.people import one_time_codes
from onboarder.people.passwords import fits, hashed
from onboarder.people.places import Place
from onboarder.records import accounts, sessions, writes
from onboarder.records.accounts import AccountRecord, handle_of

SHORTEST = 12
"""Characters of a password; NIST SP 800-63B asks for 8 beside a second factor."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """What an authenticator app takes: as an otpauth:// address, or typed."""

    address: SecretStr = field(repr=False)
    secret: SecretStr = field(repr=False)


async def by_password(
    entrance: Entrance, name: str, password: SecretStr, code: str, *, title: str, address: str
) -> SecretStr:
    """Sign a browser in; returns its session's token.

    `Refused`: `not_let_in` whatever was wrong, `wait` after too many tries. Accounts that do not exist, are disabled or
    have no password are answered the same and as slowly as those that do. A code works once.
    """
    tries = {
        entrance.veiled("account", handle_of(name)): ACCOUNT,
        entrance.veiled("address", address): ADDRESS,
    }
    await count(entrance, tries)
    account = await _account(entrance, name)
    right = await fits(account.password if account else None, password)
    counter = await _counter(entrance, account, code) if account and right else None
    async with entrance.database.write() as tx:
        if account and counter and await accounts.use_code(tx, account.id, counter):
            await succeeded(entrance, tx, tries)
            return await open_session(tx, entrance, account.id, title=title, pin=None)
        await writes.note(
            tx,
            at=entrance.clock(),
            actor="anybody",
            action="session.refused",
            subject=f"account:{account.id if account else '?'}",
        )
    raise Refused(Why.NOT_LET_IN)


async def set_up(entrance: Entrance, who: str, password: SecretStr, *, by: str) -> SetUp:
    """A new password and a new authenticator; all their devices are signed out. `Refused`: `password_weak`, `not_found`."""
    check_password(who, password)
    secret, now = one_time_codes.new_secret(), entrance.clock()
    kept = await hashed(password)
    async with entrance.database.read() as tx:
        account = await accounts.find(tx, who)
    if account is None:
        raise Refused(Why.NOT_FOUND)
    sealed = await entrance.vault.seal(_place(account.id), secret)
    async with entrance.database.write() as tx:
        await accounts.change(tx, account.id, {"password": kept, "totp": sealed, "totp_used": 0})
        await sessions.end_all(tx, account.id, by=by, now=now)
        await writes.note(
            tx, at=now, actor=by, action="account.set_up", subject=f"account:{account.id}"
        )
    issuer = entrance.programme.name
    return SetUp(one_time_codes.address(secret, account=account.id, issuer=issuer), secret)


def check_password(who: str, password: SecretStr) -> None:
    """`Refused` (`password_weak`) for one that is short or holds the account's id."""
    word = password.get_secret_value()
    if len(word) < SHORTEST or handle_of(who) in handle_of(word):
        raise Refused(Why.PASSWORD_WEAK)


async def _account(entrance: Entrance, name: str) -> AccountRecord | None:
    """Who may sign in under that name."""
    async with entrance.database.read() as tx:
        found = await accounts.find(tx, name)
    usable = found and found.disabled_at is None and found.programme == entrance.programme.code
    return found if usable else None


async def _counter(entrance: Entrance, account: AccountRecord, code: str) -> int | None:
    if account.totp is None:
        return None
    secret = await entrance.vault.open(_place(account.id), account.totp)
    return one_time_codes.counter_of(secret, code, entrance.clock())


def _place(who: str) -> Place:
    """In the vault an account has a key of its own, as merchants have; no merchant's id looks like this."""
    return Place(MerchantId(f"account:{who}"), "account", "totp", who)
