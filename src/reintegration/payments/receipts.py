"""Receipt by the returnee: a one-time code that only they are told, entered by the office that hands goods or money over.

The code is stored nowhere. Its hash is scrypt's with a salt of its own, so that a copy of the database tells no code that is
still worth something: 30^8 codes at a twentieth of a second each.
"""

import asyncio
import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from reintegration.database.rows import locked
from reintegration.database.sql import load_queries
from reintegration.database.transaction import Row, Transaction
from reintegration.identity.permissions import Permission, require
from reintegration.kernel.clock import now
from reintegration.kernel.errors import SamePersonError, TransitionError
from reintegration.kernel.reference import Reference
from reintegration.payments.commands import ConfirmReceipt, IssueReceiptCode
from reintegration.payments.models import Payment, ReceiptCode
from reintegration.payments.receipt_errors import CodeExpiredError, CodeLockedError, NoCodeError, ReceiptConfirmedError
from reintegration.payments.sides import check_side

_SQL = load_queries(__file__)
MOST_ATTEMPTS: Final = 5
LIFETIME: Final = timedelta(days=30)
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without what is mistaken for something else when it is read aloud or written down."""
_LENGTH: Final = 8
_ON_ITS_WAY: Final = frozenset({"released", "paid", "unconfirmed"})


def new_code() -> str:
    """A code such as 7KQ2-XW9M."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return f"{code[:4]}-{code[4:]}"


async def issue_receipt_code(transaction: Transaction, command: IssueReceiptCode) -> Reference:
    """Keep the hash of a code for the returnee of a payment that is on its way; one issued before is void.

    Locks the payment, then the code that it voids.

    Raises:
        ReceiptConfirmedError, TransitionError, NotFoundError, ForbiddenError; ConstraintViolationError (receipt_codes_most_ck)
        after five codes.
    """
    require(transaction.actor, Permission.RECEIPT_ISSUE)
    payment = await _payment(transaction, command.payment_id)
    before = await transaction.fetch_one(_SQL["standing_code"], payment.id)
    if before is not None:
        if before["confirmed_at"] is not None:
            raise ReceiptConfirmedError
        await transaction.execute(_SQL["void_code"], before["id"], now())
    code = await ReceiptCode.create(
        using_db=transaction.orm,
        id=command.id,
        payment_id=payment.id,
        case_id=payment.case_id,
        issued_by=transaction.actor.id,
        expires_at=now() + LIFETIME,
    )
    salt = secrets.token_bytes(16)
    await transaction.execute(_SQL["keep_secret"], code.id, payment.case_id, salt, await _hashed(command.code, salt))
    return Reference("ReceiptCode", code.id, code.version)


async def confirm_receipt(transaction: Transaction, command: ConfirmReceipt) -> Reference:
    """Compare what the returnee said with the code. A wrong one is counted and kept: the answer says that it isn't confirmed.

    Locks the payment, then its code, so that codes are tried one after the other.

    Raises:
        NoCodeError, CodeLockedError, CodeExpiredError, ReceiptConfirmedError, SamePersonError, TransitionError, NotFoundError,
        ForbiddenError.
    """
    require(transaction.actor, Permission.RECEIPT_CONFIRM)
    payment = await _payment(transaction, command.payment_id)
    code = _open(await transaction.fetch_one(_SQL["standing_code"], payment.id))
    if code["issued_by"] == transaction.actor.id:
        raise SamePersonError(step="confirmation of the receipt")
    if hmac.compare_digest(await _hashed(command.code, code["salt"]), code["hash"]):
        await transaction.execute(_SQL["confirm_code"], code["id"], transaction.actor.id, now())
    else:
        await transaction.execute(_SQL["count_attempt"], code["id"])
    return Reference("ReceiptCode", code["id"], code["version"] + 1)


def _open(code: Row | None) -> Row:
    if code is None:
        raise NoCodeError
    if code["confirmed_at"] is not None:
        raise ReceiptConfirmedError
    if code["attempts"] >= MOST_ATTEMPTS:
        raise CodeLockedError
    if code["expires_at"] <= now():
        raise CodeExpiredError
    return code


async def _payment(transaction: Transaction, payment_id: UUID) -> Payment:
    """A payment of the actor's own side, locked and on its way."""
    payment = await locked(transaction, Payment, payment_id, kind="Payment")
    await check_side(transaction, payment)
    if payment.status not in _ON_ITS_WAY:
        raise TransitionError(kind="Payment", current=payment.status, wanted="received")
    return payment


async def _hashed(code: str, salt: bytes) -> bytes:
    """In a thread, since it takes a while on purpose."""
    plain = "".join(letter for letter in code.upper() if letter in _ALPHABET).encode()
    return await asyncio.to_thread(hashlib.scrypt, plain, salt=salt, n=2**14, r=8, p=1, dklen=32)
