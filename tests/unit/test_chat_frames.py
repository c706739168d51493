"""What the benchmark of the chat's frames counts in a trace."""

from typing import Any

from benchmarks.chat_frames import count_frames, to_figures

PAGE, BROWSER = 1, 2


def frame(state: str, *, process: int = PAGE, smooth: bool = True) -> dict[str, Any]:
    report = {"state": state, "affects_smoothness": smooth}
    return {"name": "PipelineReporter", "ph": "b", "pid": process, "tid": 9, "args": {"frame_reporter": report}}


def task(ms: float, *, thread: int = 7) -> dict[str, Any]:
    return {"name": "RunTask", "pid": PAGE, "tid": thread, "tdur": ms * 1000, "dur": ms * 9000}


def test_frames_and_tasks_of_the_page_are_counted() -> None:
    counts = count_frames(
        [
            {"name": "thread_name", "pid": PAGE, "tid": 7, "args": {"name": "CrRendererMain"}},
            {"name": "thread_name", "pid": BROWSER, "tid": 7, "args": {"name": "CrBrowserMain"}},
            *(frame("STATE_PRESENTED_ALL") for _ in range(6)),
            frame("STATE_PRESENTED_PARTIAL"),
            frame("STATE_DROPPED"),
            frame("STATE_DROPPED", smooth=False),
            frame("STATE_NO_UPDATE_DESIRED"),
            frame("STATE_DROPPED", process=BROWSER),
            {"name": "PipelineReporter", "ph": "e", "pid": PAGE, "tid": 9, "args": {}},
            task(20),
            task(60.5),
            task(400, thread=8),
        ]
    )
    assert (counts.presented, counts.dropped, counts.share) == (7, 1, 7 / 8)
    assert counts.task_ms == (60.5, 20)
    assert counts.long_tasks == 1
    share, long_tasks, longest = to_figures("scroll", [counts])
    assert (share.value, share.is_met) == (87.5, False)
    assert (long_tasks.value, longest.value) == (1, 60.5)
