"""`onboarder reconcile`: one reconciliation run, worked off in this process."""

from pathlib import Path

from onboarder.application import Application
from onboarder.cli.bars import Bars
from onboarder.cli.desk import Desk
from onboarder.cli.exits import Exit
from onboarder.cli.night_report import NightReport
from onboarder.cli.report_files import check_report_path, write_report
from onboarder.converge.choice import market_named, marketplaces_named
from onboarder.converge.inline import work_through
from onboarder.converge.night import Night, Scope
from onboarder.model.ids import RunId
from onboarder.model.work import RunState
from onboarder.problems import UsageProblem
from onboarder.records import runs
from onboarder.records.findings import findings, latest_runs
from onboarder.records.runs import RunRecord
from onboarder.redis_server import connect, needed


async def reconcile(
    desk: Desk,
    *,
    market: str | None,
    marketplace: str | None,
    report: Path | None,
    run_id: str | None,
    believe_losses: bool,
) -> int:
    if report is not None:
        check_report_path(report)
    async with desk.application() as app:
        scope = Scope(
            market_named(app.programme, market) if market else None,
            marketplaces_named(app.marketplace_configs, [marketplace])[0] if marketplace else None,
        )
        asked = await _run_asked_for(app, run_id) if run_id else None
        if asked is not None and asked.ended_at is not None:
            record = asked
        else:
            night = Night(
                app.database,
                app.drift_rules,
                owner=app.name,
                clock=app.clock,
                believes_losses=believe_losses,
            )
            record = await _work(desk, app, night, scope, continued=asked)
        return await _show(desk, app, record, report)


async def _run_asked_for(app: Application, run_id: str) -> RunRecord:
    async with app.database.read() as tx:
        record = await runs.run_by_id(tx, RunId(run_id))
        known = ", ".join(await latest_runs(tx)) or "-"
    if record is None:
        raise UsageProblem(
            f"no reconciliation {run_id!r} on record",
            hint=f"the last ones: {known}",
            id_message=f"rekonsiliasi {run_id!r} tidak tercatat",
            id_hint=f"yang terakhir: {known}",
        )
    return record


async def _work(
    desk: Desk, app: Application, night: Night, scope: Scope, *, continued: RunRecord | None
) -> RunRecord:
    watcher = _Watcher(desk)
    try:
        run = await night.begin(by=desk.actor, scope=scope, known=list(app.marketplace_configs))
        await _say_beginning(desk, app, run, scope, continued)
        async with (
            needed(app.settings),
            connect(app.settings) as redis,
            app.surroundings(redis) as around,
        ):
            return await work_through(
                around,
                night,
                run,
                owner=app.name,
                jobs=app.settings.night_jobs,
                pushed=watcher.see,
            )
    finally:
        watcher.close()
        await night.let_go()


async def _say_beginning(
    desk: Desk, app: Application, run: RunId, scope: Scope, continued: RunRecord | None
) -> None:
    async with app.database.read() as tx:
        record = await runs.run_by_id(tx, run)
    if record is None:
        return
    desk.say("reconcile.begun", run=run, stores=record.stores)
    asked = continued.scope if continued is not None else scope.as_json()
    if record.scope != asked:
        desk.say("reconcile.other_scope", scope=record.scope or desk.words("word.everything"))


async def _show(desk: Desk, app: Application, record: RunRecord, report: Path | None) -> int:
    async with app.database.read() as tx:
        found = NightReport(desk.words, record, await findings(tx, record.id))
    if report is not None:
        write_report(report, found)
        desk.say("reconcile.written", path=report)
    desk.show(found.document(), found.render)
    if record.state is RunState.STOPPED:
        desk.say("reconcile.implausible")
        return Exit.IMPLAUSIBLE
    return Exit.DONE


class _Watcher:
    """Tells how far the run is: a bar on a terminal, else a line whenever the stage changes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._bars = Bars() if desk.live else None
        self._stage = ""
        if self._bars is not None:
            self._bars.start()

    def see(self, record: RunRecord, waiting: int) -> None:
        stage = self._desk.words(f"run_state.{record.state}")
        if self._bars is not None:
            self._bars.show(stage, record.stores - waiting, record.stores, "")
        elif stage != self._stage:
            self._desk.say("reconcile.stage", stage=stage, waiting=waiting)
        self._stage = stage

    def close(self) -> None:
        if self._bars is not None:
            self._bars.stop()
