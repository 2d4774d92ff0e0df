package io.dume.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import io.dume.demo.ModelFiles.Weights;
import io.dume.demo.TrainingOptions.Sizes;
import io.dume.models.DenseModel;
import io.dume.models.Device;
import io.dume.models.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainableLlamaTest {

  private static final Sizes SIZES = new Sizes(300, 16, 2, 2, 24);
  private static final int CONTEXT = 8;

  private NDManager manager;
  private TrainableLlama model;

  @BeforeEach
  void makeAModel() {
    manager = NDManager.newBaseManager();
    model = TrainableLlama.random(manager, SIZES, CONTEXT, 5);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void shouldHaveTheGradientThatTheLossItselfShows() {
    NDArray ids = ids(2, CONTEXT + 1, 11);
    Map<String, NDArray> tuned = model.tune(name -> true);

    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.backward(model.loss(ids));
    }

    tuned.forEach(
        (name, weight) -> {
          float[] gradient = weight.getGradient().toFloatArray();
          double norm = Math.sqrt(squares(gradient));
          assertThat(norm).as(name).isPositive();
          // Along its own gradient a loss rises by the gradient's norm.
          double slope = slope(name, gradient, 0.004 / norm, ids) / norm;
          assertThat(slope).as(name).isCloseTo(norm, within(0.02 * norm + 3e-4));
        });
  }

  @Test
  void shouldComputeWhatTheModelsLibraryComputes(@TempDir Path directory) throws IOException {
    Path tokenizer = directory.resolve("tokenizer");
    Files.createDirectories(tokenizer);
    TokenizerFiles.write(new BytePairEncoding(List.of()), CONTEXT, tokenizer);
    Path path = directory.resolve("model");
    ModelFiles.write(path, new Weights(SIZES, model.values()), TensorType.F32, CONTEXT, tokenizer);
    NDArray ids = ids(1, CONTEXT, 14);
    float[] expected;
    try (DenseModel library = DenseModel.load(path, Device.CPU)) {
      expected =
          library.logits(Arrays.stream(ids.toLongArray()).mapToInt(id -> (int) id).toArray());
    }

    float[] logits = model.logits(ids).toFloatArray();

    assertThat(logits).containsExactly(expected, within(1e-4f));
  }

  @Test
  void shouldNotSeeTheFuture() {
    NDArray ids = ids(1, CONTEXT, 12);
    NDArray changed = ids.duplicate();
    changed.set(new NDIndex("0, 5"), 299);

    float[] before = model.logits(ids).get(":, :5").toFloatArray();
    float[] after = model.logits(changed).get(":, :5").toFloatArray();

    assertThat(after).containsExactly(before);
  }

  @Test
  void shouldSeeThePast() {
    NDArray ids = ids(1, CONTEXT, 12);
    NDArray changed = ids.duplicate();
    changed.set(new NDIndex("0, 2"), 299);

    float[] before = model.logits(ids).get(":, 7:").toFloatArray();
    float[] after = model.logits(changed).get(":, 7:").toFloatArray();

    assertThat(after).isNotEqualTo(before);
  }

  @Test
  void shouldStartCloseToAUniformGuess() {
    float loss = model.loss(ids(8, CONTEXT + 1, 13)).getFloat();

    assertThat(loss).isCloseTo((float) Math.log(SIZES.vocabulary()), within(0.1f));
  }

  @Test
  void shouldDependOnTheSeedAlone() {
    Map<String, float[]> again = TrainableLlama.random(manager, SIZES, CONTEXT, 5).values();
    Map<String, float[]> other = TrainableLlama.random(manager, SIZES, CONTEXT, 6).values();

    model
        .values()
        .forEach((name, values) -> assertThat(again.get(name)).as(name).containsExactly(values));
    assertThat(other.get("model.embed_tokens.weight"))
        .isNotEqualTo(again.get("model.embed_tokens.weight"));
  }

  /** The loss's slope along a direction, from a central difference. */
  private double slope(String name, float[] direction, double width, NDArray ids) {
    return (shiftedLoss(name, direction, width, ids) - shiftedLoss(name, direction, -width, ids))
        / (2 * width);
  }

  private double shiftedLoss(String name, float[] direction, double by, NDArray ids) {
    Map<String, float[]> values = new LinkedHashMap<>(model.values());
    float[] shifted = Arrays.copyOf(values.get(name), direction.length);
    for (int i = 0; i < shifted.length; i++) {
      shifted[i] += (float) (by * direction[i]);
    }
    values.put(name, shifted);
    return TrainableLlama.of(manager, SIZES, CONTEXT, values).loss(ids).getFloat();
  }

  private static double squares(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value * value;
    }
    return sum;
  }

  private NDArray ids(int rows, int length, long seed) {
    long[] ids = new Random(seed).longs(rows * (long) length, 0, SIZES.vocabulary()).toArray();
    return manager.create(ids, new Shape(rows, length));
  }
}
