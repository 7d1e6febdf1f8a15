"""All models of all rooms, for Tortoise: relations between rooms are by name, and this is where the names meet."""

from tortoise import Tortoise

from reintegration.rooms import connect_rooms

MODEL_MODULES = tuple(
    f"reintegration.{room}.models"
    for room in (
        "programme",
        "funding",
        "cases",
        "entitlements",
        "plans",
        "ledger",
        "payments",
        "evidence",
        "treasury",
        "reconciliation",
        "recovery",
        "ordering",
        "fees",
        "exports",
        "audit",
    )
)


async def register_models() -> None:
    """Make the models, their relations and the rooms known to each other, once for a process; nothing connects.

    Tortoise builds each model's queries when it knows the dialect of a default connection, so it gets the address of one
    that is never opened: every query of ours names its own transaction.
    """
    connect_rooms()
    await Tortoise.init(db_url="asyncpg://never-opened@127.0.0.1:1/none", modules={"models": list(MODEL_MODULES)})
