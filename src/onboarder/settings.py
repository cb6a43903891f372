"""What the operator sets: environment variables (ONBOARDER_…) over config/onboarder.toml over defaults."""

import tomllib
from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from onboarder.problems import ConfigProblem

SQLITE = "sqlite"
_PUBLIC = r"^(https://[^\s/?#]+|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)(/[\w./-]*\w)?$"
"""Plain http only on this very machine."""


class Settings(BaseSettings):
    """Where things are and how long they may take. Durations are seconds."""

    model_config = SettingsConfigDict(env_prefix="ONBOARDER_", frozen=True, extra="forbid")

    config_dir: Path = Path("config")
    data_dir: Path = Path("var")
    """Database, photos, keys and the embedded Valkey's socket of the embedded default."""
    secrets_dir: Path | None = None
    """Folder with the file `keys.json` of the key ring; default: DATA_DIR/keys."""
    database_url: SecretStr | None = None
    """postgresql://… for a server; default: SQLite in DATA_DIR."""
    keys_url: SecretStr | None = None
    """postgresql://… of a database of its own for the merchants' keys; default: DATA_DIR/keys/merchants.db. Several hosts
    must share one, and it must not be in the backups of the other."""
    redis_url: SecretStr | None = None
    """redis://… or unix://… for a server; default: an embedded Valkey in DATA_DIR."""
    programme: str = "cirebon"
    lang: str = Field(default="id", pattern="^(id|en)$")
    lease_seconds: float = Field(default=60, gt=1, le=600)
    """How long a worker owns a store without a sign of life; must exceed a call's deadline."""
    call_deadline_seconds: float = Field(default=20, gt=0.1, le=120)
    sweep_seconds: float = Field(default=2, gt=0.05, le=60)
    """How often every worker looks in the database for due stores nobody rang for."""
    stall_jobs: int = Field(default=20, ge=1, le=200)
    night_jobs: int = Field(default=40, ge=1, le=200)
    """Stores worked on at once, per process, lane and marketplace."""
    fresh_minutes: float = Field(default=10, ge=0)
    """How long an observation counts as current."""
    pass_seconds: float = Field(default=600, gt=0.5, le=3600)
    """How long one pass over a store may take before it is cut off and counts as failed."""
    blocked_seconds: float = Field(default=60, gt=0.5, le=600)
    """A worker whose event loop stands still for so long ends itself, to be started again."""
    worker_memory_mb: int = Field(default=512, ge=192, le=65_536)
    """A worker larger than this ends what is under way, then itself, to be started again; it never gets twice as large."""
    look_again_seconds: tuple[float, ...] = (60, 300, 900, 3600)
    """While a store or listing is in review: when to look again; the last wait repeats."""
    night_at: str = Field(default="01:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """When the nightly reconciliation starts, in the programme's time zone."""

    public_url: str | None = Field(default=None, pattern=_PUBLIC, max_length=200)
    """The address under which phones and marketplaces reach `onboarder serve`: https://…, without a slash at its end."""
    photo_base_url: str | None = Field(
        default=None, pattern=r"^https://[^\s/?#]+(/[\w./-]*\w)?$", max_length=200
    )
    """https address under which the whole world can read DATA_DIR/photos, if they are published; only the files that
    sellers upload need it."""
    serve_host: str = "127.0.0.1"
    serve_port: int = Field(default=8791, ge=1, le=65_535)
    """Where `onboarder serve` listens; a reverse proxy that holds the certificate stands before it."""
    link_days: float = Field(default=30, gt=0, le=365)
    """How long a merchant's personal link works."""
    visit_minutes: float = Field(default=60, gt=0, le=1440)
    """How long a merchant may take on the marketplace's own page before coming back."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        folder = Path(
            str(init_settings().get("config_dir") or env_settings().get("config_dir") or "config")
        )
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, folder / "onboarder.toml"),
        )

    @cached_property
    def database(self) -> str:
        """SQLAlchemy's async URL of the database."""
        return _async_url(self.database_url, self.data_dir.resolve() / "onboarder.db")

    @cached_property
    def keys_database(self) -> str:
        """SQLAlchemy's async URL of the store of merchants' keys."""
        return _async_url(self.keys_url, self.data_dir.resolve() / "keys" / "merchants.db")

    @property
    def keys_dir(self) -> Path:
        """The folder of the key ring."""
        return self.secrets_dir or self.data_dir / "keys"

    @property
    def photos_dir(self) -> Path:
        return self.data_dir / "photos"

    @property
    def public_address(self) -> str:
        """`public_url`; `ConfigProblem` if it is not set."""
        if self.public_url is None:
            raise ConfigProblem(
                "public_url is not set, so no personal link can be made",
                hint="set public_url in onboarder.toml to the https address of onboarder serve",
                id_message="public_url belum diatur, jadi tautan pribadi tidak bisa dibuat",
                id_hint="atur public_url di onboarder.toml dengan alamat https dari onboarder serve",
            )
        return self.public_url

    @property
    def embedded_database(self) -> bool:
        return self.database.startswith(SQLITE)

    def folder(self, name: str) -> Path:
        """A folder of the configuration; `ConfigProblem` if the configuration is not where it should be."""
        path = self.config_dir / name
        if not path.is_dir():
            raise ConfigProblem(
                f"configuration folder {path} does not exist",
                hint="run onboarder in the folder that holds config/, or set ONBOARDER_CONFIG_DIR",
                id_message=f"folder pengaturan {path} tidak ada",
                id_hint="jalankan di folder yang berisi config/, atau atur ONBOARDER_CONFIG_DIR",
            )
        return path


def read_settings() -> Settings:
    """The settings; `ConfigProblem` naming the one that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        raise ConfigProblem(
            f"setting {name}: {first['msg']}",
            hint=f"mend it in onboarder.toml or in ONBOARDER_{name.upper()}",
            id_message=f"pengaturan {name} tidak bisa dipakai: {first['msg']}",
            id_hint=f"perbaiki di onboarder.toml atau di ONBOARDER_{name.upper()}",
        ) from None
    except ValueError as error:  # what the TOML parser raises names no file
        raise ConfigProblem(
            f"onboarder.toml: {error}",
            hint="mend the line and try again",
            id_message=f"onboarder.toml tidak bisa dibaca: {error}",
            id_hint="perbaiki baris itu lalu coba lagi",
        ) from None


def _async_url(url: SecretStr | None, file: Path) -> str:
    """With the driver that SQLAlchemy needs; without a URL, SQLite in that file."""
    plain = f"sqlite:///{file}" if url is None else url.get_secret_value()
    for scheme, driver in (
        ("postgresql://", "postgresql+asyncpg://"),
        ("postgres://", "postgresql+asyncpg://"),
        ("sqlite:///", "sqlite+aiosqlite:///"),
    ):
        if plain.startswith(scheme):
            return driver + plain.removeprefix(scheme)
    return plain


def read_toml(path: Path) -> dict[str, object]:
    """A configuration file's content; `ConfigProblem` naming file and line if it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigProblem(
            f"{path} does not exist",
            hint="restore it from the project's config/",
            id_message=f"{path} tidak ada",
            id_hint="kembalikan dari config/ milik proyek",
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigProblem(
            f"{path}: {error}",
            hint="mend the line and try again",
            id_message=f"{path} tidak bisa dibaca: {error}",
            id_hint="perbaiki baris itu lalu coba lagi",
        ) from None
