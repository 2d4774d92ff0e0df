/**
 * The services' image, on three Kafka brokers in containers, and the compose file as it stands.
 *
 * <p>These tests need a Docker engine. Where there is none, or where its images can be neither
 * found nor pulled, they are skipped, and the reason is printed; with {@code
 * DUME_CONTAINERS=required} in the environment they fail instead, so that a build which is to run
 * them can't lose them silently.
 */
package io.dume.e2e.containers;
