"""Speed, measured: `python -m tools.bench` asks every question and writes docs/performance.md; `--only NAME...` asks some
of them and keeps the other answers as they were found.

A question is a module of `tools/bench/questions/` with one `QUESTION = Question(title, about, measure)`; it is found by its
being there, its name is the module's. `measure(size)` returns `Row`s, each with one value per round: what is compared must
be measured in interleaved rounds, and a ratio is a row of its own, one value per round. A `Row` may have a goal
(`at_most`, `at_least`), which its median has to meet. Whatever runs an event loop while it is measured has a `Lag` beside
it (`tools/bench/lag.py`) and gives `lag_row(...)`. What a question says in `unmet` stands on the page under its rows that
do not hold; with `asked=False` it is only asked by its name.
"""
