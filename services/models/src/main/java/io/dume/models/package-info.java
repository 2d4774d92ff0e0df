/**
 * The model library: dense checkpoints in, merged models out, and the forward pass of both. It
 * knows nothing of Kafka.
 *
 * <p><b>Files.</b> {@link io.dume.models.Checkpoint} opens a Hugging Face directory of the Llama
 * family; {@link io.dume.models.Safetensors} and {@link io.dume.models.SafetensorsWriter} are the
 * format below it; {@link io.dume.models.Tokenizer} turns text into token ids. Everything is
 * checked when it is opened, each number when it is read, and what the forward pass does not know
 * is refused by name ({@link io.dume.models.ModelConfig}): a model that opens is computed as its
 * makers meant it. Tensors are mapped, never held, so neither a model nor one of its tensors has to
 * fit in the heap.
 *
 * <p><b>Merge.</b> {@link io.dume.models.MoErge} averages everything outside of the MLPs and keeps
 * each expert's MLPs. {@link io.dume.models.MergedManifest} names the result by the SHA-256 of its
 * weights, which is what statistics and routers are tied to. Experts join and leave a merged
 * directory while its backbone stays, under the eyes of processes that run on it: weights go to
 * files of their own, and the manifest, which alone says which of them count, is replaced in one
 * step, after what it lists is on the disk and before what it no longer lists goes. A reader that
 * finds the list changed while it opened the files begins again.
 *
 * <p><b>Forward pass.</b> {@link io.dume.models.MixtureModel} and {@link io.dume.models.DenseModel}
 * share one pass and differ in what stands where the MLP is: one expert for all tokens (features,
 * {@link io.dume.models.Routing.Oracle}), the top k of a router, a random expert, or the average.
 * Sequences of unequal length are packed one after the other. Attention goes over them one by one
 * on a processor; on a GPU they are laid out as a right-padded grid for it alone. There is no pad
 * anywhere else, so none can reach a statistic. The arithmetic is a dozen TorchScript functions
 * ({@code kernels.py}) that are packed for libtorch in Java, because DJL's arrays lack fused
 * attention; weights are arguments, so one small script serves every model.
 *
 * <p><b>Text, token by token.</b> {@link io.dume.models.Generation} reads a sequence on and on,
 * with the keys and values of what it has read, and what the layers remember of their scores, on
 * the device; {@link io.dume.models.Sampler} chooses tokens, and {@link
 * io.dume.models.TextGeneration} makes text of both. Only experts that have a share of a token are
 * asked, and their shares are told with each token.
 *
 * <p><b>Same bits.</b> How sequences are grouped into passes depends on their lengths alone, shares
 * are added in the order of the router's experts, and the script's optimiser is off. Equal inputs
 * give equal bits on hosts of equal {@link io.dume.models.NumericProfile}.
 */
package io.dume.models;
