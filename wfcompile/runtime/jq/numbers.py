"""jq's two kinds of number.

A number as it was written, in the program or its input, is a Decimal: it keeps all its digits, and its text. A number
that was computed is a float. Comparing two written ones is exact; any arithmetic makes doubles.
"""

import math
from decimal import Context, Decimal
from typing import Union

Number = Union[Decimal, float]

LARGEST = 1.7976931348623157e308  # stands for infinity wherever a number leaves a program
_DIGITS = Context(prec=17, traps=[])  # jq rounds what is written to 17 digits before it makes a double


def double(number: Number) -> float:
    """Return the double that arithmetic sees."""
    return number if type(number) is float else float(_DIGITS.plus(number))  # type: ignore[arg-type]


def plain(number: Number) -> Union[int, float, None]:
    """Return a number as Python data: whole ones as int, NaN as None, as the jq package does."""
    value = _finite(double(number))
    if value != value:
        return None
    return int(value) if value.is_integer() and abs(value) < LARGEST else value


def number_text(number: Number) -> str:
    """Return a number as JSON: as written, or with the fewest digits that give the same double."""
    if isinstance(number, Decimal):
        return str(number)
    if number != number:
        return "null"
    sign, digit_tuple, exponent = Decimal(repr(_finite(number))).as_tuple()
    digits = "".join(map(str, digit_tuple))
    point = len(digits) + int(exponent)  # where the decimal point stands, counted from the first digit
    digits = digits.rstrip("0")
    if not digits:
        text = "0"
    elif point <= -4 or point > len(digits) + 15:
        text = "%s%se%+03d" % (digits[0], "." + digits[1:] if digits[1:] else "", point - 1)
    elif point <= 0:
        text = "0." + "0" * -point + digits
    else:
        whole, rest = digits[:point].ljust(point, "0"), digits[point:]
        text = whole + ("." + rest if rest else "")
    return "-" + text if sign else text


def negative(number: Number) -> Number:
    """Return the number with the other sign; what is written keeps its digits, and zero has no sign."""
    if isinstance(number, Decimal):
        return number.copy_negate() if number else number.copy_abs()
    return -number


def compare_numbers(left: Number, right: Number) -> int:
    """Return -1, 0 or 1; NaN is less than every number, itself too."""
    if not (isinstance(left, Decimal) and isinstance(right, Decimal)):
        left, right = double(left), double(right)
        if left != left:
            return -1
    return -1 if left < right else 0 if left == right else 1


def whole(number: Number) -> int:
    """Return the integer part as a 64 bit integer; what is larger is cut to the nearest one."""
    value = double(number)
    return int(max(-(2.0**63), min(value, 2.0**63))) - (value >= 2.0**63)


def remainder(left: Number, right: Number) -> float:
    """Return what `%` gives: both are cut to integers, the sign is that of the left one."""
    if math.isnan(double(left)) or math.isnan(double(right)):
        return math.nan
    size = abs(whole(left)) % abs(whole(right))
    return float(-size if whole(left) < 0 else size)


def _finite(value: float) -> float:
    return math.copysign(LARGEST, value) if math.isinf(value) else value
