"""What the environment says, and the settings that come of it and of the file together."""

import difflib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct, field, structs
from pydantic import TypeAdapter, ValidationError

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ProviderKind
from gatepost_gateway.settings.fields import Listen
from gatepost_gateway.settings.file import ConfigFile, parse, read_file
from gatepost_gateway.settings.problems import ConfigurationError, Problem
from gatepost_gateway.settings.secret_shapes import SecretShape
from gatepost_gateway.settings.server import DEFAULT_DATA_DIR, Server, server_of
from gatepost_gateway.settings.telemetry import MissingSecretError, telemetry_of

DEFAULT_FILE = "gatepost.yaml"
MIN_KEY = 16

OWN = (
    "GATEPOST_LISTEN",
    "GATEPOST_DATA_DIR",
    "GATEPOST_CONFIG",
    "GATEPOST_ADMIN_KEY",
    "GATEPOST_RUNTIME_KEY",
    "GATEPOST_MASTER_KEY",
    "GATEPOST_BASE_URL",
    "GATEPOST_API_KEY",
    "GATEPOST_STATE_URL",
    "GATEPOST_STORE_URL",
)
"""Every variable of ours. One that is nearly called so is a slip of the pen; others may be anybody's: a cluster names
variables after its services."""

PROVIDER_VARIABLES: Mapping[ProviderKind, tuple[str, ...]] = {
    ProviderKind.OPENAI: ("OPENAI_API_KEY",),
    ProviderKind.ANTHROPIC: ("ANTHROPIC_API_KEY",),
    ProviderKind.GEMINI: ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
}

_AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION")
_AWS_BEARER = "AWS_BEARER_TOKEN_BEDROCK"
"""A Bedrock API key goes before keys that sign, as in AWS's own clients."""
_PLAIN = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_LISTEN: TypeAdapter[str] = TypeAdapter(Listen)


class Environment(Struct, frozen=True):
    """The variables that the gateway reads. `variables` serves `{env: NAME}` in the file and is not kept elsewhere."""

    listen: str | None = None
    data_dir: str | None = None
    config: str | None = None
    admin_key: Secret | None = None
    runtime_key: Secret | None = None
    master_key: Secret | None = None
    base_url: str | None = None
    provider_keys: dict[ProviderKind, Secret] = field(default_factory=dict[ProviderKind, Secret])
    variables: dict[str, Secret] = field(default_factory=dict[str, Secret])


class Settings(Struct, frozen=True):
    """All that a process is told from outside. `file` is None when it runs without one."""

    server: Server
    environment: Environment
    file: ConfigFile | None = None


def read_environment(variables: Mapping[str, str] | None = None) -> Environment:
    """Raises ConfigurationError for a variable of ours that is misspelt, or says nonsense."""
    said = {name: text for name, text in (os.environ if variables is None else variables).items() if text}
    problems = [
        Problem("environment", f"unknown variable `{name}`: did you mean `{close[0]}`?")
        for name in sorted(said)
        if name not in OWN and (close := difflib.get_close_matches(name, OWN, n=1, cutoff=0.9))
    ]
    listen = said.get("GATEPOST_LISTEN")
    if listen is not None:
        try:
            _LISTEN.validate_python(listen)
        except ValidationError:
            problems.append(
                Problem("environment", "`GATEPOST_LISTEN` must be an address and a port, such as 127.0.0.1:41002")
            )
    for name in ("GATEPOST_ADMIN_KEY", "GATEPOST_RUNTIME_KEY"):
        text = said.get(name)
        if text is not None and (len(text) < MIN_KEY or not text.isascii() or not text.isprintable() or " " in text):
            problems.append(Problem("environment", f"`{name}` must be at least {MIN_KEY} visible ASCII characters"))
    if problems:
        raise ConfigurationError(tuple(problems))
    secrets = {name: Secret(text) for name, text in said.items()}
    return Environment(
        listen=listen,
        data_dir=said.get("GATEPOST_DATA_DIR"),
        config=said.get("GATEPOST_CONFIG"),
        admin_key=secrets.get("GATEPOST_ADMIN_KEY"),
        runtime_key=secrets.get("GATEPOST_RUNTIME_KEY"),
        master_key=secrets.get("GATEPOST_MASTER_KEY"),
        base_url=said.get("GATEPOST_BASE_URL"),
        provider_keys=_provider_keys(secrets),
        variables=secrets,
    )


def _provider_keys(secrets: Mapping[str, Secret]) -> dict[ProviderKind, Secret]:
    found: dict[ProviderKind, Secret] = {}
    for kind, names in PROVIDER_VARIABLES.items():
        for name in names:
            if name in secrets:
                found.setdefault(kind, secrets[name])
    if (keys := _aws_keys(secrets)) is not None:
        found[ProviderKind.BEDROCK] = keys
    return found


