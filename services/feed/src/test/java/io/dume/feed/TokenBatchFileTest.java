package io.dume.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.dume.schemas.message.TokenBatch;
import io.dume.schemas.wire.Ids;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenBatchFileTest {
  @TempDir Path directory;

  private final List<TokenBatch> batches = new ArrayList<>();
  private final List<String> setAside = new ArrayList<>();

  private void read(String text) throws Exception {
    Path file = Files.writeString(directory.resolve("b.jsonl"), text);
    TokenBatchFile.read(
        file,
        "fingerprint",
        new TokenBatchFile.Sink() {
          @Override
          public void batch(TokenBatch batch) {
            batches.add(batch);
          }

          @Override
          public void setAside(long line, String reason) {
            setAside.add(line + ": " + reason);
          }
        });
  }

  @Test
  void shouldMakeOneRecordOfEachLineNumberedAsInTheFile() throws Exception {
    read(
        """
        {"domain": "math", "sequences": [[1, 2], [3]]}

        {"sequences": [[4]], "heldOut": true, "domain": "novel"}
        """);

    assertThat(setAside).isEmpty();
    assertThat(batches)
        .containsExactly(
            new TokenBatch(
                Ids.ofRecord("batches", "1", 0),
                "batches",
                "1",
                0,
                "math",
                false,
                "fingerprint",
                List.of(List.of(1, 2), List.of(3))),
            new TokenBatch(
                Ids.ofRecord("batches", "3", 0),
                "batches",
                "3",
                0,
                "novel",
                true,
                "fingerprint",
                List.of(List.of(4))));
  }

  @Test
  void shouldLeaveToTheWorkerWhatTheWorkerMustJudge() throws Exception {
    read(
        """
        {"domain": "nobody", "sequences": [[1]]}
        {"domain": "math", "sequences": []}
        {"domain": "math", "sequences": [[]]}
        {"domain": "math", "sequences": [[-1, 2147483647]]}
        """);

    assertThat(setAside).isEmpty();
    assertThat(batches).hasSize(4);
  }

  @Test
  void shouldSetAsideLinesThatAreNoRecord() throws Exception {
    read(
        """
        {"domain": "math", "sequences": [[1]]
        {"domain": "math", "sequences": [[2147483648]]}
        {"domain": "math", "sequences": [[1.5]]}
        {"domain": "math", "sequences": [1]}
        {"domain": "math", "sequences": "1"}
        {"domain": "math"}
        {"sequences": [[1]]}
        {"domain": 3, "sequences": [[1]]}
        {"domain": "math", "heldout": true, "sequences": [[1]]}
        {"domain": "math", "sequences": [[1]], "sequences": [[2]]}
        {"domain": "math", "sequences": [[1, null]]}
        [[1]]
        {"domain": "math", "sequences": [[1]]}
        """);

    assertThat(batches).extracting(TokenBatch::getDocument).containsExactly("13");
    assertThat(setAside).hasSize(12);
    assertThat(setAside.get(0)).startsWith("1: not JSON");
    assertThat(setAside.get(1)).contains("2: position 0 of sequence 0 does not fit into 32 bits");
    assertThat(setAside.get(8)).contains("unknown field \"heldout\"");
    assertThat(setAside.get(10)).contains("position 1 of sequence 0 is not an integer");
  }
}
