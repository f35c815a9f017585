"""A tiny language model with random weights and a tokenizer of bytes, and a tiny data set, for tests of the machinery."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_model(folder: Path, seed: int = 0, hidden: int = 32) -> Path:
    """A Llama of two layers, saved as an ordinary model folder."""
    import torch
    import transformers
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    words.add_special_tokens([AddedToken("<|im_start|>", special=True), AddedToken("<|im_end|>", special=True)])
    words.add_tokens([AddedToken(w, normalized=False) for w in ("yes", "no")])
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<|im_end|>", pad_token="<|im_end|>", bos_token="<|im_start|>"
    )
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(seed)
    end = tokenizer.eos_token_id
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=1024, tie_word_embeddings=True,
        eos_token_id=end, pad_token_id=end, bos_token_id=tokenizer.bos_token_id,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config)
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def rows(
    count: int, seed: int = 0, tasks: tuple[str, ...] = ("suits", "listwise", "understand", "explain")
) -> list[Any]:
    """Rows of four tasks about scarves of four colours, their right answers readable from the prompt."""
    rng = random.Random(seed)
    out = []
    for i in range(count):
        asked, there, price = rng.choice(COLOURS), rng.choice(COLOURS), rng.randint(10, 99)
        task = tasks[i % len(tasks)]
        if task == "suits":
            prompt = [{"role": "user", "content": f"{there} scarf. {asked}? yes or no"}]
            answer = "yes" if asked == there else "no"
        elif task == "listwise":
            shown = rng.sample(COLOURS, 3)
            asked = rng.choice(shown)
            listed = "\n".join(f"{letter}. {colour}" for letter, colour in zip("ABC", shown, strict=True))
            prompt = [{"role": "user", "content": f"{asked}\n{listed}\nWhich?"}]
            answer = "ABC"[shown.index(asked)]
        elif task == "understand":
            prompt = [{"role": "user", "content": f"{asked} under {price}"}]
            answer = f'{{"colour":"{asked}","below":{price}}}'
        else:
            prompt = [{"role": "user", "content": "say it"}, {"role": "assistant", "content": f"colour: {asked}:"}]
            answer = f'"It is {asked} [1]"'
        out.append(
            {
                "task": task, "prompt": prompt, "completion": [{"role": "assistant", "content": answer}],
                "source": "toy", "group": f"{seed}-{i}", "id": f"{seed}-{i}", "weight": 1.0,
                "template": "toy/colour@1",
            }
        )  # fmt: skip
    return out


COLOURS = ["red", "blue", "green", "black"]


def tiny_set(folder: Path, train: Any = 48, dev: Any = 16) -> Path:
    """A data set as `shelftalk train data` writes it; `train` and `dev` are numbers of rows, or the rows."""
    import datasets

    made = {
        "train": rows(train, 0) if isinstance(train, int) else train,
        "dev": rows(dev, 1) if isinstance(dev, int) else dev,
        "test": rows(16, 2),
    }
    datasets.disable_progress_bars()
    features = datasets.Dataset.from_list(rows(1)).features
    columns = {name: {key: [row[key] for row in split] for key in features} for name, split in made.items()}
    tables = {name: datasets.Dataset.from_dict(split, features=features) for name, split in columns.items()}
    datasets.DatasetDict(tables).save_to_disk(str(folder))
    return folder
