package io.dume.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FigureFileTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;

  @Test
  void shouldWriteAllThatIsKnownAndNullForTheRest() throws IOException {
    Rounds rounds = new Rounds(Samples.of(9), Samples.of(10), Samples.of(0.9));

    JsonNode written =
        FigureFile.json(
            List.of(
                Figure.against("fold", "MB/s", rounds, Target.ratioAtLeast(0.8)),
                Figure.against("freshness", "ms", rounds, Target.aboveFloorAtMost(400)),
                Figure.of("changelog", "", Samples.of(0.3)).toReach(Target.valueAtMost(0.2)),
                Figure.of("start", "s", Samples.of(5))));

    assertThat(written)
        .isEqualTo(
            JSON.readTree(
                """
                [{"name": "fold", "value": 9.0, "floor": 10.0, "unit": "MB/s", "ratio": 0.9,
                  "target": 0.8, "reached": true},
                 {"name": "freshness", "value": 9.0, "floor": 10.0, "unit": "ms", "ratio": null,
                  "target": 400.0, "reached": true},
                 {"name": "changelog", "value": 0.3, "floor": null, "unit": "", "ratio": null,
                  "target": 0.2, "reached": false},
                 {"name": "start", "value": 5.0, "floor": null, "unit": "s", "ratio": null,
                  "target": null, "reached": null}]"""));
  }

  @Test
  void shouldReadValuesBack() throws IOException {
    Path file = directory.resolve("bench.json");
    Rounds rounds = new Rounds(Samples.of(9), Samples.of(10), Samples.of(0.9));
    List<Figure> figures =
        List.of(Figure.of("start", "s", Samples.of(5.25)), Figure.against("fold", "MB/s", rounds));
    Files.writeString(file, FigureFile.json(figures).toString());

    assertThat(FigureFile.read(file))
        .containsExactly(
            Map.entry("start", new FigureFile.Value(5.25, OptionalDouble.empty(), "s")),
            Map.entry("fold", new FigureFile.Value(9, OptionalDouble.of(10), "MB/s")));
  }

  @Test
  void shouldRefuseAnotherFile() throws IOException {
    Path object = Files.writeString(directory.resolve("object.json"), "{}");
    Path entry = Files.writeString(directory.resolve("entry.json"), "[{\"name\": \"fold\"}]");

    assertThatIOException()
        .isThrownBy(() -> FigureFile.read(object))
        .withMessageContaining("is no file of `dume bench --out`");
    assertThatIOException()
        .isThrownBy(() -> FigureFile.read(entry))
        .withMessageContaining("lacks name, value or unit");
  }
}
