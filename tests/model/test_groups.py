"""Which series share a chart, and what each is called there."""

from __future__ import annotations

from array import array

from tui.model.groups import MOST, Group, arranged, grouped, naming
from tui.model.series import Series


def series(name: str, largest: float = 1.0, **more: str) -> Series:
    return Series(name, array("q", [0, 1]), array("d", [largest / 2, -largest]), **more)  # type: ignore[arg-type]


TRAIN, VALIDATION = series("train:loss", 4.0), series("validation:loss", 3.0)
RATE, SPEED = series("learning_rate", 3e-4), series("images_per_s", 2911.0)


def names(groups: tuple[Group, ...]) -> list[tuple[str, ...]]:
    return [tuple(one.name for one in group.series) for group in groups]


def test_train_against_validation() -> None:
    assert names(grouped([VALIDATION, RATE, TRAIN])) == [("train:loss", "validation:loss"), ("learning_rate",)]


def test_the_same_metric_from_two_sources_shares_a_chart_and_says_which_is_which() -> None:
    (group,) = grouped([TRAIN, series("train:loss", 4.0, source="log", stat="Average"), VALIDATION])
    assert naming(group) == ("loss", ("train cloudwatch", "train log", "validation cloudwatch"))


def test_hosts_are_told_apart() -> None:
    group = Group((series("CPU", part="algo-1"), series("CPU", part="algo-2")))
    assert naming(group) == ("CPU", ("algo-1", "algo-2"))


def test_a_lone_series_bears_its_name_and_given_names_stay() -> None:
    assert naming(Group((TRAIN,))) == ("train:loss", ("train:loss",))
    assert naming(Group((TRAIN, series("validation:loss", source="log")))) == ("loss", ("train", "validation"))
    assert naming(Group((TRAIN, RATE), "both", ("a", "b"))) == ("both", ("a", "b"))
    assert naming(Group((), "empty")) == ("empty", ())


def test_no_chart_has_more_curves_than_there_are_marks() -> None:
    many = [series("loss", part=f"algo-{number}") for number in range(MOST + 3)]
    assert [len(group.series) for group in grouped(many)] == [MOST, 3]


def test_each_on_its_own() -> None:
    apart = arranged([*grouped([TRAIN, VALIDATION]), Group((), "errors")], "apart")
    assert [group.title for group in apart] == ["train:loss", "validation:loss", "errors"]
    assert names(apart) == [("train:loss",), ("validation:loss",), ()]
    variants = Group((series("Latency", part="v1"), series("Latency", part="v2")), "latency", ("v1", "v2"))
    assert [group.title for group in arranged([variants], "apart")] == ["latency v1", "latency v2"]


def test_overlaid_where_neither_unit_nor_magnitude_differs() -> None:
    overlaid = arranged(grouped([TRAIN, VALIDATION, RATE, SPEED, series("accuracy", 0.9)]), "overlaid")
    assert names(overlaid) == [("train:loss", "validation:loss", "accuracy"), ("learning_rate",), ("images_per_s",)]
    percent = arranged(grouped([TRAIN, series("GPU", 4.0, unit="%")]), "overlaid")
    assert names(percent) == [("train:loss",), ("GPU",)]


def test_what_holds_no_number_is_overlaid_too() -> None:
    nothing = Series("nothing")
    broken = Series("broken", array("q", [0]), array("d", [float("nan")]))
    overlaid = arranged([*grouped([nothing, broken, TRAIN]), Group((), "errors")], "overlaid")
    assert sorted(name for group in names(overlaid) for name in group) == ["broken", "nothing", "train:loss"]
    assert all(len(naming(group)[1]) == len(group.series) for group in overlaid)
    assert overlaid[-1] == Group((), "errors")


def test_grouped_is_as_it_was_given() -> None:
    groups = grouped([TRAIN, VALIDATION, RATE])
    assert arranged(groups, "grouped") == groups
