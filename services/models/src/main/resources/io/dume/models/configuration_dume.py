"""Configuration of a mixture of experts that was exported by Dume Stream."""

from transformers import LlamaConfig


class DumeConfig(LlamaConfig):
    """Llama's, with experts in place of the MLP and how their gates choose.

    A layer l scores token t by z = gate(x) and remembers s_l(t) = c s_l(t-1) + (1 - c) z_l(t), with c the
    smoothing. What chooses is s_l(t), plus below times the sum of s_j(t) over shallower layers j, plus above
    times the sum of s_j(t-1) over deeper ones. Shares are the softmax, at the temperature, over the
    num_experts_per_tok best.
    """

    model_type = "dume"

    def __init__(
        self,
        num_experts=1,
        num_experts_per_tok=1,
        routing_temperature=1.0,
        routing_smoothing=0.0,
        routing_below=0.0,
        routing_above=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_experts = num_experts
        self.num_experts_per_tok = num_experts_per_tok
        self.routing_temperature = routing_temperature
        self.routing_smoothing = routing_smoothing
        self.routing_below = routing_below
        self.routing_above = routing_above
