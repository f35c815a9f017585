"""Trains the matchers: low-rank adapters of an encoder that put what is wanted near the words it is said in.

For each kind of the written set a request of train competes over all that its products offer ("low weight kg", "no battery",
"setup pop-up", and "none of these" for wishes that no field answers), by the cross-entropy of scaled cosines (InfoNCE, van den
Oord et al. 2018, arXiv 1807.03748, the kind's other options being the negatives). For needs that name no product the names of all kinds
compete in the same way, and for a wish that only a description can answer the sentences of the texts (data/wishes/texts). Every
epoch's adapter is kept.
"""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shelftalk.catalog.base_models import MPNET, base_model
from shelftalk.engines.precision import halved
from shelftalk.errors import UsageError
from shelftalk.lora import check
from shelftalk.train.pairs import text_figures
from shelftalk.train.sets.written import facet_of
from shelftalk.train.telling import fit_head
from shelftalk.understand.model import HEAD, option_text, options_of, query_text
from shelftalk.values import Criterion, Facet, Scalar
from shelftalk.written import WrittenSet, WrittenText, read_texts, read_written

__all__ = ["MatcherRecipe", "kind_scores", "read_matcher_recipe", "scores", "tidy", "train_matcher"]

NONE = "none of these"
A_KIND = 6  # texts of a kind in one batch
HELPS = (1.0, 0.7, 0.5, 0.4)  # what the kinds of a need count, the likeliest first
_CORE = (Facet("price", "money", 1, 2), Facet("rating", "number", 1, 2))
Wanted = tuple[str, Scalar] | None


class MatcherRecipe(BaseModel):
    """How a matcher is trained: for the `fields` of a wish, for the `kinds` that help with a need, or for the `texts` that answer a wish
    (those of the set's folder `texts`); on the lines of `files` of
    the set `data` (all, the bundled one), from the start or going on from an `adapter`; of the default embedder's model or of
    all-mpnet-base-v2 (`base`). Beside the needs stand `named` wishes that name their kind, an epoch, and beside the kinds that help with
    one of a batch's needs `others` compete. With `mean` nothing is trained: the mean of these adapters (Wortsman et al. 2022, arXiv 2203.05482) is
    brought to the rank and measured."""

    model_config = ConfigDict(extra="forbid")

    task: Literal["fields", "kinds", "texts"] = "fields"
    base: Literal["default", "all-mpnet-base-v2"] = "default"
    data: Path | None = None
    files: list[str] = ["*"]
    adapter: Path | None = None
    mean: list[Path] = []
    output: Path = Path("training/matcher")
    epochs: int = Field(3, ge=1)
    batch: int = Field(24, ge=2)
    learning_rate: float = Field(8e-4, gt=0)
    temperature: float = Field(0.05, gt=0)
    rank: int = Field(32, ge=1)
    alpha: float = Field(64, gt=0)
    named: int = Field(2000, ge=0)
    others: int = Field(200, ge=1)
    seed: int = 0


