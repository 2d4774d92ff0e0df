package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class StoppedCommandTest {

  private final StopSignal stop = new StopSignal(hook -> {});
  private final StringWriter err = new StringWriter();

  /** A command that fails. */
  @Command(name = "work")
  private record Work(Exception failure) implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
      throw failure;
    }
  }

  @Test
  void shouldSayWhatDidNotComeToPass() {
    stop.request();

    run(new CompletionException(new StoppedException("stopped before the last version")));

    assertThat(err.toString().lines()).containsExactly("work: stopped before the last version");
  }

  @Test
  void shouldNotCallItAFaultWhenSomethingBreaksWhileStopping() {
    stop.request();

    run(new NullPointerException("a part was gone already"));

    assertThat(err.toString().lines()).containsExactly("work: stopped before it was done");
  }

  @Test
  void shouldStillSayWhatFailedForAReasonOfItsOwn() {
    stop.request();

    run(new IOException("the disk is full"));

    assertThat(err.toString().lines()).containsExactly("work: stopped: the disk is full");
  }

  @Test
  void shouldCallAFaultAFaultOtherwise() {
    run(new NullPointerException("a part was gone already"));

    assertThat(err.toString()).contains("this is a fault of dume");
  }

  private void run(Exception failure) {
    Console console = new Console(new PrintWriter(new StringWriter()), new PrintWriter(err), false);
    CommandLine command = new CommandLine(new Work(failure));
    command
        .getCommandSpec()
        .addMixin("verbosity", CommandLine.Model.CommandSpec.forAnnotatedObject(new Verbosity()));
    command.setExecutionExceptionHandler(
        new ErrorLines(console, new EnvironmentDefaults(Map.of()), stop));
    assertThat(command.execute()).isEqualTo(ExitCode.FAILURE);
  }
}
