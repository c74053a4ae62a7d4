"""The published rule as a value: loaded from `data/rule.yml`, refused with file and line where it makes no
sense."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Points = Annotated[float, Field(ge=0, le=10)]
Days = Annotated[int, Field(ge=0, le=366)]
Bits = Annotated[int, Field(ge=0, le=64)]

RULE_FILE = Path(__file__).parent / "data" / "rule.yml"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Places(_Strict):
    """Distances are kilometres, `where_prec` is UCDP GED's."""

    near_km: float = Field(gt=0)
    near_area_km: float = Field(gt=0)
    near_province_km: float = Field(gt=0)
    vague_where_prec: int = Field(ge=2, le=8)
    vague_kinds: frozenset[str]
    broad_kinds: frozenset[str]
    broad_where_prec: int = Field(ge=1, le=8)


class Publication(_Strict):
    """Days between a clash and a publication, or between two publications."""

    max_days_after: Days
    max_days_apart: Days
    fresh_days: Days


class Likeness(_Strict):
    """When two texts, or two titles, are alike."""

    same_text_bits: Bits
    alike_text_bits: Bits
    alike_titles: float = Field(gt=0, le=1)
    min_title_words: int = Field(ge=1)


class PointsTable(_Strict):
    """What each agreement counts."""

    same_days: Points
    near_days: Points
    same_month_day: Points
    near_month_day: Points
    date_window: Points
    same_weekdays: Points
    fresh: Points
    same_place: Points
    another_same_place: Points
    near_place: Points
    other_sector: float = Field(ge=-10, le=0)
    figure_from_1: Points
    figure_from_3: Points
    figure_from_20: Points
    same_text: Points
    alike_text: Points
    alike_titles: Points


class Shown(_Strict):
    """How much of many reports an incident carries along."""

    evidence: int = Field(ge=1)
    same_reports: int = Field(ge=1)
    links: int = Field(ge=1)


class Rule(_Strict):
    """When two reports are of one incident. The comments of `data/rule.yml` say what each number is for."""

    max_days_apart: int = Field(ge=0, le=31)
    max_dated_days: int = Field(ge=1, le=366)
    places: Places
    publication: Publication
    likeness: Likeness
    points: PointsTable
    enough: float = Field(gt=0)
    shown: Shown

    @model_validator(mode="after")
    def _chance_is_not_enough(self) -> "Rule":
        """What two reports may share by chance must not join them; `Neighbours` does not look for such
        pairs."""
        points = self.points
        weak = points.alike_titles + points.date_window + points.same_weekdays
        if weak + max(points.near_place, points.fresh) >= self.enough:
            raise ValueError(
                "alike_titles, date_window and same_weekdays with near_place or fresh must stay below enough"
            )
        return self
