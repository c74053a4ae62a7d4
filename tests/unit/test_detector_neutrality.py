"""Swapping the two countries in a text swaps them in the output and changes nothing else (law 9)."""

import re
from pathlib import Path
from typing import Any

import pytest
from tagged_articles import NOW, analyzed

from services.normalizer.normalize import normalize
from shared.schemas import ArticleAnalyzed, ArticleNormalized, ArticleReceived
from shared.schemas.article_received import Sidecar
from shared.schemas.claims import Claim
from shared.schemas.ids import article_id
from shared.schemas.report import Report

SEEDS = sorted((Path(__file__).parents[2] / "seeds").glob("*.txt"))
DAYS = {"000": "2020-07-14", "001": "2022-09-14", "002": "2020-07-12", "003": "2022-09-14", "004": "2022-09-14"}

# Countries, demonyms, capitals, and leaders with the same office.
PAIRS = [
    ("Armenia", "Azerbaijan"),
    ("Armenian", "Azerbaijani"),
    ("Armenians", "Azerbaijanis"),
    ("Yerevan", "Baku"),
    ("Nikol Pashinyan", "Ilham Aliyev"),
    ("Nikol Pashinian", "Ilham Alijev"),
    ("Pashinyan", "Aliyev"),
    ("Suren Papikyan", "Zakir Hasanov"),
    ("Ararat Mirzoyan", "Jeyhun Bayramov"),
]
SWAP = dict(PAIRS) | {right: left for left, right in PAIRS}
NAME = re.compile(rf"\b(?:{'|'.join(sorted(SWAP, key=len, reverse=True))})\b")
CODES = {"AM": "AZ", "AZ": "AM"}


def swapped(text: str) -> str:
    return NAME.sub(lambda match: SWAP[match.group()], text)


def normalized(text: str, published: str | None) -> ArticleNormalized:
    sidecar = Sidecar(published=published) if published else None
    content = text.encode()
    received = ArticleReceived(
        article_id=article_id(content),
        path="seed.txt",
        stem="seed",
        size=len(content),
        content=content,
        sidecar=sidecar,
        received_at=NOW,
    )
    (message,) = normalize(received, NOW)
    assert isinstance(message, ArticleNormalized)
    return message


def facts(article: ArticleAnalyzed, codes: dict[str, str]) -> dict[str, Any]:
    return {
        "is_clash": article.is_clash,
        "score": article.score,
        "reports": [of_report(report, codes) for report in article.reports],
        "background": len(article.background),
    }


def of_report(report: Report, codes: dict[str, str]) -> dict[str, Any]:
    return {
        "sides": sorted(codes.get(side, side) for side in (report.side_a, report.side_b)),
        "border": report.border,
        "dates": (report.date_start, report.date_end, report.date_prec, report.after_year, report.weekdays),
        "places": [swapped(place.name) if codes else place.name for place in report.places],
        "weapons": report.weapons,
        "is_primary": report.is_primary,
        "claims": sorted(of_claim(claim, codes) for claim in report.claims),
    }


def of_claim(claim: Claim, codes: dict[str, str]) -> str:
    side, claimant = codes.get(claim.side, claim.side), codes.get(claim.claimant_side or "", claim.claimant_side)
    figures = (claim.low, claim.best, claim.high)
    words = swapped(claim.claimed_by or "") if codes else claim.claimed_by or ""
    return f"{side} {claim.kind} {claim.who} {figures} {claim.period} {claim.as_of} by {words} ({claimant})"


def test_swapping_twice_is_the_text_again() -> None:
    for path in SEEDS:
        text = path.read_text(encoding="utf-8")
        assert swapped(text) != text
        assert swapped(swapped(text)) == text


@pytest.mark.parametrize("dated", [True, False], ids=["with a date", "without a date"])
@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem[:3])
def test_swapping_the_countries_swaps_the_output(path: Path, dated: bool) -> None:
    text = path.read_text(encoding="utf-8")
    day = DAYS[path.stem[:3]] if dated else None
    plain = facts(analyzed(normalized(text, day)), {})
    mirrored = facts(analyzed(normalized(swapped(text), day)), CODES)
    assert plain["reports"]
    assert mirrored == plain
