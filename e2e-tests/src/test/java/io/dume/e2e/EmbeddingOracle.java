package io.dume.e2e;

import static io.dume.e2e.GoldenOracle.EXPERTS;
import static io.dume.e2e.GoldenOracle.WIDTH;

import io.dume.models.Safetensors;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What a router of token embeddings must be, from the embedding matrix and the golden batches in
 * plain float64: A = Σ [x;1][x;1]ᵀ, W = (A + λI)⁻¹ b by elimination, columns divided by the norm of
 * their first d entries.
 *
 * @param a (d+1) × (d+1)
 * @param weight experts × d
 * @param bias experts
 */
record EmbeddingOracle(double[] a, double[] weight, double[] bias) {

  private static final int N = WIDTH + 1;

  static EmbeddingOracle of(Path model) throws IOException {
    double[] matrix;
    try (Safetensors file = Safetensors.open(model.resolve("backbone.safetensors"))) {
      matrix = file.readDoubles("model.embed_tokens.weight");
    }
    int experts = EXPERTS.size();
    double[] a = new double[N * N];
    double[][] system = new double[N][N + experts];
    for (GoldenOracle.Labelled batch : GoldenOracle.batches()) {
      for (int id : batch.ids().subList(0, batch.counted())) {
        double[] x = new double[N];
        System.arraycopy(matrix, id * WIDTH, x, 0, WIDTH);
        x[WIDTH] = 1;
        for (int i = 0; i < N; i++) {
          for (int j = 0; j < N; j++) {
            a[i * N + j] += x[i] * x[j];
          }
          system[i][N + EXPERTS.indexOf(batch.expert())] += x[i];
        }
      }
    }
    for (int i = 0; i < N; i++) {
      System.arraycopy(a, i * N, system[i], 0, N);
      system[i][i] += Double.parseDouble(GoldenOracle.LAMBDA);
    }
    eliminate(system);
    double[] weight = new double[experts * WIDTH];
    double[] bias = new double[experts];
    for (int e = 0; e < experts; e++) {
      double norm = 0;
      for (int i = 0; i < WIDTH; i++) {
        norm += system[i][N + e] * system[i][N + e];
      }
      norm = Math.sqrt(norm);
      for (int i = 0; i < WIDTH; i++) {
        weight[e * WIDTH + i] = system[i][N + e] / norm;
      }
      bias[e] = system[WIDTH][N + e] / norm;
    }
    return new EmbeddingOracle(a, weight, bias);
  }

  /** Turns the left square into the identity: without pivoting, since it is positive definite. */
  private static void eliminate(double[][] system) {
    for (int p = 0; p < N; p++) {
      double pivot = system[p][p];
      for (int c = 0; c < system[p].length; c++) {
        system[p][c] /= pivot;
      }
      for (int r = 0; r < N; r++) {
        double factor = system[r][p];
        for (int c = 0; r != p && c < system[r].length; c++) {
          system[r][c] -= factor * system[p][c];
        }
      }
    }
  }
}
