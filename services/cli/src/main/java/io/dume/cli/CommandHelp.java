package io.dume.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.IOptionRenderer;
import picocli.CommandLine.Help.TextTable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Help that shows the environment variable of each option, and commands by group. */
final class CommandHelp extends Help {

  CommandHelp(CommandSpec command, ColorScheme colors) {
    super(command, colors);
  }

  @Override
  public IOptionRenderer createDefaultOptionRenderer() {
    IOptionRenderer renderer = super.createDefaultOptionRenderer();
    return (option, labels, scheme) -> renderer.render(withVariable(option), labels, scheme);
  }

  private static OptionSpec withVariable(OptionSpec option) {
    return EnvironmentDefaults.commonName(option)
        .map(
            name -> {
              List<String> lines = new ArrayList<>(Arrays.asList(option.description()));
              int last = lines.size() - 1;
              String suffix = "(env: " + name + ")";
              if (last < 0) {
                lines.add(suffix);
              } else {
                lines.set(last, lines.get(last) + " " + suffix);
              }
              return OptionSpec.builder(option).description(lines.toArray(new String[0])).build();
            })
        .orElse(option);
  }

  /** Gives the root its list of commands by group, and what holds for all of them. */
  static void describeRoot(CommandLine root, List<CommandGroup> groups) {
    UsageMessageSpec usage = root.getCommandSpec().usageMessage();
    usage
        .sectionMap()
        .put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, help -> commandList(help, groups));
    usage.commandListHeading("");
    usage.footer(
        "",
        "Examples:",
        "  dume demo                                   the main job, in three minutes",
        "  dume moerge --expert math=models/math --expert code=models/code --out merged",
        "  dume up --data data --model merged          everything in one process; then, beside it:",
        "  dume feed --model merged --domain math notes.txt",
        "  dume versions --follow",
        "",
        "Every option of every command has an environment variable, which its help names:",
        "--bootstrap-servers is DUME_BOOTSTRAP_SERVERS, and DUME_FEED_BOOTSTRAP_SERVERS for `dume feed`",
        "alone. The command line wins. Several values of one variable are separated by ';'.",
        "",
        "Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but some input was set aside.",
        "",
        "`dume COMMAND --help` explains a command.");
  }

  private static String commandList(Help help, List<CommandGroup> groups) {
    int names = help.subcommands().keySet().stream().mapToInt(String::length).max().orElse(0);
    StringBuilder list = new StringBuilder();
    for (CommandGroup group : groups) {
      list.append(String.format("%n%s:%n", group.title()));
      TextTable table =
          TextTable.forColumns(
              help.colorScheme(),
              new Column(names + 2, 2, Column.Overflow.SPAN),
              new Column(DumeCommandLine.WIDTH - names - 2, 2, Column.Overflow.WRAP));
      for (Object command : group.commands()) {
        CommandSpec spec = CommandSpec.forAnnotatedObject(command);
        table.addRowValues(
            help.colorScheme().commandText(spec.name()),
            // A description begins with a summary that fits a line of this list.
            help.colorScheme().text(spec.usageMessage().description()[0]));
      }
      list.append(table);
    }
    return list.toString();
  }
}
