package io.dume.e2e.containers;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips a test class, aloud, where no containers can be run. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsContainers.Condition.class)
@interface NeedsContainers {

  /** Asks the engine once for all classes. */
  final class Condition implements ExecutionCondition {

    private static final String SETTING = "DUME_CONTAINERS";

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      Optional<String> reason = Images.missing();
      if (reason.isEmpty()) {
        return ConditionEvaluationResult.enabled("a Docker engine and its images are there");
      }
      if ("required".equals(System.getenv(SETTING))) {
        throw new IllegalStateException(
            "%s=required, but no containers can be run: %s".formatted(SETTING, reason.get()));
      }
      // The only place that the one who runs the build is sure to look at.
      System.err.printf(
          "SKIPPED: %s, since no containers can be run: %s%n",
          context.getRequiredTestClass().getSimpleName(), reason.get());
      return ConditionEvaluationResult.disabled(reason.get());
    }
  }
}
