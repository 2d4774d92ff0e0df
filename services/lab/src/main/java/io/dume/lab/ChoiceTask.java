package io.dume.lab;

import java.util.List;

/**
 * A question of which one answer is right, as token ids.
 *
 * @param query what stands before the answer; at least one token
 * @param choices at least two answers, none empty
 * @param gold index of the right one
 */
record ChoiceTask(int[] query, List<int[]> choices, int gold) {
  ChoiceTask {
    choices = List.copyOf(choices);
    if (query.length == 0
        || choices.size() < 2
        || choices.stream().anyMatch(ids -> ids.length == 0)) {
      throw new IllegalArgumentException(
          "a query of %d tokens and %d choices: a query, at least two choices and a text in each are needed"
              .formatted(query.length, choices.size()));
    }
    if (gold < 0 || gold >= choices.size()) {
      throw new IllegalArgumentException(
          "gold = %d: there are choices 0 to %d".formatted(gold, choices.size() - 1));
    }
  }
}
