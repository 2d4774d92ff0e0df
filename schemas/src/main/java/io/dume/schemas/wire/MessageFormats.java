package io.dume.schemas.wire;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The formats that there are: single-object, and those that the class path brings. */
public final class MessageFormats {
  /** The setting that names a format. */
  public static final String SETTING = "dume.serde";

  /** The name of the format that depends on nothing. */
  public static final String SINGLE_OBJECT = "single-object";

  /** Brings a format; found through {@link ServiceLoader}. */
  public interface Provider {
    /**
     * What a user calls the format.
     *
     * @return short and in lower case
     */
    String name();

    /**
     * Opens the format.
     *
     * @param settings all settings of the installation's clients; the format knows its own
     * @return the format
     * @throws IllegalArgumentException if a setting is missing or wrong; the message names it
     */
    MessageFormat open(Map<String, String> settings);
  }

  private MessageFormats() {}

  /**
   * Opens a format.
   *
   * @param name its name
   * @param settings all settings of the installation's clients
   * @return the format
   * @throws IllegalArgumentException if there is no such format or its settings are wrong
   */
  public static MessageFormat open(String name, Map<String, String> settings) {
    if (name.equals(SINGLE_OBJECT)) {
      return MessageFormat.singleObject();
    }
    List<Provider> providers =
        StreamSupport.stream(ServiceLoader.load(Provider.class).spliterator(), false)
            .sorted(Comparator.comparing(Provider::name))
            .toList();
    Optional<Provider> named = providers.stream().filter(p -> p.name().equals(name)).findFirst();
    return named
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "%s=%s: there is no such format; say one of %s"
                        .formatted(SETTING, name, names(providers))))
        .open(settings);
  }

  private static String names(List<Provider> providers) {
    return Stream.concat(Stream.of(SINGLE_OBJECT), providers.stream().map(Provider::name))
        .collect(Collectors.joining(", "));
  }
}
