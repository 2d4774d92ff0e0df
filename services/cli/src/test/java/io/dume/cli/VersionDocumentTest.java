package io.dume.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dume.schemas.message.CutRange;
import io.dume.schemas.message.DomainTokens;
import io.dume.schemas.message.Expert;
import io.dume.schemas.message.ExtractionProfile;
import io.dume.schemas.message.Fit;
import io.dume.schemas.message.LambdaError;
import io.dume.schemas.message.LayerSolution;
import io.dume.schemas.message.RouterVersion;
import io.dume.schemas.message.Training;
import io.dume.schemas.wire.Ids;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VersionDocumentTest {

  @TempDir private Path directory;

  @Test
  void shouldSayAllThatAVersionCarries() throws IOException {
    // Given
    RouterVersion version = version();
    Path file = directory.resolve("version.json");

    // When
    ResultFile.write(file, VersionDocument.of(version));

    // Then
    JsonNode document = new ObjectMapper().readTree(file.toFile());
    JsonNode expected =
        new ObjectMapper()
            .readTree(
                """
                {"router": "default", "version": 3, "createdAt": "1970-01-01T00:00:00Z",
                 "sha256": "abc", "weightBytes": 48, "lambda": 0.01, "autoLambda": true,
                 "lambdaCurve": [{"lambda": 0.01, "error": 0.5}, {"lambda": 0.1, "error": 0.75}],
                 "factorisation": "ejml", "coreType": "portable", "mixed": false, "intercept": true,
                 "experts": [{"name": "novel", "mlp": "n"}, {"name": "code", "mlp": "c"}],
                 "domains": [{"domain": "novel", "expert": "novel", "tokens": 70, "records": 2},
                             {"domain": "code", "expert": "code", "tokens": 30, "records": 1}],
                 "heldOut": [{"domain": "code", "expert": "code", "tokens": 9, "records": 1}],
                 "cut": 30, "reason": "requested", "requests": ["r1"], "flushes": 12,
                 "offsets": [{"partition": 0, "from": 0, "to": 4}], "setAside": 1,
                 "duplicates": 2, "leftOut": 4, "expertsVersion": 1,
                 "fit": {"id": "%s", "label": "", "backbone": "backbone",
                   "featureSource": "mlp-input", "contextDim": 16, "fractionBits": 20,
                   "tileSize": 256, "layersOfModel": 1, "hiddenSize": 5,
                   "profile": {"device": "cpu", "instructionSet": "avx2",
                     "library": "libtorch 2.5.1", "gram": "float64"}},
                 "layers": [{"layer": 0, "residual": 1.0E-12, "smallestPivot": 0.5,
                   "zeroColumns": [1], "separability": [0.25]}]}
                """
                    .formatted(Ids.hex(version.getFit().getId())));
    assertThat(document.toString()).isEqualTo(expected.toString());
  }

  @Test
  void shouldSayThatItWasTrainedAndHow() {
    RouterVersion version =
        RouterVersion.newBuilder(version())
            .setLayers(List.of())
            .setIntercept(false)
            .setTraining(new Training(2L, 1000, 1e-4, 0.01, 50_000L, 7L))
            .build();

    JsonNode document = VersionDocument.of(version);

    assertThat(document.get("training").toString())
        .isEqualTo(
            "{\"start\":2,\"steps\":1000,\"learningRate\":1.0E-4,\"balance\":0.01,"
                + "\"tokens\":50000,\"seed\":7}");
    assertThat(document.get("layers")).isEmpty();
    assertThat(document.get("intercept").booleanValue()).isFalse();
  }

  private static RouterVersion version() {
    Fit fit =
        new Fit(
            Ids.ofSlot("default", "", false),
            "backbone",
            "mlp-input",
            16,
            20,
            256,
            new ExtractionProfile("cpu", "avx2", "libtorch 2.5.1", "float64"),
            "",
            1,
            5,
            256,
            128,
            1024,
            "",
            2,
            List.of());
    return RouterVersion.newBuilder()
        .setRouter("default")
        .setVersion(3)
        .setFit(fit)
        .setCut(30)
        .setRequests(List.of("r1"))
        .setReason("requested")
        .setSequence(12)
        .setExpertsVersion(1)
        .setExperts(List.of(new Expert("novel", "n"), new Expert("code", "c")))
        .setDomains(
            List.of(
                new DomainTokens("novel", "novel", 70L, 2L),
                new DomainTokens("code", "code", 30L, 1L)))
        .setRanges(List.of(new CutRange(0, 0L, 4L)))
        .setSetAside(1)
        .setDuplicates(2)
        .setLeftOut(4)
        .setAutoLambda(true)
        .setLambdaCurve(List.of(new LambdaError(0.01, 0.5), new LambdaError(0.1, 0.75)))
        .setHeldOut(List.of(new DomainTokens("code", "code", 9L, 1L)))
        .setLambda(0.01)
        .setFactorisation("ejml")
        .setCoreType("portable")
        .setMixed(false)
        .setLayers(
            List.of(
                new LayerSolution(
                    0,
                    1e-12,
                    0.5,
                    List.of(1),
                    List.of(0.25),
                    List.of(2.0),
                    List.of(),
                    List.of(),
                    List.of())))
        .setCreatedAt(Instant.EPOCH)
        .setParts(1)
        .setWeightBytes(48)
        .setSha256("abc")
        .build();
  }
}
