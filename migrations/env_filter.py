"""What the comparison of models and database leaves out."""


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Search structures are made by hand for each database; the models do not know them."""
    return not (kind in {"table", "index"} and (name or "").startswith("search_"))
