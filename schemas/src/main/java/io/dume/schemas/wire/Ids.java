package io.dume.schemas.wire;

import io.dume.schemas.message.Fit;
import io.dume.schemas.message.Id;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.UUID;

/**
 * The 16-byte ids of the system. A derived id is the first 16 bytes of a SHA-256 over its parts,
 * each preceded by its length, so no two lists of parts run together.
 */
public final class Ids {
  /** Bytes of an id. */
  public static final int BYTES = 16;

  private Ids() {}

  /**
   * The id of a token batch; the same when the same document is sent again.
   *
   * @param source where documents come from, as in a path or a topic
   * @param document the document's id within the source
   * @param part the ordinal of the record within the document, from 0
   * @return the id, which is the message key too
   */
  public static Id ofRecord(String source, String document, int part) {
    return derive("record", source, document, Integer.toString(part));
  }

  /**
   * The id of a slot: statistics that are stored together and removed together. This one is of a
   * domain that is in its fit from the first list of experts on.
   *
   * @param domain the domain of the tokens
   * @param expertMlp SHA-256, in hexadecimal, of the MLPs that they were extracted through
   * @param heldOut whether the tokens are kept out of routers
   * @return the id
   */
  public static Id ofSlot(String domain, String expertMlp, boolean heldOut) {
    return ofSlot(domain, expertMlp, heldOut, 1);
  }

  /**
   * The id of a slot of a domain that came into its fit later, or came back.
   *
   * @param domain the domain of the tokens
   * @param expertMlp SHA-256, in hexadecimal, of the MLPs that they were extracted through
   * @param heldOut whether the tokens are kept out of routers
   * @param since version of the list of experts with which the domain came into the fit
   * @return the id
   */
  public static Id ofSlot(String domain, String expertMlp, boolean heldOut, int since) {
    String out = Boolean.toString(heldOut);
    // Domains of a fit's first list keep the ids that they had before domains could come and go.
    return since == 1
        ? derive("slot", domain, expertMlp, out)
        : derive("slot", domain, expertMlp, out, Integer.toString(since));
  }

  /**
   * The id that a fit must have: a hash of what its statistics depend on.
   *
   * @param fit a fit; its own id is not read
   * @return the id
   */
  public static Id ofFit(Fit fit) {
    return derive(
        "fit",
        fit.getBackbone(),
        fit.getFeatureSource(),
        Integer.toString(fit.getContextDim()),
        Integer.toString(fit.getFractionBits()),
        Integer.toString(fit.getTileSize()),
        fit.getProfile().getDeviceKind(),
        fit.getProfile().getInstructionSet(),
        fit.getProfile().getLibrary(),
        fit.getProfile().getGramType(),
        fit.getLabel());
  }

  /**
   * A fresh id, as for a flush.
   *
   * @return 122 random bits
   */
  public static Id random() {
    UUID uuid = UUID.randomUUID();
    return new Id(
        ByteBuffer.allocate(BYTES)
            .putLong(uuid.getMostSignificantBits())
            .putLong(uuid.getLeastSignificantBits())
            .array());
  }

  /**
   * The partition of a layer: the same for every flush and cut of a fit, and layers spread.
   *
   * @param fit the fit
   * @param layer the layer, from 0
   * @param partitions the number of partitions, which never changes
   * @return a partition
   */
  public static int partition(Id fit, int layer, int partitions) {
    long hash = Integer.toUnsignedLong(ByteBuffer.wrap(fit.bytes()).getInt());
    return (int) ((hash + layer) % partitions);
  }

  /**
   * An id for people.
   *
   * @param id any id
   * @return 32 hexadecimal digits
   */
  public static String hex(Id id) {
    return HexFormat.of().formatHex(id.bytes());
  }

  private static Id derive(String... parts) {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    for (String part : parts) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
      sha256.update(bytes);
    }
    return new Id(Arrays.copyOf(sha256.digest(), BYTES));
  }
}
