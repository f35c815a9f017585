"""A run answers each request once, goes on after a cut, notices every change that matters, and measures."""

from __future__ import annotations

import json
import shutil

import pytest
from tests.catalog.fakes import HashEmbedder
from tests.evaluate.own import REQUESTS, Model, own_settings, write_suite

from shelftalk.errors import EngineError, UsageError
from shelftalk.evaluate import catalogs, identity, runner
from shelftalk.evaluate.runfolder import RunFolder
from shelftalk.evaluate.runner import Engines, run_suite
from shelftalk.evaluate.suite import load_suite
from shelftalk.prompts import PromptLibrary, library
from shelftalk.values import Product
from shelftalk.variants import PathVariant, parse_variants

LISTWISE = "strategy=listwise"


@pytest.fixture(autouse=True)
def _light(monkeypatch) -> None:
    monkeypatch.setattr(catalogs, "load_embedder", lambda name, home: HashEmbedder())


class Bench:
    """A suite, a home, and the models that runs over them loaded."""

    def __init__(self, folder) -> None:
        self.folder, self.models = folder, []
        self.suite_file = write_suite(folder / "suite")
        self.settings = own_settings(folder)

    def engines(self, fail_after: int | None = None, name: str = "m", **options) -> Engines:
        def load(settings) -> Model:
            self.models.append(Model(fail_after))
            return self.models[-1]

        return Engines(load, lambda settings: ("fake", f"{name} {settings.model}", "counting"), **options)

    def run(self, variant: str = "strategy=none", engines: Engines | None = None, **options):
        (one,) = parse_variants([variant])
        suite = options.pop("suite", None) or load_suite(self.suite_file)
        return run_suite(
            suite, one, self.folder / "runs", settings=self.settings, engines=engines or self.engines(), **options
        )

    @property
    def asked(self) -> int:
        return sum(m.asked for m in self.models)


@pytest.fixture
def bench(tmp_path) -> Bench:
    return Bench(tmp_path)


def test_a_run_without_a_model_loads_none_and_measures(bench) -> None:
    done = bench.run("strategy=none,mode=rules")
    run = RunFolder.read(done.folder.path)
    assert done.state == "ran"
    assert bench.models == []
    assert run.meta["variant"]["prompts"] == {}
    assert list(run.answers.id) == [r["id"] for r in REQUESTS]
    assert run.meta["metrics"]["mrr"]["n"] == 3
    assert run.meta["variant"]["model"] is None
    assert run.meta["requests"] == 6
    answer = json.loads(run.answers.answer[1])
    assert {p["product_id"] for p in answer["picks"]} <= {"k1", "k2"}
    assert list(run.scores["kind"])[:2] == ["colour", "price"]
    assert (done.folder.path / "run.trec").read_text().startswith("r1 Q0 ")


def test_a_second_run_changes_nothing_and_needs_nothing(bench, monkeypatch) -> None:
    first = bench.run(LISTWISE)
    asked = bench.asked
    assert asked > 0
    before = (first.folder.path / "run.json").read_bytes()
    monkeypatch.setattr(catalogs.Catalog, "open", None)  # not even the catalogue
    again = bench.run(LISTWISE)
    assert again.state == "unchanged"
    assert bench.asked == asked
    assert (again.folder.path / "run.json").read_bytes() == before


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize(
    ("name", "state"),
    [("answers.parquet", "ran"), ("prompts.parquet", "ran"), ("scores.parquet", "measured anew"), ("run.trec", "measured anew")],
)  # fmt: skip
def test_a_run_whose_file_was_cut_repairs_itself(bench, name, state, fresh) -> None:
    first = bench.run(LISTWISE)
    files = {n: (first.folder.path / n).read_bytes() for n in ("answers.parquet", "prompts.parquet", "run.trec")}
    before = RunFolder.read(first.folder.path)
    file = first.folder.path / name
    file.write_bytes(file.read_bytes()[:-40])
    again = bench.run(LISTWISE, engines=bench.engines(fresh=fresh))
    assert again.state == state
    assert f"made anew: {name}" in again.notes[0]
    after = RunFolder.read(first.folder.path)
    assert list(map(list, after.answers.ranking)) == list(map(list, before.answers.ranking))
    assert list(after.prompts.prompt) == list(before.prompts.prompt)
    assert (first.folder.path / "run.trec").read_bytes() == files["run.trec"]
    last = bench.run(LISTWISE)
    assert (last.state, last.notes) == ("unchanged", ())