def _aws_keys(secrets: Mapping[str, Secret]) -> Secret | None:
    """The keys of AWS's own variables as one text, where a region says where they are to be used."""
    said = {name.lower(): secrets[name].reveal() for name in _AWS if name in secrets}
    region = said.pop("aws_region", None) or said.pop("aws_default_region", None)
    if region is not None and _AWS_BEARER in secrets:
        return Secret(json.dumps({_AWS_BEARER.lower(): secrets[_AWS_BEARER].reveal(), "aws_region": region}))
    if region is None or not {"aws_access_key_id", "aws_secret_access_key"} <= said.keys():
        return None
    return Secret(json.dumps({**said, "aws_region": region}))


def read_aws(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the AWS chain may look at: AWS's own variables, and where the home folder is."""
    said = os.environ if variables is None else variables
    return {name: text for name, text in said.items() if name.startswith("AWS_") or name in ("HOME", "USERPROFILE")}


def read_plain() -> dict[str, str]:
    """What a process needs that needs no secret: where programs and files are, and how to write."""
    return {name: text for name, text in os.environ.items() if name in _PLAIN or name.startswith(("LC_", "PYTHON"))}


def load(
    config: Path | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    folder: Path | None = None,
    data_dir: Path | None = None,
) -> Settings:
    """The settings of this process; the file is `config`, GATEPOST_CONFIG or `gatepost.yaml` in `folder`, if any.

    `data_dir` comes before what the environment and the file say. Raises ConfigurationError with every mistake of the
    file; its references are checked by the control plane.
    """
    environment = read_environment(variables)
    here = folder or Path()
    path = config or (Path(environment.config) if environment.config else None)
    if path is None and (here / DEFAULT_FILE).is_file():
        path = here / DEFAULT_FILE
    where = str(data_dir) if data_dir is not None else environment.data_dir
    if path is None:
        return Settings(_with_urls(server_of(None, environment.listen, where, here), None, environment), environment)
    file = parse(read_file(path), str(path), path.parent)
    if where is None and file.server.data_dir is None:
        where = str(here / DEFAULT_DATA_DIR)
    server = server_of(file.server, environment.listen, where, path.parent)
    return Settings(_with_telemetry(_with_urls(server, file, environment), file, environment), environment, file)


def _with_telemetry(server: Server, file: ConfigFile, environment: Environment) -> Server:
    """Raises ConfigurationError."""
    said = file.server.telemetry
    if said is None:
        return server
    try:
        return structs.replace(server, telemetry=telemetry_of(said, file.base, environment.variables))
    except MissingSecretError as error:
        mark = file.tree.at(("server", "telemetry", "headers"))
        raise ConfigurationError((Problem(f"{file.name}:{mark.line}:{mark.column}", str(error)),)) from error


def _with_urls(server: Server, file: ConfigFile | None, environment: Environment) -> Server:
    """Where shared state and the shared store are. Raises ConfigurationError."""
    state = file.server.state_url if file is not None else None
    store = file.server.store_url if file is not None else None
    return structs.replace(
        server,
        state_url=_url("state_url", state, file, environment),
        store_url=_url("store_url", store, file, environment),
    )


def _url(name: str, said: SecretShape | None, file: ConfigFile | None, environment: Environment) -> Secret | None:
    """The environment's word, else the file's."""
    where = "environment"
    found = environment.variables.get(f"GATEPOST_{name.upper()}")
    if found is None and said is not None and file is not None:
        mark = file.tree.at(("server", name))
        where = f"{file.name}:{mark.line}:{mark.column}"
        found = (
            environment.variables.get(said.env)
            if said.env is not None
            else _read(name, file.base / str(said.file), where)
        )
        if found is None:
            raise ConfigurationError((Problem(where, f"`{name}` names the variable `{said.env}`, which is not set"),))
    if found is not None and (words := _wrong(found.reveal())) is not None:
        raise ConfigurationError((Problem(where, f"the address in `{name}` {words}"),))
    return found


def _wrong(url: str) -> str | None:
    """What is wrong with the address of a database, in words that show nothing of it."""
    if not url.startswith(("postgres://", "postgresql://")):
        return "must begin with postgresql://"
    try:
        parts = urlsplit(url)
        broken = bool(parts.fragment) or parts.netloc.count("@") > 1
        if "," not in parts.netloc and not broken:
            broken = parts.port == 0
    except ValueError:
        broken = True
    if broken:
        return "cannot be taken apart: in a user or a password write `#` as %23, `/` as %2F, `@` as %40, `%` as %25"
    return None


def _read(name: str, path: Path, where: str) -> Secret:
    try:
        return Secret(path.read_text().strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(
            (Problem(where, f"`{name}` names the file `{path}`, which cannot be read: {reason}"),)
        ) from error
