"""What people call the places of the Factbook: their titles, aliases and the words that its fields go by.

The aliases decide which place a query is about, so each is a name that people use for that place and no other. A name
that two places share (Congo, Korea) belongs to both.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

__all__ = ["SYNONYMS", "aliases_of", "place_name"]

_TITLES = {
    "cf": "Republic of the Congo",
    "cg": "Democratic Republic of the Congo",
    "dr": "Dominican Republic",
    "ee": "European Union",
    "fk": "Falkland Islands",
    "fm": "Micronesia",
    "gz": "Gaza Strip",
    "sv": "Svalbard",
    "um": "United States Pacific Island Wildlife Refuges",
    "vt": "Vatican City",
    "xx": "World",
}
"""Where the data has no short form, or one that can't stand in a title."""

_ALIASES = {
    "ac": "Antigua",
    "ae": "UAE; Emirates; Dubai; Abu Dhabi",
    "ba": "Kingdom of Bahrain",
    "bf": "Bahamas",
    "bk": "Bosnia; Bosnia Herzegovina; BiH",
    "bm": "Burma; Myanmar",
    "bn": "Dahomey",
    "bx": "Brunei Darussalam",
    "cb": "Kampuchea",
    "cf": "Congo; Congo Brazzaville; Congo Republic",
    "cg": "Congo; DRC; DR Congo; D.R. Congo; DROC; Congo Kinshasa; Congo Democratic Republic; Democratic Republic of"
    " Congo; Zaire",
    "ch": "PRC; Mainland China; Peoples Republic of China; People's Republic of China",
    "ck": "Cocos Islands; Keeling Islands; Cocos Keeling Islands",
    "ct": "CAR; Central African Rep.",
    "cv": "Cape Verde",
    "cy": "Republic of Cyprus",
    "ee": "EU; European Union",
    "ei": "Republic of Ireland; Eire",
    "ez": "Czech Republic; Czech Rep.",
    "fk": "Falklands; Islas Malvinas; Malvinas",
    "fm": "Federated States of Micronesia; FSM",
    "fo": "Faroes; Faeroe Islands",
    "fr": "Metropolitan France",
    "fs": "French Southern Territories",
    "ga": "Gambia",
    "gb": "Gabonese Republic",
    "gm": "FRG; Federal Republic of Germany; Deutschland",
    "gz": "Gaza",
    "hk": "Hong Kong SAR; HK",
    "hm": "Heard Island; McDonald Islands",
    "io": "BIOT; Chagos; Chagos Islands; Chagos Archipelago; Diego Garcia",
    "ip": "Clipperton",
    "ir": "Persia",
    "is": "State of Israel",
    "iv": "Ivory Coast; Cote d'Ivoire; Cote dIvoire",
    "jn": "Jan Mayen",
    "kn": "Korea; DPRK; Democratic People's Republic of Korea; Korea North",
    "ks": "Korea; ROK; Republic of Korea; Korea South",
    "kg": "Kyrgyz Republic; Kirghizia",
    "la": "Lao PDR; Lao People's Democratic Republic",
    "lo": "Slovak Republic",
    "mc": "Macao; Macau SAR",
    "mk": "Macedonia; FYROM; Former Yugoslav Republic of Macedonia",
    "nh": "New Hebrides",
    "nl": "Holland; The Netherlands",
    "nn": "St Maarten; Saint Maarten",
    "od": "Southern Sudan",
    "pc": "Pitcairn",
    "pg": "Spratlys",
    "pf": "Paracels",
    "pp": "PNG",
    "rm": "Marshalls; Republic of the Marshall Islands",
    "rp": "The Philippines",
    "rq": "Puerto Rico",
    "rs": "Russian Federation",
    "sa": "KSA; Kingdom of Saudi Arabia",
    "sc": "Saint Kitts; St Kitts",
    "sf": "RSA; Republic of South Africa",
    "sh": "Saint Helena; St Helena; Ascension Island; Tristan da Cunha",
    "sp": "Kingdom of Spain",
    "su": "Republic of the Sudan",
    "sv": "Spitsbergen; Svalbard",
    "sx": "South Georgia; South Georgia and the South Sandwich Islands; South Sandwich Islands; SGSSI",
    "sy": "Syrian Arab Republic",
    "sz": "Swiss Confederation",
    "tb": "St Barts; St Barths; Saint Barthelemy",
    "td": "Trinidad; Tobago; Trinidad Tobago",
    "th": "Siam",
    "tk": "Turks and Caicos; Turks Caicos",
    "tp": "Sao Tome",
    "tt": "East Timor; Timor Leste",
    "tu": "Turkiye; Republic of Turkey",
    "tw": "Formosa; Republic of China; ROC; Chinese Taipei",
    "tz": "United Republic of Tanzania",
    "uc": "Curacao",
    "uk": "UK; U.K.; Britain; Great Britain; England; Scotland; Wales; Northern Ireland;"
    " United Kingdom of Great Britain and Northern Ireland",
    "um": "US Pacific Island Wildlife Refuges; Midway Islands; Johnston Atoll; Palmyra Atoll; Baker Island; Howland"
    " Island; Jarvis Island; Kingman Reef",
    "us": "US; U.S.; USA; U.S.A.; United States of America; America",
    "uv": "Upper Volta; Burkina",
    "vc": "Saint Vincent; St Vincent",
    "vi": "BVI; British Virgin Islands",
    "vm": "Viet Nam; Socialist Republic of Vietnam",
    "vq": "US Virgin Islands; U.S. Virgin Islands; USVI; United States Virgin Islands",
    "vt": "Vatican; Holy See; Vatican City State; Holy See (Vatican City)",
    "wf": "Wallis; Futuna",
    "ws": "Western Samoa",
    "wz": "Swaziland",
    "ym": "Republic of Yemen",
    "zi": "Rhodesia",
}
"""Names beside the title, by code; a name that two places share stands at both."""

