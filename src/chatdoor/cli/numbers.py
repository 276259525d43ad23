"""Numbers of the command line."""

import math

import click


class NumberRange(click.FloatRange):
    """A number in a range; `nan` is in none, whatever a comparison says."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, also of a text. Fails as click's own range does."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is no number", param, ctx)
        return number
