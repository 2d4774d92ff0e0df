package io.dume.e2e.security;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A key and a self-signed certificate for a broker on loopback, made by the JDK's {@code keytool}.
 *
 * @param keystore PKCS #12, for the broker
 * @param certificate PEM, for those who shall trust it
 */
record Certificates(Path keystore, Path certificate) {

  static Certificates make(Path directory, String password) throws IOException {
    Path keystore = directory.resolve("broker.p12");
    Path certificate = directory.resolve("broker.pem");
    List<String> store =
        List.of("-alias", "broker", "-keystore", keystore.toString(), "-storepass", password);
    keytool(
        store,
        "-genkeypair -storetype PKCS12 -keyalg EC -groupname secp256r1 -validity 2 -dname CN=broker"
            + " -ext SAN=ip:127.0.0.1,dns:localhost");
    keytool(store, "-exportcert -rfc -file " + certificate);
    return new Certificates(keystore, certificate);
  }

  private static void keytool(List<String> store, String arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments.split(" ")));
    command.addAll(store);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new AssertionError("keytool failed: " + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
