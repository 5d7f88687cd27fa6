import pytest

from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.providers.formats import spoken

CHAT, COMPLETIONS = DialectName.OPENAI_CHAT, DialectName.OPENAI_COMPLETIONS
OPENAI = "https://api.openai.com/v1"


def entry(kind, url, identifier="m", **config):
    return ModelEntry("e", identifier, kind, url, additional_config=config)


@pytest.mark.parametrize(
    ("one", "has"),
    [
        (entry(ProviderKind.OPENAI, OPENAI, "gpt-4o"), False),
        (entry(ProviderKind.OPENAI, "https://eu.api.openai.com/v1", "gpt-4o"), False),
        (entry(ProviderKind.OPENAI, OPENAI, "gpt-3.5-turbo-instruct"), True),
        (entry(ProviderKind.OPENAI, OPENAI, "davinci-002"), True),
        (entry(ProviderKind.OPENAI, OPENAI, "gpt-4o", completions=True), True),
        (entry(ProviderKind.OPENAI, "http://vllm.test/v1"), True),
        (entry(ProviderKind.OPENAI, "http://vllm.test/v1", completions=False), False),
        (entry(ProviderKind.AZURE, "https://r.openai.azure.com/openai/deployments/d", "gpt-4o"), False),
        (entry(ProviderKind.AZURE, "https://r.openai.azure.com/openai/deployments/d", "gpt-35-turbo-instruct"), True),
        (entry(ProviderKind.SANDBOX, "sandbox://echo"), False),
    ],
)
def test_text_completions_go_to_servers_that_have_them(one, has):
    assert spoken(one, COMPLETIONS) is (COMPLETIONS if has else CHAT)


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("http://h.test/v1/chat/completions", CHAT),
        ("http://h.test/v1/completions", COMPLETIONS),
        ("http://h.test/v1/completions/?x=1", COMPLETIONS),
        ("http://h.test/anything", CHAT),
    ],
)
@pytest.mark.parametrize("asked", [CHAT, COMPLETIONS, DialectName.ANTHROPIC_MESSAGES])
def test_an_internal_entry_speaks_what_its_address_says(url, dialect, asked):
    assert spoken(entry(ProviderKind.INTERNAL, url), asked) is dialect


@pytest.mark.parametrize("asked", [CHAT, DialectName.ANTHROPIC_MESSAGES, DialectName.GEMINI_GENERATE])
def test_everyone_else_is_served_by_chat(asked):
    assert spoken(entry(ProviderKind.OPENAI, OPENAI), asked) is CHAT


@pytest.mark.parametrize(
    ("one", "has"),
    [
        (entry(ProviderKind.OPENAI, OPENAI), True),
        (entry(ProviderKind.OPENAI, "http://vllm.test/v1"), True),
        (entry(ProviderKind.OPENAI, "http://old.test/v1", responses=False), False),
        (entry(ProviderKind.AZURE, "https://r.openai.azure.com/openai/v1"), True),
        (entry(ProviderKind.INTERNAL, "http://h.test/v1/responses"), True),
        (entry(ProviderKind.INTERNAL, "http://h.test/v1/chat/completions"), False),
        (entry(ProviderKind.SANDBOX, "sandbox://echo"), False),
    ],
)
def test_responses_go_to_servers_that_have_them(one, has):
    responses = DialectName.OPENAI_RESPONSES
    assert spoken(one, responses) is (responses if has else CHAT)
