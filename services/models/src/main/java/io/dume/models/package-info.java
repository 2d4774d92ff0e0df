/**
 * The model library: dense checkpoints in, merged models out, and the forward pass of both.
 *
 * <p>{@link io.dume.models.Checkpoint} opens a Hugging Face directory of the Llama family, {@link
 * io.dume.models.Safetensors} and {@link io.dume.models.SafetensorsWriter} are the file format
 * below it, and {@link io.dume.models.Tokenizer} turns text into token ids.
 */
package io.dume.models;
