package io.dume.embedded;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Who may reach an {@link EmbeddedBroker}: TLS for everybody, SCRAM-SHA-512 users, and nothing
 * allowed that an access control list does not allow.
 *
 * @param keystore a PKCS #12 file with the broker's key and certificate
 * @param keystorePassword of the file and of the key in it
 * @param users passwords by user name; written to the cluster at each start, so that a password
 *     given anew holds, while users that are left out stay as they are
 * @param superUsers those of the users that may do everything, to begin with create the others'
 *     lists
 */
public record BrokerSecurity(
    Path keystore, String keystorePassword, Map<String, String> users, Set<String> superUsers) {

  /** The mechanism by which users log in. */
  public static final String MECHANISM = "SCRAM-SHA-512";

  /** The broker's own name in front of its controller; nobody can log in under it from outside. */
  static final String BROKER_USER = "embedded-broker";

  /**
   * @throws IllegalArgumentException if a name or password is empty, or a super user is none of the
   *     users
   */
  public BrokerSecurity {
    users = Map.copyOf(users);
    superUsers = Set.copyOf(superUsers);
    if (keystorePassword.isEmpty()) {
      throw new IllegalArgumentException(
          "keystorePassword is empty; give the password of " + keystore);
    }
    for (Map.Entry<String, String> user : users.entrySet()) {
      requireName(user.getKey());
      if (user.getValue().isEmpty()) {
        throw new IllegalArgumentException(
            "user " + user.getKey() + " has an empty password; give one");
      }
    }
    Set<String> unknown = new TreeSet<>(superUsers);
    unknown.removeAll(users.keySet());
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "superUsers "
              + unknown
              + " are none of the users; give them passwords, or leave them out");
    }
  }

  private static void requireName(String name) {
    if (!name.matches("[A-Za-z0-9._-]+") || name.equals(BROKER_USER)) {
      throw new IllegalArgumentException(
          "user \""
              + name
              + "\": use letters, digits, '.', '_' and '-', and not the broker's own name "
              + BROKER_USER);
    }
  }

  /** Without passwords, since a configuration may end up in a log. */
  @Override
  public String toString() {
    return "BrokerSecurity[keystore=%s, users=%s, superUsers=%s]"
        .formatted(keystore, new TreeSet<>(users.keySet()), new TreeSet<>(superUsers));
  }
}
