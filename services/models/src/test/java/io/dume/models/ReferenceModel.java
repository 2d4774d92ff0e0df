package io.dume.models;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * The Llama forward pass written down once more, in plain float64 loops over one sequence, from the
 * published definition. It shares nothing with the code under test: it reads the configuration's
 * JSON itself.
 */
class ReferenceModel {

  private final TestModel model;
  private final int d;
  private final int heads;
  private final int kvHeads;
  private final int width;

  ReferenceModel(TestModel model) {
    this.model = model;
    this.d = model.integer("hidden_size");
    this.heads = model.integer("num_attention_heads");
    this.kvHeads = model.integer("num_key_value_heads");
    this.width = model.integer("head_dim");
  }

  /** Returns the logits of every position: (T, vocabulary). */
  double[][] logits(int[] ids) {
    double[][] hidden = embed(ids);
    for (int l = 0; l < model.integer("num_hidden_layers"); l++) {
      String layer = "model.layers." + l + ".";
      hidden = add(hidden, attention(layer, norm(hidden, layer + "input_layernorm.weight")));
      double[][] x = norm(hidden, layer + "post_attention_layernorm.weight");
      hidden = add(hidden, mlp(l, x));
    }
    boolean tied = model.config.get("tie_word_embeddings").asBoolean();
    return linear(norm(hidden, "model.norm.weight"), tied ? "model.embed_tokens" : "lm_head");
  }

  private double[][] embed(int[] ids) {
    float[] table = model.weights.get("model.embed_tokens.weight");
    double[][] hidden = new double[ids.length][d];
    for (int t = 0; t < ids.length; t++) {
      for (int i = 0; i < d; i++) {
        hidden[t][i] = table[ids[t] * d + i];
      }
    }
    return hidden;
  }

  private double[][] norm(double[][] x, String name) {
    float[] weight = model.weights.get(name);
    double eps = model.config.get("rms_norm_eps").asDouble();
    double[][] y = new double[x.length][d];
    for (int t = 0; t < x.length; t++) {
      double squares = 0;
      for (double value : x[t]) {
        squares += value * value;
      }
      double root = Math.sqrt(squares / d + eps);
      for (int i = 0; i < d; i++) {
        y[t][i] = x[t][i] / root * weight[i];
      }
    }
    return y;
  }

  private double[][] linear(double[][] x, String name) {
    float[] weight = model.weights.get(name + ".weight");
    float[] bias = model.weights.get(name + ".bias");
    int in = x[0].length;
    int out = weight.length / in;
    double[][] y = new double[x.length][out];
    for (int t = 0; t < x.length; t++) {
      for (int o = 0; o < out; o++) {
        double sum = bias == null ? 0 : bias[o];
        for (int i = 0; i < in; i++) {
          sum += x[t][i] * weight[o * in + i];
        }
        y[t][o] = sum;
      }
    }
    return y;
  }

  /** Returns what a layer's MLP makes of its features, (T, d). */
  double[][] mlp(int l, double[][] x) {
    String layer = "model.layers." + l + ".";
    double[][] gate = linear(x, layer + "mlp.gate_proj");
    double[][] up = linear(x, layer + "mlp.up_proj");
    for (int t = 0; t < x.length; t++) {
      for (int i = 0; i < gate[t].length; i++) {
        gate[t][i] = gate[t][i] / (1 + Math.exp(-gate[t][i])) * up[t][i];
      }
    }
    return linear(gate, layer + "mlp.down_proj");
  }

  private double[][] attention(String layer, double[][] x) {
    double[][] query = linear(x, layer + "self_attn.q_proj");
    double[][] key = linear(x, layer + "self_attn.k_proj");
    double[][] value = linear(x, layer + "self_attn.v_proj");
    for (int t = 0; t < x.length; t++) {
      rotate(query[t], t, heads);
      rotate(key[t], t, kvHeads);
    }
    double[][] y = new double[x.length][heads * width];
    for (int head = 0; head < heads; head++) {
      int from = head * width;
      int kvFrom = head / (heads / kvHeads) * width;
      for (int t = 0; t < x.length; t++) {
        double[] share = new double[t + 1];
        double total = 0;
        for (int s = 0; s <= t; s++) {
          double score = 0;
          for (int i = 0; i < width; i++) {
            score += query[t][from + i] * key[s][kvFrom + i];
          }
          share[s] = Math.exp(score / Math.sqrt(width));
          total += share[s];
        }
        for (int s = 0; s <= t; s++) {
          for (int i = 0; i < width; i++) {
            y[t][from + i] += share[s] / total * value[s][kvFrom + i];
          }
        }
      }
    }
    return linear(y, layer + "self_attn.o_proj");
  }

  private void rotate(double[] row, int position, int count) {
    for (int head = 0; head < count; head++) {
      for (int i = 0; i < width / 2; i++) {
        int a = head * width + i;
        int b = a + width / 2;
        double angle = position * frequency(i);
        double first = row[a] * Math.cos(angle) - row[b] * Math.sin(angle);
        row[b] = row[b] * Math.cos(angle) + row[a] * Math.sin(angle);
        row[a] = first;
      }
    }
  }

  /** The frequency of a pair, by the definitions of the published model code. */
  private double frequency(int pair) {
    JsonNode parameters = model.config.path("rope_parameters");
    JsonNode base = parameters.isObject() ? parameters : model.config;
    JsonNode scaling = parameters.isObject() ? parameters : model.config.path("rope_scaling");
    double frequency = 1 / Math.pow(base.get("rope_theta").asDouble(), 2.0 * pair / width);
    String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
    double factor = scaling.path("factor").asDouble();
    if (type.equals("linear")) {
      return frequency / factor;
    }
    if (!type.equals("llama3")) {
      return frequency;
    }
    double low = scaling.get("low_freq_factor").asDouble();
    double high = scaling.get("high_freq_factor").asDouble();
    double original = scaling.get("original_max_position_embeddings").asDouble();
    double wavelength = 2 * Math.PI / frequency;
    if (wavelength < original / high) {
      return frequency;
    }
    if (wavelength > original / low) {
      return frequency / factor;
    }
    double smooth = (original / wavelength - low) / (high - low);
    return (1 - smooth) * frequency / factor + smooth * frequency;
  }

  private static double[][] add(double[][] a, double[][] b) {
    double[][] sum = new double[a.length][a[0].length];
    for (int t = 0; t < a.length; t++) {
      for (int i = 0; i < a[t].length; i++) {
        sum[t][i] = a[t][i] + b[t][i];
      }
    }
    return sum;
  }
}
