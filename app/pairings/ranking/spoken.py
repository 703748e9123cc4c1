"""What a text speaks of, as codes by a need's field: themes, dimensions, functions, weapons, assistance_types."""

from collections.abc import Mapping, Sequence

from matching import Inferred, Model, infer


def codes_in(text: str, language: str | None, model: Model) -> Mapping[str, Sequence[Inferred]]:
    """Codes with their strengths from 0 to 1, the strongest first."""
    return infer(text, language, model)
