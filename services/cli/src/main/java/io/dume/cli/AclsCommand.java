package io.dume.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.utils.SecurityUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dume acls}: what each service must be allowed. */
@Command(
    name = "acls",
    description = {
      "Lists the access control lists that each service needs.",
      "As a table; with --principal as commands of kafka-acls.sh, or, with --create, straight onto the cluster."
    },
    footer = {
      "",
      "Examples:",
      "  dume acls",
      "  dume acls solver --principal User:solver",
      "  dume acls solver --principal User:solver --create --kafka-config-file admin.properties"
    })
final class AclsCommand implements Callable<Integer> {

  @Mixin private KafkaOptions kafka = new KafkaOptions();
  @Mixin private RouterOptions router = new RouterOptions();

  @Parameters(
      paramLabel = "SERVICE",
      arity = "0..1",
      description = "Only those of this service. Default: all.")
  private Optional<String> service = Optional.empty();

  @Option(
      names = "--documents",
      paramLabel = "TOPIC",
      description = "The topic that `dume feed --from-topic` follows, if it does.")
  private Optional<String> documents = Optional.empty();

  @Option(
      names = "--principal",
      paramLabel = "TYPE:NAME",
      description = "Whom the service logs in as, as in User:solver.")
  private Optional<String> principal = Optional.empty();

  @Option(names = "--create", description = "Creates the lists on the cluster.")
  private boolean create;

  @Spec private CommandSpec spec;

  private final CliContext context;

  AclsCommand(CliContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    AclTable table = AclTable.get();
    if (service.isPresent() && !table.services().contains(service.get())) {
      throw usage(
          "no service %s: there are %s"
              .formatted(service.get(), String.join(", ", table.services())));
    }
    List<AclEntry> entries =
        service.map(table::of).orElseGet(table::entries).stream()
            .map(entry -> entry.resolved(values()))
            .toList();
    if (principal.isEmpty()) {
      if (create) {
        throw usage("--create needs --principal TYPE:NAME, as in User:solver");
      }
      print(entries);
      return ExitCode.OK;
    }
    if (!principal.get().matches("[^:]+:.+")) {
      throw usage(
          "--principal %s: give type and name, as in User:solver".formatted(principal.get()));
    }
    List<AclEntry> wanted = entries.stream().filter(entry -> !entry.hasPlaceholder()).toList();
    if (create) {
      create(wanted, principal.get());
    } else {
      wanted.forEach(entry -> context.console().result(command(entry, principal.get())));
    }
    return ExitCode.OK;
  }

  private Map<String, String> values() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("prefix", kafka.topics().prefix());
    values.put("router", router.name());
    documents.ifPresent(topic -> values.put("documents", topic));
    return values;
  }

  private void print(List<AclEntry> entries) {
    entries.forEach(
        entry ->
            context
                .console()
                .result(
                    "%-17s  %-16s  %s"
                        .formatted(entry.service(), entry.operationNames(), entry.resource())));
  }

  private static String command(AclEntry entry, String principal) {
    StringBuilder command =
        new StringBuilder("kafka-acls.sh --add --allow-principal '").append(principal).append('\'');
    entry
        .operations()
        .forEach(
            operation ->
                command.append(" --operation ").append(SecurityUtils.operationName(operation)));
    command.append(" --").append(entry.kind()).append(" '").append(entry.name()).append('\'');
    if (entry.pattern() == PatternType.PREFIXED) {
      command.append(" --resource-pattern-type prefixed");
    }
    return command.toString();
  }

  private void create(List<AclEntry> entries, String name)
      throws IOException, InterruptedException {
    List<AclBinding> bindings =
        entries.stream().flatMap(entry -> entry.bindings(name).stream()).toList();
    try (Admin admin = Admin.create(kafka.settings().admin())) {
      admin.createAcls(bindings).all().get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "the lists could not be created: " + e.getCause().getMessage(), e.getCause());
    }
    context.console().note("%d entries for %s".formatted(bindings.size(), name));
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