def test_a_run_json_that_cannot_be_read_is_made_anew_and_said(bench) -> None:
    first = bench.run("strategy=none")
    (first.folder.path / "run.json").write_text('{"format": 1, "sui')
    again = bench.run("strategy=none")
    assert (again.state, again.folder.path) == ("ran", first.folder.path)
    assert "made anew: run.json" in again.notes[0]


def test_another_folder_asks_the_model_nothing_again(bench, tmp_path) -> None:
    first = RunFolder.read(bench.run(LISTWISE).folder.path)
    models = len(bench.models)
    (one,) = parse_variants([LISTWISE])
    done = run_suite(
        load_suite(bench.suite_file), one, tmp_path / "elsewhere", settings=bench.settings, engines=bench.engines()
    )
    second = RunFolder.read(done.folder.path)
    assert len(bench.models) == models
    assert list(map(list, second.answers.ranking)) == list(map(list, first.answers.ranking))
    assert list(second.answers.prompt_tokens) == list(first.answers.prompt_tokens)
    assert second.meta["cache"]["misses"] == 0 < second.meta["cache"]["hits"]


def test_the_model_is_asked_in_batches_and_prompts_are_told_by_request(bench) -> None:
    done = bench.run(LISTWISE, batch=6)
    (model,) = bench.models
    assert model.batches < model.asked
    run = RunFolder.read(done.folder.path)
    asked = run.prompts[run.prompts.task == "rank"]
    assert all(t.startswith("rank/listwise@") for t in asked.template)
    for row in asked.itertuples():
        request = next(r["request"] for r in REQUESTS if r["id"] == row.id)
        assert request in row.prompt
        assert set(json.loads(row.completion)) >= {"A", "B"}
    tokens = run.answers.set_index("id").prompt_tokens
    assert tokens["r2"] == 10 * len(asked[asked.id == "r2"])


def test_the_batch_changes_no_answer(bench, tmp_path) -> None:
    together = RunFolder.read(bench.run(LISTWISE, batch=6).folder.path)
    other = Bench(tmp_path / "other")
    alone = RunFolder.read(other.run(LISTWISE, batch=1).folder.path)
    assert list(map(list, together.answers.ranking)) == list(map(list, alone.answers.ranking))
    assert list(together.answers.prompt_tokens) == list(alone.answers.prompt_tokens)
    columns = ["id", "template", "prompt", "completion"]
    assert together.prompts[columns].values.tolist() == alone.prompts[columns].values.tolist()
    assert set(together.prompts.task) == {"understand", "rank"}


def test_a_request_put_twice_is_read_anew_so_that_its_cost_is_its_own(bench) -> None:
    write_suite(bench.folder / "suite", [{**REQUESTS[0], "id": i} for i in ("a", "b", "c")])
    run = RunFolder.read(bench.run("strategy=none", batch=2).folder.path)
    assert list(run.prompts.template) == ["understand/wishes@1"] * 3
    assert list(run.answers.prompt_tokens) == [7, 7, 7]


def test_a_cut_run_goes_on_without_asking_again(bench, monkeypatch) -> None:
    whole = Bench(bench.folder / "whole")
    whole.run(LISTWISE, batch=2)

    class Cut(BaseException):
        """What a kill looks like to the process."""

    def cut(now) -> None:
        if now.stage == "answering" and now.done >= 4:
            raise Cut

    with pytest.raises(Cut):
        bench.run(LISTWISE, batch=2, progress=cut)
    partial = next((bench.folder / "runs").glob("*/answers.partial.jsonl"))
    with partial.open("a") as out:
        out.write('{"outcome": {"id": "r5", "rank')  # torn in the middle of a line
    done = bench.run(LISTWISE, batch=2)
    assert done.state == "went on"
    assert bench.asked == whole.asked
    assert not partial.exists()
    assert list(RunFolder.read(done.folder.path).answers.id) == [r["id"] for r in REQUESTS]


def test_a_model_that_goes_away_ends_the_run_and_keeps_what_was_answered(bench) -> None:
    whole = Bench(bench.folder / "whole")
    first: list[int] = []
    whole.run(LISTWISE, batch=2, progress=lambda now: first.append(whole.asked) if now.done == 2 else None)
    with pytest.raises(EngineError, match="the model is gone"):
        bench.run(LISTWISE, batch=2, engines=bench.engines(fail_after=first[0]))
    done = bench.run(LISTWISE, batch=2)
    assert done.state == "went on"
    assert done.meta["errors"] == 0
    assert bench.models[-1].asked == whole.asked - first[0]


