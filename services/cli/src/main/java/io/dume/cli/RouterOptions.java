package io.dume.cli;

import picocli.CommandLine.Option;

/** Which router of an installation. */
final class RouterOptions {

  /** The router's name when none is given. */
  static final String DEFAULT = "default";

  @Option(
      names = "--router-name",
      paramLabel = "NAME",
      defaultValue = DEFAULT,
      description = "The router's name. Default: ${DEFAULT-VALUE}.")
  private String name;

  String name() {
    return name;
  }
}
