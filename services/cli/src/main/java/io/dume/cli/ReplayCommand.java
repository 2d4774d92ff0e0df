package io.dume.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code dume replay}: another fit of the same token batches. */
@Command(
    name = "replay",
    description = {
      "Makes a router's fit again from token-batches, beside the one that serves.",
      "With another merged model, another context_dim, from another offset or for chosen domains. When"
          + " it has caught up with the head, the router moves over in one version. A replay that is"
          + " killed goes on where it was when the same command is given again."
    },
    footer = {
      "",
      "Examples:",
      "  dume replay --model merged2",
      "  dume replay --model merged --context-dim 128 --domains math,code",
      "  dume replay --model merged --from 2026-03-01T00:00:00Z --stay"
    })
final class ReplayCommand implements Callable<Integer> {

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions router = new RouterOptions();
  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private ReplayOptions options = new ReplayOptions();

  private final CliContext context;

  ReplayCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws Exception {
    return new ReplayRun(kafka.settings(), kafka.topics(), router.name(), options, context)
        .run(model.directory(), model.device());
  }
}
