package io.dume.lab;

import io.dume.evaluator.RoutingChoice;
import io.dume.models.MixtureModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The paper's comparisons (arXiv 2603.29765) on one merged model and labelled text. Stateless. */
public final class Lab {

  private Lab() {}

  /**
   * Runs all that is asked for, on the calling thread.
   *
   * @param request what
   * @param progress hears of each step
   * @return what was found
   * @throws IOException if the model or an expert can't be read
   * @throws IllegalArgumentException if the model's experts are not those of the request
   */
  public static LabReport run(LabRequest request, LabProgress progress) throws IOException {
    try (MixtureModel model = MixtureModel.load(request.model(), request.device())) {
      if (!model.manifest().expertNames().equals(new ArrayList<>(request.experts().keySet()))) {
        throw new IllegalArgumentException(
            "the model has experts %s, the dense experts given are %s: give each, in this order"
                .formatted(model.manifest().expertNames(), request.experts().keySet()));
      }
      Workplace workplace = new Workplace(request, model, progress);
      Methods methods = new Methods(workplace);
      LabReport report = methods.run();
      Map<Method, List<RoutingChoice>> answering = methods.choices();
      if (!request.tasks().choices().isEmpty() && !answering.isEmpty()) {
        report = report.withChosen(new Reasoning(workplace).judge(answering));
      }
      if (!request.tasks().completions().isEmpty() && !answering.isEmpty()) {
        report = report.withWritten(new Writing(workplace).judge(answering));
      }
      return request.ablations().isEmpty() ? report : report.with(new Ablations(workplace).run());
    }
  }
}
