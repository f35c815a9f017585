"""A BERT or MPNet encoder's weights become an ONNX graph that computes with 8-bit integers.

Weights are kept as int8 with one scale a column; activations are rounded to 8 bits as they pass (dynamic quantisation,
onnxruntime's QAttention and DynamicQuantizeMatMul). Norms, softmax, GELU and embeddings stay in 32-bit floats. This module
knows the networks (Devlin et al. 2019, arXiv 1810.04805; Song et al. 2020, arXiv 2004.09297) and nothing of files, caches or
tokenizers.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

DOMAIN = "com.microsoft"
OPSET, IR = 17, 10


def supported(config: Mapping[str, Any]) -> bool:
    """Whether the graph of this module is the network that a transformers config describes."""
    return config.get("hidden_act") == "gelu" and (
        config.get("model_type") == "mpnet"
        or (
            config.get("model_type") == "bert"
            and config.get("position_embedding_type", "absolute") == "absolute"
            and not config.get("is_decoder", False)
            and not config.get("add_cross_attention", False)
        )
    )


def build(config: Mapping[str, Any], weights: Mapping[str, np.ndarray], top: int = 127) -> bytes:
    """The serialised model: `input_ids` int32 (1, tokens) of one text to `hidden` float32 (1, tokens, hidden size).

    Weights are rounded to -top..top: 127, or 63 for processors that would overflow (`weight_range`). Raises KeyError where a
    weight is missing.
    """
    network = _MPNet if config.get("model_type") == "mpnet" else _Bert
    return network(config, weights, top).serialised()


class _Bert:
    """The graph of BERT, layer by layer."""

    prefix = "bert."
    attention = "attention.self.query", "attention.self.key", "attention.self.value"
    attended, attended_norm = "attention.output.dense", "attention.output.LayerNorm"

    def __init__(self, config: Mapping[str, Any], weights: Mapping[str, np.ndarray], top: int) -> None:
        self.config, self.weights, self.top = config, weights, top
        self.heads = int(config["num_attention_heads"])
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        if f"{self.prefix}embeddings.word_embeddings.weight" not in weights:
            self.prefix = ""

    def serialised(self) -> bytes:
        """The whole model."""
        import onnx
        from onnx import helper

        self.prepare()
        state, layers = self.embedded(), int(self.config["num_hidden_layers"])
        for i in range(layers):
            state = self.layer(i, state, "hidden" if i == layers - 1 else f"encoder.layer.{i}.out")
        graph = helper.make_graph(
            self.nodes,
            f"{self.config['model_type']}-int8",
            [helper.make_tensor_value_info("input_ids", onnx.TensorProto.INT32, [1, "tokens"])],
            [
                helper.make_tensor_value_info(
                    "hidden", onnx.TensorProto.FLOAT, [1, "tokens", self.config["hidden_size"]]
                )
            ],
            self.initializers,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(DOMAIN, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR, producer_name="shelftalk")
        return bytes(model.SerializeToString())

    def prepare(self) -> None:
        """What the layers share."""

    def positions(self) -> np.ndarray:
        """The vectors of positions 0, 1, ...; every token is of the first type, whose vector is folded in."""
        positions = self.weight("embeddings.position_embeddings.weight")
        folded: np.ndarray = positions + self.weight("embeddings.token_type_embeddings.weight")[:1]
        return folded

    def embedded(self) -> str:
        """Words and positions, normed."""
        parts = [
            self.constant("words", self.weight("embeddings.word_embeddings.weight")),
            self.constant("positions", self.positions()),
        ]
        norm = [
            self.constant(f"embeddings.LayerNorm.{p}", self.weight(f"embeddings.LayerNorm.{p}"))
            for p in ("weight", "bias")
        ]
        inputs = ["input_ids", "", *parts, "", *norm]
        return self.node("EmbedLayerNormalization", inputs, ["embedded", "mask_index"], epsilon=self.epsilon)

    def layer(self, i: int, state: str, out: str) -> str:
        """One layer of the encoder."""
        at = f"encoder.layer.{i}"
        context = self.attend(at, state)
        product, bias = self.dense(f"{at}.{self.attended}", context, f"{at}.attended")
        state = self.norm(f"{at}.{self.attended_norm}", product, state, bias, f"{at}.middle")
        product, bias = self.dense(f"{at}.intermediate.dense", state, f"{at}.wide")
        wide = self.node("BiasGelu", [product, bias], [f"{at}.gelu"])
        product, bias = self.dense(f"{at}.output.dense", wide, f"{at}.narrow")
        return self.norm(f"{at}.output.LayerNorm", product, state, bias, out)

    def attend(self, at: str, state: str) -> str:
        """Attention over all heads, before its output's projection."""
        values, scale, zero, bias = self.projected(at)
        rounded = [f"{at}.u8", f"{at}.u8.scale", f"{at}.u8.zero"]
        self.node("DynamicQuantizeLinear", [state], rounded, domain="")
        inputs = [rounded[0], values, bias, rounded[1], scale, "", rounded[2], zero]
        return self.node("QAttention", inputs, [f"{at}.context"], num_heads=self.heads)

    def projected(self, at: str) -> tuple[str, str, str, str]:
        """Query, key and value side by side: 8-bit weights, scales, zeros, and the biases."""
        import numpy as np

        parts = [f"{at}.{part}" for part in self.attention]
        values = self.quantised(f"{at}.qkv", np.concatenate([self.weight(f"{p}.weight").T for p in parts], axis=1))
        return *values, self.constant(f"{at}.qkv.bias", np.concatenate([self.weight(f"{p}.bias") for p in parts]))

    @property
    def epsilon(self) -> float:
        """What the norms add to a variance."""
        return float(self.config.get("layer_norm_eps", 1e-12))

    def weight(self, name: str) -> np.ndarray:
        import numpy as np

        return np.asarray(self.weights[self.prefix + name], dtype=np.float32)

    def constant(self, name: str, value: np.ndarray) -> str:
        import numpy as np
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(
        self, operator: str, inputs: list[str], outputs: list[str], domain: str = DOMAIN, **attributes: Any
    ) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, outputs, name=outputs[0], domain=domain, **attributes))
        return outputs[0]

    def quantised(self, name: str, matrix: np.ndarray) -> tuple[str, str, str]:
        import numpy as np

        values, scales = quantise(matrix, self.top)
        zeros = np.zeros(len(scales), np.int8)
        return self.constant(name, values), self.constant(f"{name}.scale", scales), self.constant(f"{name}.zero", zeros)

    def norm(self, name: str, new: str, residual: str, bias: str, out: str) -> str:
        scale = self.constant(f"{name}.weight", self.weight(f"{name}.weight"))
        shift = self.constant(f"{name}.bias", self.weight(f"{name}.bias"))
        return self.node("SkipLayerNormalization", [new, residual, scale, shift, bias], [out], epsilon=self.epsilon)

    def dense(self, name: str, source: str, out: str) -> tuple[str, str]:
        product = self.multiply(source, self.quantised(name, self.weight(f"{name}.weight").T), out)
        return product, self.constant(f"{name}.bias", self.weight(f"{name}.bias"))

    def multiply(self, source: str, matrix: tuple[str, str, str], out: str) -> str:
        """The product with an 8-bit matrix (values, scales, zeros)."""
        values, scale, zero = matrix
        return self.node("DynamicQuantizeMatMul", [source, values, scale, zero], [out])


