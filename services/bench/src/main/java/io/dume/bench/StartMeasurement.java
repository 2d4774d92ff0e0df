package io.dume.bench;

import io.dume.schemas.control.ControlLog;
import io.dume.schemas.kafka.Topics;
import io.dume.schemas.message.Fit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;

/**
 * {@code dume up} with the demo's model on data that is there: from the start of the process until
 * it has said that it is up and its worker has token batches to read.
 */
final class StartMeasurement implements Measurement {
  private static final String ROUTER = "default";
  private static final Duration LOOK_EVERY = Duration.ofMillis(20);
  private static final double READY_WITHIN_S = 120;
  private static final Target TARGET = Target.valueAtMost(6);

  @Override
  public String name() {
    return "start";
  }

  @Override
  public String description() {
    return "dume up on data that is there, until it is up and its worker has joined";
  }

  @Override
  public List<Figure> run(Bench bench) throws Exception {
    Path model = DemoModel.merge(bench.scratch());
    Path data = bench.scratch().resolve("data");
    bench.progress().accept("start: the first, on an empty directory");
    final double first = ready(bench, data, model);
    List<Double> seconds = new ArrayList<>();
    int rounds = bench.either(1, 5);
    for (int round = 1; round <= rounds; round++) {
      bench.progress().accept("start: %d of %d".formatted(round, rounds));
      seconds.add(ready(bench, data, model));
    }
    Samples samples = new Samples(seconds.stream().mapToDouble(Double::doubleValue).toArray());
    return List.of(
        Figure.of("start of dume up, warm", "s", samples).toReach(TARGET),
        Figure.of("start of dume up, on an empty directory", "s", Samples.of(first)));
  }

  private static double ready(Bench bench, Path data, Path model) throws Exception {
    try (UpProcess up = new UpProcess(bench, data, DemoModel.arguments(model))) {
      final double said = up.seconds();
      try (ControlLog control = new ControlLog(up.kafka(), Topics.DEFAULT);
          Admin admin = Admin.create(up.kafka().admin())) {
        while (up.seconds() < READY_WITHIN_S) {
          control.poll(LOOK_EVERY);
          Optional<Fit> fit = control.state().fit(ROUTER);
          if (fit.isPresent() && joined(admin, Topics.DEFAULT.workers(fit.get().getId()))) {
            return up.seconds();
          }
        }
      }
      throw new IllegalStateException(
          "dume up said after %.1f s that it is up, but no worker joined".formatted(said));
    }
  }

  private static boolean joined(Admin admin, String group) throws InterruptedException {
    try {
      return admin
          .describeConsumerGroups(List.of(group))
          .describedGroups()
          .get(group)
          .get()
          .members()
          .stream()
          .map(MemberDescription::assignment)
          .anyMatch(assignment -> !assignment.topicPartitions().isEmpty());
    } catch (ExecutionException e) {
      // No group yet, or no coordinator for it: not joined.
      return false;
    }
  }
}
