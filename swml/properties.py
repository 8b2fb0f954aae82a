"""The properties that methods' schemas are made of: a text, a number, a URL, steps ...

Each maker is a class of fields under the name it has in a schema: `direction = text("Whose.", one_of=...)`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from marshmallow import ValidationError, fields

from swml.branching import Branches, Cases, Conditions, Result, Steps
from swml.property import MethodData, Property, each
from swml.value import as_text, has_expression, is_web_url

__all__ = [
    "Branches",
    "MethodData",
    "anything",
    "cases",
    "conditions",
    "flag",
    "many",
    "mapping",
    "number",
    "one_or_many",
    "part",
    "result",
    "steps",
    "text",
    "web_url",
    "whole",
]


class Text(Property):
    """A string, which a variable becomes as JavaScript writes it."""

    kind = "string"

    def __init__(
        self,
        description: str = "",
        *,
        default: Any = None,
        required: bool = False,
        one_of: Iterable[str] = (),
        pattern: str = "",
        name: str | None = None,
    ) -> None:
        """Args: one_of: the values there are, none: any; pattern: searched for, as JSON schemas do."""
        self.one_of = tuple(one_of)
        self.pattern = re.compile(pattern, re.DOTALL) if pattern else None
        limits = " | ".join(self.one_of)
        super().__init__(description, default=default, required=required, limits=limits, name=name)

    def written(self, value: Any) -> Any:
        """A string, nothing else."""
        if not isinstance(value, str):
            raise ValidationError("must be a string")
        self.check(value)
        return value

    def given(self, value: Any) -> Any:
        """Whatever a variable was, as a string."""
        text = as_text(value)
        self.check(text)
        return text

    def check(self, text: str) -> None:
        """See that a string may stand here. Raises: ValidationError."""
        if self.one_of and text not in self.one_of:
            raise ValidationError(f"must be one of {', '.join(self.one_of)}")
        if self.pattern is not None and not self.pattern.search(text):
            raise ValidationError("is none of the forms it may have")


class WebUrl(Text):
    """An http or https URL; variables may be anywhere in it. An empty text at run time is none."""

    kind = "URL"

    def written(self, value: Any) -> Any:
        """A string, and a URL if it says so already."""
        return value if isinstance(value, str) and has_expression(value) else super().written(value)

    def given(self, value: Any) -> Any:
        """A URL, or the default for an empty text, which is what a variable that is not set leaves."""
        return self.load_default if value == "" and not self.required else super().given(value)

    def check(self, text: str) -> None:
        """See that it is a URL. Raises: ValidationError."""
        if not is_web_url(text):
            raise ValidationError("must be a URL that begins with http:// or https://")


class Number(Property):
    """A number, as a float."""

    kind = "number"

    def __init__(
        self,
        description: str = "",
        *,
        default: Any = None,
        required: bool = False,
        minimum: float | None = None,
        maximum: float | None = None,
        name: str | None = None,
    ) -> None:
        """Args: minimum, maximum: allowed themselves."""
        self.minimum, self.maximum = minimum, maximum
        limits = "" if minimum is maximum is None else f"{_shown(minimum)}..{_shown(maximum)}"
        super().__init__(description, default=default, required=required, limits=limits, name=name)

    def written(self, value: Any) -> Any:
        """A number, nothing else."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError(f"must be a {'whole ' if self.kind == 'integer' else ''}number")
        return self.convert(value)

    def given(self, value: Any) -> Any:
        """A number, or a text that is one; the default for an empty text, as with URLs."""
        if isinstance(value, str):
            if not value.strip() and not self.required:
                return self.load_default
            try:
                value = float(value[:64])
            except ValueError:
                raise ValidationError("must be a number") from None
        return self.written(value)

    def convert(self, value: float) -> Any:
        """Return the number as the method is given it. Raises: ValidationError."""
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise ValidationError("must be a number that can be reckoned with")
        if self.minimum is not None and number < self.minimum:
            raise ValidationError(f"must be at least {self.minimum:g}")
        if self.maximum is not None and number > self.maximum:
            raise ValidationError(f"must be at most {self.maximum:g}")
        return number


class Whole(Number):
    """A whole number, as an int."""

    kind = "integer"

    def convert(self, value: float) -> Any:
        """Return the number as the method is given it. Raises: ValidationError."""
        if not super().convert(value).is_integer():
            raise ValidationError("must be a whole number")
        return int(value)


class Flag(Property):
    """True or false."""

    kind = "boolean"

    def __init__(
        self,
        description: str = "",
        *,
        default: bool | None = False,
        required: bool = False,
        name: str | None = None,
    ) -> None:
        """See Property."""
        super().__init__(description, default=default, required=required, name=name)

    def written(self, value: Any) -> Any:
        """A boolean, nothing else."""
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value

    def given(self, value: Any) -> Any:
        """A boolean, or a text or number that stands for one; the default for an empty text."""
        word = as_text(value).strip().lower()
        if not word and not self.required:
            return self.load_default
        if word not in ("true", "false", "1", "0"):
            raise ValidationError("must be true or false")
        return word in ("true", "1")


class Object(Property):
    """A mapping of anything."""

    kind = "object"
    takes_variable = False

    def __init__(
        self,
        description: str = "",
        *,
        default: Callable[[], Any] | None = dict,
        required: bool = False,
        name: str | None = None,
    ) -> None:
        """See Property."""
        super().__init__(description, default=default, required=required, name=name)

    def written(self, value: Any) -> Any:
        """A mapping, nothing else."""
        if not isinstance(value, Mapping):
            raise ValidationError("must be a mapping")
        return dict(value)


class Anything(Property):
    """Any value, null too."""

    takes_variable = False

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        """Take it as it is."""
        return None if value is None else super().deserialize(value, attr, data, **kwargs)


class Part(Property):
    """A mapping with a schema of its own, such as a device of `connect`."""

    kind = "object"
    takes_variable = False

    def __init__(
        self, of: type[MethodData], description: str = "", *, required: bool = False, name: str | None = None
    ) -> None:
        """Args: of: its schema."""
        self.schema = of()
        super().__init__(description, required=required, name=name)

    def written(self, value: Any) -> Any:
        """What its schema takes."""
        if not isinstance(value, Mapping):
            raise ValidationError("must be a mapping")
        return self.schema.load(dict(value))


class Many(Property):
    """A list."""

    kind = "array"
    takes_variable = False
    or_one = False

    def __init__(
        self,
        of: fields.Field[Any],
        description: str = "",
        *,
        default: Any = None,
        required: bool = False,
        name: str | None = None,
    ) -> None:
        """Args: of: each item."""
        self.inner = of
        limits = str(of.metadata.get("limits", ""))
        super().__init__(description, default=default, required=required, limits=limits, name=name)

    def written(self, value: Any) -> Any:
        """Each item as its field has it; every fault is told, under the item's index."""
        if not isinstance(value, list):
            raise ValidationError("must be a list")
        return [item for _, item in each(value, self.inner.deserialize)]


class OneOrMany(Many):
    """A list, of one where the item stands there by itself."""

    or_one = True

    def written(self, value: Any) -> Any:
        """Each item as its field has it."""
        return super().written(value) if isinstance(value, list) else [self.inner.deserialize(value)]


def _shown(limit: float | None) -> str:
    return "" if limit is None else f"{limit:g}"


text = Text
number = Number
whole = Whole
flag = Flag
web_url = WebUrl
mapping = Object
anything = Anything
part = Part
many = Many
one_or_many = OneOrMany
steps = Steps
result = Result
conditions = Conditions
cases = Cases
