"""Where settings come from: flags over the `TAILOR_` environment over `tailor.toml` over defaults.

Owns the layers and the lines that tell an operator which of them holds a mistake. What a value must be is
`proxy.settings.model`'s.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from proxy.settings.model import InconsistentSettingError, Settings
from rules.errors import did_you_mean

CONFIG_FILE = "tailor.toml"
ENVIRONMENT_PREFIX = "TAILOR_"
CONFIG_VARIABLE = "TAILOR_CONFIG"

SINGULAR_FLAGS: Mapping[str, str] = {
    "trusted_proxies": "--trusted-proxy",
    "geo_headers": "--geo-header",
    "geo_dbs": "--geo-db",
    "visitor_cookies": "--visitor-cookie",
    "company_resolver_fields": "--company-resolver-field",
    "company_resolver_headers": "--company-resolver-header",
    "cache": "--cache",
    "session_cookies": "--session-cookie",
    "tracking_parameters": "--tracking-parameter",
}
"""Settings that hold several values: the flag can be repeated, and is read better in the singular."""


class SettingsError(Exception):
    """Settings that Tailor can't start with; one line for each mistake."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of settings: what it sets, and for each where that is written."""

    values: Mapping[str, object]
    places: Mapping[str, str]


def flag_of(setting: str) -> str:
    """The flag that sets it."""
    return SINGULAR_FLAGS.get(setting, "--" + setting.replace("_", "-"))


def variable_of(setting: str) -> str:
    """The environment variable that sets it."""
    return ENVIRONMENT_PREFIX + setting.upper()


def has_flag(field: FieldInfo) -> bool:
    """Whether a setting may be given on the command line; secrets may not."""
    extra = field.json_schema_extra
    return not isinstance(extra, dict) or extra.get("flag") is not False


def default_of(field: FieldInfo) -> str:
    """What holds where a setting is left out, as an operator would write it; nothing where that is nothing."""
    default = field.default
    if field.is_required() or default in (None, (), {}):
        return ""
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return str(default).lower() if isinstance(default, bool) else str(default)


def _holds(field: FieldInfo, kind: type) -> bool:
    """Whether a setting is of this type, be it one that may be left out."""
    return kind in (field.annotation, *get_args(field.annotation))


def _section(field: FieldInfo) -> type[BaseModel] | None:
    """What a setting that is a section of its own holds; None for any other."""
    kinds = (field.annotation, *get_args(field.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def read_settings(
    flags: Mapping[str, object],
    environment: Mapping[str, str],
    *,
    config: Path | None = None,
    directory: Path = Path(),
) -> tuple[Settings, tuple[str, ...]]:
    """The settings, and a line for each thing to warn of.

    `flags` holds only what was given, by setting. `config` is the file asked for; without it `tailor.toml` in
    `directory` is read if it is there. Raises SettingsError with all mistakes at once.
    """
    if config is None and environment.get(CONFIG_VARIABLE):
        config = directory / environment[CONFIG_VARIABLE]
    layers = (
        Layer(flags, {name: flag_of(name) for name in flags}),
        _environment_layer(environment),
        _file_layer(config, directory),
    )
    values: dict[str, object] = {}
    for layer in reversed(layers):
        values.update(layer.values)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_lines(error, layers)) from None
    return settings, (*_unknown_variables(environment), *_without_effect(settings, layers))


def _environment_layer(environment: Mapping[str, str]) -> Layer:
    # An empty variable is how a compose file says that one is not set.
    given = {
        name: environment[variable_of(name)] for name in Settings.model_fields if environment.get(variable_of(name))
    }
    return Layer(given, {name: variable_of(name) for name in given})


def _unknown_variables(environment: Mapping[str, str]) -> tuple[str, ...]:
    known = {variable_of(name) for name in Settings.model_fields} | {CONFIG_VARIABLE}
    unknown = sorted(name for name in environment if name.startswith(ENVIRONMENT_PREFIX) and name not in known)
    return tuple(f"{name}: no such setting, ignored{_in_brackets(did_you_mean(name, known))}" for name in unknown)


def _without_effect(settings: Settings, layers: tuple[Layer, ...]) -> tuple[str, ...]:
    if not settings.geo_headers or settings.trusted_proxies:
        return ()
    hint = f"say who sends them with {flag_of('trusted_proxies')}"
    return (f"{_place('geo_headers', layers)}: not read, since no proxy is trusted ({hint})",)


def _file_layer(config: Path | None, directory: Path) -> Layer:
    path = config or directory / CONFIG_FILE
    if config is None and not path.exists():
        return Layer({}, {})
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError([f"{path}: can't be read: {error.strerror} (check --config)"]) from error
    except UnicodeDecodeError as error:
        raise SettingsError([f"{path}: is not UTF-8 (save it as UTF-8)"]) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path}: is not TOML: {error}"]) from error
    return Layer(_placed(path, _written(values), Settings), {name: f"{path}: {name}" for name in values})