def read_matcher_recipe(path: Path) -> MatcherRecipe:
    """The key `matcher` of a training file; UsageError names what is wrong."""
    try:
        read = yaml.safe_load(path.read_text("utf-8"))
        return MatcherRecipe.model_validate((read or {}).get("matcher") or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, AttributeError) as error:
        raise UsageError(f"{path}: cannot be read as YAML with the key 'matcher': {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{path}: matcher.{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def options(found: WrittenSet, kind: str) -> list[tuple[Wanted, str]]:
    """All that a request for a kind may want, each with the text that stands for it."""
    facets = [*(facet_of(spec) for spec in found.kinds[kind].fields), *_CORE]
    wanted: list[tuple[Wanted, str]] = [((f.field, o), option_text(f, o)) for f in facets for o in options_of(f)]
    return [*wanted, (None, NONE)]


def wanted_of(criterion: Criterion | None) -> Wanted:
    """The option that a criterion takes; a value that is not wanted is near that value all the same."""
    if criterion is None:
        return None
    if criterion.want in ("low", "high"):
        return criterion.field, criterion.want
    value = criterion.value
    return criterion.field, (not value if criterion.want == "not" else value) if isinstance(value, bool) else str(value)


def examples(found: WrittenSet, split: str) -> dict[str, list[tuple[str, list[Wanted]]]]:
    """By kind: each request with all that it wants, and the words of each of its wishes with that one."""
    out: dict[str, list[tuple[str, list[Wanted]]]] = defaultdict(list)
    for wish in found.wishes:
        if wish.split != split:
            continue
        wants = [wanted_of(c) for c in wish.wants]
        real: list[Wanted] = [w for w in wants if w is not None]
        out[wish.kind].append((query_text((wish.kind,), wish.text), real or [None]))
        if split == "train":
            out[wish.kind] += [
                (query_text((wish.kind,), words), [want])
                for words, want in zip(wish.words, wants, strict=True)
                if words.casefold() != wish.text.casefold()
            ]
    return dict(out)


def train_matcher(
    recipe: MatcherRecipe, say: Callable[[str], None] = lambda _: None, home: Path = Path("~/.cache/shelftalk")
) -> Path:
    """Trains and returns the folder of the last epoch's adapter (epoch-N below the output, with training.json beside it; `mean` for
    a mean). The base is put together under `home` while it is read."""
    import torch

    if recipe.output.exists() and any(recipe.output.iterdir()):
        raise UsageError(f"{recipe.output}: holds something already; name another folder or delete it")
    torch.manual_seed(recipe.seed)
    found = read_written(recipe.data, recipe.files)
    model, tokenizer, base = _adapted(recipe, home)
    encode = _encoder(model, tokenizer)
    if recipe.mean:
        return _kept(recipe, model, base, "mean", [_measured(recipe, found, model, encode)[0]], None, say)
    optimiser = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], recipe.learning_rate, weight_decay=0.01
    )
    batches = {"fields": _field_batches, "kinds": _kind_batches, "texts": _text_batches}[recipe.task]
    draw, step, began = random.Random(recipe.seed), 0, time.time()
    epochs = [batches(found, recipe, draw) for _ in range(recipe.epochs)]
    steps = sum(map(len, epochs))
    history: list[dict[str, Any]] = []
    for epoch, rows in enumerate(epochs, 1):
        total = 0.0
        for batch in rows:
            rate = recipe.learning_rate * min(1.0, step / 20) * (1 - step / steps)
            for group in optimiser.param_groups:
                group["lr"] = rate
            loss = _loss(encode, batch, recipe.temperature)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            step, total = step + 1, total + loss.item()
        dev, head = _measured(recipe, found, model, encode)
        history.append({"epoch": epoch, "loss": total / len(rows), **dev, "seconds": round(time.time() - began)})
        folder = _kept(recipe, model, base, f"epoch-{epoch}", history, head, say)
    return folder


def _measured(
    recipe: MatcherRecipe, found: WrittenSet, model: Any, encode: Callable[[Sequence[str]], Any]
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The dev scores, and for kinds the head that is fitted over their vectors."""
    import torch

    head: dict[str, Any] | None = None
    model.eval()
    dev: dict[str, Any]

    def vectors(texts: Sequence[str]) -> Any:
        return encode(texts).numpy()

    with torch.inference_mode():
        if recipe.task == "texts":
            dev = text_figures(_texts_of(recipe), vectors, _text_query)
        else:
            dev = (scores if recipe.task == "fields" else kind_scores)(found, vectors)
        if recipe.task == "kinds":
            head, told = fit_head(found, vectors, recipe.seed)
            dev |= told
    model.train()
    return dev, head


def _kept(
    recipe: MatcherRecipe, model: Any, base: str, name: str, history: Sequence[dict[str, Any]],
    head: dict[str, Any] | None, say: Callable[[str], None],
) -> Path:  # fmt: skip
    """Says the last scores and writes the adapter with what made it."""
    say(json.dumps(history[-1]))
    folder = recipe.output / name
    model.save_pretrained(str(folder), selected_adapters=[model.active_adapter])
    if not (folder / "adapter_config.json").is_file():  # peft keeps an adapter by another name in a folder of that name
        for file in (folder / str(model.active_adapter)).iterdir():
            file.rename(folder / file.name)
        (folder / str(model.active_adapter)).rmdir()
    tidy(folder, base)
    if head is not None:
        (folder / HEAD).write_text(json.dumps(head) + "\n", encoding="utf-8")
    made = {"recipe": recipe.model_dump(mode="json", exclude={"data", "output", "adapter", "mean"}), "history": history}
    (folder / "training.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return folder


def _adapted(recipe: MatcherRecipe, home: Path) -> tuple[Any, Any, str]:
    """The base encoder with the adapter to train (or with the mean of several), its tokenizer, and the base's name."""
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModel, AutoTokenizer

    with base_model(recipe.base, home.expanduser()) as base:
        for given in recipe.mean or filter(None, (recipe.adapter,)):
            check(given, base, causal=False)
        bare: Any = AutoModel.from_pretrained(base)
        tokenizer = AutoTokenizer.from_pretrained(base)
        name = base.name
    if recipe.mean:
        names = [f"adapter-{n}" for n in range(len(recipe.mean))]
        model = PeftModel.from_pretrained(bare, str(recipe.mean[0]), adapter_name=names[0])
        for name_of, folder in zip(names[1:], recipe.mean[1:], strict=True):
            model.load_adapter(str(folder), adapter_name=name_of)
        weights = [1 / len(names)] * len(names)
        model.add_weighted_adapter(names, weights, "mean", combination_type="svd", svd_rank=recipe.rank)
        model.set_adapter("mean")
        return model, tokenizer, name
    if recipe.adapter is not None:
        return PeftModel.from_pretrained(bare, str(recipe.adapter), is_trainable=True), tokenizer, name
    modules = ["q", "k", "v", "o", "dense"] if recipe.base == MPNET else ["query", "key", "value", "dense"]
    lora = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules=modules)
    return get_peft_model(bare, lora), tokenizer, name


