"""Settings: defaults from defaults.toml, then shelftalk.toml in the working folder, then SHELFTALK_* in the environment.

Nested settings take two underscores: SHELFTALK_RANK__STRATEGY=listwise.
"""

from __future__ import annotations

import os
import tomllib
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from shelftalk.errors import UsageError


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid")


def renamed_mode(mode: object) -> object:
    """The name in use for a value of understand.mode that had another one."""
    return "rules" if mode == "reader" else mode


UnderstandMode = Annotated[Literal["wishes", "encoders", "rules", "model", "both"], BeforeValidator(renamed_mode)]


class UnderstandSettings(_Group):
    """Who reads the request: "wishes" has rules read limits and the language model read wishes as criteria (the default),
    "encoders" the same by the encoders that order fields and kinds for it, without the language model, "rules" rules alone (once called "reader", which is still read), "model" the model alone, "both" both together; and which
    encoders order the fields of a wish: the small one alone, or the larger one after it where its package is installed ("both").
    `languages` "auto" has the language of a request told and the exact parts of other languages read (docs/understand.md); "off" reads
    every request as English."""

    mode: UnderstandMode = "wishes"
    prompt: str = "understand/intent"
    encoders: Literal["both", "small"] = "both"
    languages: Literal["auto", "off"] = "auto"

    @property
    def asks_model(self) -> bool:
        """Whether the language model is asked for the reading."""
        return self.mode not in ("encoders", "rules")

    @property
    def reads_wishes(self) -> bool:
        """Whether wishes are read as criteria beside the limits."""
        return self.mode in ("wishes", "encoders")


class RetrieveSettings(_Group):
    """How many candidates are fetched, how dense and full-text search are fused, with which fitted weights for keywords
    and for sentences, what criteria, the kind and the sentence of a product that answers best count beside these, the share of the
    best score that a product needs to compete for a superlative, and the cosine below which the catalogue has nothing like what was asked (see docs/decisions/0003-fusion.md)."""

    candidates: int = Field(50, ge=1, le=1000)
    fusion: Literal["convex", "rrf"] = "convex"
    dense_weight: float = Field(0.5, ge=0)
    bm25_weight: float = Field(0.5, ge=0)
    sentence_dense_weight: float = Field(0.65, ge=0)
    sentence_bm25_weight: float = Field(0.35, ge=0)
    rrf_k: int = Field(60, ge=1)
    feedback_weight: float = Field(0.6, ge=0)
    criteria_weight: float = Field(1.2, ge=0)
    kind_weight: float = Field(1.0, ge=0)
    text_weight: float = Field(2.0, ge=0)
    relevance_cut: float = Field(0.5, ge=0, le=1)
    unlike_below: float = Field(0.38, ge=0, le=1)


class RankSettings(_Group):
    """How candidates are ordered: strategy ("graded": a typed decision a candidate), how many are shown to the model, window of
        one prompt and permutations (listwise), the weight of the model's score beside retrieval's, that of a grade beside criteria and
        retrieval, and the temperature of grades, fitted on dev. `diversity` has those that are shown chosen for their differences too, which
    count `diversity_weight` beside the score (docs/exposure.md)."""

    strategy: Literal["none", "graded", "listwise", "pointwise", "generated"] = "graded"
    prompt: str | None = None
    depth: int = Field(8, ge=1, le=200)
    window: int = Field(10, ge=2, le=20)
    permutations: int = Field(1, ge=1, le=10)
    model_weight: float = Field(0.5, ge=0, le=1)
    grade_weight: float = Field(0.1, ge=0, le=1)
    temperature: float = Field(1.0, gt=0)
    token_budget: int = Field(1200, ge=200)
    suits_prompt: str = "suit/yesno"
    diversity: Literal["none", "mmr", "dpp"] = "none"
    diversity_weight: float = Field(0.3, ge=0, le=1)


class ExposureSettings(_Group):
    """The exposure floor (docs/exposure.md): new products get at least `share` of the exposure (1 / log2(1 + rank)) of the answers that one
    of them suits; 0, the default, is no floor. New is what was released, or without a release date added, in the last `days`, or
    has fewer than `few` interactions (0: they do not count). It may stand before what scores at most `distance` more (of 1), so that the
    answer's discounted score falls by at most `most_loss` of itself; `places` of an answer are given away at most. What is owed is
    reckoned over the last `window` days. What was shown of each product is counted for `keep_days` (0: not at all). `today` is the day from which age is reckoned, for measurements; None: the day itself."""

    share: float = Field(0.0, ge=0, le=1)
    days: int = Field(30, ge=0, le=365)
    few: int = Field(0, ge=0)
    distance: float = Field(0.2, ge=0, le=1)
    most_loss: float = Field(0.05, ge=0, le=1)
    places: int = Field(1, ge=1, le=50)
    window: int = Field(7, ge=1, le=90)
    keep_days: int = Field(30, ge=0, le=365)
    today: date | None = None