def test_one_prompt_that_the_model_refuses_spoils_no_other(bench, monkeypatch) -> None:
    choose = Model.choose

    def picky(self, prompts, labels):
        if any("by Velm" in m.content for p in prompts for m in p.messages):
            raise EngineError("the prompt is too long")
        return choose(self, prompts, labels)

    monkeypatch.setattr(Model, "choose", picky)
    run = RunFolder.read(bench.run(LISTWISE).folder.path)
    errors = run.answers.set_index("id").error
    assert errors["r5"] == "the prompt is too long"
    assert errors.drop("r5").isna().all()
    assert run.meta["errors"] == 1
    assert run.meta["metrics"]["failed"]["mean"] == pytest.approx(1 / 6)


def test_a_changed_metric_or_judgment_is_measured_without_asking(bench) -> None:
    bench.run(LISTWISE)
    asked = bench.asked
    write_suite(bench.folder / "suite", metrics=["mrr", "recall@5"])
    done = bench.run(LISTWISE)
    assert done.state == "measured anew"
    assert "recall@5" in done.meta["metrics"]
    write_suite(bench.folder / "suite", [{**REQUESTS[0], "grades": {"k4": 1}}, *REQUESTS[1:]])
    assert bench.run(LISTWISE).state == "measured anew"
    assert bench.asked == asked
    assert len(RunFolder.read(done.folder.path).prompts)


@pytest.mark.parametrize("part", ["code", "settings", "requests"])
def test_a_changed_path_is_never_missed(bench, monkeypatch, part) -> None:
    assert bench.run().state == "ran"
    if part == "code":
        monkeypatch.setattr(identity, "path_code", lambda: "another hash")
    elif part == "settings":
        bench.settings = bench.settings.model_copy(update={"k": 1})
    else:
        write_suite(bench.folder / "suite", [*REQUESTS, {"id": "r7", "request": "a blue kettle"}])
    done = bench.run()
    assert (done.state, done.changed) == ("ran", (part,))


def test_a_changed_prompt_file_is_never_missed(bench) -> None:
    text = identity.templates(parse_variants([LISTWISE])[0].settings(), "rank", PathVariant().library())["rank"]
    file = bench.folder / text.path.name
    file.write_bytes(text.path.read_bytes())
    variant = f"name=mine,{LISTWISE},prompt.rank={file}"
    bench.run(variant)
    asked = bench.asked
    assert bench.run(variant).state == "unchanged"
    file.write_text(file.read_text().replace("{% block user %}", "{% block user %}Think of the shopper. "))
    done = bench.run(variant)
    assert (done.state, done.changed) == ("ran", ("prompts",))
    assert bench.asked > asked


def test_a_changed_prompt_of_wishes_is_never_missed_and_is_what_the_model_reads(bench) -> None:
    text = PathVariant().library().get("understand/wishes").path.read_text()
    file = bench.folder / "wishes@1.jinja"
    file.write_text(text)
    variant = f"name=mine,strategy=none,prompt.understand={file}"
    assert bench.run(variant).notes == ()
    assert bench.run(variant).state == "unchanged"
    file.write_text(text.replace("{% block user %}", "{% block user %}Think of the shopper. "))
    done = bench.run(variant)
    assert (done.state, done.changed) == ("ran", ("prompts",))
    asked = RunFolder.read(done.folder.path).prompts
    wishes = list(asked[asked.template == "understand/wishes@1"].prompt)
    assert wishes
    assert all("Think of the shopper." in prompt for prompt in wishes)


@pytest.mark.parametrize("name", ["explain/record@1", "answer/service@1", "answer/talk@1"])
def test_changed_words_of_the_record_are_never_missed(bench, monkeypatch, name: str) -> None:
    bench.run()
    folder = bench.folder / "prompts"
    shutil.copytree(PromptLibrary.default().folder, folder)
    monkeypatch.setattr(library, "resource", lambda name: {"prompts": folder}[name])
    assert bench.run().state == "unchanged"
    file = folder / f"{name}.jinja"
    file.write_text(file.read_text() + "\n")
    done = bench.run()
    assert (done.state, done.changed) == ("ran", ("prompts",))


