"""Takes a payment by card: needs its maker's cloud.

Source: SWML reference, pay.
"""

from __future__ import annotations

from swml.methods import _cloud
from swml.properties import MethodData, anything, many, part, text


class _Parameter(MethodData):
    name = text("Its name.", required=True)
    value = text("Its value.", required=True)


class PayData(MethodData):
    """As the language has it, and as its SDK writes it: numbers and truths as texts."""

    payment_connector_url = text("Who takes the payment.", required=True)
    charge_amount = text("How much.")
    currency = text("In which currency.", default="usd")
    description = text("What for.")
    input = text("How the card is told.", one_of=("dtmf",), default="dtmf")
    language = text("Of the prompts.", default="en-US")
    max_attempts = anything("How often something is asked.", default=1)
    min_postal_code_length = anything("How long a postal code is at least.", default=0)
    parameters = many(part(_Parameter), "Told to who takes the payment.")
    payment_method = text("What with.", one_of=("credit-card",))
    postal_code = anything("Whether to ask for it, or the code.", default=True)
    prompts = many(anything("A prompt."), "What is said instead.")
    security_code = anything("Whether to ask for it.", default=True)
    status_url = text("Where it is told how it went.")
    timeout = anything("Seconds waited for a key.", default=5)
    token_type = text("For one payment or more.", one_of=("one-time", "reusable"), default="reusable")
    valid_card_types = text("Cards that are taken.", default="visa mastercard amex")
    voice = text("Of the prompts.", default="woman")


METHOD = _cloud.method("pay", PayData, "Takes a payment by card.")
