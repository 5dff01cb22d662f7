from collections.abc import Mapping
from pathlib import Path

import pytest

from proxy.settings.layers import SettingsError, has_flag, read_settings
from proxy.settings.model import Settings

ORIGIN = {"origin": "http://127.0.0.1:9000"}


def lines(flags: Mapping[str, object], environment: Mapping[str, str], **more: Path) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as error:
        read_settings(flags, environment, **more)
    return error.value.lines


def write(folder: Path, text: str) -> Path:
    file = folder / "tailor.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    write(tmp_path, 'origin = "http://127.0.0.1:9000"\nport = 1001\nadmin_port = 1002\nworkers = 3\n')
    settings, _ = read_settings(
        {"port": "3001"}, {"TAILOR_PORT": "2001", "TAILOR_ADMIN_PORT": "2002"}, directory=tmp_path
    )
    assert (settings.port, settings.admin_port, settings.workers) == (3001, 2002, 3)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings, warnings = read_settings(ORIGIN, {}, directory=tmp_path)
    assert settings == Settings.model_validate(ORIGIN)
    assert warnings == ()


def test_lists_in_the_environment_are_separated_by_commas(tmp_path: Path) -> None:
    environment = {"TAILOR_GEO_HEADERS": "cloudflare, fastly", "TAILOR_VISITOR_COOKIES": "plan=shop_plan"}
    settings, _ = read_settings(ORIGIN, environment, directory=tmp_path)
    assert settings.geo_headers == ("cloudflare", "fastly")
    assert settings.visitor_cookies == {"plan": "shop_plan"}


def test_the_file_holds_lists_and_tables(tmp_path: Path) -> None:
    write(tmp_path, 'trusted_proxies = ["10.0.0.0/8"]\n[visitor_cookies]\nplan = "shop_plan"\n')
    settings, _ = read_settings(ORIGIN, {}, directory=tmp_path)
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8"]
    assert settings.visitor_cookies == {"plan": "shop_plan"}


def test_a_list_of_a_higher_layer_replaces_that_of_a_lower_one(tmp_path: Path) -> None:
    write(tmp_path, '[visitor_cookies]\nplan = "shop_plan"\n')
    settings, _ = read_settings({**ORIGIN, "visitor_cookies": ("name=n",)}, {}, directory=tmp_path)
    assert settings.visitor_cookies == {"name": "n"}


def test_folders_in_the_file_lie_beside_it(tmp_path: Path) -> None:
    file = write(tmp_path, 'origin = "http://a"\nrules = "book"\n')
    settings, _ = read_settings({}, {"TAILOR_DATA": "kept"}, config=file)
    assert settings.rules == tmp_path / "book"
    assert settings.data == Path("kept")


def test_files_in_the_file_lie_beside_it_one_or_several(tmp_path: Path) -> None:
    file = write(tmp_path, 'origin = "http://a"\ngeo_dbs = ["city.mmdb", "/data/country.mmdb"]\n')
    assert read_settings({}, {}, config=file)[0].geo_dbs == (tmp_path / "city.mmdb", Path("/data/country.mmdb"))
    file = write(tmp_path, 'origin = "http://a"\ngeo_dbs = "city.mmdb"\n')
    assert read_settings({}, {}, config=file)[0].geo_dbs == (tmp_path / "city.mmdb",)
    given, _ = read_settings({"geo_dbs": ("a.mmdb", "b.mmdb")}, {"TAILOR_GEO_DBS": "c.mmdb"}, config=file)
    assert given.geo_dbs == (Path("a.mmdb"), Path("b.mmdb"))
    from_environment, _ = read_settings({}, {"TAILOR_GEO_DBS": "c.mmdb, d.mmdb"}, config=file)
    assert from_environment.geo_dbs == (Path("c.mmdb"), Path("d.mmdb"))


@pytest.mark.parametrize("value", ["5", "[5]", "true"])
def test_what_is_no_path_is_told(value: str, tmp_path: Path) -> None:
    write(tmp_path, f'origin = "http://a"\ngeo_dbs = {value}\n')
    (line,) = lines({}, {}, directory=tmp_path)
    assert line.startswith(f"{tmp_path}/tailor.toml: geo_dbs: ")


def test_the_environment_can_name_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, 'origin = "http://a"\n')
    settings, warnings = read_settings({}, {"TAILOR_CONFIG": str(file)})
    assert settings.origin == "http://a"
    assert warnings == ()


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    settings, _ = read_settings(ORIGIN, {"TAILOR_PORT": ""}, directory=tmp_path)
    assert settings.port == 8080


def test_an_unknown_variable_is_warned_of(tmp_path: Path) -> None:
    _, warnings = read_settings(ORIGIN, {"TAILOR_PRT": "1", "OTHER": "1"}, directory=tmp_path)
    assert warnings == ("TAILOR_PRT: no such setting, ignored (did you mean 'TAILOR_PORT'?)",)


def test_a_missing_origin_is_asked_for_in_every_way_it_can_be_given(tmp_path: Path) -> None:
    assert lines({}, {}, directory=tmp_path) == (
        "--origin: is missing (give --origin, TAILOR_ORIGIN, or origin in tailor.toml)",
    )


def test_an_unknown_key_of_the_file_is_an_error_with_the_likely_one(tmp_path: Path) -> None:
    file = write(tmp_path, 'origin = "http://a"\nadminport = 1\n')
    assert lines({}, {}, directory=tmp_path) == (f"{file}: adminport: no such setting (did you mean 'admin_port'?)",)