SYNONYMS = {
    "adult obesity": "obesity",
    "anthem": "national anthem",
    "armed forces": "military and security forces",
    "army": "military and security forces",
    "border": "boundaries",
    "bordering": "border",
    "borders": "boundaries",
    "chief of state": "executive branch",
    "co2": "carbon dioxide",
    "coat of arms": "national coat of arms",
    "currency": "exchange rates",
    "death": "mortality",
    "doctors": "physician",
    "elections": "election",
    "ethnicity": "ethnic groups",
    "ethnicities": "ethnic groups",
    "faith": "religions",
    "frontier": "boundaries",
    "gross domestic product": "gdp",
    "head of government": "executive branch",
    "head of state": "executive branch",
    "inhabitants": "population",
    "jobless": "unemployment",
    "language spoken": "languages",
    "nationalities": "nationality",
    "neighbor": "border",
    "neighboring": "border",
    "neighbour": "border",
    "neighbouring": "border",
    "oil": "petroleum",
    "parliament": "legislative branch",
    "president": "executive branch",
    "prime minister": "executive branch",
    "rivers": "river",
    "seaside": "coastline",
    "shoreline": "coastline",
    "spoken": "languages",
    "surface": "area",
    "surface area": "area",
    "tld": "internet country code",
    "workforce": "labor force",
}
"""Words of a query, and the words of the Factbook that serve as well."""


def place_name(code: str, data: Mapping[str, Any]) -> str:
    """The name of a place as it stands in titles: short, and without a colon.

    Args:
        code: two-letter GEC code, which names the place when the data does not.
        data: the place's sections.
    """
    if title := _TITLES.get(code):
        return title
    for form in ("conventional short form", "conventional long form"):
        name = _country_name(data, form)
        if name and name != "none":
            return name.replace(":", " ")
    return code.upper()


def aliases_of(code: str, title: str) -> set[str]:
    """Every name of a place, its title among them."""
    names = {title, title.removeprefix("The "), *(_ALIASES.get(code, "").split("; "))} - {""}
    return names | {name.replace("Saint ", "St ") for name in names} | {name.replace(" and ", " ") for name in names}


def _country_name(data: Mapping[str, Any], form: str) -> str:
    value = data.get("Government", {}).get("Country name", {}).get(form, {})
    return html.unescape(str(value.get("text", ""))).strip() if isinstance(value, Mapping) else ""
