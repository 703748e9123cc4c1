"""Everything the process reads from its environment, in one place."""

import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from COUNTERPART_* variables or an env file. Times are in the unit that the name ends with."""

    model_config = SettingsConfigDict(env_prefix="COUNTERPART_", env_file=".env", extra="ignore")

    data_dir: Path = Path("var")
    database_url: str = ""
    secret_key: SecretStr | None = None
    base_url: str = "http://127.0.0.1:8000"
    cookies_secure: bool = False
    session_hours: int = Field(12, ge=1)
    link_hours: int = Field(72, ge=1)
    smtp_url: str = ""
    mail_from: str = "counterpart@localhost"
    metrics_token: SecretStr | None = None
    sign_in_attempts_per_minute: int = 10
    requests_per_minute: int = 600
    review_first_programmes: bool = False
    assurance_days: int = 180
    specificity_threshold: float = 0.6
    clearance: Literal["off", "always"] = "off"
    # Clocks: each names the practice that it comes from, and counts from the event that starts it.
    observations_days: int = Field(30, ge=1, description="State's factual observations, from receipt (CTC visits)")
    steps_months: int = Field(6, ge=1, description="State's report on steps taken, from receipt (CTC visits)")
    silence_working_days: int = Field(5, ge=1, description="silence procedure, from its start (1540 Committee)")
    answer_months: int = Field(2, ge=1, description="organization's answer, from conveyance (NDC Partnership)")
    acceptance_months: int = Field(
        2, ge=1, description="State's acceptance, from taking up (as long as an answer)"
    )
    inquiry_months: int = Field(12, ge=1, description="'was it met?', from completion (1540 Committee)")
    unconfirmed_days: int = Field(30, ge=1, description="the State's answer to that inquiry, from its sending")
    briefing_months: int = Field(2, ge=1, description="briefing, from the last one (1540 Committee)")
    interest_working_days: int = Field(10, ge=1, description="interest unanswered, from its expression")
    unsupported_days: int = Field(60, ge=1, description="open need without a conveyed referral, from its opening")
    expiry_days: int = Field(30, ge=1, description="release that ends, this long before its end")
    briefing_group: str = Field("committee", description="the group whose needs are annexed to the briefing")
    notices_hour: int = Field(6, ge=0, le=23, description="hour, UTC, of the daily look and the digests")
    assurance_link_days: int = Field(30, ge=1, description="mailed link that assures, from its sending")
    run_jobs_in_process: bool = True
    thread_pool_size: int = 6

    @cached_property
    def url(self) -> str:
        """The database: the one that was named, or SQLite in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'counterpart.db'}"

    @cached_property
    def secret(self) -> bytes:
        """The signing secret; made on first use and kept in the data folder, readable by its owner alone."""
        if self.secret_key:
            return self.secret_key.get_secret_value().encode()
        path = self.data_dir / "secret_key"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_bytes()
