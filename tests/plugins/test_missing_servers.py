import pytest

SUITE = """
    import pytest

    @pytest.mark.postgres
    def test_with_a_server():
        raise AssertionError("ran without its server")
    """
WITHOUT_SERVERS = """
    import pytest
    from tests.servers import postgres
    from tests.plugins import servers

    servers.SUITES = {"postgres": servers.Suite("PostgreSQL", lambda: "apt-get install postgresql")}
    pytest_plugins = ["tests.plugins.servers"]
    """


@pytest.fixture
def newcomer(
    pytester: pytest.Pytester, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """A machine without PostgreSQL and one test that needs it."""
    monkeypatch.delenv("ONBOARDER_REQUIRE_SERVERS", raising=False)
    pytester.makeini(
        f"[pytest]\nmarkers = postgres: needs it\npythonpath = {pytestconfig.rootpath}"
    )
    pytester.makeconftest(WITHOUT_SERVERS)
    pytester.makepyfile(SUITE)
    return pytester


def test_a_newcomer_reads_in_the_last_lines_what_did_not_run(newcomer: pytest.Pytester) -> None:
    result = newcomer.runpytest_subprocess("-ra")

    result.assert_outcomes(skipped=1)
    assert "did not run on this machine" in result.outlines[-3]
    assert result.outlines[-2] == "PostgreSQL: 1 skipped. apt-get install postgresql"
    assert "1 skipped" in result.outlines[-1]


def test_where_servers_are_required_a_missing_one_is_an_error(
    newcomer: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONBOARDER_REQUIRE_SERVERS", "1")

    result = newcomer.runpytest_subprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*apt-get install postgresql*"])
