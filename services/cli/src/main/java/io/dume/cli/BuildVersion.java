package io.dume.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import org.apache.kafka.common.utils.AppInfoParser;
import picocli.CommandLine.IVersionProvider;

/** What is running: our version, and those that matter when something is reported. */
final class BuildVersion implements IVersionProvider {

  private static final String RESOURCE = "version.properties";

  @Override
  public String[] getVersion() throws IOException {
    return new String[] {
      "dume %s (Kafka %s, Java %s)"
          .formatted(
              version(), AppInfoParser.getVersion(), System.getProperty("java.runtime.version"))
    };
  }

  static String version() throws IOException {
    Properties properties = new Properties();
    try (InputStream stream = BuildVersion.class.getResourceAsStream(RESOURCE)) {
      if (stream == null) {
        throw new IOException("the resource " + RESOURCE + " is missing from this build");
      }
      properties.load(stream);
    }
    return properties.getProperty("version");
  }
}
