package io.dume.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Gives every option a mirror in the environment, without a word in the option itself.
 *
 * <p>{@code --bootstrap-servers} is {@code DUME_BOOTSTRAP_SERVERS} for all commands, and {@code
 * DUME_FEED_BOOTSTRAP_SERVERS} for {@code dume feed} alone, which wins. An empty variable counts as
 * not set. An option that may be repeated takes several values separated by {@code ;}.
 */
final class EnvironmentDefaults implements IDefaultValueProvider {

  private static final String PREFIX = "DUME_";

  /** Options that may be repeated declare this split expression; no value contains a line end. */
  static final String SPLIT = "\n";

  private static final String SEPARATOR = ";";

  private final Map<String, String> environment;

  EnvironmentDefaults(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** A variable that is set: its name and its value. */
  record Variable(String name, String value) {}

  @Override
  public String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option)) {
      return null;
    }
    // Picocli asks for null where there is no value.
    return find(option).map(variable -> value(option, variable)).orElse(null);
  }

  Optional<Variable> find(OptionSpec option) {
    return names(option).stream()
        .filter(name -> !environment.getOrDefault(name, "").isEmpty())
        .map(name -> new Variable(name, environment.get(name)))
        .findFirst();
  }

  /** The variables of an option, strongest first; none for help and version. */
  static List<String> names(OptionSpec option) {
    if (option.usageHelp() || option.versionHelp() || !option.longestName().startsWith("--")) {
      return List.of();
    }
    String flag = snake(option.longestName().substring(2));
    List<String> names = new ArrayList<>();
    if (option.command() != null && option.command().parent() != null) {
      names.add(PREFIX + path(option.command()) + "_" + flag);
    }
    names.add(PREFIX + flag);
    return names;
  }

  /** The variable that holds for all commands, for the help. */
  static Optional<String> commonName(OptionSpec option) {
    List<String> names = names(option);
    return names.isEmpty() ? Optional.empty() : Optional.of(names.get(names.size() - 1));
  }

  private static String path(CommandSpec command) {
    CommandSpec parent = command.parent();
    String name = snake(command.name());
    return parent == null || parent.parent() == null ? name : path(parent) + "_" + name;
  }

  private static String value(OptionSpec option, Variable variable) {
    return option.isMultiValue() ? variable.value().replace(SEPARATOR, SPLIT) : variable.value();
  }

  private static String snake(String name) {
    return name.replace('-', '_').toUpperCase(Locale.ROOT);
  }
}
