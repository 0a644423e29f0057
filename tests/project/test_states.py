"""Promises of the state table, whatever comes in whatever order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fujita.project.states import ALIVE, ENDING, IDLE, TABLE, Effect, Event, State, back_off, step

events = st.lists(st.sampled_from(Event), max_size=60)
HAPPENS_IN = {
    Event.ENDED: (*ALIVE, *ENDING),
    Event.ENDED_RETRY: (*ALIVE, *ENDING),
    Event.UNSTARTABLE: (State.STARTING,),
    Event.MISSING: (State.STARTING,),
}
"""What can happen only while a process exists or is being started."""


def walk(happened: list[Event]) -> list[tuple[State, Event, State, tuple[Effect, ...]]]:
    state, steps = State.STOPPED, []
    for event in happened:
        if state in HAPPENS_IN.get(event, State):
            after, effects = step(state, event)
            steps.append((state, event, after, effects))
            state = after
    return steps


def test_every_state_has_a_way_in_and_a_way_out() -> None:
    assert {state for state, _ in TABLE} == set(State)
    assert {state for state, _ in TABLE.values()} == set(State)


def test_every_effect_is_used() -> None:
    assert {effect for _, effects in TABLE.values() for effect in effects} == set(Effect)


@given(events)
def test_a_process_is_launched_only_where_none_is(happened: list[Event]) -> None:
    for before, event, _, effects in walk(happened):
        if Effect.LAUNCH in effects:
            assert before in IDLE or event in (Event.ENDED, Event.ENDED_RETRY)


@given(events)
def test_the_last_stop_wins(happened: list[Event]) -> None:
    *_, last = walk([*happened, Event.STOP])
    assert last[2] in (State.STOPPED, State.STOPPING)
    assert step(State.STOPPING, Event.ENDED)[0] is State.STOPPED
    assert step(State.STOPPING, Event.ENDED_RETRY)[0] is State.STOPPED


@given(events)
def test_the_last_start_wins(happened: list[Event]) -> None:
    *_, last = walk([*happened, Event.START])
    assert last[2] in (State.STARTING, State.RUNNING, State.BROKEN, State.RESTARTING)


@given(events)
def test_what_was_stopped_by_hand_starts_by_hand_only(happened: list[Event]) -> None:
    for before, event, after, _ in walk(happened):
        if before is State.STOPPED and after is not State.STOPPED:
            assert event in (Event.START, Event.RESTART)


def test_starting_what_runs_and_stopping_what_is_stopped_change_nothing() -> None:
    assert all(step(state, Event.START) == (state, ()) for state in ALIVE)
    assert step(State.STOPPED, Event.STOP) == (State.STOPPED, ())


def test_the_back_off_doubles_up_to_a_minute() -> None:
    assert [back_off(failures) for failures in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
