"""A mixture of experts that was exported by Dume Stream: Llama with experts in place of its MLPs.

What layers remember of a sequence (see DumeConfig) lies in the key-value cache, so a text can be read and
written on. Where scores of deeper layers join, a text that is read at once is read twice, the first time
without them; with a cache, as generate() has one, token after token.
"""

import torch
from torch import nn
from torch.nn import functional
from transformers import DynamicCache, LlamaForCausalLM
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.models.llama.modeling_llama import LlamaMLP

from .configuration_dume import DumeConfig

# Tokens whose scores fade at a time: a block takes the square of it.
BLOCK = 256


class DumeCache(DynamicCache):
    """Keys and values, and what each layer remembers after the last token: (batch, experts)."""

    def __init__(self):
        super().__init__()
        self.remembered = {}

    def _change(self, change):
        self.remembered = {layer: change(scores) for layer, scores in self.remembered.items()}

    def reorder_cache(self, beam_idx):
        super().reorder_cache(beam_idx)
        self._change(lambda scores: scores.index_select(0, beam_idx.to(scores.device)))

    def batch_repeat_interleave(self, repeats):
        super().batch_repeat_interleave(repeats)
        self._change(lambda scores: scores.repeat_interleave(repeats, dim=0))

    def batch_select_indices(self, indices):
        super().batch_select_indices(indices)
        self._change(lambda scores: scores[indices])

    def crop(self, *args, **kwargs):
        raise ValueError("what a layer remembers can't be taken back: generate without an assistant")


class DumeRouting:
    """What the layers' scores of one call have in common. Holds no weights.

    Layers may lie on several devices: each takes the others' scores to its own.
    """

    def __init__(self, config):
        self.c = config.routing_smoothing
        self.below = config.routing_below
        self.above = config.routing_above
        self.remembers = self.c > 0 or self.below > 0 or self.above > 0
        self.begin(None, {}, None)

    def begin(self, mask, remembered, earlier):
        """Begins a pass: which tokens count, what is remembered, and all layers of an earlier pass."""
        self.mask = mask
        self.before = dict(remembered)
        self.remembered = remembered
        self.earlier = earlier
        self.layers = []

    def scores(self, layer, z):
        """What chooses, (batch, tokens, experts), from a layer's scores of the same shape."""
        if not self.remembers:
            return z
        s = self._fade(z, self.before.get(layer))
        scores = s
        if self.below > 0 and layer > 0:
            scores = scores + self.below * sum(s.to(z.device) for s in self.layers)
        if self.above > 0:
            scores = scores + self.above * self._deeper(layer, z)
        self.layers.append(s)
        self.remembered[layer] = s[:, -1]
        return scores

    def _fade(self, z, before):
        mask = self.mask.to(device=z.device, dtype=torch.bool)
        before = torch.zeros_like(z[:, 0]) if before is None else before.to(z.device)
        faded = []
        for start in range(0, z.shape[1], BLOCK):
            counts = mask[:, start : start + BLOCK]
            values = z[:, start : start + BLOCK].masked_fill(~counts[..., None], 0)
            past = counts.double().cumsum(1)
            gap = past[:, :, None] - past[:, None, :]
            causal = torch.ones(gap.shape[1:], dtype=torch.bool, device=z.device).tril()
            weight = (1 - self.c) * torch.pow(self.c, gap.clamp(min=0))
            weight = weight.masked_fill(~(causal & counts[:, None, :]), 0)
            s = weight.to(z.dtype) @ values
            s = s + torch.pow(self.c, past)[..., None].to(z.dtype) * before[:, None]
            before = s[:, -1]
            faded.append(s)
        return torch.cat(faded, dim=1)

    def _deeper(self, layer, z):
        # A list of tensors may be empty: the sum of none is 0.
        last = sum(s.to(z.device) for j, s in self.before.items() if j > layer)
        if self.earlier is None:
            return last[:, None] if torch.is_tensor(last) else 0
        sums = sum(s.to(z.device) for s in self.earlier[layer + 1 :])
        if not torch.is_tensor(sums):
            return 0
        first = last[:, None] if torch.is_tensor(last) else torch.zeros_like(sums[:, :1])
        return torch.cat([first, sums[:, :-1]], dim=1)