class ExploreSettings(_Group):
    """Lists drawn at random (docs/experiments.md): the server draws the order of a `share` of its answers (0: none) among the first
    `depth` candidates, the more freely the higher the `temperature`, and logs the probabilities for off-policy estimates.
    `keep_requests` logs the words of these requests too, which another variant must read to say what it would have shown."""

    share: float = Field(0.0, ge=0, le=1)
    temperature: float = Field(0.1, gt=0, le=10)
    depth: int = Field(6, ge=2, le=20)
    keep_requests: bool = False


class ShopperSettings(_Group):
    """What a shopper's history may do to an answer: `weight` is the most that taste adds to a candidate's score, as a share of the best
    one; it is reached gradually as interactions come. `history` is how many of the last interactions are read."""

    weight: float = Field(0.15, ge=0, le=1)
    history: int = Field(200, ge=0, le=5000)


class ExplainSettings(_Group):
    """Who says why: "model" (checked; the record speaks where nothing holds) or "record". `prompt` is the template that the
    model reads (see docs/explain.md). `closed` lets a statement use no word beyond its facts' and those of grammar: a small model
    makes up what else it says; a larger one may do without."""

    mode: Literal["model", "record"] = "model"
    closed: bool = False
    temperature: float = Field(0.0, ge=0, le=2)
    prompt: str = "explain/reason"


class ShopSettings(_Group):
    """What the shop gives of its own. `about` is a Markdown file that says how it delivers, takes back, guarantees and is reached: questions
    to the shop are answered by quoting it. On the page a product leads to the shop by a button of these words (`button`), to
    `link` with "{id}" as the product's id, or else to the product's own address; `basket` shows a small basket."""

    about: Path | None = None
    button: str = Field("", max_length=40)
    link: str = Field("", max_length=500, pattern=r"^(https://\S+|)$")
    basket: bool = False


class ProfileSettings(_Group):
    """How a shopper's profile is read from interactions (docs/profiles.md). An interaction's strength halves every `half_life_days`. A line
    needs `least_things` different things from `least_visits` visits (a pause of `visit_minutes` ends one), of the session at hand
    `least_session`; what was chosen must hold its value `lift` times as often as the category does, and no more than `by_chance` of the
    lines may be chance (Benjamini-Hochberg). `prior` things of the category's own mix are added to what was chosen. A category
    of its own has `least_offer` things. What was bought counts as owned for `owned_days`. `most_lines` are kept."""

    half_life_days: float = Field(180.0, gt=0)
    least_things: int = Field(3, ge=2, le=100)
    least_visits: int = Field(2, ge=2, le=100)
    least_session: int = Field(2, ge=2, le=100)
    visit_minutes: float = Field(30.0, gt=0)
    lift: float = Field(1.3, ge=1)
    by_chance: float = Field(0.05, gt=0, lt=1)
    prior: float = Field(2.0, gt=0)
    least_offer: int = Field(8, ge=2)
    owned_days: float = Field(730.0, gt=0)
    most_lines: int = Field(24, ge=1, le=200)


class PromptSettings(_Group):
    """Where templates of one's own are: a folder of TASK/NAME@VERSION.jinja, laid over those that travel with the package. A name
    that is there takes its newest version not on trial; ask, serve and eval all follow (docs/prompts.md)."""

    folder: Path | None = None


class ServeSettings(_Group):
    """The server: where it listens, how many requests it answers side by side, how many may wait, and its time limits.

    `fallback` says what a shopper gets when the language model is down or too slow (`limit_s` for the whole with the wait
    in the queue, `*_s` for each stage): retrieval order with the record's own words, marked as such, or an error.
    `vllm` are addresses of vLLM servers, beside the setting `server`; see docs/operations.md. `keep_requests` has the studio
    show the words of the last requests and the prompts made of them (kept in memory; by default neither is). `count_gaps` has
    wishes that no field answers counted, for `gap_days`; the studio shows those that `gap_least` conversations share.
    """

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    workers: int = Field(16, ge=1, le=256)
    queue: int = Field(64, ge=0, le=10_000)
    vllm: tuple[str, ...] = ()
    limit_s: float = Field(60.0, gt=0)
    understand_s: float = Field(10.0, gt=0)
    retrieve_s: float = Field(10.0, gt=0)
    rank_s: float = Field(30.0, gt=0)
    explain_s: float = Field(45.0, gt=0)
    drain_s: float = Field(65.0, ge=0)  # beyond limit_s: by then each answer has come, or the fallback
    body_bytes: int = Field(1_000_000, ge=1000)
    fallback: Literal["record", "error"] = "record"
    log_format: Literal["auto", "json", "text"] = "auto"
    database: str | None = None
    origins: tuple[str, ...] = ()
    keep_requests: bool = False
    count_gaps: bool = True
    gap_days: int = Field(90, ge=1, le=3650)
    gap_least: int = Field(2, ge=1, le=1000)


