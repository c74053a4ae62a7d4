"""What the two codebooks call a country: `data/countries.tsv`; mistakes are named by file and line."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shared.datafile import DataFileError

FILE = Path(__file__).parent / "data" / "countries.tsv"
_HEADER = ["code", "iso3", "iso_numeric", "gw", "name", "ucdp_name", "acled_region"]


@dataclass(frozen=True, slots=True)
class Country:
    """`gw` is the Gleditsch-Ward number, None for what is no member of that state system."""

    code: str
    iso3: str
    iso_numeric: int
    gw: int | None
    name: str
    ucdp_name: str
    acled_region: str


@cache
def countries(path: Path = FILE) -> dict[str, Country]:
    """By ISO 3166-1 alpha-2 code. Raises DataFileError (`countries.tsv:12: ...`)."""
    found: dict[str, Country] = {}
    numbered = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    lines = [(number, line) for number, line in numbered if not line.startswith("#")]
    if not lines or lines[0][1].split("\t") != _HEADER:
        raise DataFileError(f"{path}:{lines[0][0] if lines else 1}: the header is not {', '.join(_HEADER)}")
    for number, line in lines[1:]:
        [cells] = csv.reader([line], delimiter="\t")
        try:
            country = _country(cells)
        except ValueError as error:
            raise DataFileError(f"{path}:{number}: {error}") from error
        if country.code in found:
            raise DataFileError(f"{path}:{number}: {country.code} is there twice")
        found[country.code] = country
    return found


def ucdp_region(gw: int) -> str:
    """UCDP's region follows from the Gleditsch-Ward number."""
    for end, region in ((200, "Americas"), (400, "Europe"), (630, "Africa"), (700, "Middle East")):
        if gw < end:
            return region
    return "Asia"


def _country(cells: list[str]) -> Country:
    if len(cells) != len(_HEADER):
        raise ValueError(f"{len(cells)} cells, not {len(_HEADER)}")
    code, iso3, numeric, gw, name, ucdp_name, region = cells
    if len(code) != 2 or not name or not region:
        raise ValueError("code, name and region are needed")
    return Country(code, iso3, int(numeric or 0), int(gw) if gw else None, name, ucdp_name or name, region)
