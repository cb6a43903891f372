"""The demonstration's accounts: made by the commands that an operator uses, and only in the demonstration's own folder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr

from onboarder.demo.stage import Stage
from onboarder.people.one_time_codes import code_of
from onboarder.problems import Problem

COORDINATOR, CANVASSER = "koordinator-demo", "C-01"
"""The canvasser is one whom the sample register names."""
MARKETS = ("KNM", "PGI")
_NAMES = {
    "id": ("Koordinator Demo", "Canvasser Demo"),
    "en": ("Demo Coordinator", "Demo Canvasser"),
}


class _Made(BaseModel):
    """As `onboarder people add` says it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    password: SecretStr
    authenticator: SecretStr


class _Invited(BaseModel):
    """As `onboarder people invite` says it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    link: SecretStr


@dataclass(frozen=True, slots=True)
class SignIns:
    """A coordinator's password and authenticator."""

    password: SecretStr = field(repr=False)
    secret: SecretStr = field(repr=False)

    def code(self, now: datetime) -> str:
        """What the coordinator's authenticator app shows."""
        return code_of(self.secret, now)


def make_sign_ins(stage: Stage, lang: str) -> SignIns:
    """Put a coordinator and a canvasser on record."""
    coordinator, canvasser = _NAMES[lang]
    named = (COORDINATOR, "--role", "coordinator", "--name", coordinator)
    made = _Made.model_validate_json(_people(stage, "add", *named))
    markets = [word for market in MARKETS for word in ("--market", market)]
    _people(stage, "add", CANVASSER, "--role", "canvasser", "--name", canvasser, *markets)
    [secret] = parse_qs(urlsplit(made.authenticator.get_secret_value()).query)["secret"]
    return SignIns(made.password, SecretStr(secret))


def phone_link(stage: Stage) -> SecretStr:
    """Lets one phone of the canvasser in, once, for ten minutes; an earlier one is void."""
    return _Invited.model_validate_json(_people(stage, "invite", CANVASSER)).link


def _people(stage: Stage, *words: str) -> str:
    done = stage.run("people", *words, "--json", quiet=True)
    if done.returncode != 0:
        raise Problem(f"onboarder people {words[0]} was refused", hint=_last(done.stderr))
    return done.stdout


def _last(said: str) -> str:
    lines: Sequence[str] = said.splitlines()
    return lines[-1] if lines else "try again"
