"""tests/vectors/signing_keys.json is what its generator makes, so that nobody changes the one without the other."""

from model import signing_keys


def test_the_vectors_are_what_the_generator_makes() -> None:
    assert signing_keys.FILE.read_text(encoding="utf-8") == signing_keys.made()