def scores(found: WrittenSet, encode: Callable[[Sequence[str]], Any], split: str = "dev") -> dict[str, float]:
    """Of what is wanted in a split: the share whose option is first, whose field is first, and whose field is among seven."""
    counts = [0, 0, 0, 0]
    for kind, rows in examples(found, split).items():
        real = [(want, text) for want, text in options(found, kind) if want is not None]
        similar = encode([query for query, _ in rows]) @ encode([text for _, text in real]).T
        for (_, wants), row in zip(rows, similar, strict=True):
            order = [real[i][0] for i in (-row).argsort()]
            fields = list(dict.fromkeys(want[0] for want in order if want is not None))
            for want in wants:
                if want is None:
                    continue
                counts[0] += 1
                counts[1] += order[0] == want
                counts[2] += fields[0] == want[0]
                counts[3] += want[0] in fields[:7]
    return {
        "wants": counts[0],
        **{
            n: round(c / max(1, counts[0]), 4)
            for n, c in zip(("option_first", "field_first", "field_among_7"), counts[1:], strict=True)
        },
    }


def kind_scores(found: WrittenSet, encode: Callable[[Sequence[str]], Any], split: str = "dev") -> dict[str, float]:
    """Of the needs of a split: the share whose first kind helps, with one that helps among three, and among fourteen."""
    needs, kinds = [n for n in found.needs if n.split == split], list(found.sold)
    places = []
    for need, row in zip(needs, encode([n.text for n in needs]) @ encode(kinds).T if needs else (), strict=True):
        order = [kinds[i] for i in (-row).argsort()]
        places.append(min((order.index(k) for k in need.kinds if k in found.sold), default=len(kinds)))
    share = {most: round(sum(p < most for p in places) / max(1, len(places)), 4) for most in (1, 3, 14)}
    return {"needs": len(needs), "helps_first": share[1], "helps_among_3": share[3], "helps_among_14": share[14]}


@dataclass(frozen=True)
class Batch:
    """Requests, the texts that compete for each of them, and by request the shares of those that are right (sum 1)."""

    queries: list[str]
    texts: list[str]
    right: list[dict[int, float]]


def _field_batches(found: WrittenSet, recipe: MatcherRecipe, draw: random.Random) -> list[Batch]:
    """Requests of one kind, over all that its products offer."""
    out = []
    for kind, mine in examples(found, "train").items():
        held = options(found, kind)
        place = {want: n for n, (want, _) in enumerate(held)}
        mixed = draw.sample(mine, len(mine))
        for i in range(0, len(mixed), recipe.batch):
            rows = [(query, [place[w] for w in wants if w in place]) for query, wants in mixed[i : i + recipe.batch]]
            rows = [(query, wants) for query, wants in rows if wants]
            right = [dict.fromkeys(wants, 1 / len(set(wants))) for _, wants in rows]
            out.append(Batch([query for query, _ in rows], [text for _, text in held], right))
    draw.shuffle(out)
    return [batch for batch in out if batch.queries]


