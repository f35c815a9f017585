"""How fast products are embedded, and what it costs in quality, against sentence-transformers as it comes.

    python benchmarks/embedding.py --data DATA [--sample 2000] [--full] [--threads N]

The sample holds all graded products of the Chorus train queries and others at random; nDCG@10 is of dense search within
the sample over those queries. All ways embed the same products in the same run, one after another. With --full the
whole catalogue is embedded by sentence-transformers as it comes and by Shelftalk, and searched. On a busy machine the
wall clock is not fair: torch's threads wait for each other, Shelftalk's do not. `--threads 1` and the processor's time
(CPU ms a product) compare the arithmetic alone.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import chorus
from shelftalk.catalog import embed_fast
from shelftalk.catalog.embed import _folder, embedding_text, load_embedder
from shelftalk.values import Product

Encode = Callable[[Sequence[str]], np.ndarray]


def long_text(product: Product) -> str:
    """Title, brand, description and all attributes in words, cut at 500 characters: about 100 tokens a product."""
    words = [f"{n.replace('_', ' ')}: {v}" for n, v in product.attributes.items() if isinstance(v, str)]
    return ". ".join([product.title, product.brand or "", product.description, ", ".join(words)])[:500]


def plain(dtype: str = "float32", int8: bool = False) -> Encode:
    """sentence-transformers with the default model; as it comes, in another type, or with torch's dynamic int8."""
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(_folder("default")), device="cpu", model_kwargs={"dtype": getattr(torch, dtype)})
    if int8:
        torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8, inplace=True)

    def encode(texts: Sequence[str]) -> np.ndarray:
        vectors = model.encode(list(texts), normalize_embeddings=True, convert_to_tensor=True)
        return vectors.float().numpy()

    return encode


def dense_ndcg(vectors: np.ndarray, queries: np.ndarray, ids: list[str], judged: chorus.Grades) -> float:
    """nDCG@10 of dense search alone."""
    run = {}
    for query, vector in zip(judged, queries, strict=True):
        similar = vectors @ vector
        best = np.argsort(-similar, kind="stable")[:10]
        run[query] = [(ids[i], float(similar[i])) for i in best]
    return float(chorus.ndcg(run, judged).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SHELFTALK_DATA"), help="folder of data sets")
    parser.add_argument("--sample", type=int, default=2000, help="how many products to embed")
    parser.add_argument("--full", action="store_true", help="embed the whole catalogue instead (minutes)")
    parser.add_argument("--threads", type=int, default=None, help="threads of either side (default: as they come)")
    parser.add_argument("--home", type=Path, default=None, help="folder of the converted model (default: a new one)")
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("give --data, the folder that holds chorus/")
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)
        embed_fast.cores = lambda: arguments.threads
    judged = chorus.grades(arguments.data, "train")
    every = chorus.products(arguments.data)
    wanted = {i for held in judged.values() for i in held}
    chosen = every
    if not arguments.full:
        graded = [p for p in every if p.id in wanted]
        rest = [p for p in every if p.id not in wanted]
        random.Random(7).shuffle(rest)
        chosen = (graded + rest)[: max(arguments.sample, len(graded))]
    home = arguments.home or Path(tempfile.mkdtemp(prefix="shelftalk-"))
    started = time.perf_counter()
    fast = load_embedder("default", home)
    converted = time.perf_counter() - started
    ways: list[tuple[str, Callable[[Product], str], Callable[[], Encode]]] = [
        ("sentence-transformers as it comes", embedding_text, plain),
        ("Shelftalk: 8-bit, one text at a time", embedding_text, lambda: fast.encode),
    ]
    if not arguments.full:
        ways[1:1] = [
            ("sentence-transformers, bf16", embedding_text, lambda: plain("bfloat16")),
            ("sentence-transformers, torch dynamic int8", embedding_text, lambda: plain(int8=True)),
        ]
        ways.insert(0, ("sentence-transformers as it comes, all attributes", long_text, plain))
    ids = [p.id for p in chosen]
    reference: np.ndarray | None = None
    base = base_cpu = 0.0
    print(f"{len(chosen)} products, {len(judged)} train queries\n")
    print("| way | characters a product | products/s | ratio | CPU ms | ratio | mean cosine | lowest | nDCG@10 dense |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, text, make in ways:
        texts = [text(p) for p in chosen]
        encode = make()
        encode(texts[:8])
        started, spent = time.perf_counter(), time.process_time()
        vectors = encode(texts)
        rate = len(texts) / (time.perf_counter() - started)
        cpu = (time.process_time() - spent) * 1000 / len(texts)
        queries = encode(list(judged))
        if text is embedding_text and reference is None:
            reference, base, base_cpu = vectors, rate, cpu
        agree = (vectors * reference).sum(axis=1) if reference is not None else None
        cosine = f"{agree.mean():.4f} | {agree.min():.4f}" if agree is not None else "- | -"
        ratio = f"{rate / base:.1f}" if base else "-"
        saved = f"{base_cpu / cpu:.1f}" if base else "-"
        length = sum(map(len, texts)) / len(texts)
        quality = dense_ndcg(vectors, queries, ids, judged)
        print(
            f"| {name} | {length:.0f} | {rate:.0f} | {ratio} | {cpu:.1f} | {saved} | {cosine} | {quality:.3f} |",
            flush=True,
        )
    took = []
    for query in list(judged) * 4:
        started = time.perf_counter()
        fast.encode_query(query)
        took.append((time.perf_counter() - started) * 1000)
    print(
        f"\nA query: p50 {np.median(took):.1f} ms, p95 {np.percentile(took, 95):.1f} ms. Conversion and load, once: ",
        end="",
    )
    print(f"{converted:.1f} s.\n{chorus.setting()}")


if __name__ == "__main__":
    main()
