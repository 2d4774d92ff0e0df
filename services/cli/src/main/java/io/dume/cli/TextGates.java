package io.dume.cli;

import io.dume.models.Device;
import io.dume.models.FeatureSource;
import io.dume.models.MixtureModel;
import io.dume.models.RouterWeights;
import io.dume.models.Routing;
import io.dume.models.RoutingPolicy;
import io.dume.models.TokenEmbeddings;
import io.dume.models.TokenScoreTable;
import io.dume.models.TokenScores;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * A router's gates and what of a model they need to score a text: the token embeddings, or the
 * whole mixture. Another version of the same kind can take the place of the router.
 */
final class TextGates implements AutoCloseable {

  private final Path directory;
  private final OptionalInt begin;
  private final FeatureSource source;
  private final Optional<TokenEmbeddings> embeddings;
  private Optional<MixtureModel> mixture = Optional.empty();
  private Function<int[], TokenScores> scorer = ids -> new TokenScores(List.of(), List.of());

  /**
   * Loads what the router needs.
   *
   * @param begin the token that the model's sequences begin with, where they do
   * @throws IllegalArgumentException if the router is not one of this model
   */
  TextGates(Path directory, Device device, OptionalInt begin, RouterWeights router)
      throws IOException {
    this.directory = directory;
    this.begin = begin;
    this.source = router.featureSource();
    if (source == FeatureSource.EMBEDDING) {
      embeddings = Optional.of(TokenEmbeddings.load(directory, device));
    } else {
      embeddings = Optional.empty();
      mixture = Optional.of(MixtureModel.load(directory, device));
    }
    try {
      use(router);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  FeatureSource source() {
    return source;
  }

  /**
   * Scores with another router from now on; experts may have joined the model's directory since.
   *
   * @throws IllegalArgumentException if the router is of another kind or not one of this model
   */
  void use(RouterWeights router) throws IOException {
    router.requireSource(source);
    if (embeddings.isPresent()) {
      embeddings.get().reload();
      TokenScoreTable table = embeddings.get().scores(router);
      scorer = table::of;
      return;
    }
    MixtureModel model = newest();
    int window =
        Math.min(
            new WindowOption().of(directory, Optional.of(router)),
            model.config().maxPositionEmbeddings());
    Routing.TopK routing = new Routing.TopK(router, router.policy().orElse(RoutingPolicy.PAPER));
    scorer = ids -> forward(model, ids, window, routing);
  }

  private MixtureModel newest() throws IOException {
    MixtureModel model = mixture.orElseThrow();
    Optional<MixtureModel> reloaded = model.reload();
    if (reloaded.isPresent()) {
      model.close();
      mixture = reloaded;
    }
    return mixture.orElseThrow();
  }

  /** A forward pass begins as the model's sequences do, but that token tells nothing. */
  private TokenScores forward(MixtureModel model, int[] ids, int window, Routing.TopK routing) {
    int head = begin.isPresent() ? 1 : 0;
    int[] all = new int[head + ids.length];
    begin.ifPresent(id -> all[0] = id);
    System.arraycopy(ids, 0, all, head, ids.length);
    List<int[]> windows = new ArrayList<>();
    for (int from = 0; from < all.length; from += window) {
      windows.add(Arrays.copyOfRange(all, from, Math.min(all.length, from + window)));
    }
    TokenScores scores = model.tokenScores(windows, routing);
    return head == 0 ? scores : scores.from(head);
  }

  /**
   * Scores the tokens of a text.
   *
   * @param ids at least one
   */
  TokenScores scores(int[] ids) {
    return scorer.apply(ids);
  }

  @Override
  public void close() {
    embeddings.ifPresent(TokenEmbeddings::close);
    mixture.ifPresent(MixtureModel::close);
  }
}