class _MPNet(_Bert):
    """The graph of MPNet: BERT with a bias of the attention that depends on the distance of two tokens, shared by all layers."""

    prefix = "mpnet."
    attention = "attention.attn.q", "attention.attn.k", "attention.attn.v"
    attended, attended_norm = "attention.attn.o", "attention.LayerNorm"

    def positions(self) -> np.ndarray:
        return self.weight("embeddings.position_embeddings.weight")[int(self.config.get("pad_token_id", 1)) + 1 :]

    def prepare(self) -> None:
        import numpy as np

        far = len(self.positions())
        buckets = distance_buckets(far, int(self.config.get("relative_attention_num_buckets", 32)))
        bias = self.weight("encoder.relative_attention_bias.weight")[buckets].transpose(2, 0, 1)[None]
        self.constant("distances", bias)
        for name, value in (("zeros", [0, 0]), ("axes", [2, 3]), ("second", [1]), ("twice", [2])):
            self.constant(name, np.array(value, np.int64))
        self.node("Shape", ["input_ids"], ["shape"], domain="")
        self.node("Gather", ["shape", "second"], ["tokens"], domain="")
        self.node("Expand", ["tokens", "twice"], ["ends"], domain="")
        self.node("Slice", ["distances", "zeros", "ends", "axes"], ["distance_bias"], domain="")

    def attend(self, at: str, state: str) -> str:
        *matrix, bias = self.projected(at)
        product = self.multiply(state, (matrix[0], matrix[1], matrix[2]), f"{at}.projected")
        parts = [f"{at}.q", f"{at}.k", f"{at}.v"]
        self.node("Split", [product], parts, domain="", axis=2)
        inputs = [*parts, bias, "", "distance_bias"]
        return self.node("MultiHeadAttention", inputs, [f"{at}.context"], num_heads=self.heads)

    def multiply(self, source: str, matrix: tuple[str, str, str], out: str) -> str:
        """The product, each token's activations scaled to its own largest: a few of them are so large that, rounded together,
        they cost the others their digits (mean cosine to the 32-bit vectors .91 without it, .994 with it)."""
        self.node("Abs", [source], [f"{out}.size"], domain="")
        largest = self.node("ReduceMax", [f"{out}.size"], [f"{out}.largest"], domain="", axes=[-1], keepdims=1)
        self.node("Div", [source, largest], [f"{out}.unit"], domain="")
        product = super().multiply(f"{out}.unit", matrix, f"{out}.small")
        return self.node("Mul", [product, largest], [out], domain="")


def distance_buckets(tokens: int, buckets: int, far: int = 128) -> np.ndarray:
    """The bucket of the distance from token i to token j, int64 (tokens, tokens): exact when near, coarser further on, the same
    from `far` on; the upper half for what follows (T5's scheme, Raffel et al. 2020, arXiv 1910.10683)."""
    import numpy as np

    place = np.arange(tokens)
    behind = place[:, None] - place[None, :]
    half, distance = buckets // 2, np.abs(behind)
    exact = half // 2
    with np.errstate(divide="ignore"):
        coarse = exact + (np.log(distance.astype(np.float32) / exact) / np.log(far / exact) * (half - exact)).clip(0)
    near = np.where(distance < exact, distance, np.minimum(coarse, half - 1).astype(np.int64))
    return np.asarray((behind < 0) * half + near, dtype=np.int64)


def weight_range() -> int:
    """The largest int8 weight that this processor multiplies without overflow.

    x86 processors before VNNI add two products of a uint8 and an int8 in 16 bits, which 8-bit weights overflow.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return 127
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 63
    return 127 if "avx512_vnni" in flags or "avx_vnni" in flags else 63


def quantise(matrix: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    """The matrix (rows, columns) as int8 and its scales float32 (columns,): `matrix ~ int8 * scale`, column by column."""
    import numpy as np

    scales = np.maximum(np.abs(matrix).max(axis=0), 1e-12) / top
    return np.clip(np.rint(matrix / scales), -top, top).astype(np.int8), scales.astype(np.float32)
