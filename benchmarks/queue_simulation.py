"""A simulation of photos on their way through processes that share processors.

Each photo takes its steps in order. A step waits, first come first served, for a place at its station (a process, or
the children of one) and then for a processor, and holds both for its processor time.
"""

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of every photo."""

    station: str
    seconds: float
    """Processor time."""
    pause: float = 0.0
    """Seconds until the next step in which neither station nor processor is held, e.g. for an answer from elsewhere."""


@dataclass(slots=True)
class _Resource:
    free: int
    waiting: deque[int] = field(default_factory=deque)


def simulate(
    steps: Sequence[Step], *, places: Mapping[str, int], processors: int, arrivals: Sequence[float]
) -> list[float]:
    """When each photo has taken its last step.

    Args:
        steps: of every photo.
        places: photos that each station works on at the same time.
        processors: of the machine.
        arrivals: times in seconds at which photos come.

    Returns:
        Times in seconds, in the order of the arrivals.
    """
    stations = {name: _Resource(count) for name, count in places.items()}
    cores = _Resource(processors)
    position = [0] * len(arrivals)
    finished = [0.0] * len(arrivals)
    events = [(time, photo, True) for photo, time in enumerate(arrivals)]
    heapq.heapify(events)

    def start(photo: int, now: float) -> None:
        """Give a photo that has a place a processor, or let it wait for one."""
        if cores.free:
            cores.free -= 1
            heapq.heappush(events, (now + steps[position[photo]].seconds, photo, False))
        else:
            cores.waiting.append(photo)

    def enter(photo: int, now: float) -> None:
        """Give a photo a place at the station of its step, or let it wait for one."""
        station = stations[steps[position[photo]].station]
        if station.free:
            station.free -= 1
            start(photo, now)
        else:
            station.waiting.append(photo)

    while events:
        now, photo, is_arrival = heapq.heappop(events)
        if is_arrival:
            enter(photo, now)
            continue
        step = steps[position[photo]]
        position[photo] += 1
        if position[photo] == len(steps):
            finished[photo] = now + step.pause
        else:
            heapq.heappush(events, (now + step.pause, photo, True))
        cores.free += 1
        if cores.waiting:
            start(cores.waiting.popleft(), now)
        station = stations[step.station]
        station.free += 1
        if station.waiting:
            station.free -= 1
            start(station.waiting.popleft(), now)
    return finished
