"""A real llama.cpp server over a tiny model of random weights, for end-to-end tests: run with `.venvs/llama`'s Python.

    python llama_server.py model.gguf

Makes the model (the same bytes every time), serves it on a free port of the loopback, prints the address, and ends
when its input does. What the model says is noise, often broken in the middle of a character; framing, usage, stop
reasons and schemas are the server's own.
"""

import string
import sys
from pathlib import Path

import gguf
import numpy as np
import xllamacpp

WIDTH, HEADS, SHARED_HEADS, LAYERS, INNER, CONTEXT = 48, 4, 2, 2, 96, 4096
SPECIAL = ("<unk>", "<s>", "</s>")
PIECES = ("\u2581a", "\u2581the", "\u2581of", "\u2581and", "\u2581to", "ing", "er", "on", "\u2581gate", "\u2581post")

# Jinja: each message between markers, with the tools in front where there are any.
TEMPLATE = """\
{%- if tools %}<|tools|>{{ tools | tojson }}<|end|>{% endif %}
{%- for message in messages %}<|{{ message.role }}|>{{ message.content or '' }}
{%- for call in message.tool_calls or [] %}{{ call.function.name }}({{ call.function.arguments }}){% endfor %}<|end|>
{%- endfor %}
{%- if add_generation_prompt %}<|assistant|>{% endif %}"""


def vocabulary() -> tuple[list[str], list[int], list[float]]:
    """Tokens, their types and scores: the special ones, every byte, printable characters, a few longer pieces."""
    kinds = gguf.TokenType
    characters = ["\u2581" if one == " " else one for one in string.printable if one.isprintable()]
    common = [*characters, *PIECES]
    tokens = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *common]
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256, *[kinds.NORMAL] * len(common)]
    scores = [0.0] * len(SPECIAL) + [-1000.0] * 256 + [-float(rank) for rank in range(len(common))]
    return tokens, types, scores


def make(path: Path) -> None:
    tokens, types, scores = vocabulary()
    out = gguf.GGUFWriter(str(path), "llama")
    out.add_name("tiny")
    out.add_context_length(CONTEXT)
    out.add_embedding_length(WIDTH)
    out.add_block_count(LAYERS)
    out.add_feed_forward_length(INNER)
    out.add_head_count(HEADS)
    out.add_head_count_kv(SHARED_HEADS)
    out.add_rope_dimension_count(WIDTH // HEADS)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_vocab_size(len(tokens))
    out.add_file_type(gguf.LlamaFileType.ALL_F32)
    out.add_tokenizer_model("llama")
    out.add_tokenizer_pre("default")
    out.add_token_list([token.encode() for token in tokens])
    out.add_token_scores(scores)
    out.add_token_types(types)
    out.add_unk_token_id(0)
    out.add_bos_token_id(1)
    out.add_eos_token_id(2)
    out.add_chat_template(TEMPLATE)
    random = np.random.default_rng(7)

    def noise(rows: int, columns: int) -> np.ndarray:
        return (random.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32)

    ones, narrow = np.ones(WIDTH, np.float32), WIDTH // HEADS * SHARED_HEADS
    out.add_tensor("token_embd.weight", noise(len(tokens), WIDTH) * 3)
    out.add_tensor("output_norm.weight", ones)
    out.add_tensor("output.weight", noise(len(tokens), WIDTH))
    for layer in range(LAYERS):
        shapes = {
            "attn_q": (WIDTH, WIDTH), "attn_k": (narrow, WIDTH), "attn_v": (narrow, WIDTH),
            "attn_output": (WIDTH, WIDTH), "ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH),
            "ffn_down": (WIDTH, INNER),
        }  # fmt: skip
        out.add_tensor(f"blk.{layer}.attn_norm.weight", ones)
        out.add_tensor(f"blk.{layer}.ffn_norm.weight", ones)
        for name, shape in shapes.items():
            out.add_tensor(f"blk.{layer}.{name}.weight", noise(*shape))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def main() -> None:
    path = Path(sys.argv[1])
    make(path)
    settings = xllamacpp.CommonParams()
    settings.model.path = str(path)
    settings.n_ctx, settings.n_parallel, settings.n_threads_http = CONTEXT, 2, 32
    settings.cpuparams.n_threads = 1
    settings.warmup, settings.use_jinja = False, True
    settings.hostnames, settings.port = ["127.0.0.1"], 0
    server = xllamacpp.Server(settings)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
