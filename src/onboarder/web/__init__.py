"""Pages for people: the canvasser's installable app and the coordinator's desk."""

from fastapi import APIRouter

from onboarder.api.premises import Premises
from onboarder.web import desk, field_app


def pages(premises: Premises) -> tuple[APIRouter, ...]:
    """All of them, for the HTTP application."""
    return (field_app.router(premises), desk.router())