def test_an_unknown_section_of_the_file_is_told_that_there_is_none(tmp_path: Path) -> None:
    file = write(tmp_path, "[server]\nport = 8090\n")
    (found,) = lines(ORIGIN, {}, directory=tmp_path)
    assert found == f"{file}: server: no such setting, nor a section of that name (write the settings without one)"


def test_location_headers_that_nobody_is_trusted_to_send_are_warned_of(tmp_path: Path) -> None:
    file = write(tmp_path, 'geo_headers = ["cloudflare"]\n')
    _, warnings = read_settings(ORIGIN, {}, directory=tmp_path)
    assert warnings == (
        f"{file}: geo_headers: not read, since no proxy is trusted (say who sends them with --trusted-proxy)",
    )
    _, warnings = read_settings({**ORIGIN, "trusted_proxies": ("loopback",)}, {}, directory=tmp_path)
    assert warnings == ()


def test_every_mistake_is_told_with_the_place_it_comes_from(tmp_path: Path) -> None:
    file = write(tmp_path, "workers = 0\npage_seconds = 'soon'\n")
    found = lines({**ORIGIN, "port": "eighty"}, {"TAILOR_LOG_LEVEL": "loud"}, directory=tmp_path)
    assert set(found) == {
        "--port: 'eighty' is not a whole number (such as 8080)",
        f"{file}: workers: 0 is too small (give at least 1)",
        f"{file}: page_seconds: 'soon' is not a number (such as 10.0)",
        "TAILOR_LOG_LEVEL: 'loud' is not known (choose 'debug', 'info', 'warning' or 'error')",
    }


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("workers = true", "workers: 'true' is not a whole number (such as 1)"),
        ("page_seconds = false", "page_seconds: 'false' is not a number (such as 10.0)"),
        ("rules = true", 'rules: True is no text (write one in quotes: rules = "…")'),
        ('secrets = ["abc"]', "secrets: '…' is no text (write one in quotes: secrets = \"…\")"),
    ],
)
def test_a_value_of_another_type_in_the_file_is_told(written: str, line: str, tmp_path: Path) -> None:
    file = write(tmp_path, f"{written}\n")
    assert lines(ORIGIN, {}, directory=tmp_path) == (f"{file}: {line}",)


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        ({"geo_headers": ("cloudflare,fasly",)}, "--geo-header: 'fasly' is not known (choose 'cloudflare'"),
        ({"trusted_proxies": ("10.0.0.1/8",)}, "--trusted-proxy: '10.0.0.1/8' is not an address or a network (did you"),
        ({"visitor_cookies": ("plan",)}, "--visitor-cookie: 'plan' is not a pair (write signal=cookie"),
        ({"port": "70000"}, "--port: '70000' is too large (give at most 65535)"),
        ({"page_seconds": "0"}, "--page-seconds: '0' is too small (give more than 0"),
        ({"admin_host": "0.0.0.0"}, "--admin-host: '0.0.0.0' is beyond loopback and there is no token (set"),
        ({"origin": "shop.example"}, "--origin: 'shop.example' is not an http or https URL (write it like"),
        ({"port": "8081"}, "--admin-port: 8081 is the visitors' port too (choose another"),
        ({"public_url": "shop.example"}, "--public-url: 'shop.example' is not an http or https URL (write it like https://shop.example)"),
        ({"map_urls": "maybe"}, "--map-urls: 'maybe' is neither true nor false"),
        ({"origin": "http://127.0.0.1:8080"}, "--origin: 'http://127.0.0.1:8080' is where Tailor itself listens (name"),
    ],
)  # fmt: skip
def test_a_line_says_what_is_wrong_and_what_to_do(flags: dict[str, object], line: str, tmp_path: Path) -> None:
    (found,) = lines({**ORIGIN, **flags}, {}, directory=tmp_path)
    assert found.startswith(line)


def test_a_token_is_not_repeated_when_it_is_wrong(tmp_path: Path) -> None:
    write(tmp_path, "admin_token = 123456\n")
    (found,) = lines(ORIGIN, {}, directory=tmp_path)
    assert "123456" not in found
    (found,) = lines(ORIGIN, {"TAILOR_ADMIN_TOKEN": "hunter2"}, directory=tmp_path)
    assert "hunter2" not in found


def test_a_secret_has_no_flag() -> None:
    secrets = [name for name, field in Settings.model_fields.items() if not has_flag(field)]
    assert secrets == ["admin_token", "secrets"]


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    (found,) = lines(ORIGIN, {}, config=tmp_path / "other.toml")
    assert "other.toml: can't be read" in found


@pytest.mark.parametrize("content", [b"port = ", b"origin = 'http://a'\norigin = 'http://b'\n", b"host = '\xff'"])
def test_a_file_that_is_no_toml_is_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "tailor.toml").write_bytes(content)
    (found,) = lines(ORIGIN, {}, directory=tmp_path)
    assert found.startswith(f"{tmp_path / 'tailor.toml'}: is not ")


def test_an_origin_that_is_tailor_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as told:
        read_settings({"origin": "http://localhost:8080"}, {}, directory=tmp_path)
    (line,) = told.value.lines
    assert "is where Tailor itself listens" in line


def test_geo_headers_that_nobody_is_trusted_to_send_are_told_of(tmp_path: Path) -> None:
    flags = {"origin": "http://127.0.0.1:9000", "geo_headers": "cloudflare"}
    _, warnings = read_settings(flags, {}, directory=tmp_path)
    (line,) = warnings
    assert "not read, since no proxy is trusted" in line
