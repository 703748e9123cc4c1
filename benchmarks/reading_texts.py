"""Times how texts become rows of features, beside TfidfVectorizer with a stemming analyzer on the same texts.

python -m benchmarks.reading_texts [size]

`size` generated programmes (20,000), languages declared. TfidfVectorizer has an analyzer in Python with the stop
words of English and the same stemmer, once written in Python (a tenth of the texts) and once in C. Ours has two
processes, whose start is counted. Telling the language of undeclared texts is timed apart.
"""

# ruff: noqa: T201
import re
import sys
import time
from collections.abc import Callable

import Stemmer
from snowballstemmer.english_stemmer import EnglishStemmer

from benchmarks import matching_generator as generator
from matching import Programme, load_model
from matching.features import programme_values, statistics
from matching.readers import Readers
from matching.text import detect_language
from matching.words import STOP_WORDS

WORD = re.compile(r"\w\w+")


def main(size: int) -> None:
    """Print the figures of one run as lines."""
    model, programmes = load_model(), list(generator.programmes(size))
    texts = [f"{programme.title}\n{programme.summary}" for programme in programmes]
    print(f"{size:,} texts of {sum(map(len, texts)) / size:.0f} characters")
    slow = 10 * _vectorized(EnglishStemmer().stemWord, texts[::10])
    fast = _vectorized(Stemmer.Stemmer("english").stemWord, texts)
    _tell("TfidfVectorizer, stemmer in Python", size / slow)
    _tell("TfidfVectorizer, stemmer in C", size / fast)
    for processes in (1, 2):
        with Readers(model, processes) as readers:
            for name in ("with start", "once warm"):
                spent = _seconds(lambda: _read(readers, programmes))
                compared = f", {slow / spent:.1f} times the first, {fast / spent:.2f} times the second"
                _tell(f"the matcher, {processes} at once, {name}", size / spent, compared)
    _tell("telling languages", size / _seconds(lambda: [detect_language(text) for text in texts]))


def _tell(what: str, rate: float, compared: str = "") -> None:
    print(f"{what:36} {rate:8,.0f} texts a second{compared}")


def _read(readers: Readers, programmes: list[Programme]) -> None:
    profiles = readers.programmes(programmes)
    programme_values(profiles, statistics(profiles))


def _vectorized(stem: Callable[[str], str], texts: list[str]) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 -- not in the readers' processes

    def analyzer(text: str) -> list[str]:
        return [stem(word) for word in WORD.findall(text.lower()) if word not in STOP_WORDS["en"]]

    return _seconds(lambda: TfidfVectorizer(analyzer=analyzer).fit_transform(texts))


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
