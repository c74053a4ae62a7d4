"""Every alert names a sentence, also where the figure that changed has none left."""

from services.alerter.news import news
from services.alerter.stage import load_watch
from shared.schemas.alert_raised import Notified
from shared.schemas.incident import Incident, IncidentClaim, Toll
from shared.schemas.spans import Evidence

SENTENCE = "Sixteen Iraqi soldiers were killed."


def test_a_toll_that_fell_because_a_side_is_gone_cites_what_stands() -> None:
    claim = IncidentClaim(
        side="IQ",
        kind="killed",
        best=16,
        evidence=Evidence(start=0, end=len(SENTENCE), text=SENTENCE),
        report_id="r",
        article_id="a",
        stem="a",
    )
    toll = Toll(low=16, best=16, high=16)
    incident = Incident(
        incident_id="i",
        revision=2,
        dyad="IQ-IR",
        side_a="IQ",
        side_b="IR",
        toll={"IQ": {"killed": toll}},
        low=16,
        best=16,
        high=16,
        claims=(claim,),
    )
    told = Notified(
        incident_id="i",
        subscriber="s",
        revision=1,
        deaths=20,
        toll={"IQ": {"killed": 16}, "IR": {"killed": 4}},
    )
    found = news(incident, told, load_watch().steps, None)
    assert [(one.weight, one.reason) for one in found] == [
        ("correction", "deaths revised down from 20 to 16"),
        ("correction", "deaths of IR 4 -> no claim stands"),
    ]
    assert [one.text for one in found[0].evidence] == [SENTENCE]
