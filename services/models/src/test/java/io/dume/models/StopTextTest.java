package io.dume.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class StopTextTest {

  @Test
  void shouldKeepBackWhatMayBeTheBeginningOfAStop() {
    StopText text = new StopText(List.of("\n\n", "END"));

    assertThat(text.add(new StopText.Piece("one\n", 0)))
        .containsExactly(new StopText.Piece("one", 0));
    assertThat(text.add(new StopText.Piece("two E", 1)))
        .containsExactly(new StopText.Piece("\n", 0), new StopText.Piece("two ", 1));
    assertThat(text.add(new StopText.Piece("N", 2))).isEmpty();
    assertThat(text.reached()).isFalse();
    assertThat(text.add(new StopText.Piece("D.", 3))).isEmpty();
    assertThat(text.reached()).isTrue();
    assertThat(text.finish()).isEmpty();
  }

  @Property(tries = 500)
  void shouldEndWhereTheWholeTextHasItsFirstStop(
      @ForAll @Size(max = 12)
          List<@StringLength(min = 1, max = 4) @CharRange(from = 'a', to = 'b') String> pieces,
      @ForAll @Size(max = 3)
          List<@StringLength(min = 1, max = 4) @CharRange(from = 'a', to = 'b') String> stops) {
    String whole = String.join("", pieces);
    int end = stops.stream().mapToInt(whole::indexOf).filter(at -> at >= 0).min().orElse(-1);

    StopText text = new StopText(stops);
    List<StopText.Piece> released = new ArrayList<>();
    for (int i = 0; i < pieces.size() && !text.reached(); i++) {
      released.addAll(text.add(new StopText.Piece(pieces.get(i), i)));
    }
    released.addAll(text.finish());

    String joined = released.stream().map(StopText.Piece::text).collect(Collectors.joining());
    assertThat(text.reached()).isEqualTo(end >= 0);
    if (stops.stream().mapToInt(String::length).distinct().count() <= 1) {
      assertThat(joined).isEqualTo(end >= 0 ? whole.substring(0, end) : whole);
    } else {
      assertThat(whole).startsWith(joined);
    }
    StringBuilder byToken = new StringBuilder();
    for (StopText.Piece piece : released) {
      assertThat(pieces.get(piece.token())).contains(piece.text());
      byToken.append(piece.text());
    }
    assertThat(stops).noneMatch(stop -> byToken.indexOf(stop) >= 0);
  }
}
