package io.dume.models;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Packs TorchScript source as an archive that libtorch opens, without Python: a stored zip with the
 * format version, no constants, the pickled module (an object without weights) and the code.
 */
final class TorchScript {

  /** PyTorch's file format version 10, the one that libtorch 2.5 writes. */
  private static final String FORMAT = "10\n";

  private TorchScript() {}

  static byte[] archive(String className, String resource) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes);
        InputStream source = TorchScript.class.getResourceAsStream(resource)) {
      store(zip, "version", FORMAT.getBytes(StandardCharsets.US_ASCII));
      // PROTO 2, EMPTY_TUPLE, STOP
      store(zip, "constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
      store(zip, "data.pkl", pickledModule(className));
      store(zip, "code/__torch__.py", source.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException("writing " + className + " to memory", e);
    }
    return bytes.toByteArray();
  }

  /** {@code __torch__.<className>()} with the state {@code {"training": False}}. */
  private static byte[] pickledModule(String className) throws IOException {
    ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    pickle.write(new byte[] {(byte) 0x80, 2, 'c'});
    pickle.write(("__torch__\n" + className + "\n").getBytes(StandardCharsets.US_ASCII));
    // EMPTY_TUPLE, NEWOBJ, EMPTY_DICT, MARK, BINUNICODE "training", NEWFALSE, SETITEMS, BUILD, STOP
    pickle.write(new byte[] {')', (byte) 0x81, '}', '(', 'X', 8, 0, 0, 0});
    pickle.write("training".getBytes(StandardCharsets.US_ASCII));
    pickle.write(new byte[] {(byte) 0x89, 'u', 'b', '.'});
    return pickle.toByteArray();
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry("module/" + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    entry.setTime(0);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
