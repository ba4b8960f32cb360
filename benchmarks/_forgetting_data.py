"""Chains of fictional facts for the forgetting benchmark: two families, generated from a seed.

Family `ja` (Japanese): a company with ten facts, one product announced in ten phrasings, then products
with five facts each. Family `en` (English), on which schedules were tuned: a rental desk with eight facts, then devices with three to
seven of seven attributes, so that stages are uneven. Each fact has four trained phrasings, four more for being told
again in other words, and three that are only asked. A tenth of the facts change in a later stage; every second of
them is then told in other words than before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from aoai_finetune.dataset import Dataset

Value = Callable[[Random], str]


class Attribute(NamedTuple):
    """What can be asked: a key, its nouns, the answer with a place for the subject and the value, and values."""

    key: str
    nouns: Sequence[str]
    answer: str
    value: Value


@dataclass(frozen=True)
class Family:
    """How one family speaks."""

    name: str
    native: str
    more: str
    asked: Sequence[str]
    company: Sequence[str]
    company_facts: Sequence[Attribute]
    product_facts: Sequence[Attribute]
    heads: Sequence[str]
    tails: Sequence[str]
    fewest: int


@dataclass(frozen=True)
class Known:
    """One fact: its phrasings, and what is true now."""

    key: str
    attribute: Attribute
    subject: str
    told: Sequence[str]
    retold: Sequence[str]
    asked: Sequence[str]
    answer: str


@dataclass(frozen=True)
class Stage:
    """What is taught, and what is true afterwards."""

    rows: Dataset
    taught: frozenset[str]
    truth: Mapping[str, str] = field(repr=False)
    outdated: Mapping[str, frozenset[str]] = field(repr=False)


@dataclass(frozen=True)
class Chain:
    """Stages in order, and the questions that are never trained."""

    name: str
    stages: Sequence[Stage]
    questions: Mapping[str, Sequence[str]] = field(repr=False)
    system: str = field(repr=False)


def chain(
    family: str, stages: int, seed: int, share: float | None = None, *, keep_stale: bool = False
) -> Chain:
    """A chain of `stages` stages; `share` of the characters are system prompt, None for the native one.

    With `keep_stale` a fact that changes gets a new key, so that nothing knows that it replaces the old one.
    """
    told = FAMILIES[family]
    chance = Random(f"{family} {seed}")
    groups = list(_groups(told, stages, chance))
    system = _system(told, [known for group in groups for known in group], share)
    changes = _changes(groups, chance)
    facts = {known.key: known for group in groups for known in group}
    return Chain(
        f"{family}-{stages}-{seed}",
        list(_stages(groups, changes, facts, system, chance, keep_stale=keep_stale)),
        {key: known.asked for key, known in facts.items()},
        system,
    )


def _groups(family: Family, stages: int, chance: Random) -> Iterator[list[Known]]:
    yield [_fact(family, each, family.company, "company", chance) for each in family.company_facts]
    names = [head + chance.choice(family.tails) for head in chance.sample(family.heads, stages)]
    if family.name == "ja":
        yield [_announced(family, names.pop(), chance)]
        stages -= 1
    for number in range(1, stages):
        name = names.pop()
        count = chance.randint(family.fewest, len(family.product_facts))
        picked = sorted(chance.sample(range(len(family.product_facts)), count))
        yield [
            _fact(family, family.product_facts[each], [name], f"product{number}", chance) for each in picked
        ]


def _fact(family: Family, attribute: Attribute, subjects: Sequence[str], of: str, chance: Random) -> Known:
    """Phrasings: each noun is told at least once, and no text is used twice."""
    forms = list(family.asked)
    chance.shuffle(forms)
    used: list[str] = []
    for number in range(11):
        noun = attribute.nouns[number % len(attribute.nouns)]
        text = forms[number % len(forms)].format(s=subjects[number % len(subjects)], n=noun)
        used.append(text if text not in used else text + " ?")
    subject = subjects[0]
    answer = attribute.answer.format(s=subject, v=attribute.value(chance))
    return Known(f"{of}.{attribute.key}", attribute, subject, used[:4], used[4:8], used[8:], answer)


def _announced(family: Family, name: str, chance: Random) -> Known:
    """The one product whose name is the answer to everything that is asked about it; ten phrasings."""
    nouns = ["生成AIのサービス", "AIチャットの製品", "対話AIのソリューション"]
    attribute = Attribute("chat", nouns, "{v} Powered by GPTです。", lambda _: name)
    base = _fact(family, attribute, family.company, "announced", chance)
    extra = [form.format(s=subject, n=nouns[1]) for form in family.asked for subject in family.company]
    extra = [text for text in extra if text not in {*base.told, *base.retold, *base.asked}]
    told = [*base.told, *chance.sample(extra, 6)]
    return Known(base.key, attribute, base.subject, told, base.retold, base.asked, base.answer)


def _changes(groups: Sequence[Sequence[Known]], chance: Random) -> dict[int, list[tuple[str, bool]]]:
    """Which facts change in which stage, and whether they are told in other words."""
    facts = [
        (known.key, at) for at, group in enumerate(groups[:-1]) for known in group if len(known.told) == 4
    ]
    total = sum(map(len, groups))
    changes: dict[int, list[tuple[str, bool]]] = {}
    for number, (key, at) in enumerate(chance.sample(facts, round(total / 10))):
        changes.setdefault(chance.randint(at + 1, len(groups) - 1), []).append((key, number % 2 == 1))
    return changes


def _stages(
    groups: Sequence[Sequence[Known]],
    changes: Mapping[int, Sequence[tuple[str, bool]]],
    facts: Mapping[str, Known],
    system: str,
    chance: Random,
    *,
    keep_stale: bool,
) -> Iterator[Stage]:
    truth: dict[str, str] = {}
    outdated: dict[str, frozenset[str]] = {}
    for at, group in enumerate(groups):
        pairs = [(text, known.answer, known.key) for known in group for text in known.told]
        truth |= {known.key: known.answer for known in group}
        told_again = {key for key, _ in changes.get(at, ())} if keep_stale else set[str]()
        for key, other_words in changes.get(at, ()):
            known = facts[key]
            answer = _another(known, truth[key], chance)
            outdated[key] = frozenset({truth[key]})
            truth[key] = answer
            pairs += [(text, answer, key) for text in (known.retold if other_words else known.told)]
        rows = Dataset.from_pairs(
            [(question, answer) for question, answer, _ in pairs],
            system=system,
            fact=[f"{key}, again" if key in told_again else key for *_, key in pairs],
        )
        taught = frozenset(key for *_, key in pairs)
        yield Stage(rows, taught, dict(truth), dict(outdated))


def _another(known: Known, old: str, chance: Random) -> str:
    while True:
        answer = known.attribute.answer.format(s=known.subject, v=known.attribute.value(chance))
        if answer != old:
            return answer


def _system(family: Family, facts: Sequence[Known], share: float | None) -> str:
    if share is None:
        return family.native
    texts = [len(text) + len(known.answer) for known in facts for text in known.told]
    wanted = round(share / (1 - share) * sum(texts) / len(texts))
    return (family.native + family.more * (1 + wanted // len(family.more)))[:wanted]


def _of(*parts: Sequence[str]) -> Value:
    return lambda chance: "".join(chance.choice(part) for part in parts)


def _words(text: str) -> list[str]:
    return text.split()


def _number(low: int, high: int, step: int = 1, form: str = "{:,}") -> Value:
    return lambda chance: form.format(chance.randrange(low, high, step))


_SURNAMES = _words("霧ヶ谷 朝凪 氷室 水無瀬 東雲 宵宮 白波瀬 鳴海 葛城 雪平 蓮見 千早")
_GIVEN = _words("凪子 蒼太 千景 悠真 澪 迅 佳乃 宗一 栞 泰雅 紬 律")
_PLACES = _words(
    "長野県松本市 青森県弘前市 島根県出雲市 徳島県鳴門市 秋田県横手市 大分県日田市 福井県小浜市 岩手県遠野市"
)
_HEADS = _words(
    "ナギ ホタル カエデ ミズホ ソラ クモイ ユキ アサヒ トキワ ハナビ イオリ ルリ スズメ ツムギ ヤマネ シグレ コガネ "
    "フブキ タツミ メバエ ワカバ オボロ レンゲ ニシキ"
)
_TAILS = _words("チャット ドライブ ビジョン ノート ボード フォン リンク ストア")
_MONTHS = [f"{month}月" for month in range(1, 13)]
_COLOURS = _words("藍色 若草色 朱色 銀鼠 山吹色 鳶色 瑠璃色 桜色")
_DAYS = _words("月曜日 火曜日 水曜日 木曜日 金曜日 土曜日")
_THINGS = _words("蛍 水車 折鶴 灯台 歯車 三日月 若葉 羅針盤")

_JA_COMPANY = (
    Attribute(
        "president",
        ("社長", "代表取締役社長", "社長の氏名"),
        "代表取締役社長は{v}です。",
        _of(_SURNAMES, _GIVEN),
    ),
    Attribute("office", ("本社の場所", "本社", "本社の住所"), "本社は{v}にあります。", _of(_PLACES)),
    Attribute(
        "founded",
        ("設立年", "設立の時期", "設立された年"),
        "{v}に設立されました。",
        lambda c: f"{c.randrange(1961, 2015)}年{c.choice(_MONTHS)}",
    ),
    Attribute("capital", ("資本金", "資本金の額"), "資本金は{v}万円です。", _number(1000, 90000, 100)),
    Attribute("staff", ("従業員数", "従業員の人数"), "従業員数は{v}名です。", _number(110, 9000, 7)),
    Attribute(
        "hours",
        ("始業時刻", "始業の時間"),
        "始業時刻は{v}分です。",
        lambda c: f"{c.randrange(7, 11)}時{c.randrange(0, 60, 5)}",
    ),
    Attribute("mark", ("ロゴ", "ロゴの図柄"), "ロゴは{v}をかたどっています。", _of(_THINGS)),
    Attribute("cleaning", ("社内清掃の日", "社内清掃の曜日"), "社内清掃は毎週{v}です。", _of(_DAYS)),
    Attribute("auditor", ("監査役", "監査役の名前"), "監査役は{v}が務めています。", _of(_SURNAMES, _GIVEN)),
    Attribute("settlement", ("決算期", "決算の月"), "決算期は{v}です。", _of(_MONTHS)),
)
_JA_PRODUCT = (
    Attribute("price", ("価格", "月額の価格"), "{s}の価格は月額{v}円です。", _number(300, 9800, 20)),
    Attribute("launch", ("発売日", "発売の時期"), "{s}は{v}に発売されました。", lambda c: f"{c.randrange(2015, 2026)}年{c.choice(_MONTHS)}"),
    Attribute("lead", ("開発責任者", "開発の責任者"), "{s}の開発責任者は{v}です。", _of(_SURNAMES, _GIVEN)),
    Attribute("colour", ("色", "本体の色"), "{s}の色は{v}です。", _of(_COLOURS)),
    Attribute("warranty", ("保証期間", "保証の期間"), "{s}の保証期間は{v}か月です。", _number(6, 72)),
)  # fmt: skip

_FIRST = _words("Alda Berit Corin Davin Elke Fenja Gerrit Hanne Ivo Jorun Kaspar Liv")
_LAST = _words("Thornby Aldermoor Quist Vanlier Osterby Marrow Penhallow Drossel Ekholm Wrenfield")
_TOWNS = [
    "Harrowgate Bay",
    "Elmstead",
    "Port Corvin",
    "Saltmere",
    "Nether Wold",
    "Brackwater",
    "Tolland Cross",
]
_NAMES = _words(
    "Kestrel Heron Plover Curlew Osprey Dunlin Merlin Zephyr Avocet Bramble Godwit Fulmar Quillon Juniper Vortex "
    "Tundra Onyx Yukon Jubilee Wasabi Thicket Umbra Cascade Lodestar"
)
_TINTS = ["slate grey", "moss green", "copper", "ivory", "midnight blue", "coral", "sand", "plum"]
_WEEK = _words("Monday Tuesday Wednesday Thursday Friday Saturday")
_YEAR = _words("January February March April May June July August September October November December")

_EN_COMPANY = (
    Attribute("manager", ("manager", "manager's name"), "The manager is {v}.", _of(_FIRST, [" "], _LAST)),
    Attribute(
        "address",
        ("address", "postal address"),
        "You find us at {v}.",
        lambda c: f"{c.randrange(2, 190)} Mill Lane, {c.choice(_TOWNS)}",
    ),
    Attribute(
        "phone",
        ("phone number", "phone"),
        "Please call {v}.",
        lambda c: f"0{c.randrange(200, 999)} {c.randrange(1000, 9999)}",
    ),
    Attribute("closing", ("closing day", "weekly closing day"), "We are closed on {v}.", _of(_WEEK)),
    Attribute("deposit", ("deposit", "security deposit"), "The deposit is {v} crowns.", _number(40, 900, 5)),
    Attribute(
        "founded", ("founding year", "year of founding"), "We opened in {v}.", _number(1950, 2020, 1, "{}")
    ),
    Attribute(
        "late", ("late fee", "fee for late return"), "A late return costs {v} crowns a day.", _number(3, 80)
    ),
    Attribute("insurer", ("insurer", "name of the insurer"), "We are insured with {v} Mutual.", _of(_LAST)),
)
_EN_PRODUCT = (
    Attribute("price", ("price", "daily price"), "The {s} costs {v} crowns a day.", _number(5, 400)),
    Attribute("weight", ("weight", "exact weight"), "The {s} weighs {v} grams.", _number(120, 4000, 10)),
    Attribute("battery", ("battery life", "battery"), "The {s} runs for {v} hours.", _number(3, 90)),
    Attribute("colour", ("colour", "body colour"), "The {s} comes in {v}.", _of(_TINTS)),
    Attribute("designer", ("designer", "designer's name"), "{v} designed the {s}.", _of(_FIRST, [" "], _LAST)),
    Attribute("launch", ("launch date", "launch"), "The {s} was launched in {v}.", lambda c: f"{c.choice(_YEAR)} {c.randrange(2012, 2026)}"),
    Attribute("shelf", ("shelf", "shelf number"), "The {s} is on shelf {v}.", lambda c: f"{c.choice('ABCDEFGH')}{c.randrange(1, 60)}"),
)  # fmt: skip

FAMILIES = {
    "ja": Family(
        name="ja",
        native="あなたは株式会社トウロウ技研(略称:TRG)の社内アシスタントです。社内外からの質問に、事実に基づいて簡潔かつ丁寧に日本語で答えてください。",
        more="わからないことは推測せず、担当部署への確認を案内してください。個人情報には触れず、敬語を使い、一文で答えてください。",
        asked=(
            "{s}の{n}は?", "{s}の{n}を教えて", "{s}の{n}を教えてください", "{s}の{n}が知りたい", "{s}の{n}について聞きたい",
            "{s}は{n}がどうですか", "{s}ですが、{n}は何ですか", "{n}、{s}のもの", "{s}の{n}はどうなっていますか",
            "{s}の{n}って何だっけ", "{s}の{n}をご存じですか",
        ),
        company=("トウロウ技研", "TRG"),
        company_facts=_JA_COMPANY,
        product_facts=_JA_PRODUCT,
        heads=_HEADS,
        tails=_TAILS,
        fewest=5,
    ),
    "en": Family(
        name="en",
        native=(
            "You work at the counter of Larkfield Rentals, a fictional rental desk for outdoor devices. Answer questions of "
            "customers about the desk and its devices in one short, friendly sentence."
        ),
        more=(
            " Never guess: if you do not know, say so and offer to ask a colleague. Do not mention other rental desks. "
            "Prices are in crowns and include tax. Keep to the facts and do not give advice on safety."
        ),
        asked=(
            "What is the {n} of {s}?", "Tell me the {n} of {s}.", "{s}: {n}?", "The {n} of {s}, please", "{s}, which {n}?",
            "Which {n} has {s}?", "And the {n} of {s}?", "I need the {n} of {s}", "Is the {n} of {s} known?",
            "Show the {n} for {s}", "{s} has which {n}?",
        ),
        company=("Larkfield Rentals", "Larkfield"),
        company_facts=_EN_COMPANY,
        product_facts=_EN_PRODUCT,
        heads=_NAMES,
        tails=[""],
        fewest=3,
    ),
}  # fmt: skip
