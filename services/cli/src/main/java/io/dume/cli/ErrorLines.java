package io.dume.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says in one line what is wrong and what to do; the stack trace comes with {@code --verbose}. */
final class ErrorLines implements IParameterExceptionHandler, IExecutionExceptionHandler {

  private final Console console;
  private final EnvironmentDefaults environment;
  private final StopSignal stop;

  ErrorLines(Console console, EnvironmentDefaults environment, StopSignal stop) {
    this.console = console;
    this.environment = environment;
    this.stop = stop;
  }

  @Override
  public int handleParseException(ParameterException exception, String[] arguments) {
    CommandLine command = exception.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    console.note(name + ": " + exception.getMessage() + origin(exception));
    if (!UnmatchedArgumentException.printSuggestions(exception, console.err())) {
      console.note("Try '" + name + " --help'.");
    }
    console.flush();
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(
      Exception exception, CommandLine command, ParseResult parsed) {
    if (exception instanceof ParameterException usage) {
      return handleParseException(usage, new String[0]);
    }
    Throwable cause = unwrapped(exception);
    String advice = AclAdvice.of(exception, command.getCommandSpec()).map(a -> "; " + a).orElse("");
    console.note(command.getCommandSpec().qualifiedName() + ": " + line(cause) + advice);
    if (DumeCommandLine.verbosity(parsed).verbose()) {
      // The line above says it all to users; --verbose asks for where it came from.
      exception.printStackTrace(console.err());
    }
    console.flush();
    if (cause instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    return ExitCode.FAILURE;
  }

  /** Names the variable that a wrong value came from, which nobody sees on the command line. */
  private String origin(ParameterException exception) {
    return Optional.ofNullable(exception.getArgSpec())
        .filter(OptionSpec.class::isInstance)
        .map(OptionSpec.class::cast)
        .flatMap(environment::find)
        .filter(variable -> exception.getMessage().contains(variable.value()))
        .map(variable -> " (from the environment variable " + variable.name() + ")")
        .orElse("");
  }

  /** The first cause that says something: wrappers only repeat it behind a class name. */
  private static Throwable unwrapped(Throwable exception) {
    Throwable cause = exception;
    while (cause.getCause() != null
        && (cause instanceof ExecutionException
            || cause instanceof CompletionException
            || cause instanceof CommandLine.ExecutionException
            || cause instanceof UncheckedIOException)) {
      cause = cause.getCause();
    }
    return cause;
  }

  /** What fails after a stop was asked for failed because of it, and is nobody's fault. */
  private String line(Throwable cause) {
    if (stop.requested() && !(cause instanceof StoppedException)) {
      return isOurs(cause) ? "stopped: " + describe(cause) : "stopped before it was done";
    }
    return describe(cause);
  }

  private static String describe(Throwable cause) {
    if (cause instanceof NoSuchFileException e) {
      return e.getFile() + " does not exist; check the path";
    }
    if (cause instanceof AccessDeniedException e) {
      return e.getFile() + " may not be read or written; check its permissions";
    }
    if (cause instanceof FileAlreadyExistsException e) {
      return e.getFile() + " exists already; remove it or choose another name";
    }
    if (cause instanceof NotDirectoryException e) {
      return e.getFile() + " is not a directory; check the path";
    }
    if (cause instanceof DirectoryNotEmptyException e) {
      return e.getFile() + " is not empty; choose another directory";
    }
    if (cause instanceof InterruptedException) {
      return "interrupted";
    }
    if (cause instanceof OutOfMemoryError e) {
      return "out of memory (%s); give the Java heap more, as in DUME_JAVA_OPTS=-Xmx8g"
          .formatted(e.getMessage());
    }
    if (cause instanceof LinkageError e) {
      return "a native library or class cannot be loaded (%s); --verbose shows where"
          .formatted(e.getMessage());
    }
    if (isOurs(cause)) {
      return cause.getMessage();
    }
    return "unexpected %s; this is a fault of dume, please report it with the output of --verbose"
        .formatted(cause);
  }

  /** Exceptions whose message was written for people; all others are faults. */
  private static boolean isOurs(Throwable cause) {
    if (cause.getMessage() == null || cause.getMessage().isBlank()) {
      return false;
    }
    return cause instanceof IOException
        || cause instanceof IllegalArgumentException
        || cause instanceof IllegalStateException
        || cause instanceof KafkaException
        || cause.getClass().getName().startsWith("io.dume.");
  }
}