def _written(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a file says, where a number is asked for with `true` as a word: pydantic would take it for 1."""
    return {
        name: str(value).lower() if isinstance(value, bool) and _is_number(name) else value
        for name, value in values.items()
    }


def _is_number(setting: str) -> bool:
    field = Settings.model_fields.get(setting)
    return field is not None and (_holds(field, int) or _holds(field, float))


def _placed(config: Path, values: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """What a file says, with its paths beside the file, wherever Tailor is started."""
    placed = dict(values)
    for name, field in model.model_fields.items():
        section = _section(field)
        if section is not None and isinstance(values.get(name), dict):
            placed[name] = _placed(config, values[name], section)
        elif _holds(field, Path) and name in values:
            placed[name] = _beside(config, values[name])
    return placed


def _beside(config: Path, value: object) -> object:
    """A path, or each of several, as it counts from the folder of the file that names it."""
    if isinstance(value, list):
        return [_beside(config, item) for item in value]
    return config.parent / value if isinstance(value, str) else value


def _lines(error: ValidationError, layers: tuple[Layer, ...]) -> list[str]:
    lines = []
    for mistake in error.errors(include_url=False):
        cause = mistake.get("ctx", {}).get("error")
        setting = cause.setting if isinstance(cause, InconsistentSettingError) else str(mistake["loc"][0])
        place = _place(setting, layers)
        value = next((layer.values[setting] for layer in layers if setting in layer.values), None)
        if setting in Settings.model_fields and _holds(Settings.model_fields[setting], SecretStr):
            value = "…"
        inside = [str(part) for part in mistake["loc"][1:] if isinstance(part, str)]
        if inside and (section := _section(Settings.model_fields[setting])) is not None:
            lines.append(f"{place}.{inside[0]}: {_what_is_wrong_inside(section, inside[0], mistake)}")
            continue
        lines.append(f"{place}: {_what_is_wrong(str(mistake['type']), setting, value, mistake)}")
    return lines


def _place(setting: str, layers: tuple[Layer, ...]) -> str:
    """Where it is written, or could be."""
    return next((layer.places[setting] for layer in layers if setting in layer.places), flag_of(setting))


def _what_is_wrong(kind: str, setting: str, value: object, mistake: Any) -> str:
    limits = mistake.get("ctx", {})
    match kind:
        case "missing":
            return f"is missing (give {flag_of(setting)}, {variable_of(setting)}, or {setting} in {CONFIG_FILE})"
        case "extra_forbidden" if isinstance(value, dict):
            return "no such setting, nor a section of that name (write the settings without one)"
        case "extra_forbidden":
            return f"no such setting{_in_brackets(did_you_mean(setting, Settings.model_fields))}"
        case "value_error":
            return str(limits["error"])
        case "int_parsing" | "int_type" | "int_from_float":
            return f"{value!r} is not a whole number (such as {_default(setting)})"
        case "float_parsing" | "float_type" | "finite_number":
            return f"{value!r} is not a number (such as {_default(setting)})"
        case "bool_parsing" | "bool_type":
            return f"{value!r} is neither true nor false"
        case "string_type" | "path_type":
            return f'{value!r} is no text (write one in quotes: {setting} = "…")'
        case "greater_than_equal":
            return f"{value!r} is too small (give at least {limits['ge']})"
        case "greater_than":
            return f"{value!r} is too small (give more than {limits['gt']})"
        case "less_than_equal":
            return f"{value!r} is too large (give at most {limits['le']})"
        case "enum" | "literal_error":
            return f"{_offender(value, mistake)!r} is not known (choose {limits['expected']})"
        case _:
            return f"{value!r} does not fit: {mistake['msg']} (see `tailor serve --help`)"


def _what_is_wrong_inside(section: type[BaseModel], name: str, mistake: Any) -> str:
    """The same for a setting of a section."""
    match str(mistake["type"]):
        case "missing":
            (example,) = section.model_fields[name].examples or [""]
            return f"is missing (such as {name} = {example})"
        case "extra_forbidden":
            return f"no such setting{_in_brackets(did_you_mean(name, section.model_fields))}"
        case "value_error":
            return str(mistake["ctx"]["error"])
        case "enum":
            return f"{mistake['input']!r} is not known (choose {mistake['ctx']['expected']})"
        case _:
            return f"{mistake['input']!r} does not fit: {mistake['msg']} (see docs/vouched.md)"


def _offender(value: object, mistake: Any) -> object:
    """The one of a list that is wrong, or the value itself."""
    location = mistake["loc"]
    if len(location) < 2:
        return value
    items = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
    pieces = [piece.strip() for item in items for piece in str(item).split(",") if piece]
    return pieces[location[1]] if isinstance(location[1], int) and location[1] < len(pieces) else value


def _default(setting: str) -> object:
    return Settings.model_fields[setting].default


def _in_brackets(hint: str) -> str:
    return f" ({hint})" if hint else ""
