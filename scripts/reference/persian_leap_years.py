#!/usr/bin/env python3
"""Which years of the Solar Hijri calendar are leap years: YEAR, `leap`, `common`, or `close` where an equinox is within
eight minutes of noon and decides: how the turning of the earth slows is not known better so far ahead. A year begins on
the day of the March equinox in Iran (UTC+3:30), or on the next where the equinox is after noon. The equinoxes are
PyMeeus's, after Jean Meeus, Astronomical Algorithms.

    pip install PyMeeus==0.5.12
    python scripts/reference/persian_leap_years.py > tests/golden/persian_leap_years.txt
"""
import math

from pymeeus.Epoch import Epoch
from pymeeus.Sun import Sun


def first_days(year):
    """The days, as far as eight minutes allow, on which a year may begin."""
    equinox = Sun.get_equinox_solstice(year + 621, target="spring")
    # Terrestrial to universal time, and on to Iran's; a Julian day begins at noon.
    local = equinox.jde() - Epoch.tt2ut(year + 621, 3) / 86400 + 3.5 / 24
    return {math.ceil(local - 8 / 1440), math.ceil(local + 8 / 1440)}


for year in range(1300, 1701):
    lengths = {after - first for first in first_days(year) for after in first_days(year + 1)}
    print(year, "close" if len(lengths) > 1 else "leap" if lengths == {366} else "common", sep="\t")
