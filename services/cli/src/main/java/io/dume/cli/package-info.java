/**
 * The {@code dume} command: one command line for all that runs.
 *
 * <p>{@link io.dume.cli.Main} is the door. Each command is one class that turns flags into the
 * configuration record of a service or library, runs it, and shows what comes of it; it holds no
 * logic of its own that a library could hold. What commands share stands beside them: options that
 * several of them take (mixins such as {@link io.dume.cli.KafkaOptions}), the {@link
 * io.dume.cli.Console} that output and progress go through, and {@link io.dume.cli.StopSignal} for
 * everything that runs until it is stopped.
 *
 * <p>Conventions that scripts rely on:
 *
 * <ul>
 *   <li>results go to standard output, all else to standard error;
 *   <li>exit status 0: done; 1: failed; 2: wrong usage; 3: done, but some input was set aside;
 *   <li>every option can be given as an environment variable ({@link
 *       io.dume.cli.EnvironmentDefaults}); the command line wins;
 *   <li>an error is one line that names the field, the value and the remedy; {@code --verbose} adds
 *       the stack trace.
 * </ul>
 */
package io.dume.cli;
