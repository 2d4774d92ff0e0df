package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {

  @TempDir Path directory;

  @Test
  void shouldReadBackEveryTypeThatItWrites() throws IOException {
    Path file = directory.resolve("all.safetensors");
    List<TensorSpec> specs =
        List.of(
            TensorSpec.of("half", TensorType.F16, 3),
            TensorSpec.of("brain", TensorType.BF16, 3),
            TensorSpec.of("single", TensorType.F32, 3, 1),
            TensorSpec.of("double", TensorType.F64, 1, 3),
            TensorSpec.of("long", TensorType.I64, 2),
            TensorSpec.of("none", TensorType.F32, 0, 4),
            TensorSpec.of("scalar", TensorType.F32));
    float[] values = {1.5f, -0.25f, 0};
    double[] doubles = {Math.PI, -1e300, 0};
    try (SafetensorsWriter writer = new SafetensorsWriter(file, specs, Map.of("made", "here"))) {
      writer.write("scalar", new float[] {7});
      writer.write("long", new long[] {Long.MIN_VALUE, 5});
      writer.write("half", values);
      writer.append("brain", values, 0, 2);
      writer.append("brain", values, 2, 1);
      writer.write("single", values);
      writer.write("double", doubles);
      writer.finish();
    }

    try (Safetensors read = Safetensors.open(file)) {
      assertThat(read.readFloats("half")).containsExactly(values);
      assertThat(read.readFloats("brain")).containsExactly(values);
      assertThat(read.readFloats("single")).containsExactly(values);
      assertThat(read.readDoubles("double")).containsExactly(doubles);
      assertThat(read.readDoubles("half")).containsExactly(1.5, -0.25, 0);
      assertThat(read.readLongs("long")).containsExactly(Long.MIN_VALUE, 5);
      assertThat(read.readFloats("none")).isEmpty();
      assertThat(read.readFloats("scalar")).containsExactly(7);
      assertThat(read.spec("double").shape()).containsExactly(1L, 3L);
      assertThat(read.find("absent")).isEmpty();
      assertThat(read.metadata()).isEqualTo(Map.of("made", "here"));
    }
  }

  @Test
  void shouldWriteTheSameBytesForTheSameTensors() throws IOException {
    Path first = write("a.safetensors", new float[] {1, 2});
    Path second = write("b.safetensors", new float[] {1, 2});

    assertThat(Files.readAllBytes(first)).isEqualTo(Files.readAllBytes(second));
  }

  @Test
  void shouldLeaveNothingBehindWhenAFileIsNotFinished() throws IOException {
    Path file = directory.resolve("half.safetensors");
    List<TensorSpec> specs = List.of(TensorSpec.of("x", TensorType.F32, 2));

    try (SafetensorsWriter writer = new SafetensorsWriter(file, specs, Map.of())) {
      writer.append("x", new float[] {1}, 0, 1);
      assertThatThrownBy(writer::finish).hasMessageContaining("x").hasMessageContaining("4 bytes");
    }

    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void shouldReadATensorThatStandsBeyondFourGigabytes() throws IOException {
    long elements = (5L << 30) / 4;
    String header =
        "{\"big\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
            .formatted(elements, elements * 4);
    Path file = withHeader("big.safetensors", header, 0);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(8 + header.length() + elements * 4);
      sparse.seek(sparse.length() - 4);
      sparse.writeInt(Integer.reverseBytes(Float.floatToIntBits(42)));
    }
    float[] end = new float[2];

    try (Safetensors read = Safetensors.open(file)) {
      read.readFloats("big", elements - 2, end, 2);
    }

    assertThat(end).containsExactly(0, 42);
  }

  @Test
  void shouldRefuseATruncatedFileNamingFileAndTensor() throws IOException {
    Path file = write("cut.safetensors", new float[] {1, 2});
    try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
      cut.setLength(cut.length() - 1);
    }

    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("cut.safetensors")
        .hasMessageContaining("tensor x")
        .hasMessageContaining("truncated");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "not json | 16 | not valid JSON",
        "[1, 2] | 0 | not a JSON object",
        "{'x':{'dtype':'F8_E4M3','shape':[4],'data_offsets':[0,4]}} | 4 | type F8_E4M3 is not",
        "{'x':{'shape':[1],'data_offsets':[0,4]}} | 4 | type (none) is not supported",
        "{'x':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} | 4 | negative extent",
        "{'x':{'dtype':'F32','shape':[9000000000,9000000000],'data_offsets':[0,4]}} | 4 | too large",
        "{'x':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | 4 | takes 8",
        "{'x':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | 4 | not a range",
        "{'x':{'dtype':'F32','shape':[1],'data_offsets':[0,'4']}} | 4 | data_offsets holds",
        "{'x':{'dtype':'F32','shape':7,'data_offsets':[0,4]}} | 4 | shape is not an array",
        "{'x':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8 | a gap of 4 bytes",
        "{'x':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | 8 | 4 bytes after the last",
        "{'x':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'y':{'dtype':'F32','shape':[1],"
            + "'data_offsets':[2,6]}} | 6 | tensor y: its data overlap those of x",
        "{'x':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},'x':{'dtype':'F32','shape':[1],"
            + "'data_offsets':[0,4]}} | 4 | Duplicate field",
        "{'__metadata__':{'a':1}} | 0 | __metadata__.a is not a string",
      })
  void shouldRefuseAHeaderThatDoesNotHoldTogether(String header, int data, String problem)
      throws IOException {
    Path file = withHeader("bad.safetensors", header.replace('\'', '"'), data);

    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("bad.safetensors")
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @CsvSource({"-1, outside", "9223372036854775807, outside", "50, truncated", "0, outside"})
  void shouldRefuseAnAbsurdHeaderLength(long length, String problem) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
    Path file = Files.write(directory.resolve("absurd.safetensors"), bytes.array());

    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("absurd.safetensors")
        .hasMessageContaining(problem);
  }

  @Test
  void shouldRefuseATensorThatIsMissingOrNotFloatingPoint() throws IOException {
    Path file = directory.resolve("ids.safetensors");
    List<TensorSpec> specs = List.of(TensorSpec.of("ids", TensorType.I64, 1));
    try (SafetensorsWriter writer = new SafetensorsWriter(file, specs, Map.of())) {
      writer.write("ids", new long[] {1});
      writer.finish();
    }

    try (Safetensors read = Safetensors.open(file)) {
      assertThatThrownBy(() -> read.readFloats("y")).hasMessageContaining("tensor y: missing");
      assertThatThrownBy(() -> read.readFloats("ids")).hasMessageContaining("is I64");
    }
  }

  private Path write(String name, float[] values) throws IOException {
    Path file = directory.resolve(name);
    List<TensorSpec> specs = List.of(TensorSpec.of("x", TensorType.F32, values.length));
    try (SafetensorsWriter writer = new SafetensorsWriter(file, specs, Map.of())) {
      writer.write("x", values);
      writer.finish();
    }
    return file;
  }

  private Path withHeader(String name, String header, int data) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + data)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json);
    return Files.write(directory.resolve(name), bytes.array());
  }
}
