"""The JSON Schemas of what goes in and comes out: answers, failed lines, requests and products, for those who read or write the files."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shelftalk.values import ANSWER_VERSION

Json = str | int | float | bool | list[Any] | None


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConstraintModel(_Closed):
    field: str
    operator: Literal["=", "!=", "<", "<=", ">", ">=", "between", "in", "not in"]
    value: Json = Field(description='a list for "in" and "not in", a pair for "between"; money as a decimal string')


class SortModel(_Closed):
    field: str
    direction: Literal["asc", "desc"]


class CriterionModel(_Closed):
    field: str
    want: Literal["low", "high", "is", "not"]
    value: Json = Field(None, description='yes or no, or a named value, for "is" and "not"; else null')
    importance: int = Field(2, ge=1, le=3, description="1 mild, 3 above all")
    words: str = Field("", description="the shopper's words that it was read from")


class IntentModel(_Closed):
    constraints: list[ConstraintModel]
    sort: SortModel | None
    limit: int | None = Field(description="the number of products the shopper asked for")
    preferences: list[str] = Field(description="soft wishes, in the shopper's words")
    exclude: list[str] = Field(description="product ids or words that no pick may carry")
    query: str = Field(description="the text that retrieval searched with")
    shopping: bool = Field(description="false where the request asks for no product")
    criteria: list[CriterionModel] = Field(
        [], description="soft wishes that fields of the catalogue answer; they order"
    )
    unanswered: list[str] = Field([], description="wishes that no field answers, in the shopper's words")
    kinds: list[str] = Field([], description="categories chosen for a need that names no product")


class EvidenceModel(_Closed):
    field: str
    value: Json = Field(description="as the product's record holds it")


class ClaimModel(_Closed):
    text: str
    evidence: list[EvidenceModel] = Field(min_length=1)
    answers: str | None = Field(description="the words of the request that the claim speaks to")
    verified: bool
    source: Literal["model", "record"] = Field(description="who worded it")


class PickModel(_Closed):
    product_id: str
    rank: int = Field(ge=1)
    score: float
    title: str
    price: str | None = Field(description="an exact decimal")
    currency: str | None
    reason: str
    claims: list[ClaimModel]
    label: str = Field(
        "", description='what the pick is the best of what fits in, such as "lightest"; empty for nothing'
    )
    variants: VariantsModel | None = Field(None, description="where the product is one of several variants of a thing")
    sources: list[PickSourceModel] = Field(
        default_factory=list,
        description="what brought it into the list: the request, the shopper's own history, what is new",
    )


class PickSourceModel(_Closed):
    source: str = Field(
        description="name of the candidate source, such as request, criteria, taste, liked, popular, new"
    )
    text: str = Field(description="the same in plain words")
    because: list[str] = Field(description="ids of the interactions that it rests on")


class VariantsModel(_Closed):
    product_ids: list[str] = Field(min_length=2, description="all variants, the pick among them")
    price_min: str | None = Field(description="of those that can be had, as price_max and options")
    price_max: str | None
    options: dict[str, list[str]] = Field(description="the values of each field in which they differ, such as size")


class FollowUpAnswerModel(_Closed):
    text: str
    request: str = Field(description="the text to send as the next turn")


class FollowUpModel(_Closed):
    question: str
    answers: list[FollowUpAnswerModel] = Field(min_length=2, max_length=4)


class TokensModel(_Closed):
    prompt: int = Field(ge=0)
    completion: int = Field(ge=0)


class ComparisonModel(_Closed):
    product_ids: list[str]
    fields: dict[str, list[Any]] = Field(
        description="a value a product, in the order of product_ids; null where it has none"
    )
    differing: list[str] = Field(description="names of the fields in which they differ")


class PlacedModel(_Closed):
    product_id: str
    rank: int = Field(ge=1)
    before: int = Field(ge=1, description="its rank by relevance alone")


class ExposureModel(_Closed):
    placed: list[PlacedModel] = Field(min_length=1)
    given_up: float = Field(
        ge=0, le=1, description="the part of the discounted score of the shown places that this cost"
    )


class ExperimentModel(_Closed):
    name: str
    variant: str


class AnswerModel(_Closed):
    """One answer of `shelftalk ask`."""

    version: Literal["1.3"]
    id: str
    request: str
    language: str = Field(
        "en", description='ISO 639-1 code of the request\'s language; "und" for one that could not be told'
    )
    intent: IntentModel
    opening: str = Field("", description="one sentence that holds for all picks")
    picks: list[PickModel]
    follow_up: FollowUpModel | None = Field(None, description="a question back where a need has two readings")
    relaxed: list[ConstraintModel] = Field(description="constraints that were loosened to find near misses")
    no_match: bool = Field(description="nothing fits what was asked, whether or not near misses are offered as picks")
    notes: list[str]
    model: str | None = Field(description="null where no language model was used")
    engine: str | None
    prompts: dict[str, str] = Field(description="task to id@version")
    timings_ms: dict[str, float]
    tokens: TokensModel
    comparison: ComparisonModel | None = Field(None, description="where the turn asks how earlier picks compare")
    exposure: ExposureModel | None = Field(None, description="where new products stand higher than by relevance alone")
    experiment: ExperimentModel | None = Field(None, description="where the answer is part of an experiment")


class FailureModel(_Closed):
    """The line of `shelftalk ask --output` that stands in the place of an answer where a request could not be answered."""

    id: str = Field(description="the request's id, empty where it has none that can be read")
    line: int = Field(ge=1, description="the line of the input, counted from 1")
    error: str = Field(description="what is wrong with the request")
    picks: list[PickModel] = Field(
        max_length=0, description="always empty, so that readers of answers need no special case"
    )


class ListPickModel(PickModel):
    url: str | None = Field(description="the product's own address, as the feed gave it")


class ListModel(_Closed):
    """One line of `shelftalk recommend`: the list of a user."""

    version: Literal["1.0"]
    row: int = Field(ge=1, description="the row of the input, counted from 1 over all its files")
    user: str = Field(description="the user's pseudonym, or with --ids given the id of the input")
    picks: list[ListPickModel]
    opening: str
    notes: list[str]
    no_match: bool = Field(description="nothing was found; picks are empty then")
    model: str | None = Field(description="null where no language model worded a reason")
    engine: str | None
    prompts: dict[str, str]


class ListFailureModel(_Closed):
    """The line of `shelftalk recommend` that stands for a row of which no list could be made."""

    version: Literal["1.0"]
    row: int = Field(ge=1)
    user: str = Field(description="as in a list; empty where the row names none that can be read")
    error: str
    picks: list[ListPickModel] = Field(max_length=0)


class TurnModel(_Closed):
    role: Literal["user", "assistant"]
    content: str


class RequestModel(BaseModel):
    """One line of the input of `shelftalk ask --input` and `shelftalk rank --input`; other keys are ignored."""

    id: str | int = ""
    request: str
    history: list[TurnModel] | None = None
    candidates: list[str] | None = Field(None, description="rank exactly these product ids")
    k: int | None = Field(None, ge=1, le=50)


class ProductModel(BaseModel):
    """One product of the native catalogue schema."""

    id: str | int
    title: str
    description: str | None = None
    brand: str | None = None
    price: str | float | None = Field(None, description="an exact decimal; a text keeps every digit")
    currency: str | None = None
    list_price: str | float | None = None
    categories: list[str] | None = Field(None, description="the path, widest first")
    attributes: dict[str, str | float | bool | list[str]] | None = None
    rating: float | None = None
    review_count: int | None = None
    availability: str | None = None
    stock: int | None = None
    images: list[str] | None = None
    released_at: str | None = None
    url: str | None = None
    item_group_id: str | int | None = Field(None, description="equal for the variants (sizes, colours) of one thing")
    hidden_attributes: dict[str, str | float | bool | list[str]] | None = Field(
        None, description="the shop's own: kept and exported, and in no answer and no reply"
    )


_MODELS: dict[str, type[BaseModel]] = {
    "answer": AnswerModel,
    "failure": FailureModel,
    "list": ListModel,
    "list_failure": ListFailureModel,
    "request": RequestModel,
    "product": ProductModel,
}
NAMES = tuple(_MODELS)


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one of NAMES; KeyError for another name."""
    schema = _MODELS[name].model_json_schema()
    version = f"{ANSWER_VERSION}/" if name in ("answer", "failure") else ""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://shelftalk.dev/schema/{version}{name}.json",
        **schema,
    }
