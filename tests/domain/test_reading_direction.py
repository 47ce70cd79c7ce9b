import pytest

from viewer.domain.reading_direction import isolated


@pytest.mark.parametrize("name", ["", "DOE, JANE", "肺部CT平扫", "Émile 12", "12 mm"])
def test_a_name_that_is_read_from_the_left_stays_as_it_is(name: str) -> None:
    assert isolated(name) == name


@pytest.mark.parametrize("name", ["محمد", "אברהם", "CT الصدر 12", "DOE\u202eENAJ"])
def test_a_name_that_is_read_from_the_right_is_kept_to_itself(name: str) -> None:
    assert isolated(name) == f"\u2068{name}\u2069"
