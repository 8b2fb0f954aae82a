"""system_config/callflow.dynamic_cid: the dynamic_cid action. Source: Kazoo cf_dynamic_cid."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import pattern, text, whole


class DynamicCid(Schema):
    """Keys of the callflow.dynamic_cid document."""

    default_prompt = text("dynamic-cid-enter_cid", "Asks for a number.")
    accept_prompt = text("tone_stream://%(250,50,440)", "Played when the number is taken.")
    reject_prompt = text("dynamic-cid-invalid_using_default", "Played when it is not.")
    min_digits = whole(10, "Shorter numbers are refused.", low=1, high=64)
    max_digits = whole(10, "Digits that are waited for.", low=1, high=64)
    whitelist_regex = pattern(r"\d+", "What a number must match.")


CATEGORY = Category("callflow.dynamic_cid", DynamicCid, "The dynamic_cid action.")
