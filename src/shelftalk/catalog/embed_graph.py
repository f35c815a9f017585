"""A BERT encoder's weights become an ONNX graph that computes with 8-bit integers.

Weights are kept as int8 with one scale a column; activations are rounded to 8 bits as they pass (dynamic quantisation,
onnxruntime's QAttention and DynamicQuantizeMatMul). Norms, softmax, GELU and embeddings stay in 32-bit floats. This module
knows the network and nothing of files, caches or tokenizers.
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
    return (
        config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder", False)
        and not config.get("add_cross_attention", False)
    )


def build(config: Mapping[str, Any], weights: Mapping[str, np.ndarray], top: int = 127) -> bytes:
    """The serialised model: `input_ids` int32 (1, tokens) of one text to `hidden` float32 (1, tokens, hidden size).

    Weights are rounded to -top..top: 127, or 63 for processors that would overflow (`weight_range`). Raises KeyError where a weight is missing. The network is that of Devlin et al. 2019 (arXiv 1810.04805).
    """
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    nodes: list[Any] = []
    initializers: list[Any] = []
    prefix = "bert." if "bert.embeddings.word_embeddings.weight" in weights else ""
    epsilon = float(config.get("layer_norm_eps", 1e-12))
    hidden = int(config["hidden_size"])

    def weight(name: str) -> np.ndarray:
        return np.asarray(weights[prefix + name], dtype=np.float32)

    def constant(name: str, value: np.ndarray) -> str:
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(operator: str, inputs: list[str], outputs: list[str], domain: str = DOMAIN, **attributes: Any) -> str:
        nodes.append(helper.make_node(operator, inputs, outputs, name=outputs[0], domain=domain, **attributes))
        return outputs[0]

    def quantised(name: str, matrix: np.ndarray) -> tuple[str, str, str]:
        values, scales = quantise(matrix, top)
        zeros = np.zeros(len(scales), np.int8)
        return constant(name, values), constant(name + ".scale", scales), constant(name + ".zero", zeros)

    def norm(name: str, new: str, residual: str, bias: str, out: str) -> str:
        scale = constant(f"{name}.weight", weight(f"{name}.weight"))
        shift = constant(f"{name}.bias", weight(f"{name}.bias"))
        return node("SkipLayerNormalization", [new, residual, scale, shift, bias], [out], epsilon=epsilon)

    def dense(name: str, source: str, out: str) -> tuple[str, str]:
        values, scale, zero = quantised(name, weight(f"{name}.weight").T)
        product = node("DynamicQuantizeMatMul", [source, values, scale, zero], [out])
        return product, constant(f"{name}.bias", weight(f"{name}.bias"))

    table = "embeddings.token_type_embeddings.weight"
    # Every token is of the first type, so its vector is folded into the positions'.
    positions = weight("embeddings.position_embeddings.weight") + weight(table)[:1]
    state = node(
        "EmbedLayerNormalization",
        [
            "input_ids", "", constant("words", weight("embeddings.word_embeddings.weight")),
            constant("positions", positions), "",
            constant("embeddings.LayerNorm.weight", weight("embeddings.LayerNorm.weight")),
            constant("embeddings.LayerNorm.bias", weight("embeddings.LayerNorm.bias")),
        ],
        ["embedded", "mask_index"],
        epsilon=epsilon,
    )  # fmt: skip
    layers = int(config["num_hidden_layers"])
    for i in range(layers):
        at = f"encoder.layer.{i}"
        heads = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
        values, scale, zero = quantised(f"{at}.qkv", np.concatenate([weight(f"{h}.weight").T for h in heads], axis=1))
        bias = constant(f"{at}.qkv.bias", np.concatenate([weight(f"{h}.bias") for h in heads]))
        rounded = [f"{at}.u8", f"{at}.u8.scale", f"{at}.u8.zero"]
        node("DynamicQuantizeLinear", [state], rounded, domain="")
        context = node(
            "QAttention",
            [rounded[0], values, bias, rounded[1], scale, "", rounded[2], zero],
            [f"{at}.context"],
            num_heads=int(config["num_attention_heads"]),
        )
        product, bias = dense(f"{at}.attention.output.dense", context, f"{at}.attended")
        state = norm(f"{at}.attention.output.LayerNorm", product, state, bias, f"{at}.middle")
        product, bias = dense(f"{at}.intermediate.dense", state, f"{at}.wide")
        wide = node("BiasGelu", [product, bias], [f"{at}.gelu"])
        product, bias = dense(f"{at}.output.dense", wide, f"{at}.narrow")
        out = "hidden" if i == layers - 1 else f"{at}.out"
        state = norm(f"{at}.output.LayerNorm", product, state, bias, out)

    graph = helper.make_graph(
        nodes,
        "bert-int8",
        [helper.make_tensor_value_info("input_ids", onnx.TensorProto.INT32, [1, "tokens"])],
        [helper.make_tensor_value_info("hidden", onnx.TensorProto.FLOAT, [1, "tokens", hidden])],
        initializers,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(DOMAIN, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR, producer_name="shelftalk")
    return bytes(model.SerializeToString())


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
