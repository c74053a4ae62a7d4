"""A place as the gazetteer knows it and as reports and incidents show it."""

from pydantic import Field

from shared.schemas.message import Part


class Place(Part):
    """`country` is ISO 3166-1 alpha-2 (the controlling side first where two claim it, separated by `|`).

    Coordinates are decimal degrees (WGS 84). `where_prec` is UCDP GED's: 1 exact place, 2 within about 25 km,
    3 district, 4 province, 5 line or fuzzy area, 6 country, 7 air or sea. `sector` names the stretch of border
    the place belongs to, `borders` the borders (`AM-AZ`); both are empty for places away from any border.
    """

    name: str
    country: str = ""
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    where_prec: int = Field(ge=1, le=7)
    kind: str = ""
    sector: str = ""
    borders: tuple[str, ...] = ()
