package io.dume.bench;

import com.sun.management.OperatingSystemMXBean;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * Looks into another JVM of this machine from outside: what its threads do, what memory it has, how
 * many bytes its producers sent. A look takes about a millisecond of it. Used by one thread.
 */
final class ProcessProbe implements AutoCloseable {
  private static final int DEPTH = 120;
  private static final int FIND_EVERY = 10;
  private static final Pattern KILOBYTES = Pattern.compile("RssAnon:\\s+(\\d+) kB");

  private final long pid;
  private final Optional<ScaleStage.Role> role;
  private final JMXConnector connector;
  private final MBeanServerConnection server;
  private final ThreadMXBean threads;
  private final MemoryMXBean memory;
  private final BufferPoolMXBean direct;
  private final OperatingSystemMXBean system;
  private final Map<ScaleStage, Double> seconds = new HashMap<>();
  private long[] ids = new long[0];
  private long heap;
  private long directBytes;
  private long resident;
  private int looks;

  /**
   * What it had at most, in bytes.
   *
   * @param heap used, garbage included
   * @param direct memory of buffers outside the heap
   * @param resident memory of the whole process, without what of files lies in memory
   */
  record Peak(long heap, long direct, long resident) {}

  /**
   * @param role whose threads to look at
   */
  ProcessProbe(long pid, Optional<ScaleStage.Role> role) throws IOException {
    this.pid = pid;
    this.role = role;
    this.connector = connect(pid);
    this.server = connector.getMBeanServerConnection();
    this.threads =
        ManagementFactory.newPlatformMXBeanProxy(
            server, ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class);
    this.memory =
        ManagementFactory.newPlatformMXBeanProxy(
            server, ManagementFactory.MEMORY_MXBEAN_NAME, MemoryMXBean.class);
    this.direct =
        ManagementFactory.newPlatformMXBeanProxy(
            server, "java.nio:type=BufferPool,name=direct", BufferPoolMXBean.class);
    this.system =
        ManagementFactory.newPlatformMXBeanProxy(
            server, ManagementFactory.OPERATING_SYSTEM_MXBEAN_NAME, OperatingSystemMXBean.class);
  }

  private static JMXConnector connect(long pid) throws IOException {
    try {
      VirtualMachine machine = VirtualMachine.attach(Long.toString(pid));
      try {
        return JMXConnectorFactory.connect(new JMXServiceURL(machine.startLocalManagementAgent()));
      } finally {
        machine.detach();
      }
    } catch (AttachNotSupportedException e) {
      throw new IOException("process %d can't be looked into".formatted(pid), e);
    }
  }

  /** Forgets the times. */
  void begin() {
    seconds.clear();
    looks = 0;
  }

  /** Threads of a pool come when there is something to do. */
  private void findThreads() {
    ids =
        role.map(
                r ->
                    Arrays.stream(threads.getThreadInfo(threads.getAllThreadIds()))
                        .filter(info -> info != null && r.has(info.getThreadName()))
                        .mapToLong(ThreadInfo::getThreadId)
                        .toArray())
            .orElse(new long[0]);
  }

  /**
   * Looks once.
   *
   * @param since seconds since the last look, which count for what the threads are doing now
   */
  void look(double since) throws IOException {
    heap = Math.max(heap, memory.getHeapMemoryUsage().getUsed());
    directBytes = Math.max(directBytes, direct.getTotalCapacity());
    resident = Math.max(resident, anonymous());
    if (looks++ % FIND_EVERY == 0) {
      findThreads();
    }
    if (ids.length == 0) {
      return;
    }
    for (ThreadInfo info : threads.getThreadInfo(ids, DEPTH)) {
      if (info != null) {
        ScaleStage.of(role.orElseThrow(), info.getStackTrace())
            .ifPresent(stage -> seconds.merge(stage, since, Double::sum));
      }
    }
  }

  /** Seconds of each stage since {@link #begin}, of all its threads together. */
  Map<ScaleStage, Double> seconds() {
    return Map.copyOf(seconds);
  }

  /** Seconds of processors that the process has taken up to now. */
  double processorSeconds() {
    return system.getProcessCpuTime() / 1e9;
  }

  Peak peak() {
    return new Peak(heap, directBytes, resident);
  }

  /** Bytes that producers of the process have sent to topics whose name has a part. */
  double sent(String part) throws IOException {
    double bytes = 0;
    try {
      for (ObjectName name :
          server.queryNames(new ObjectName("kafka.producer:type=producer-topic-metrics,*"), null)) {
        if (name.getKeyProperty("topic").contains(part)) {
          bytes += ((Number) server.getAttribute(name, "byte-total")).doubleValue();
        }
      }
    } catch (JMException e) {
      throw new IOException("the producers of process %d can't be read".formatted(pid), e);
    }
    return bytes;
  }

  private long anonymous() throws IOException {
    Matcher matcher =
        KILOBYTES.matcher(Files.readString(Path.of("/proc/%d/status".formatted(pid))));
    if (!matcher.find()) {
      throw new IOException("process %d does not say what memory it has".formatted(pid));
    }
    return Long.parseLong(matcher.group(1)) * 1024;
  }

  @Override
  public void close() throws IOException {
    connector.close();
  }
}
