package io.dume.router;

import io.dume.schemas.kafka.KafkaSettings;
import io.dume.schemas.kafka.Topics;

/** The example of the README: what stands between the markers is there word for word. */
final class SubscriptionExample {
  private SubscriptionExample() {}

  /** A model that takes gates. */
  @FunctionalInterface
  interface Gates {
    void set(int layer, float[] weight, float[] bias);
  }

  static void follow(String bootstrapServers, Gates gates) {
    // begin of the README's example
    KafkaSettings kafka = KafkaSettings.of(bootstrapServers);
    try (RouterSubscription routers = RouterSubscription.open(kafka, Topics.DEFAULT, "default")) {
      routers.forEach(
          router -> {
            for (int layer = 0; layer < router.layers(); layer++) {
              // scores of a feature x: weight (experts x d) times x, plus bias
              gates.set(layer, router.weight(layer), router.bias(layer));
            }
          });
    }
    // end of the README's example
  }
}