class DumeExperts(nn.Module):
    """The experts of one layer and the gate that chooses among them, in place of an MLP."""

    def __init__(self, config, layer, routing):
        super().__init__()
        self.layer = layer
        self.routing = routing
        self.top_k = config.num_experts_per_tok
        self.temperature = config.routing_temperature
        self.gate = nn.Linear(config.hidden_size, config.num_experts, bias=True)
        self.experts = nn.ModuleList([LlamaMLP(config) for _ in range(config.num_experts)])

    def forward(self, x):
        # In float32 whatever the model is in: a score decides between experts.
        z = functional.linear(x.float(), self.gate.weight.float(), self.gate.bias.float())
        best, chosen = torch.topk(self.routing.scores(self.layer, z), self.top_k, dim=-1)
        shares = torch.softmax(best / self.temperature, dim=-1).to(x.dtype).flatten(0, 1)
        chosen = chosen.flatten(0, 1)
        tokens = x.flatten(0, 1)
        out = torch.zeros_like(tokens)
        for number, expert in enumerate(self.experts):
            token, rank = torch.where(chosen == number)
            if token.numel() > 0:
                out.index_add_(0, token, expert(tokens[token]) * shares[token, rank, None])
        return out.view_as(x)


class DumeForCausalLM(LlamaForCausalLM):
    config_class = DumeConfig

    def __init__(self, config):
        super().__init__(config)
        self.routing = DumeRouting(config)
        for number, layer in enumerate(self.model.layers):
            layer.mlp = DumeExperts(config, number, self.routing)
        self.post_init()

    def forward(
        self,
        input_ids=None,
        attention_mask=None,
        position_ids=None,
        past_key_values=None,
        inputs_embeds=None,
        labels=None,
        use_cache=None,
        **kwargs,
    ):
        text = {"input_ids": input_ids, "inputs_embeds": inputs_embeds, "position_ids": position_ids}
        routing = self.routing
        if not routing.remembers:
            return super().forward(
                attention_mask=attention_mask,
                past_key_values=past_key_values,
                labels=labels,
                use_cache=use_cache,
                **text,
                **kwargs,
            )
        tokens = input_ids if input_ids is not None else inputs_embeds
        length = tokens.shape[1]
        if attention_mask is None:
            mask = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
        else:
            mask = attention_mask[:, -length:]
        going_on = past_key_values is not None
        if use_cache is None:
            use_cache = self.config.use_cache
        cache = self._cache(past_key_values) if going_on or use_cache else None
        if routing.above > 0 and going_on and length > 1:
            if labels is not None:
                raise ValueError("a loss is computed without past_key_values: the text is read twice")
            return self._token_by_token(text, attention_mask, mask, cache, kwargs)
        earlier = None
        if routing.above > 0 and not going_on:
            with torch.no_grad():
                routing.begin(mask, {}, None)
                self.model(attention_mask=attention_mask, use_cache=False, **text)
                earlier = routing.layers
        routing.begin(mask, {} if cache is None else cache.remembered, earlier)
        return super().forward(
            attention_mask=attention_mask,
            past_key_values=cache,
            labels=labels,
            use_cache=use_cache,
            **text,
            **kwargs,
        )

    @staticmethod
    def _cache(past):
        if isinstance(past, DumeCache):
            return past
        if past is None or (isinstance(past, DynamicCache) and past.get_seq_length() == 0):
            return DumeCache()
        raise ValueError("past_key_values must be empty and dynamic, or those that a call before returned")

    def _token_by_token(self, text, attention_mask, mask, cache, kwargs):
        """What a deeper layer scored for a token is there when the next one comes, and not before."""
        keep = kwargs.pop("logits_to_keep", 0) or kwargs.pop("num_logits_to_keep", 0)
        kwargs.pop("num_logits_to_keep", None)
        positions = kwargs.pop("cache_position", None)
        kwargs.pop("return_dict", None)
        length = mask.shape[1]
        logits = []
        for t in range(length):
            now = {name: None if value is None else value[:, t : t + 1] for name, value in text.items()}
            seen = None if attention_mask is None else attention_mask[:, : attention_mask.shape[1] - length + t + 1]
            if positions is not None:
                now["cache_position"] = positions[t : t + 1]
            self.routing.begin(mask[:, t : t + 1], cache.remembered, None)
            out = super().forward(
                attention_mask=seen, past_key_values=cache, use_cache=True, return_dict=True, **now, **kwargs
            )
            logits.append(out.logits)
        if isinstance(keep, int) and keep > 0:
            logits = logits[-keep:]
        return CausalLMOutputWithPast(logits=torch.cat(logits, dim=1), past_key_values=cache)
