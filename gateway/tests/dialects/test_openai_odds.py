from gatepost_gateway.dialects.openai_odds import tells_more


def test_tokens_of_the_text_beside_them_tell_nothing_more():
    assert not tells_more({"content": [{"token": "He"}, {"token": "llo"}]}, ["Hello"])
    assert not tells_more({"tokens": ["He", "llo"]}, ["Hello"])
    assert not tells_more([{"token": "He"}], ["Hello"])
    assert not tells_more({"content": None}, [])


def test_parts_of_characters_are_no_words():
    said = [{"token": r"\xf0\x9f"}, {"token": r"\x99\x82"}, {"token": " hi"}]
    assert not tells_more({"content": said}, ["🙂 hi"])


def test_tokens_of_something_else_tell_more():
    assert tells_more({"content": [{"token": "secret"}]}, [])
    assert tells_more({"refusal": [{"token": "secret"}]}, ["public"])
