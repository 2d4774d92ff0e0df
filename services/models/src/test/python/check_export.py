"""Compares an export, as the transformers library runs it, with Dume Stream's own logits.

    dume export --model merged --router router.safetensors --out mixture
    dume logits --model merged --router router.safetensors --ids ids.json --out logits.safetensors
    python check_export.py mixture ids.json logits.safetensors

ids.json holds lists of token ids, such as [[5, 6, 7], [8, 9]]; their logits are logits.0, logits.1 and
so on. Policy and type must be the same on both sides: export in float32, and give --policy to both or
neither. Prints what the class did not find or did not want among the weights (nothing should be), and
the largest absolute difference beside the largest logit. In float32 it is some millionths of that,
unless a token's scores are so close that rounding decides between experts. Needs torch, transformers and
safetensors.

An export of layout dume brings code of its own, which this runs (trust_remote_code).
"""

import argparse
import json

import torch
import transformers
from safetensors.torch import load_file


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("export", help="directory that `dume export` has written")
    arguments.add_argument("ids", help="JSON: lists of token ids")
    arguments.add_argument("logits", help="file that `dume logits` has written for them")
    given = arguments.parse_args()
    with open(given.ids, encoding="utf-8") as file:
        texts = json.load(file)
    expected = load_file(given.logits)
    model, loading = transformers.AutoModelForCausalLM.from_pretrained(
        given.export, trust_remote_code=True, torch_dtype=torch.float32, output_loading_info=True
    )
    model.eval()
    for what, names in loading.items():
        if names:
            print(f"{what}: {sorted(map(str, names))}")
    difference = 0.0
    largest = 0.0
    with torch.no_grad():
        for number, ids in enumerate(texts):
            want = expected[f"logits.{number}"]
            got = model(torch.tensor([ids])).logits[0]
            difference = max(difference, (got - want).abs().max().item())
            largest = max(largest, want.abs().max().item())
    print(
        f"{type(model).__name__}, torch {torch.__version__}, transformers {transformers.__version__}:"
        f" largest difference {difference:.2e}, largest logit {largest:.1f}, {len(texts)} texts"
    )


if __name__ == "__main__":
    main()
