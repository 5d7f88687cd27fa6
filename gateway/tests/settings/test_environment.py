from pathlib import Path

import pytest

from gatepost_gateway.domain.snapshot import ProviderKind
from gatepost_gateway.providers.aws_keys import Bearer, read_keys
from gatepost_gateway.settings import ConfigurationError, load, read_environment
from gatepost_gateway.settings.environment import read_aws, read_plain


def test_the_variables_of_the_gateway_are_read() -> None:
    said = read_environment(
        {"GATEPOST_LISTEN": "0.0.0.0:1", "GATEPOST_ADMIN_KEY": "a" * 16, "OPENAI_API_KEY": "sk-1", "OTHER": "x"}
    )
    assert said.listen == "0.0.0.0:1"
    assert said.admin_key is not None
    assert said.admin_key.reveal() == "a" * 16
    assert said.provider_keys[ProviderKind.OPENAI].reveal() == "sk-1"
    assert said.variables["OTHER"].reveal() == "x"


def test_no_secret_is_in_its_repr() -> None:
    said = read_environment({"GATEPOST_ADMIN_KEY": "canary-canary-canary", "OPENAI_API_KEY": "sk-canary"})
    assert "canary" not in repr(said)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("GATEPOST_LISTN", "x", "unknown variable `GATEPOST_LISTN`: did you mean `GATEPOST_LISTEN`?"),
        ("GATEPOST_LISTEN", "here", "must be an address and a port"),
        ("GATEPOST_ADMIN_KEY", "short", "at least 16 visible"),
        ("GATEPOST_RUNTIME_KEY", "with a blank in it, long", "at least 16 visible"),
    ],
)
def test_nonsense_is_told_without_its_value(name: str, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_environment({name: text})
    assert words in str(caught.value)
    assert "short" not in str(caught.value)


def test_an_empty_variable_is_not_set() -> None:
    assert read_environment({"GATEPOST_LISTEN": "", "OPENAI_API_KEY": ""}).provider_keys == {}


def test_the_first_of_two_names_of_a_provider_counts() -> None:
    said = read_environment({"GOOGLE_API_KEY": "b", "GEMINI_API_KEY": "a"})
    assert said.provider_keys[ProviderKind.GEMINI].reveal() == "a"


def test_the_file_is_found_where_it_is_named(tmp_path: Path) -> None:
    assert load(variables={}, folder=tmp_path).file is None
    (tmp_path / "gatepost.yaml").write_text("server: {listen: '127.0.0.1:1'}\n")
    (tmp_path / "other.yaml").write_text("server: {listen: '127.0.0.1:2'}\n")
    assert load(variables={}, folder=tmp_path).server.port == 1
    assert load(variables={"GATEPOST_CONFIG": str(tmp_path / "other.yaml")}, folder=tmp_path).server.port == 2
    assert load(tmp_path / "other.yaml", {}, folder=tmp_path).server.port == 2


def test_the_environment_comes_before_the_file_and_the_command_before_both(tmp_path: Path) -> None:
    (tmp_path / "gatepost.yaml").write_text("server: {listen: '127.0.0.1:1', data_dir: here}\n")
    assert load(variables={}, folder=tmp_path).server.data_dir == tmp_path / "here"
    said = {"GATEPOST_LISTEN": "127.0.0.1:7", "GATEPOST_DATA_DIR": "/there"}
    settings = load(variables=said, folder=tmp_path)
    assert (settings.server.port, settings.server.data_dir) == (7, Path("/there"))
    assert load(variables=said, folder=tmp_path, data_dir=Path("/else")).server.data_dir == Path("/else")


def test_variables_of_others_with_our_prefix_are_left_alone() -> None:
    said = {"GATEPOST_PORT": "tcp://10.0.0.1:41002", "GATEPOST_SERVICE_HOST": "10.0.0.1", "GATEPOST_FIXTURES": "x"}
    assert read_environment(said).listen is None


def test_a_file_elsewhere_does_not_move_the_data_unless_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    file = tmp_path / "conf" / "g.yaml"
    file.write_text("models: []\n")
    assert load(file, {}, folder=tmp_path).server.data_dir == tmp_path / ".gatepost"
    file.write_text("server: {data_dir: data}\n")
    assert load(file, {}, folder=tmp_path).server.data_dir == tmp_path / "conf" / "data"


def test_the_keys_of_aws_are_one_credential_where_a_region_says_where_to_use_them() -> None:
    said = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s"}
    assert ProviderKind.BEDROCK not in read_environment(said).provider_keys
    found = read_environment({**said, "AWS_SESSION_TOKEN": "t", "AWS_DEFAULT_REGION": "eu-west-1"}).provider_keys
    keys, region = read_keys(found[ProviderKind.BEDROCK])
    assert (keys.access_key_id, region) == ("AKID", "eu-west-1")
    assert keys.session_token is not None


def test_a_bedrock_api_key_goes_before_keys_that_sign() -> None:
    said = {"AWS_BEARER_TOKEN_BEDROCK": "ABSKb", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s"}
    assert ProviderKind.BEDROCK not in read_environment(said).provider_keys
    keys, region = read_keys(read_environment({**said, "AWS_REGION": "eu-west-1"}).provider_keys[ProviderKind.BEDROCK])
    assert isinstance(keys, Bearer)
    assert (keys.token.reveal(), region) == ("ABSKb", "eu-west-1")


def test_the_chain_of_aws_sees_its_own_variables_only() -> None:
    assert read_aws({"AWS_PROFILE": "p", "HOME": "/h", "OPENAI_API_KEY": "sk"}) == {"AWS_PROFILE": "p", "HOME": "/h"}


@pytest.mark.parametrize("name", ["state_url", "store_url"])
def test_where_what_is_shared_is_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / "url").write_text("postgresql://file\n")
    for text, variables, wanted in (
        ("", {}, None),
        (f"server: {{{name}: {{env: AT}}}}\n", {"AT": "postgresql://env"}, "postgresql://env"),
        (f"server: {{{name}: {{file: url}}}}\n", {}, "postgresql://file"),
        (f"server: {{{name}: {{file: url}}}}\n", {f"GATEPOST_{name.upper()}": "postgres://given"}, "postgres://given"),
    ):
        (tmp_path / "gatepost.yaml").write_text(text)
        found = getattr(load(variables=variables, folder=tmp_path).server, name)
        assert (found.reveal() if found is not None else None) == wanted
    for text, variables, words in (
        (f"server: {{{name}: {{env: AT}}}}\n", {}, "gatepost.yaml:1:21: .*`AT`, which is not set"),
        (
            f"server: {{{name}: {{file: nowhere}}}}\n",
            {},
            "gatepost.yaml:1:21: .*nowhere`, which cannot be read: no such",
        ),
        ("", {f"GATEPOST_{name.upper()}": "redis://x"}, "postgresql://"),
        (f"server: {{{name}: {{env: AT}}}}\n", {"AT": "postgresql://u:hun#ter@h/d"}, "gatepost.yaml:1:21: .*%23"),
        ("", {f"GATEPOST_{name.upper()}": "postgresql://u:hun/ter@h/d"}, "environment: .*%2F"),
        ("", {f"GATEPOST_{name.upper()}": "postgresql://u:hun@ter@h/d"}, "%40"),
        ("", {f"GATEPOST_{name.upper()}": "postgresql://u:hunter@[::1/d"}, "cannot be taken apart"),
    ):
        (tmp_path / "gatepost.yaml").write_text(text)
        with pytest.raises(ConfigurationError, match=words) as caught:
            load(variables=variables, folder=tmp_path)
        assert "hun" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["postgresql://a:1,b:2/d", "postgresql:///d?host=/run", "postgres://u:p%23@[::1]:5432/d"]
)
def test_addresses_of_several_hosts_and_of_sockets_are_addresses(tmp_path: Path, url: str) -> None:
    found = load(variables={"GATEPOST_STATE_URL": url}, folder=tmp_path).server.state_url
    assert found is not None
    assert found.reveal() == url


def test_what_needs_no_secret_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GATEPOST_MASTER_KEY", "ANYTHING", "PATH", "LC_ALL"):
        monkeypatch.setenv(name, "x")
    said = read_plain()
    assert {"PATH", "LC_ALL"} <= said.keys()
    assert not {"OPENAI_API_KEY", "GATEPOST_MASTER_KEY", "ANYTHING"} & said.keys()