class ConsentDefaults(_Group):
    """What holds, purpose by purpose, for a user who was not asked yet (docs/privacy.md)."""

    personalisation: bool = True
    analytics: bool = True
    training: bool = False


class PrivacySettings(_Group):
    """How people are protected. `key` (at least 32 characters) or a file with it makes the pseudonyms that stand for users
    (docs/events.md); without either a key is made at random beside the database. Every gateway on one database needs the same one.

    `scrub` takes e-mail addresses, phone, card and bank account numbers out of texts before they are stored, logged or prompted.
    `*_days` is how long things are kept: what
    users did, conversations (from their last turn), exposures and logged lists of experiments; 0 keeps them. `epsilon_per_year` is the
    privacy budget of the figures that leave the shop. docs/privacy.md tells all of it."""

    key: str | None = Field(None, repr=False)
    key_file: Path | None = None
    scrub: bool = True
    consent_default: ConsentDefaults = ConsentDefaults()
    interaction_days: int = Field(730, ge=0, le=36500)
    conversation_days: int = Field(90, ge=0, le=36500)
    log_days: int = Field(400, ge=0, le=36500)
    epsilon_per_year: float = Field(10.0, gt=0, le=1000)


SHIPPED_ADAPTER = "shop-smollm2-135m"  # in serve/adapters, for the default model; docs/results.md says what it is worth


class _TomlFile(TomlConfigSettingsSource):
    """A file of settings; a byte order mark before the first is read over."""

    def _read_file(self, file_path: Path | Traversable) -> dict[str, Any]:
        return tomllib.loads(file_path.read_text(encoding="utf-8-sig"))


class Settings(BaseSettings):
    """All settings of a shelf. `engine` "auto" takes a server where `server` is given, else vLLM, else transformers.

    `server_decisions` says whether a server's decisions API chooses among labels, and which (see docs/engines.md)."""

    model_config = SettingsConfigDict(
        env_prefix="SHELFTALK_", env_nested_delimiter="__", toml_file="shelftalk.toml", extra="forbid"
    )

    home: Path = Path("~/.cache/shelftalk")
    catalog: Path = Path("catalog")
    data: Path | None = None
    model: str = "default"
    adapter: str = "default"
    embedder: str = "default"
    engine: Literal["auto", "vllm", "server", "transformers"] = "auto"
    server: str | None = None
    server_decisions: Literal["auto", "off", "systemone", "openai", "sglang"] = "auto"
    api_key: str | None = Field(None, repr=False)
    k: int = Field(3, ge=1, le=50)
    max_request_chars: int = Field(4000, ge=100)
    understand: UnderstandSettings = UnderstandSettings()
    retrieve: RetrieveSettings = RetrieveSettings()
    rank: RankSettings = RankSettings()
    shoppers: ShopperSettings = ShopperSettings()
    exposure: ExposureSettings = ExposureSettings()
    explore: ExploreSettings = ExploreSettings()
    explain: ExplainSettings = ExplainSettings()
    prompts: PromptSettings = PromptSettings()
    serve: ServeSettings = ServeSettings()
    shop: ShopSettings = ShopSettings()
    privacy: PrivacySettings = PrivacySettings()
    profile: ProfileSettings = ProfileSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        defaults = _TomlFile(settings_cls, toml_file=Path(__file__).parent / "defaults.toml")
        return init_settings, env_settings, _TomlFile(settings_cls), defaults

    @property
    def adapter_in_force(self) -> str | None:
        """The adapter to load: as set, or with "default" the shipped one where the default model runs here; else None.

        A server that the settings name by its address serves what it was started with.
        """
        if self.adapter == "default":
            elsewhere = self.server is not None or self.serve.vllm or self.engine == "server"
            return SHIPPED_ADAPTER if self.model == "default" and not elsewhere else None
        return None if self.adapter == "none" else self.adapter

    @property
    def home_folder(self) -> Path:
        """Where unpacked models and caches are kept."""
        return self.home.expanduser()


def load_settings(**overrides: object) -> Settings:
    """The settings in force, with overrides that are not None; UsageError names the setting that is wrong."""
    for name in os.environ:
        key = name.upper().removeprefix("SHELFTALK_").partition("__")[0].lower()
        if name.upper().startswith("SHELFTALK_") and key not in Settings.model_fields:
            raise UsageError(f"the environment names {name}, but there is no setting {key}; see docs/settings.md")
    try:
        return Settings(**{k: v for k, v in overrides.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"setting {where}: {first['msg']} (got {first.get('input')!r})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"shelftalk.toml in this folder is not TOML: {error}") from error
    except SettingsError as error:
        raise UsageError(f"the environment's SHELFTALK_ settings cannot be read: {error}") from error
