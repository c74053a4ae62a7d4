"""Marking sentences in a text."""

from hypothesis import given
from hypothesis import strategies as st

from services.desk.marks import Marked, Piece, paragraphs

BODY = "Title\n\nOne two. Three four.\n\nFive."


def spans() -> st.SearchStrategy[list[Marked]]:
    place = st.integers(-3, 60)
    return st.lists(st.builds(Marked, place, place, st.sampled_from(["evidence", "background"])), max_size=8)


@given(st.text("ab \n", max_size=60), spans())
def test_no_letter_is_lost_or_doubled(body: str, marks: list[Marked]) -> None:
    found = list(paragraphs(body, marks))
    assert "\n\n".join("".join(piece.text for piece in pieces) for pieces in found) == body


@given(st.text("ab \n", min_size=1, max_size=60), spans())
def test_a_letter_is_marked_exactly_when_a_span_covers_it(body: str, marks: list[Marked]) -> None:
    known = [mark for mark in marks if 0 <= mark.start < mark.end <= len(body)]
    at = 0
    for pieces in paragraphs(body, marks):
        for piece in pieces:
            for offset in range(at, at + len(piece.text)):
                kinds = {mark.kind for mark in known if mark.start <= offset < mark.end}
                assert piece.kind == ("evidence" if "evidence" in kinds else "background" if kinds else "")
            at += len(piece.text)
        at += 2


def test_a_sentence_is_marked_and_can_be_jumped_to() -> None:
    _, second, _ = paragraphs(BODY, [Marked(7, 15, "evidence")])
    assert second == [Piece("One two.", "evidence", (7,)), Piece(" Three four.")]


def test_a_span_over_two_paragraphs_is_marked_in_both_and_begins_once() -> None:
    _, second, third = paragraphs(BODY, [Marked(16, 34, "background")])
    assert second[-1] == Piece("Three four.", "background", (16,))
    assert third == [Piece("Five.", "background")]


def test_evidence_stays_visible_in_background() -> None:
    _, second, _ = paragraphs(BODY, [Marked(7, 27, "background"), Marked(7, 15, "evidence")])
    assert [piece.kind for piece in second] == ["evidence", "background"]
