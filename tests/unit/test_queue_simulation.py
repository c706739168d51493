"""The simulation of photos in the queue agrees with what can be calculated by hand."""

import pytest

from benchmarks.queue_simulation import Step, simulate

STEPS = (Step(station="web", seconds=0.01), Step(station="worker", seconds=0.1), Step(station="web", seconds=0.01))


@pytest.mark.parametrize(
    ("workers", "processors", "per_second"),
    [(1, 1, 1 / 0.12), (1, 8, 1 / 0.1), (4, 8, 4 / 0.1), (16, 2, 2 / 0.12)],
    ids=["one processor", "one worker", "four workers", "two processors"],
)
def test_the_narrowest_part_sets_the_pace(workers: int, processors: int, per_second: float) -> None:
    ends = simulate(STEPS, places={"web": 8, "worker": workers}, processors=processors, arrivals=[0.0] * 400)
    assert 400 / max(ends) == pytest.approx(per_second, rel=0.05)


def test_a_photo_that_comes_alone_takes_the_sum_of_its_steps() -> None:
    steps = (*STEPS, Step(station="web", seconds=0.01, pause=1.0))
    ends = simulate(steps, places={"web": 1, "worker": 1}, processors=1, arrivals=[0.0, 100.0])
    assert ends == [pytest.approx(1.13), pytest.approx(101.13)]
