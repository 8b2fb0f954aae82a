"""bench.report: percentiles and the table."""

from bench.report import COMMAND_LINES, Figures, as_json, as_table, commands_table, percentile

FIGURES = Figures(
    peer="engine",
    calls=10,
    live_calls=0,
    lost=0,
    accept_p50_ms=1.234,
    accept_p99_ms=2.0,
    next_p50_ms=0.5,
    next_p99_ms=0.6,
    cpu_ms_per_call=None,
    memory_kb_per_live_call=50.0,
    calls_per_s=800.0,
)


def test_percentile_is_the_value_at_that_share() -> None:
    """The 99th of a hundred ordered values is the last but one, whatever their order."""
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 0.5) == 51.0
    assert percentile(values, 0.99) == 100.0
    assert percentile([], 0.5) == 0.0


def test_table_has_a_column_per_peer_and_a_dash_for_what_was_not_measured() -> None:
    """A peer elsewhere has no CPU figure; the table says so."""
    table = as_table([FIGURES])
    assert "| engine |" in table.splitlines()[0]
    assert "1.23" in table
    assert any("CPU" in line and "| - |" in line for line in table.splitlines())


def test_json_names_the_machine() -> None:
    """Figures without their machine are worth nothing."""
    assert set(as_json([FIGURES])["machine"]) == {"python", "machine", "system"}  # type: ignore[call-overload]


def test_commands_have_a_table_of_their_own() -> None:
    """Each figure has its line, and so has every kind of command."""
    figures = {name: 1.5 for name, _, _ in COMMAND_LINES} | {"calls": 200, "rate_per_s": 500.0, "failed": 0}
    table = commands_table(figures | {"by_command": {"hangup": {"p99": 2.25}}})
    assert "500 commands a second on 200 calls" in table
    assert "| hangup, 99 of 100 | ms | 2.25 |" in table
    assert len(table.splitlines()) == 3 + len(COMMAND_LINES)