@pytest.mark.parametrize(
    ("variant", "told"),
    [
        ("strategy=none,prompt.understand=intent@1", ["understand=intent@1"]),
        ("strategy=none,prompt.understand=wishes@1", []),
        ("strategy=none,prompt.understand=kinds@1", []),
        ("strategy=none,mode=rules,prompt.understand=wishes@1", ["understand=wishes@1"]),
        ("strategy=none,prompt.rank=listwise@1", ["rank=listwise@1"]),
    ],
)
def test_a_prompt_that_this_way_of_reading_never_asks_with_is_told(bench, variant, told) -> None:
    notes = bench.run(variant).notes
    assert [note.partition(" ")[0] for note in notes] == [f"prompt.{one}" for one in told]


def test_another_model_is_another_run(bench) -> None:
    bench.run(f"name=a,{LISTWISE}")
    done = bench.run(f"name=a,{LISTWISE}", engines=bench.engines(name="retrained"))
    assert (done.state, done.changed) == ("ran", ("model",))


def test_repeats_of_sampled_wordings_differ_and_are_all_kept(bench) -> None:
    write_suite(bench.folder / "suite", settings={"explain": "model"})
    done = bench.run("explain.temperature=0.9", repeats=2)
    run = RunFolder.read(done.folder.path)
    assert len(run.answers) == 12
    assert list(run.answers.repeat) == [0] * 6 + [1] * 6
    asked = run.prompts[run.prompts.id == "r1"]
    said = asked[asked.task == "explain"].groupby("repeat").completion.apply(set)
    assert said[0].isdisjoint(said[1])
    assert said[0]
    greedy = asked[asked.task != "explain"].groupby("repeat")[["template", "prompt", "completion"]]
    assert greedy.get_group(0).values.tolist() == greedy.get_group(1).values.tolist() != []


def test_ranking_suites_keep_the_order_to_their_depth(bench) -> None:
    write_suite(bench.folder / "suite", task="rank", depth=2)
    run = RunFolder.read(bench.run().folder.path)
    assert max(map(len, run.answers.ranking)) == 2
    assert run.answers.answer.isna().all()
    assert "retrieve" in json.loads(run.answers.timings[0])


def test_yes_no_suites_ask_whether_a_product_suits(bench) -> None:
    rows = [{"id": "a", "request": "is this kettle fine?", "product": "k1", "label": True},
            {"id": "b", "request": "good for tea?", "product": "t1", "label": False}]  # fmt: skip
    write_suite(bench.folder / "suite", rows, task="suits", metrics=["accuracy"])
    run = RunFolder.read(bench.run(batch=1).folder.path)
    assert list(run.answers.verdict) == [True, False]
    assert run.answers.probability[0] > 0.5 > run.answers.probability[1]
    assert run.meta["metrics"]["accuracy"]["mean"] == 1.0


def test_a_yes_no_case_without_a_product_is_told(bench) -> None:
    write_suite(bench.folder / "suite", [{"id": "a", "request": "is it?"}], task="suits", metrics=["accuracy"])
    run = RunFolder.read(bench.run().folder.path)
    assert "names no product to judge" in run.answers.error[0]


def test_a_judged_pool_ranks_exactly_the_judged_products(bench) -> None:
    write_suite(bench.folder / "suite", pool="judged", task="rank")
    run = RunFolder.read(bench.run().folder.path)
    assert {i: set(r) for i, r in zip(run.answers.id, run.answers.ranking, strict=True)} == {
        "r1": {"k1", "k3"},
        "r3": {"t1"},
    }


def test_judgments_of_unknown_products_are_told_by_file_and_line(bench) -> None:
    write_suite(bench.folder / "suite", qrels="r5 0 k3 2\nr5 0 zz 1\n")
    with pytest.raises(
        UsageError, match=r"qrels\.txt, line 2: names product 'zz', which .* does not hold .*take the line out"
    ):
        bench.run()


def test_a_judgment_of_an_unknown_product_is_told_where_the_answers_are_there_already(bench) -> None:
    write_suite(bench.folder / "suite", REQUESTS)
    bench.run()
    write_suite(bench.folder / "suite", [{**REQUESTS[0], "grades": {"zz": 1}}, *REQUESTS[1:]])
    with pytest.raises(UsageError, match="names product 'zz'"):
        bench.run()


def test_an_unknown_metric_is_told_before_anything_is_asked(bench) -> None:
    write_suite(bench.folder / "suite", metrics=["mmr"])
    with pytest.raises(UsageError, match="no metric 'mmr'"):
        bench.run(LISTWISE)
    assert bench.models == []


