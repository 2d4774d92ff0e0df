/**
 * A real Kafka broker inside this JVM.
 *
 * <p>{@link io.dume.embedded.EmbeddedBroker} is a single-node KRaft broker (broker and controller
 * in one) on a data directory that survives restarts. It is Kafka's own server class with settings
 * for one node, not a mock: producers, consumers, transactions, Streams applications and foreign
 * clients work as they do against a cluster. Running the services against it is a deployment like
 * any other.
 *
 * <p>What is decided here and why:
 *
 * <ul>
 *   <li><b>Loopback by default.</b> The broker has no authentication, so it listens on 127.0.0.1
 *       unless a host is given. The controller's listener is always on loopback.
 *   <li><b>One owner of a data directory.</b> Two brokers on one directory would destroy it. A file
 *       lock, taken before anything is read, is released by the operating system even after kill
 *       -9; the owner's process id stands in the file so that the message can name it.
 *   <li><b>Nothing expires by itself.</b> Topics keep what they hold unless their own configuration
 *       says otherwise, and so do consumer offsets: Kafka's default of seven days would make a
 *       directory that was put aside for a holiday lose its place.
 *   <li><b>Kafka must not end the process.</b> Kafka's answer to a fatal fault is to exit the JVM.
 *       Inside an application or a test this would be silent death, so the fault is logged, the
 *       thread that asked for it ends, and {@link io.dume.embedded.EmbeddedBroker#failure()}
 *       reports it to the owner, who decides.
 * </ul>
 */
package io.dume.embedded;
