/**
 * The demo's material: five small expert models, the text of their domains, and the trainer that
 * made them.
 *
 * <p>{@link io.dume.demo.DemoAssets} hands out what is on the class path. {@link
 * io.dume.demo.DemoTrainer} makes such experts again, or others, from text alone: {@code
 * BpeTrainer} learns a byte-level vocabulary and {@code TokenizerFiles} writes it the way Hugging
 * Face tokenizers read it; {@code TrainableLlama} is the Llama forward pass in operations that DJL
 * can differentiate, {@code TrainingLoop} and {@code AdamW} train it, and {@code ModelFiles} writes
 * the result as a checkpoint that the models library, or any other reader of the format, loads.
 *
 * <p>The experts share one base. What is tuned of it is a choice: the MLPs alone, as in the experts
 * that come with the project, which leaves the backbone of their merge exactly the base's, so all
 * that DUME can lose against the right expert is routing; or all weights, which is how most experts
 * found in practice were made, and whose averaged backbone costs more than routing does.
 */
package io.dume.demo;