def _kind_batches(found: WrittenSet, recipe: MatcherRecipe, draw: random.Random) -> list[Batch]:
    """Needs, and `named` wishes for a kind, over the names of the kinds that help and `others` more; the kinds that help most count
    most."""
    kinds = list(found.kinds)
    named = [(w.text, (w.kind,)) for w in found.wishes if w.split == "train" and w.wants]
    rows = [(n.text, n.kinds) for n in found.needs if n.split == "train" and found.kinds.keys() & set(n.kinds)]
    rows += draw.sample(named, min(recipe.named, len(named)))
    draw.shuffle(rows)
    out = []
    for i in range(0, len(rows), recipe.batch):
        part, right = rows[i : i + recipe.batch], []
        helped = [k for _, helping in part for k in helping if k in found.kinds]
        names = list(dict.fromkeys([*helped, *draw.sample(kinds, min(recipe.others, len(kinds)))]))
        place = {kind: n for n, kind in enumerate(names)}
        for _, helping in part:
            counted = {place[k]: HELPS[min(n, 3)] for n, k in enumerate(helping) if k in place}
            right.append({k: c / sum(counted.values()) for k, c in counted.items()})
        out.append(Batch([text for text, _ in part], names, right))
    return out


def _text_query(text: WrittenText) -> str:
    return query_text((text.kind,), text.request)


def _texts_of(recipe: MatcherRecipe) -> Path | None:
    return None if recipe.data is None else recipe.data / "texts"


def _text_batches(_: WrittenSet, recipe: MatcherRecipe, draw: random.Random) -> list[Batch]:
    """Requests of a few kinds, over the sentences that answer them and those that do not; what answers one request for a kind is wrong
    for another. A sentence that stands for several requests answers each of them."""
    kinds: dict[str, list[WrittenText]] = defaultdict(list)
    for text in read_texts(_texts_of(recipe)):
        if text.split == "train":
            kinds[text.kind].append(text)
    groups = []
    for texts in kinds.values():
        mixed = draw.sample(texts, len(texts))
        groups += [mixed[i : i + A_KIND] for i in range(0, len(mixed), A_KIND)]
    draw.shuffle(groups)
    out, rows = [], []
    for n, group in enumerate(groups, 1):
        rows += group
        if len(rows) >= recipe.batch or n == len(groups):
            sentences = list(dict.fromkeys(s for text in rows for s in (text.answer, *text.others)))
            place = {sentence: i for i, sentence in enumerate(sentences)}
            out.append(Batch([*map(_text_query, rows)], sentences, [{place[text.answer]: 1.0} for text in rows]))
            rows = []
    return out


def _encoder(model: Any, tokenizer: Any) -> Callable[[Sequence[str]], Any]:
    """Mean-pooled unit vectors, in bfloat16 where the processor multiplies it, as float32."""
    import torch

    def encode(texts: Sequence[str]) -> Any:
        batch = tokenizer(list(texts), padding=True, truncation=True, max_length=64, return_tensors="pt")
        with halved():
            hidden = model(**batch).last_hidden_state.float()
        mask = batch["attention_mask"].unsqueeze(-1).float()
        return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)

    return encode


def _loss(encode: Callable[[Sequence[str]], Any], batch: Batch, temperature: float) -> Any:
    import torch

    similar = encode(batch.queries) @ encode(batch.texts).T / temperature
    right = torch.zeros_like(similar)
    for n, shares in enumerate(batch.right):
        for place, share in shares.items():
            right[n, place] = share
    return -(right * torch.log_softmax(similar, -1)).sum(1).mean()


def tidy(folder: Path, base: str, strength: float = 1.0) -> None:
    """Half precision is enough, no path of this machine stays in the files, and the adapter is made that much of what it was."""
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "adapter_model.safetensors")
    weights = {n: w * strength if "lora_B" in n else w for n, w in weights.items()}
    save_file({n: w.astype("float16") for n, w in weights.items()}, folder / "adapter_model.safetensors")
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    config["base_model_name_or_path"] = base
    config["target_modules"] = sorted(config["target_modules"])
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (folder / "README.md").unlink(missing_ok=True)