def test_a_catalogue_is_indexed_once_and_anew_when_its_feed_changes(bench) -> None:
    told: list[str] = []
    watch = lambda now: told.append(now.text) if now.stage == "indexing" and not now.done else None  # noqa: E731
    bench.run(progress=watch)
    bench.run("strategy=none,k=1", progress=watch)
    assert told == ["indexing products.jsonl"]
    feed = bench.folder / "suite" / "products.jsonl"
    feed.write_text(feed.read_text().replace("19.90", "18.90"))
    assert bench.run(progress=watch).state == "ran"
    assert told == ["indexing products.jsonl"] * 2


def test_products_of_a_case_are_in_the_catalogue_for_that_case_alone(bench, monkeypatch) -> None:
    suite = load_suite(bench.suite_file)
    loaded = suite.load()
    hostile = Product("x1", "A red kettle, the best red kettle", categories=("Kettles",))
    first, *rest = loaded.cases
    cases = runner.replace(loaded, cases=(runner.replace(first, overlay=(hostile,)), *rest))
    (one,) = parse_variants(["strategy=none"])
    done = run_suite(suite, one, bench.folder / "r", settings=bench.settings, engines=bench.engines(), cases=cases)
    answers = RunFolder.read(done.folder.path).answers
    ranked = {i: set(r) for i, r in zip(answers.id, answers.ranking, strict=True)}
    assert "x1" in ranked["r1"]
    assert all("x1" not in found for i, found in ranked.items() if i != "r1")


def test_the_models_time_is_told_by_stage_even_where_it_was_kept(bench, tmp_path) -> None:
    bench.run(LISTWISE)
    (one,) = parse_variants([LISTWISE])
    done = run_suite(
        load_suite(bench.suite_file), one, tmp_path / "b", settings=bench.settings, engines=bench.engines()
    )
    kept = json.loads(RunFolder.read(done.folder.path).answers.timings[1])
    assert kept["rank"] > 0
    assert kept["total"] == pytest.approx(sum(kept[s] for s in ("understand", "retrieve", "rank", "explain")), rel=0.2)


def test_two_variants_share_one_loaded_model(bench) -> None:
    engines = bench.engines()
    bench.run(LISTWISE, engines=engines)
    bench.run("strategy=pointwise", engines=engines)
    assert len(bench.models) == 1
    engines.close()
    assert bench.models[0].closed


def test_a_run_of_another_suite_is_not_replaced(bench) -> None:
    before = (bench.run().folder.path / "run.json").read_bytes()
    write_suite(bench.folder / "suite", name="pots")
    with pytest.raises(UsageError, match=r"strategy=none holds a run of suite kettles; give another --out"):
        bench.run()
    assert (bench.folder / "runs" / "strategy=none" / "run.json").read_bytes() == before


def test_three_permutations_ask_three_times_in_other_orders_and_make_one_ranking(tmp_path) -> None:
    """On the bundled demo, as the documentation has it: strategy=listwise,permutations=3."""
    suite = load_suite("demo")
    model = Model()
    engines = Engines(lambda settings: model, lambda settings: ("fake", "m", "counting"))
    found = {}
    for count in (1, 3):
        variant = parse_variants([f"strategy=listwise,permutations={count},name=x{count}"])[0]
        done = run_suite(suite, variant, tmp_path, settings=own_settings(tmp_path), limit=3, seed=5, engines=engines)
        assert done.meta["errors"] == 0
        found[count] = RunFolder.read(done.folder.path)
    ranked = {count: run.prompts[run.prompts.task == "rank"] for count, run in found.items()}
    asked = {count: prompts.groupby("id")["prompt"].nunique() for count, prompts in ranked.items()}
    assert set(asked[1]) == {1}
    assert set(asked[3]) == {3}, "three different orders of the same candidates"
    for _, prompts in ranked[3].groupby("id"):
        lines = [sorted(line[3:] for line in p.splitlines() if line[1:3] == ". ") for p in prompts["prompt"]]
        assert lines[0] == lines[1] == lines[2]
    tokens = {count: run.answers.set_index("id")["prompt_tokens"] for count, run in found.items()}
    more = tokens[3] - tokens[1]
    assert (more[asked[1].index] == 2 * 10).all(), "two prompts more, and what is read for wishes is the same"
    assert (more.drop(asked[1].index) == 0).all()
    rankings = {count: run.answers.set_index("id")["ranking"] for count, run in found.items()}
    assert all(sorted(rankings[1][i]) == sorted(rankings[3][i]) for i in rankings[1].index)
