"""Small records that the tests of the matcher share, and strategies for random ones."""

from dataclasses import replace

from hypothesis import strategies as st

from matching import Need, Place, Programme

MARKING_NEED = Need(
    "n1",
    "Unmarked police weapons",
    "Service rifles carry no serial number. The State asks for marking machines, training of operators and "
    "a central register of small arms.",
    recipient=Place(regions=("011",)),
)
MARKING = Programme(
    "marking",
    "Firearms marking and record-keeping",
    "Provides marking machines and trains operators.",
    ("marking machines", "register software", "training of operators"),
    themes=("WPN-MRT",),
    coverage=Place(regions=("011",)),
)
PRISONS = Programme(
    "prisons",
    "Rehabilitation of violent extremist prisoners",
    "Supports prison services with risk assessment tools.",
    ("staff training", "classification of prisoners"),
    themes=("PRR-FTF",),
    coverage=Place(is_global=True),
)
CUSTOMS = Programme(
    "customs",
    "Container control",
    "Joint port units of customs and police profile containers.",
    ("risk profiling", "X-ray image interpretation"),
    themes=("BLE-CUS",),
    coverage=Place(countries=("KE", "TZ")),
)
PROGRAMMES = (MARKING, PRISONS, CUSTOMS)

_WORDS = [
    "marking", "weapons", "drones", "douane", "formation", "équipe", "armes", "frontera", "aduana",
    "оружие", "границы", "الأسلحة", "枪支", "无人机", "training", "equipment", "prison", "law", "customs",
    "port", "1540", "IED", "UAS", "C-UAS", ",.", "\u202e", "🙂", "the", "of",
]  # fmt: skip
texts = st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join)
places = st.builds(
    Place,
    countries=st.lists(st.sampled_from(["ML", "KE", "FR", "XA", "ZZ"]), max_size=3, unique=True).map(tuple),
    regions=st.lists(st.sampled_from(["011", "014", "002", "999"]), max_size=2, unique=True).map(tuple),
    is_global=st.booleans(),
    context=st.sampled_from(["", "Sahelian", "island State"]),
)
themes = st.lists(st.sampled_from(["WPN-MRT", "BLE-CUS", "WPN-UAS", "NO-SUCH"]), max_size=3, unique=True).map(
    tuple
)
functions = st.lists(st.sampled_from(["prevent", "detect", "counter"]), max_size=2, unique=True).map(tuple)
languages = st.sampled_from([None, "en", "fr", "es", "ru", "ar", "zh", "xx"])
needs = st.builds(
    Need,
    id=st.just("need"),
    title=texts,
    text=texts,
    language=languages,
    themes=themes,
    functions=functions,
    recipient=st.none() | places,
)
_programmes = st.builds(
    Programme,
    id=st.just("p"),
    title=texts,
    summary=texts,
    activities=st.lists(texts, max_size=2).map(tuple),
    language=languages,
    themes=themes,
    functions=functions,
    coverage=st.none() | places,
    excluded=st.sampled_from([(), ("ML",), ("KE", "FR")]),
    status=st.sampled_from(["active", "active", "suspended"]),
    full=st.booleans(),
)
corpora = st.lists(_programmes, max_size=6).map(
    lambda listed: [replace(programme, id=f"p{number}") for number, programme in enumerate(listed)]
)
